//! What a build without some of the formats does: JSON works, and documents of the others are refused by the feature's name.

use wats_codec::{Error, Format, Serializer};

/// A document of each format that may be left out, and whether this build has it.
const DOCUMENTS: [(&str, bool, &[u8]); 5] = [
    ("gzip", cfg!(feature = "gzip"), b"\x1f\x8b\x08\0"),
    ("zstd", cfg!(feature = "zstd"), b"\x28\xb5\x2f\xfd"),
    ("zstd", cfg!(feature = "zstd"), b"\x5e\x2a\x4d\x18\0\0\0\0"),
    ("archive", cfg!(feature = "archive"), b"\xc1WA\x01"),
    ("msgpack", cfg!(feature = "msgpack"), b"\x92\x01\x02"),
];

#[test]
fn json_is_written_and_read_whatever_is_left_out() {
    let json = Serializer::new(Format::Json);
    let bytes = json.to_vec(&vec![1u8, 2]).unwrap();
    assert_eq!(bytes, b"[1,2]");
    assert_eq!(json.from_slice::<Vec<u8>>(&bytes).unwrap(), [1, 2]);
}

#[test]
fn a_format_that_is_left_out_is_named_by_its_feature() {
    for (name, built, document) in DOCUMENTS {
        let read = Serializer::default().from_slice::<Vec<u8>>(document);
        let missing = match &read {
            Err(Error::NotBuilt { feature, .. }) => Some(*feature),
            _ => None,
        };
        assert_eq!(missing, (!built).then_some(name), "{read:?}");
        assert_eq!(Format::detect(document).is_some(), built, "{name}");
    }
}

#[test]
fn only_the_formats_of_the_build_are_listed() {
    for (name, format) in [
        ("gzip", "json-gzip"),
        ("zstd", "json-zstd"),
        ("archive", "archive"),
        ("msgpack", "msgpack"),
    ] {
        let built = DOCUMENTS
            .iter()
            .any(|(other, built, _)| *other == name && *built);
        assert_eq!(format.parse::<Format>().is_ok(), built, "{format}");
    }
}
