//! Streams of records: many, damaged, hostile, slow.

use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use wats_codec::{
    Error, Format, Framing, Limits, RecordProgress, RecordReader, RecordWriter, Serde, Serializer,
};

fn read<T: wats_codec::Decode>(
    serializer: Serializer,
    framing: Framing,
    bytes: &[u8],
) -> Vec<Result<T, Error>> {
    // A small buffer, so that records span its borders.
    RecordReader::new(serializer, framing, BufReader::with_capacity(7, bytes)).collect()
}

#[test]
fn every_format_streams_with_length_prefixes() {
    for &format in Format::ALL {
        let codec = Serializer::new(format).compress_threshold(50);
        let mut writer = RecordWriter::new(codec, Framing::LengthPrefixed, Vec::new()).unwrap();
        let records: Vec<Vec<u32>> = (0..50).map(|n| (0..n).collect()).collect();
        for record in &records {
            writer.write(record).unwrap();
        }
        let progress = writer.progress();
        let bytes = writer.into_inner();
        assert_eq!((progress.records, progress.bytes), (50, bytes.len() as u64));
        let back: Result<Vec<Vec<u32>>, _> = read(codec, Framing::LengthPrefixed, &bytes)
            .into_iter()
            .collect();
        assert_eq!(back.unwrap(), records, "{format}");
    }
}

#[test]
fn lines_of_json_with_and_without_a_last_break() {
    let mut writer = RecordWriter::new(Serializer::default(), Framing::Lines, Vec::new()).unwrap();
    for text in ["a\nb", "", "å"] {
        writer.write(text).unwrap();
    }
    let bytes = writer.into_inner();
    assert_eq!(bytes, "\"a\\nb\"\n\"\"\n\"å\"\n".as_bytes());
    for end in [bytes.len(), bytes.len() - 1] {
        let back: Result<Vec<String>, _> =
            read(Serializer::default(), Framing::Lines, &bytes[..end])
                .into_iter()
                .collect();
        assert_eq!(back.unwrap(), ["a\nb", "", "å"]);
    }
    let windows = b"1\r\n\r\n2\r\n";
    let back: Result<Vec<u8>, _> = read(Serializer::default(), Framing::Lines, windows)
        .into_iter()
        .collect();
    assert_eq!(back.unwrap(), [1, 2]);
}

#[test]
fn only_compact_json_fits_into_lines() {
    for &format in Format::ALL {
        let writer = RecordWriter::new(Serializer::new(format), Framing::Lines, Vec::new());
        assert_eq!(writer.is_ok(), format == Format::Json, "{format}");
    }
}

#[test]
fn a_bad_record_is_named_and_the_next_one_read() {
    let records = read::<u8>(Serializer::default(), Framing::Lines, b"1\n300\n3\n[\n5");
    let outcome: Vec<_> = records.iter().map(|record| record.as_ref().ok()).collect();
    assert_eq!(outcome, [Some(&1), None, Some(&3), None, Some(&5)]);
    match records[3].as_ref().unwrap_err() {
        Error::Record {
            index,
            offset,
            source,
            ..
        } => {
            assert_eq!((*index, *offset), (3, 8));
            assert!(matches!(
                **source,
                Error::Data { .. } | Error::Truncated { .. }
            ));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_record_that_cannot_be_written_leaves_no_trace() {
    let mut writer =
        RecordWriter::new(Serializer::default(), Framing::LengthPrefixed, Vec::new()).unwrap();
    writer.write(&1.0).unwrap();
    let error = writer.write(&f64::NAN).unwrap_err();
    assert!(matches!(error, Error::Record { index: 1, .. }), "{error}");
    writer.write(&2.0).unwrap();
    assert_eq!(writer.into_inner(), b"\0\0\0\x031.0\0\0\0\x032.0");
}

#[test]
fn a_truncated_stream_ends_with_an_error() {
    let bytes = b"\0\0\0\x031.0\0\0\0\x032.";
    let records = read::<f64>(Serializer::default(), Framing::LengthPrefixed, bytes);
    assert_eq!(records.len(), 2);
    match records[1].as_ref().unwrap_err() {
        Error::Record { source, .. } => assert!(matches!(**source, Error::Truncated { .. })),
        other => panic!("{other}"),
    }
}

#[test]
fn an_oversized_record_ends_the_stream() {
    let limited = Serializer::default().limits(Limits::default().max_bytes(4));
    for (framing, bytes) in [
        (Framing::Lines, &b"1\n22222\n3\n"[..]),
        (Framing::LengthPrefixed, b"\0\0\0\x011\xff\0\0\0abc"),
    ] {
        let records = read::<u32>(limited, framing, bytes);
        assert_eq!(records.len(), 2);
        let error = records[1].as_ref().unwrap_err();
        assert!(error.is_limit(), "{error}");
    }
}

#[test]
fn memory_does_not_grow_with_the_count() {
    /// A source that never holds more than one line and counts what it gave.
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let line = b"[1,2,3]\n";
            let count = line.len().min(out.len());
            out[..count].copy_from_slice(&line[..count]);
            self.0 += 1;
            Ok(count)
        }
    }
    // A limit far below the whole: anything that gathered the stream would pass it.
    let limited = Serializer::default().limits(Limits::default().max_bytes(64));
    let source = BufReader::with_capacity(8, Endless(0));
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let reader = RecordReader::<_, [u8; 3]>::new(limited, Framing::Lines, source)
        .on_progress(move |progress| counter.store(progress.records, Ordering::Relaxed));
    let sum: u64 = reader
        .take(100_000)
        .map(|record| u64::from(record.unwrap()[2]))
        .sum();
    assert_eq!(sum, 300_000);
    assert_eq!(seen.load(Ordering::Relaxed), 100_000);
}

#[test]
fn progress_counts_records_and_bytes_in_order() {
    let seen: Arc<Mutex<Vec<RecordProgress>>> = Arc::default();
    let log = Arc::clone(&seen);
    let mut writer = RecordWriter::new(Serializer::default(), Framing::Lines, Vec::new())
        .unwrap()
        .on_progress(move |progress| log.lock().unwrap().push(progress));
    writer.write(&10).unwrap();
    writer.write(&200).unwrap();
    let seen = seen.lock().unwrap();
    let pairs: Vec<_> = seen.iter().map(|p| (p.records, p.bytes)).collect();
    assert_eq!(pairs, [(1, 3), (2, 7)]);
}

#[test]
fn a_broken_source_ends_the_stream_with_its_error() {
    let broken = b"1\n".chain(BrokenPipe);
    let reader = RecordReader::<_, u8>::new(
        Serializer::default(),
        Framing::Lines,
        BufReader::new(broken),
    );
    let records: Vec<_> = reader.collect();
    assert_eq!(records.len(), 2);
    assert!(
        records[1]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("unplugged")
    );
}

struct BrokenPipe;
impl Read for BrokenPipe {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("unplugged"))
    }
}

