//! Reading by way of `serde`, against `serde_json`: the same values, and nothing read that it refuses.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::fast::{Serde, read_json};

const DEPTH: usize = 127;

/// What is read, as text: NaN equals itself there, and -0 is not 0.
fn read<T: DeserializeOwned + Debug>(text: &str) -> Option<String> {
    read_json::<Serde<T>>(text.as_bytes(), DEPTH)
        .map(|Serde(it)| it)
        .ok()
        .map(|value| format!("{value:?}"))
}

/// Asserts that both read the same, or that this reader leaves it to the other. Tells whether this one read it.
#[track_caller]
fn agree<T: DeserializeOwned + Debug>(text: &str) -> bool {
    let Some(ours) = read::<T>(text) else {
        return false;
    };
    match serde_json::from_str::<T>(text) {
        Ok(theirs) => assert_eq!(ours, format!("{theirs:?}"), "{text}"),
        Err(error) => panic!("serde_json refuses what is read: {error}: {text}"),
    }
    true
}

#[track_caller]
fn same<T: DeserializeOwned + Debug>(text: &str) {
    assert!(agree::<T>(text), "given up: {text}");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "compared by Debug")]
struct Zoo {
    unit: (),
    nothing: Nothing,
    newtype: Newtype,
    pair: (i8, char),
    list: Vec<Option<bool>>,
    shapes: Vec<Shape>,
    by_number: BTreeMap<i32, String>,
    by_shape: BTreeMap<Plain, f64>,
    by_maybe: BTreeMap<Option<Newtype>, u8>,
    #[serde(default)]
    absent: Option<Box<Zoo>>,
    tagged: Tagged,
    either: Either,
    as_list: Point,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Nothing;

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Newtype(String);

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Small,
    Large,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "compared by Debug")]
enum Shape {
    Empty,
    One(u16),
    Two(u64, i64),
    Named { x: f64, y: Option<f64> },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "compared by Debug")]
enum Tagged {
    A { size: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "compared by Debug")]
enum Either {
    Number(u64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "compared by Debug")]
struct Point {
    x: f64,
    y: f64,
}

const ZOO: &str = r#" {
    "unit": null, "nothing": null, "newtype": "n\u00e9\n", "pair": [-7, "\ud83d\ude00"], "list": [true, null, false],
    "shapes": ["Empty", {"One": 5}, {"Two": [18446744073709551615, -9223372036854775808]},
        {"Named": {"x": 1e-3, "y": null, "z": [{}]}}, {"Empty": null}, "\u0045mpty"],
    "by_number": {"-5": "a", "17": "b"}, "by_shape": {"Small": 0.1, "Large": 1}, "by_maybe": {"k": 1},
    "tagged": {"size": 3, "kind": "A"}, "either": "x", "as_list": [1.5, -0],
    "more": {"a": [1, 2.50, -0, 1e400e]}, "\"": 123456789012345678901234567890
} "#;

#[test]
fn every_kind_of_type_is_read_alike() {
    let zoo = ZOO.replace("1e400e", "-3.25e2");
    same::<Zoo>(&zoo);
    same::<Value>(&zoo);
    assert!(!agree::<Zoo>(ZOO));
}

