//! What becomes of numbers, keys and times where formats differ: each hazard by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wats_codec::{Error, Format, Serde, Serializer};

fn reader() -> Serializer {
    Serializer::new(Format::Json)
}

fn read(bytes: &[u8]) -> Result<Value, Error> {
    reader().from_slice(bytes).map(|Serde(it)| it)
}

#[test]
fn nan_and_infinity_are_never_null() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for format in [Format::Json, Format::JsonPretty, Format::JsonGzip] {
            let error = Serializer::new(format)
                .to_vec(&Serde(&vec![Some(value)]))
                .unwrap_err();
            assert!(matches!(error, Error::NonFinite { .. }));
            assert!(error.to_string().contains("wats_codec::float"), "{error}");
        }
    }
    let error = Serializer::default().to_vec(&Serde(&f32::NAN)).unwrap_err();
    assert!(matches!(error, Error::NonFinite { value: "NaN", .. }));
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert!(read(b"[1e999]").is_err());
    assert!(read(b"[NaN]").is_err());
    assert!(
        reader()
            .from_slice::<Serde<u8>>(b"256")
            .map(|Serde(it)| it)
            .is_err()
    );
}

#[test]
fn large_integers_stay_exact() {
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format);
        for value in [u64::MAX, (1 << 53) + 1] {
            let bytes = codec.to_vec(&Serde(&value)).unwrap();
            assert_eq!(
                codec
                    .from_slice::<Serde<u64>>(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap(),
                value
            );
        }
    }
}

#[test]
fn floats_survive_to_the_last_bit() {
    // Values that a parser without correct rounding gets wrong by one unit in the last place.
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let mut values = vec![
        -0.0,
        5e-324,
        2.225_073_858_507_201e-308,
        f64::MAX,
        0.1 + 0.2,
    ];
    while values.len() < 5000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        values.extend(Some(f64::from_bits(bits)).filter(|value| value.is_finite()));
    }
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format);
        let back: Vec<f64> = codec
            .from_slice(&codec.to_vec(&Serde(&values)).unwrap())
            .map(|Serde(it)| it)
            .unwrap();
        for (back, value) in back.iter().zip(&values) {
            assert_eq!(back.to_bits(), value.to_bits(), "{value:?} in {format}");
        }
    }
}

#[test]
fn duplicate_keys_are_refused_by_structs() {
    #[derive(Debug, Deserialize)]
    struct One {
        #[allow(dead_code, reason = "only read into")]
        a: u8,
    }
    for bytes in [&br#"{"a":1,"a":2}"#[..], b"\x82\xa1a\x01\xa1a\x02"] {
        let error = reader()
            .from_slice::<Serde<One>>(bytes)
            .map(|Serde(it)| it)
            .unwrap_err();
        assert!(error.to_string().contains("duplicate field `a`"), "{error}");
    }
}

#[test]
fn absent_options_before_present_ones_keep_their_places() {
    // Packed as arrays, the second value would slide into the first.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Two {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        b: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        c: Option<u8>,
    }
    let value = Two {
        b: None,
        c: Some(7),
    };
    for &format in Format::ALL {
        let codec = Serializer::new(format);
        let back: Two = codec
            .from_slice(&codec.to_vec(&Serde(&value)).unwrap())
            .map(|Serde(it)| it)
            .unwrap();
        assert_eq!(back, value, "{format}");
    }
}

#[test]
fn keys_that_json_cannot_hold_are_refused_in_writing() {
    let map = std::collections::BTreeMap::from([((1, 2), "x")]);
    let error = Serializer::new(Format::Json)
        .to_vec(&Serde(&map))
        .unwrap_err();
    assert!(matches!(error, Error::Unwritable { .. }));
    assert!(
        error.to_string().contains("key must be a string"),
        "{error}"
    );
}

