//! What is written and read is the same when another crate of the build turns on every feature of `serde_json`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use wats_codec::{Error, Format, Serde, Serializer, fast_struct};

fn codecs() -> impl Iterator<Item = Serializer> {
    let formats = Format::ALL.iter();
    formats.map(|format| Serializer::new(*format).compress_threshold(0))
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    value: f64,
    count: u32,
    #[serde(flatten)]
    extra: Map<String, Value>,
}
fast_struct!(Step { value = "value", count = "count", ..extra });

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Point { x: f64, y: f32, n: i64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Whole(u64),
    Fraction(f64),
    Text(String),
}

/// Written alike by both ways, and read alike.
fn survives<T>(value: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(value)).unwrap();
        let back: T = codec.from_slice(&bytes).map(|Serde(it)| it).unwrap();
        assert_eq!(&back, value, "{}", codec.format());
    }
}

#[test]
fn the_features_are_on() {
    let number: Value = serde_json::from_str("1.10").unwrap();
    assert_eq!(number.to_string(), "1.10");
}

#[test]
fn bytes_are_those_of_a_build_without_the_features() {
    let text = r#"{"a":5,"b":-1,"c":1.50,"d":1e2,"e":-0,"f":18446744073709551615,"g":[0.1,[7]]}"#;
    let tree: Value = serde_json::from_str(text).unwrap();
    let json = br#"{"a":5,"b":-1,"c":1.5,"d":100.0,"e":-0.0,"f":18446744073709551615,"g":[0.1,[7]]}"#;
    let packed = b"\x87\xa1a\x05\xa1b\xff\xa1c\xcb\x3f\xf8\0\0\0\0\0\0\xa1d\xcb\x40\x59\0\0\0\0\0\0\
        \xa1e\xcb\x80\0\0\0\0\0\0\0\xa1f\xcf\xff\xff\xff\xff\xff\xff\xff\xff\
        \xa1g\x92\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a\x91\x07";
    assert_eq!(Serializer::default().to_vec(&Serde(&tree)).unwrap(), json);
    let pack = Serializer::new(Format::MessagePack);
    assert_eq!(pack.to_vec(&Serde(&tree)).unwrap(), packed);
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(&tree)).unwrap();
        assert_eq!(codec.to_vec(&tree).unwrap(), bytes, "{}", codec.format());
        // What typed readers make of it.
        #[derive(Debug, PartialEq, Deserialize)]
        struct Typed {
            a: u8,
            b: i8,
            c: f64,
            d: f32,
            e: f64,
            f: u64,
            g: (f64, Vec<u8>),
        }
        let typed: Typed = codec.from_slice(&bytes).map(|Serde(it)| it).unwrap();
        assert_eq!((typed.a, typed.b, typed.c, typed.d), (5, -1, 1.5, 100.0));
        assert!(typed.e == 0.0 && typed.e.is_sign_negative());
        assert_eq!((typed.f, typed.g), (u64::MAX, (0.1, vec![7])));
        // And trees, which are written again alike.
        for again in [codec.from_slice::<Serde<Value>>(&bytes).map(|Serde(it)| it), codec.from_slice(&bytes)] {
            assert_eq!(codec.to_vec(&Serde(&again.unwrap())).unwrap(), bytes);
        }
    }
}

#[test]
fn numbers_come_back_wherever_they_stand() {
    let extra = json!({"more": [1, 2.5, {"deep": -7}], "other": null});
    let extra = extra.as_object().unwrap().clone();
    let step = || Step { value: 0.1, count: 3, extra: extra.clone() };
    survives(&step());
    survives(&vec![step(), step()]);
    survives(&Tagged::Point { x: 0.25, y: 1.1, n: -5 });
    survives(&[Untagged::Whole(7), Untagged::Fraction(0.1), Untagged::Text("x".into())]);
    survives(&BTreeMap::from([(7u8, 0.5f32)].map(|(key, value)| (key.to_string(), value))));
    for codec in codecs() {
        let bytes = codec.to_vec(&step()).unwrap();
        assert_eq!(bytes, codec.to_vec(&Serde(&step())).unwrap(), "{}", codec.format());
        assert_eq!(codec.from_slice::<Step>(&bytes).unwrap(), step());
    }
    wats_codec::fast::verify(&step()).unwrap();
}

#[test]
fn a_number_that_nothing_holds_is_refused_in_writing_and_in_reading() {
    for text in ["123456789012345678901234567890", "1e400", "-9223372036854775809"] {
        let tree: Value = serde_json::from_str(text).unwrap();
        for codec in codecs() {
            for written in [codec.to_vec(&Serde(&tree)), codec.to_vec(&tree)] {
                let error = written.unwrap_err();
                assert!(matches!(error, Error::Unwritable { .. }), "{error}");
            }
        }
    }
    let json = Serializer::default();
    for text in [&b"1e400"[..], b"[{\"a\": -1e999}]"] {
        for read in [json.from_slice::<Serde<Value>>(text).map(|Serde(it)| it), json.from_slice(text)] {
            let error = read.unwrap_err();
            assert!(matches!(error, Error::Syntax { .. }), "{error}");
            assert!(error.to_string().contains("out of range"), "{error}");
        }
    }
}

#[test]
fn numbers_take_no_level() {
    let nested = |levels: usize| (0..levels).fold(json!(5), |inside, _| json!([inside]));
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(&nested(127))).unwrap();
        assert_eq!(codec.from_slice::<Serde<Value>>(&bytes).map(|Serde(it)| it).unwrap(), nested(127));
        assert!(codec.to_vec(&Serde(&nested(128))).unwrap_err().is_limit());
    }
}

#[test]
fn raw_json_comes_back_in_json_and_is_refused_elsewhere() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Raw {
        raw: Box<RawValue>,
        more: Option<Box<RawValue>>,
        /// A float where `serde` collects: the document must not be left to `serde_json`.
        tagged: Tagged,
    }
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let value = Raw {
        raw: raw("[1, 2.50 ,\"\\u00e5\"]"),
        more: Some(raw("1e5")),
        tagged: Tagged::Point { x: 0.5, y: 0.1, n: 1 },
    };
    for codec in codecs() {
        let Ok(bytes) = codec.to_vec(&Serde(&value)) else {
            assert!(matches!(codec.format(), Format::MessagePack | Format::Archive));
            continue;
        };
        let back: Raw = codec.from_slice(&bytes).map(|Serde(it)| it).unwrap();
        assert_eq!(back.raw.get(), value.raw.get());
        assert_eq!(back.more.unwrap().get(), "1e5");
        assert_eq!(back.tagged, value.tagged);
        let deep = raw(&("[".repeat(120) + &"]".repeat(120)));
        let deep = (0..9).fold(serde_json::value::to_raw_value(&deep).unwrap(), |deep, _| {
            serde_json::value::to_raw_value(&[deep]).unwrap()
        });
        assert!(codec.to_vec(&Serde(&deep)).unwrap_err().is_limit());
    }
}