/// Bytes that are told apart from text and lists.
#[derive(Debug)]
struct Bytes;

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                assert_eq!(bytes, "a\n\u{e5}".as_bytes());
                Ok(Bytes)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Bytes, A::Error> {
                while list.next_element::<u8>()?.is_some() {}
                Ok(Bytes)
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn small_floats_wide_integers_and_bytes_are_read_alike() {
    for number in [
        "1.1",
        "-0",
        "0",
        "16777217",
        "3.4028235e38",
        "1e-50",
        "8388609.500000001",
    ] {
        same::<Vec<f32>>(&format!("[{number}]"));
        agree::<BTreeMap<i128, f32>>(&format!("{{\"{number}\":{number}}}"));
    }
    for number in [
        "170141183460469231731687303715884105727",
        "-170141183460469231731687303715884105728",
        "-0",
        "7",
    ] {
        same::<Vec<i128>>(&format!("[{number}]"));
        same::<BTreeMap<i128, u8>>(&format!("{{\"{number}\":1}}"));
        assert_eq!(agree::<u128>(number), !number.starts_with('-'));
    }
    assert!(!agree::<f32>("1e39") && !agree::<i128>("1.0") && !agree::<u128>("1e3"));
    assert!(!agree::<u128>("340282366920938463463374607431768211456"));
    same::<BTreeMap<bool, u8>>(r#"{"true":1,"false":0}"#);
    assert!(!agree::<BTreeMap<bool, u8>>(r#"{"True":1}"#));
    same::<Vec<Bytes>>(r#"["a\n\u00e5", [1, 2]]"#);
}

#[test]
fn numbers_are_read_alike() {
    for number in [
        "0",
        "-0",
        "-0.0",
        "0.1",
        "-12.50",
        "1e5",
        "1E-5",
        "1e+22",
        "123456789012345678",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "1e308",
        "4.9e-324",
        "2.2250738585072011e-308",
        "0.30000000000000004",
        "9007199254740993.0",
        "123456789.123456789123456789",
    ] {
        same::<Value>(number);
        same::<Vec<f64>>(&format!("[{number} , {number}]"));
        same::<BTreeMap<String, Value>>(&format!("{{\"a\":{number}}}"));
        agree::<Vec<u8>>(&format!("[{number}]"));
        agree::<i64>(number);
        agree::<u64>(number);
    }
    for fault in [
        "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "1e999", "0x1", "1_0", "NaN", "--1",
    ] {
        assert!(!agree::<Value>(fault), "{fault}");
        assert!(
            !agree::<BTreeMap<i32, u8>>(&format!("{{\"{fault}\":1}}")),
            "{fault}"
        );
    }
    for odd in ["\" 1\"", "\"1 \"", "\"\\u0031\""] {
        assert!(
            !agree::<BTreeMap<i32, u8>>(&format!("{{{odd}:1}}")),
            "{odd}"
        );
    }
}

#[test]
fn what_is_no_json_is_not_read() {
    for text in [
        "",
        " ",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{1:1}",
        "\"a",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u12\"",
        "nul",
        "tru",
        "nulls",
        "[nullx]",
        "1 2",
        "[] []",
        "{}}",
        "[1}",
        "{\"a\":[}",
        "\u{feff}1",
        "'a'",
    ] {
        assert!(!agree::<Value>(text), "{text}");
        assert!(!agree::<serde::de::IgnoredAny>(text), "{text}");
        assert!(!agree::<Option<Value>>(text), "{text}");
    }
    assert!(read_json::<Value>(b"\"\xff\"", DEPTH).is_err());
}

#[test]
fn depth_is_bounded() {
    for (levels, read) in [(DEPTH, true), (DEPTH + 1, false), (100_000, false)] {
        let text = "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(agree::<Value>(&text), read);
        assert_eq!(agree::<serde::de::IgnoredAny>(&text), read);
        let text = "{\"a\":".repeat(levels - 1) + "[]" + &"}".repeat(levels - 1);
        assert_eq!(agree::<Value>(&text), read);
    }
}

/// Reads what it can of a list, and stops at the first odd item, or leaves out what it cannot read.
#[derive(Debug)]
#[allow(dead_code, reason = "compared by Debug")]
struct Careless(Vec<u8>);

impl<'de> Deserialize<'de> for Careless {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Careless;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Careless, A::Error> {
                let mut items = Vec::new();
                while let Ok(Some(item)) = list.next_element() {
                    items.push(item);
                }
                Ok(Careless(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Careless, A::Error> {
                let mut items = Vec::new();
                while map.next_key::<String>()?.is_some() {
                    items.extend(map.next_value::<u8>());
                }
                // Nothing comes behind the end, however often one asks.
                assert!(map.next_key::<String>()?.is_none());
                Ok(Careless(items))
            }
        }
        deserializer.deserialize_any(List)
    }
}

#[test]
fn a_fault_that_a_type_swallows_is_not_this_readers_to_judge() {
    assert!(agree::<Careless>("[1,2]"));
    assert!(agree::<Careless>("{\"a\":1}"));
    for text in [
        "[1,300]",
        "{\"a\":300,\"b\":2}",
        "[1,\"a\"]",
        "[1,[2]]",
        "{\"a\":\"x\",\"b\":2}",
        "{\"a\":{},\"b\":2}",
    ] {
        assert!(!agree::<Careless>(text), "{text}");
    }
}

#[test]
fn items_that_a_type_leaves_unread_are_a_fault() {
    assert!(!agree::<[u8; 2]>("[1,2,3]"));
    assert!(!agree::<(u8,)>("[1,2]"));
    assert!(!agree::<Shape>("{\"One\":1,\"One\":1}"));
}

fn trees() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_read_alike(tree in trees(), pretty: bool) {
        let text = if pretty { format!("{tree:#}") } else { tree.to_string() };
        same::<Value>(&text);
        same::<serde::de::IgnoredAny>(&text);
    }

    #[test]
    fn damaged_documents_are_not_read_wrongly(tree in trees(), cut: prop::sample::Index, with in "[\\[\\]{}\",:\\\\0-9eE.+ntf \u{0}-\u{1f}-]{0,3}", length in 0usize..3) {
        for text in [tree.to_string(), ZOO.to_owned()] {
            let mut text: Vec<char> = text.chars().collect();
            let at = cut.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
            let text: String = text.into_iter().collect();
            agree::<Value>(&text);
            agree::<Zoo>(&text);
        }
    }

    #[test]
    fn any_text_is_not_read_wrongly(text in "[\\[\\]{}\",:\\\\0-9eE.+ntfrualse \n-]{0,24}") {
        agree::<Value>(&text);
        agree::<Vec<Option<Shape>>>(&text);
    }
}
