//! Bombs, damage and odd frames of Zstandard.

use super::*;

fn pack(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

#[test]
fn bombs_are_stopped() {
    // The ratio holds where it is asked for; by default the size does, as for gzip.
    let bomb = pack(&vec![b' '; 8 << 20]);
    let strict = reader().limits(Limits::default().max_ratio(200));
    let error = strict.from_slice::<Serde<Value>>(&bomb).map(|Serde(it)| it);
    assert!(matches!(error, Err(Error::RatioTooHigh { .. })));
    let limits = Limits::default().no_max_ratio().max_bytes(3 << 20);
    let error = reader()
        .limits(limits)
        .from_slice::<Serde<Value>>(&bomb)
        .map(|Serde(it)| it);
    assert!(matches!(error, Err(Error::TooLarge { .. })));
}

#[test]
fn bombs_are_stopped_by_the_default_size() {
    let mut bomb = zstd::Encoder::new(Vec::new(), 3).unwrap();
    blanks_to(&mut bomb);
    refused_in_bounded_memory(&bomb.finish().unwrap());
}

#[test]
fn a_window_beyond_the_limit_is_refused() {
    // A header that asks for a window of 2 GiB, then an empty raw block.
    let hostile = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    let error = read(hostile).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn frames_are_joined_and_junk_refused() {
    assert_eq!(
        read(&[pack(b"[1,"), pack(b"2]")].concat()).unwrap(),
        json!([1, 2])
    );
    let frame = pack(b"[1]");
    match read(&[&frame, &b"junk"[..]].concat()).unwrap_err() {
        Error::TrailingBytes { at, .. } => assert_eq!(at, Position::Offset(frame.len())),
        other => panic!("{other}"),
    }
}

fn skippable(last: u8, contents: &[u8]) -> Vec<u8> {
    let length = (contents.len() as u32).to_le_bytes();
    [&[0x50 + last, 0x2a, 0x4d, 0x18][..], &length, contents].concat()
}

#[test]
fn skippable_frames_are_skipped_wherever_they_stand() {
    let (a, b) = (pack(b"[1,"), pack(b"2]"));
    let [seek, empty, other] = [(14, &b"seek"[..]), (0, b""), (15, b"\x28\xb5\x2f\xfd")]
        .map(|(last, contents)| skippable(last, contents));
    let nothing = pack(b"");
    for whole in [
        [&seek[..], &a, &b].concat(),
        [&a[..], &b, &seek].concat(),
        [&a[..], &seek, &empty, &b].concat(),
        [&other[..], &empty, &a, &other, &nothing, &b, &seek, &seek].concat(),
        [&nothing[..], &a, &nothing, &b, &nothing].concat(),
    ] {
        assert_eq!(Format::detect(&whole), Some(Format::JsonZstd));
        for codec in [Format::Json, Format::MessagePack].map(Serializer::new) {
            assert_eq!(
                codec
                    .from_slice::<Serde<Value>>(&whole)
                    .map(|Serde(it)| it)
                    .unwrap(),
                json!([1, 2])
            );
            assert_eq!(codec.from_slice::<Value>(&whole).unwrap(), json!([1, 2]));
        }
    }
    for only in [seek.clone(), [&seek[..], &nothing, &empty].concat()] {
        assert!(matches!(read(&only), Err(Error::Empty)));
    }
}

#[test]
fn skippable_frames_that_are_cut_or_hostile_are_named() {
    let frame = pack(b"[1]");
    let seek = skippable(3, b"seek");
    for length in 1..seek.len() {
        let cut = [&frame, &seek[..length]].concat();
        let error = read(&cut).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { .. }),
            "{length}: {error}"
        );
        if length >= 4 {
            let error = read(&seek[..length]).unwrap_err();
            assert!(
                matches!(error, Error::Truncated { .. }),
                "{length}: {error}"
            );
        }
    }
    let hostile = b"\x50\x2a\x4d\x18\xff\xff\xff\xff";
    assert!(matches!(read(hostile), Err(Error::Truncated { .. })));
    for junk in [
        &b"\x60\x2a\x4d\x18\0\0\0\0"[..],
        b"\x50\x2a\x4d\x19\0\0\0\0",
    ] {
        let error = read(&[&frame, junk].concat()).unwrap_err();
        assert!(matches!(error, Error::TrailingBytes { .. }), "{error}");
    }
}

#[test]
fn damage_never_changes_what_is_read_and_cuts_are_named() {
    let codec = Serializer::new(Format::JsonZstd).compress_threshold(0);
    let value = json!((0..50).map(|i| format!("step {i}")).collect::<Vec<_>>());
    let good = codec.to_vec(&Serde(&value)).unwrap();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            match read(&bad) {
                Ok(back) => assert_eq!(back, value, "bit {bit} of byte {place}"),
                Err(Error::Checksum { .. }) => {}
                Err(error) if place >= good.len() - 4 => panic!("{error}"),
                Err(_) => {}
            }
        }
    }
    for length in 4..good.len() {
        let error = read(&good[..length]).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { .. }),
            "{length}: {error}"
        );
    }
}