#[test]
fn of_doubled_keys_the_last_wins_in_trees_and_maps() {
    for bytes in [&br#"{"a":1,"a":2}"#[..], b"\x82\xa1a\x01\xa1a\x02"] {
        assert_eq!(read(bytes).unwrap(), json!({"a": 2}));
        let map: BTreeMap<String, u8> = reader().from_slice(bytes).map(|Serde(it)| it).unwrap();
        assert_eq!(map["a"], 2);
    }
}

#[test]
fn tiny_numbers_become_zero_and_the_sign_of_zero_is_kept() {
    let zeros: Vec<f64> = reader()
        .from_slice(b"[1e-400,-1e-400,-0.0]")
        .map(|Serde(it)| it)
        .unwrap();
    let signs: Vec<_> = zeros.iter().map(|zero| zero.is_sign_negative()).collect();
    assert_eq!(zeros, [0.0; 3]);
    assert_eq!(signs, [false, true, true]);
}

#[test]
fn integers_beyond_64_bits_are_refused_by_integers_and_become_floats_in_trees() {
    let text = b"[18446744073709551616]";
    assert!(
        reader()
            .from_slice::<Serde<Vec<u64>>>(text)
            .map(|Serde(it)| it)
            .is_err()
    );
    // As every JSON library does: whoever needs all digits reads text.
    assert_eq!(read(text).unwrap(), json!([18_446_744_073_709_551_616.0]));
}

#[test]
fn integer_keys_are_text_in_json_numbers_in_msgpack_and_refused_by_archives() {
    let map = BTreeMap::from([(7u8, "x")]);
    assert_eq!(reader().to_vec(&Serde(&map)).unwrap(), br#"{"7":"x"}"#);
    let packed = Serializer::new(Format::MessagePack)
        .to_vec(&Serde(&map))
        .unwrap();
    assert_eq!(packed, b"\x81\x07\xa1x");
    for bytes in [&br#"{"7":"x"}"#[..], &packed] {
        let back: BTreeMap<u8, String> = reader().from_slice(bytes).map(|Serde(it)| it).unwrap();
        assert_eq!(back[&7], "x");
    }
    // No silent change from one to the other.
    assert!(read(&packed).is_err());
    let error = Serializer::new(Format::Archive)
        .to_vec(&Serde(&map))
        .unwrap_err();
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
}

#[test]
fn msgpack_numbers_of_other_widths_are_read_where_nothing_is_lost() {
    let read = |bytes: &[u8]| {
        reader()
            .from_slice::<Serde<Vec<f64>>>(bytes)
            .map(|Serde(it)| it)
    };
    assert_eq!(
        read(b"\x93\x2d\xff\xca\x40\x20\0\0").unwrap(),
        [45.0, -1.0, 2.5]
    );
    // A float is no integer, even if it has no fraction.
    let one = b"\x91\xcb\x3f\xf0\0\0\0\0\0\0";
    assert!(
        reader()
            .from_slice::<Serde<Vec<u32>>>(one)
            .map(|Serde(it)| it)
            .is_err()
    );
}

#[test]
fn times_keep_their_digits_and_offsets_in_every_format() {
    let times = [
        "2026-01-31T23:59:59.999Z",
        "2026-01-31T23:59:59.999+00:00",
        "2026-01-31T23:59:59.1234567Z",
        "2026-01-31T23:59:59.1234567+01:00",
        "2026-01-31T23:59:36.93+00:00",
        "2026-01-31T23:59:59",
        "2026-02-29T00:00:00.000Z",
        "0000-01-01T00:00:00.000Z",
    ];
    for &format in Format::ALL {
        let codec = Serializer::new(format).compress_threshold(0);
        for bytes in [
            codec.to_vec(&Serde(&times)).unwrap(),
            codec.to_vec(&times[..]).unwrap(),
        ] {
            assert_eq!(
                codec
                    .from_slice::<Serde<Vec<String>>>(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap(),
                times,
                "{format}"
            );
            assert_eq!(
                codec.from_slice::<Vec<String>>(&bytes).unwrap(),
                times,
                "{format}"
            );
        }
    }
}