#[cfg(feature = "stream")]
mod stream {
    use futures_util::{StreamExt, stream};
    use wats_codec::{Error, Framing, RecordStream, Serializer};

    #[tokio::test]
    async fn chunks_become_records() {
        let bytes = b"1\n22\n\n333";
        for size in 1..=bytes.len() {
            let chunks = stream::iter(bytes.chunks(size).map(Ok::<_, std::io::Error>));
            let records =
                RecordStream::<_, u32>::new(Serializer::default(), Framing::Lines, chunks);
            let values: Vec<_> = records.map(Result::unwrap).collect().await;
            assert_eq!(values, [1, 22, 333]);
        }
    }

    #[tokio::test]
    async fn waits_for_chunks_and_ends_with_their_error() {
        let chunks = stream::iter([Ok("1\n2"), Err("reset by peer")])
            .then(|chunk| async move {
                // Pending once before each chunk.
                let mut pending = true;
                std::future::poll_fn(|context| {
                    if std::mem::take(&mut pending) {
                        context.waker().wake_by_ref();
                        return std::task::Poll::Pending;
                    }
                    std::task::Poll::Ready(())
                })
                .await;
                chunk
            })
            .boxed();
        let records = RecordStream::<_, u8>::new(Serializer::default(), Framing::Lines, chunks);
        let records: Vec<Result<u8, Error>> = records.collect().await;
        assert_eq!(records.len(), 2);
        assert_eq!(*records[0].as_ref().unwrap(), 1);
        let error = records[1].as_ref().unwrap_err().to_string();
        assert!(error.contains("reset by peer"), "{error}");
    }
}

#[test]
fn a_record_of_one_byte_is_read_as_what_it_was_or_refused() {
    let all: Vec<u32> = (0..300).collect();
    let codecs = || Format::ALL.iter().map(|format| Serializer::new(*format));
    for writing in codecs() {
        let mut writer = RecordWriter::new(writing, Framing::LengthPrefixed, Vec::new()).unwrap();
        for number in &all {
            writer.write(number).unwrap();
        }
        let bytes = writer.into_inner();
        for reading in codecs() {
            let (by, from) = (reading.format(), writing.format());
            let read = read::<u32>(reading, Framing::LengthPrefixed, &bytes);
            for (read, written) in read.into_iter().zip(&all) {
                match read {
                    Ok(read) => assert_eq!(read, *written, "{from} read by {by}"),
                    Err(error) => assert_ne!(by, from, "{written}: {error}"),
                }
            }
        }
    }
}

#[test]
fn a_document_of_one_byte_is_never_another_number() {
    for format in Format::ALL {
        for number in 0..128u32 {
            let codec = Serializer::new(*format);
            let bytes = codec.to_vec(&Serde(&number)).unwrap();
            assert_eq!(codec.to_vec(&number).unwrap(), bytes);
            for other in Format::ALL {
                let other = Serializer::new(*other);
                for read in [
                    other.from_slice(&bytes).map(|Serde(it)| it),
                    other.from_slice(&bytes),
                ] {
                    assert!(read.is_err() || read.is_ok_and(|read: u32| read == number));
                }
            }
            assert_eq!(
                codec
                    .from_slice::<Serde<u32>>(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap(),
                number,
                "{format}"
            );
        }
    }
    // As others write it. Who writes MessagePack cannot tell it from JSON.
    let packed = Serializer::new(Format::MessagePack);
    assert_eq!(
        packed
            .from_slice::<Serde<u32>>(b"\x05")
            .map(|Serde(it)| it)
            .unwrap(),
        5
    );
    let error = packed
        .from_slice::<Serde<u32>>(b"5")
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(matches!(error, Error::Unrecognised { .. }), "{error}");
    assert!(error.to_string().contains("MessagePack"), "{error}");
}

#[test]
fn a_digit_alone_in_a_line_is_json_whoever_reads_it() {
    for format in Format::ALL {
        let codec = Serializer::new(*format);
        let back: Result<Vec<u8>, _> = read(codec, Framing::Lines, b"7\n48\n9")
            .into_iter()
            .collect();
        assert_eq!(back.unwrap(), [7, 48, 9], "{format}");
    }
}
