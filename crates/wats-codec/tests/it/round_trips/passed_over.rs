//! What a type does not take is checked all the same.

use super::*;

#[derive(Debug, Serialize, Deserialize)]
struct Small {
    a: u8,
}
fast_struct!(Small { a = "a" });

#[test]
fn text_that_is_not_utf8_is_refused_wherever_it_stands() {
    let codec = Serializer::default();
    let documents: [&[u8]; 8] = [
        b"{\"a\":1,\"note\":\"\xff\"}",
        b"{\"note\":[{\"x\":\"a\xc3\"}],\"a\":1}",
        b"{\"a\":1,\"\xff\":2}",
        b"{\"a\":1,\"note\":\"\xed\xa0\x80\"}",
        b"\x82\xa1a\x01\xa1n\xa1\xff",
        b"\x82\xa1n\x91\x81\xa1x\xd9\x02a\xc3\xa1a\x01",
        b"\x82\xa1a\x01\xa1\xff\x02",
        b"\x82\xa1a\x01\xa1n\xda\0\x01\xff",
    ];
    for bytes in documents {
        let read = [
            codec.from_slice::<Serde<Small>>(bytes).map(|Serde(it)| it),
            codec.from_slice(bytes),
        ];
        for read in read {
            let error = read.unwrap_err();
            assert!(matches!(error, Error::Syntax { .. }), "{error}");
            assert!(error.position().is_some(), "{error}");
        }
        assert!(
            codec
                .from_slice::<Serde<Value>>(bytes)
                .map(|Serde(it)| it)
                .is_err()
        );
        assert!(
            codec
                .from_slice::<Serde<serde::de::IgnoredAny>>(bytes)
                .map(|Serde(it)| it)
                .is_err()
        );
        assert!(
            codec
                .from_slice::<Serde<Bytes>>(bytes)
                .map(|Serde(it)| it)
                .is_err()
        );
    }
    let error = codec
        .from_slice::<Serde<Small>>(b"{\"a\":1,\n\"n\":\"\xff\"}")
        .map(|Serde(it)| it)
        .unwrap_err();
    assert_eq!(
        error.position(),
        Some(wats_codec::Position::Text { line: 2, column: 6 })
    );
}

#[test]
fn items_that_a_type_does_not_take_are_refused_in_every_format() {
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(&[1u8, 2, 3])).unwrap();
        assert!(
            codec
                .from_slice::<Serde<(u8, u8)>>(&bytes)
                .map(|Serde(it)| it)
                .is_err(),
            "{}",
            codec.format()
        );
    }
}

#[test]
fn a_refusal_without_a_place_names_none() {
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(&json!({"neither": true}))).unwrap();
        let error = codec
            .from_slice::<Serde<Untagged<u8>>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("did not match any variant"), "{text}");
        assert!(
            !text.contains("line 0") && !text.contains("byte 0"),
            "{text}"
        );
    }
    // An extension, such as the timestamps of other libraries.
    let error = Serializer::default()
        .from_slice::<Serde<Value>>(b"\x91\xd6\xff\0\0\0\x01")
        .map(|Serde(it)| it)
        .unwrap_err();
    assert!(
        error.to_string().contains("extension of type -1"),
        "{error}"
    );
    assert!(!error.to_string().contains("newtype"), "{error}");
}

#[test]
fn extensions_come_back_in_messagepack() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "_ExtStruct")]
    struct Timestamp((i8, Bytes));
    let value = Timestamp((-1, Bytes(vec![0, 0, 0, 1])));
    let codec = Serializer::new(Format::MessagePack);
    let bytes = codec.to_vec(&Serde(&value)).unwrap();
    assert_eq!(bytes, b"\xd6\xff\0\0\0\x01");
    assert_eq!(
        codec
            .from_slice::<Serde<Timestamp>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap(),
        value
    );
    assert!(
        Serializer::new(Format::Archive)
            .to_vec(&Serde(&value))
            .is_err()
    );
}
