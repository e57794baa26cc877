//! What must hold of any document and any stream of records.

mod model;

use std::io::BufReader;

use serde_json::Value;
use wats_codec::{Format, Framing, Limits, RecordReader, Serde, Serializer};

pub(crate) use self::model::read_alike as fast;

/// Any bytes through the readers of every format. What is read must survive being written again.
pub(crate) fn read(bytes: &[u8]) {
    let limits = Limits::default().max_bytes(1 << 20);
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format).limits(limits);
        let Ok(value) = codec.from_slice::<Serde<Value>>(bytes).map(|Serde(it)| it) else {
            continue;
        };
        for &format in Format::ALL {
            let again = Serializer::new(format);
            let written = again
                .to_vec(&Serde(&value))
                .expect("what was read can be written");
            let back: Value = again
                .from_slice(&written)
                .map(|Serde(it)| it)
                .expect("what was written can be read");
            assert_eq!(back, value, "{format}");
        }
    }
}

/// Any bytes as a stream of records, the first byte saying in pieces of which size.
pub(crate) fn records(input: &[u8]) {
    let Some((piece, bytes)) = input.split_first() else {
        return;
    };
    let codec = Serializer::default().limits(Limits::default().max_bytes(4096));
    for framing in [Framing::Lines, Framing::LengthPrefixed] {
        let source = BufReader::with_capacity(usize::from(*piece) + 1, bytes);
        let pieces = RecordReader::<_, Value>::new(codec, framing, source);
        let whole = RecordReader::<_, Value>::new(codec, framing, bytes);
        for (one, other) in pieces.zip(whole) {
            assert_eq!(one.ok(), other.ok());
        }
    }
}

/// Any contents of an archive under a right checksum, which otherwise keeps the fuzzer out.
pub(crate) fn archive(contents: &[u8]) {
    let mut archive = b"\xc1WA\x04".to_vec();
    archive.extend_from_slice(contents);
    let sum = checksum(&archive);
    archive.extend_from_slice(&sum.to_le_bytes());
    fast(&archive);
}

/// As `wats_codec` makes it, in the plainest way.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |state: u64, word: u64| {
        (state ^ word)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len() / 32 * 32 + 32, 0);
    let mut lanes = [1, 2, 3, 4];
    for (n, word) in padded.chunks_exact(8).enumerate() {
        let word = word
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        lanes[n % 4] = step(lanes[n % 4], word);
    }
    let sum = lanes.into_iter().fold(bytes.len() as u64, step);
    sum ^ sum >> 32
}
