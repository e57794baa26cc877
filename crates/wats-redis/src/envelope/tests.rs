//! Envelopes: what is written is read, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a panic is the failing test")]

use proptest::prelude::*;

use super::*;

const SCHEMA: u64 = 7;

fn envelope<'a>(tags: &'a [u8], payload: &'a [u8]) -> Envelope<'a> {
    Envelope {
        codec: Codec::MessagePack,
        negative: false,
        compressed: false,
        schema: SCHEMA,
        created: 1_700_000_000_000_000,
        fresh_for: 60_000,
        reserve_for: 3_600_000,
        tags: Tags::of(tags),
        payload,
    }
}

fn read(bytes: &[u8]) -> Result<Envelope<'_>, Foreign> {
    Envelope::read(bytes, SCHEMA, "product", b"A")
}

#[test]
fn the_bytes_are_as_written_down() {
    let tags = tag_bytes([0x0102_0304_0506_0708]).unwrap();
    let bytes = envelope(&tags, b"\xc0").write("product", b"A").unwrap();
    assert_eq!(bytes.len(), 48 + 8 + 1);
    assert_eq!(&bytes[..16], b"W\x01\x01\x01\x01\0\0\0\x07\0\0\0\0\0\0\0");
    assert_eq!(&bytes[24..32], b"\x60\xea\0\0\x80\xee\x36\0");
    assert_eq!(&bytes[48..], b"\x08\x07\x06\x05\x04\x03\x02\x01\xc0");
    // These numbers stand on servers: they may never change.
    assert_eq!(schema("Product", 1), 0x9014_8536_33c7_d469);
    assert_eq!(field(0xab), "00000000000000ab");
}

#[test]
fn what_is_foreign_is_told_by_its_cause() {
    let good = envelope(&[], b"\xc0").write("product", b"A").unwrap();
    assert!(read(&good).is_ok());
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        let right = check(&bytes).to_le_bytes();
        bytes[CHECK].copy_from_slice(&right);
        bytes
    };
    for (bytes, cause) in [
        (with(0, b'w'), Foreign::Magic),
        (with(1, 2), Foreign::Version),
        (with(2, 1 | 64), Foreign::Flags),
        (with(2, 9), Foreign::Codec),
        (with(2, 1 | NEGATIVE), Foreign::Codec),
        (with(3, 1), Foreign::Length),
        (with(8, 8), Foreign::Schema),
        (with(32, 0), Foreign::Key),
        ([&good[..], b"x"].concat(), Foreign::Length),
        (Vec::new(), Foreign::Length),
    ] {
        assert_eq!(read(&bytes).unwrap_err(), cause);
    }
    for at in 4..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let error = read(&bytes).unwrap_err();
        let expected = if at < 8 {
            Foreign::Length
        } else {
            Foreign::Check
        };
        assert_eq!(error, expected, "byte {at}");
    }
    for (kind, key) in [("product", &b"B"[..]), ("produc", b"tA"), ("producta", b"")] {
        let error = Envelope::read(&good, SCHEMA, kind, key).unwrap_err();
        assert_eq!(error, Foreign::Key);
    }
}

#[test]
fn an_envelope_that_is_cut_anywhere_is_foreign() {
    let tags = tag_bytes(1..=3).unwrap();
    let packed = pack(&vec!["a".repeat(50); 20], 1 << 20).unwrap();
    let whole = envelope(&tags, &packed.bytes)
        .write("product", b"A")
        .unwrap();
    assert!(read(&whole).is_ok());
    for end in 0..whole.len() {
        assert_eq!(read(&whole[..end]).unwrap_err(), Foreign::Length, "{end}");
    }
}

/// `WATS_REDIS_ENVELOPES` says how many.
#[test]
fn what_was_changed_anywhere_is_read_without_a_panic() {
    let given = std::env::var("WATS_REDIS_ENVELOPES").ok();
    let count = given.map_or(20_000_u32, |text| text.parse().unwrap());
    let value = vec!["a".repeat(50); 20];
    let payloads = [
        pack(&value, 1 << 20).unwrap().bytes,
        b"[\"a\", \"b\"]".to_vec(),
        Vec::new(),
    ];
    let mut random = fastrand::Rng::with_seed(u64::from(count));
    for number in 0..count {
        let tags = tag_bytes(0..u64::from(number % 4)).unwrap();
        let mut whole = envelope(&tags, random.choice(&payloads).unwrap());
        whole.codec = *random.choice(&CODECS).unwrap();
        whole.compressed = random.bool();
        let mut bytes = whole.write("k", b"key").unwrap();
        for _ in 0..random.u8(1..6) {
            let at = random.usize(..=bytes.len());
            match random.u8(..4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, random.u8(..)),
                2 => drop(bytes.splice(at.., vec![random.u8(..); random.usize(..100)])),
                _ => bytes
                    .get_mut(at)
                    .into_iter()
                    .for_each(|byte| *byte ^= 1 << random.u8(..8)),
            }
        }
        assert_eq!(
            check_bytes(&bytes),
            Ok(()),
            "number {number} of {count}: {bytes:?}"
        );
    }
}

const CODECS: [Codec; 4] = [Codec::None, Codec::MessagePack, Codec::Archive, Codec::Json];

#[test]
fn values_go_there_and_back_within_limits() {
    let value = vec!["measurement".to_owned(); 2000];
    let packed = pack(&value, 1 << 20).unwrap();
    assert_eq!(packed.compressed, cfg!(feature = "zstd"));
    let mut letter = envelope(&[], &packed.bytes);
    letter.compressed = packed.compressed;
    assert_eq!(unpack::<Vec<String>>(&letter, 1 << 20), Ok(value.clone()));
    assert_eq!(unpack::<Vec<String>>(&letter, 1000), Err(Foreign::Payload));
    assert!(unpack::<u64>(&letter, 1 << 20).is_err());
    assert_eq!(pack(&value, 1000), None);
    for number in [0_u64, 5, 48, 91, 123, 127, 128, u64::MAX] {
        let packed = pack(&number, 100).unwrap();
        let letter = envelope(&[], &packed.bytes);
        assert_eq!(unpack::<u64>(&letter, 100), Ok(number), "{number}");
    }
    let mut json = envelope(&[], b"[\"a\"]");
    assert_eq!(unpack::<Vec<String>>(&json, 100), Err(Foreign::Codec));
    json.codec = Codec::Json;
    assert_eq!(unpack::<Vec<String>>(&json, 100), Ok(vec!["a".to_owned()]));
    json.compressed = true;
    assert!(unpack::<Vec<String>>(&json, 100).is_err());
}

#[test]
fn what_cannot_be_counted_is_not_written() {
    assert_eq!(tag_bytes(0..256), None);
    let tags = tag_bytes(0..255).unwrap();
    let bytes = envelope(&tags, b"").write("product", b"A").unwrap();
    let read = read(&bytes).unwrap();
    assert!(read.tags.iter().eq(0..255));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        (negative, compressed) in any::<(bool, bool)>(),
        schema in any::<u64>(),
        created in any::<u64>(),
        lives in any::<(u32, u32)>(),
        hashes in prop::collection::vec(any::<u64>(), 0..20),
        payload in prop::collection::vec(any::<u8>(), 0..200),
        kind in "[a-z]{0,10}",
        key in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let tags = tag_bytes(hashes.iter().copied()).unwrap();
        let written = Envelope {
            codec: if negative { Codec::None } else { Codec::Archive },
            negative,
            compressed,
            schema,
            created,
            fresh_for: lives.0,
            reserve_for: lives.1,
            tags: Tags::of(&tags),
            payload: &payload,
        };
        let bytes = written.write(&kind, &key).unwrap();
        let read = Envelope::read(&bytes, schema, &kind, &key).unwrap();
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(read.tags.iter().collect::<Vec<_>>(), hashes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(check_bytes(&bytes), Ok(()));
        let mut ours = bytes;
        for (place, byte) in ours.iter_mut().zip(*b"W\x01\x01\x01") {
            *place = byte;
        }
        prop_assert_eq!(check_bytes(&ours), Ok(()));
    }
}
