//! The fast path against `serde`: byte for byte in writing, value for value in reading, on values
//! and on documents of every kind.

mod cases;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wats_codec::fast::{self, Decode, Encode, verify};
use wats_codec::{
    Error, Format, Limits, NonFinite, Serde, Serializer, fast_enum, fast_serde, fast_struct,
};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Status {
    #[serde(rename = "P")]
    Passed,
    #[serde(rename = "Failed, at last")]
    Failed,
}
fast_enum!(Status {
    Passed = "P",
    Failed = "Failed, at last"
});

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "T")]
    Test,
    #[serde(untagged)]
    Other(String),
}
fast_enum!(Kind { Test = "T", ..Other });

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    id: u32,
    name: String,
    status: Status,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error_code: Option<i32>,
    /// Written as null, read when absent.
    nullable: Option<bool>,
    #[serde(with = "wats_codec::float")]
    value: f64,
    #[serde(
        with = "wats_codec::float::option",
        skip_serializing_if = "Option::is_none",
        default
    )]
    high_limit: Option<f64>,
    #[serde(with = "wats_codec::float::option")]
    low_limit: Option<f64>,
    #[serde(with = "wats_codec::float::seq")]
    series: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    steps: Vec<Step>,
    #[serde(default)]
    tags: Vec<String>,
    a_key_of_more_than_thirty_one_bytes: i64,
    shape: Shape,
    #[serde(flatten)]
    extra: Map<String, Value>,
}
fast_struct!(Step {
    id = "id",
    name = "name",
    status = "status",
    kind = "kind",
    error_code = "errorCode" (optional),
    nullable = "nullable",
    value = "value" (float),
    high_limit = "highLimit" (optional_float),
    low_limit = "lowLimit" (float),
    series = "series" (float),
    steps = "steps" (optional),
    tags = "tags" (default),
    a_key_of_more_than_thirty_one_bytes = "aKeyOfMoreThanThirtyOneBytes",
    shape = "shape",
    ..extra
});

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Point { x: f64, y: Option<u8> },
    Line(i8, i8),
}
fast_serde!(Shape);

/// Without a place for unknown keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u64,
    f: i64,
    g: f64,
    h: Box<str2::Text>,
    m: BTreeMap<String, u32>,
}
fast_struct!(Numbers {
    a = "a",
    b = "b",
    c = "c",
    d = "d",
    e = "e",
    f = "f",
    g = "g",
    h = "h",
    m = "m"
});

/// A type that implements the traits by hand.
mod str2 {
    use super::{Decode, Encode, fast};
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    pub(crate) struct Text(pub(crate) String);

    impl Encode for Text {
        fn encode<S: fast::Sink>(&self, sink: &mut S) {
            sink.str(&self.0);
        }
    }

    impl Decode for Text {
        fn decode<'de, S: fast::Source<'de>>(source: &mut S) -> Option<Self> {
            source.text(|text| Self(text.to_owned()))
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        any::<String>(),
        prop::collection::vec(any::<char>(), 0..5).prop_map(String::from_iter),
        Just("x".repeat(300)),
        Just("\u{0}\u{1f}\u{7f}\"\\/\u{2028}\u{10ffff}".to_owned()),
    ]
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        any::<u64>().prop_map(f64::from_bits),
        (any::<i32>(), 0..8u8).prop_map(|(n, d)| f64::from(n) / 10f64.powi(i32::from(d))),
        Just(-0.0),
        Just(5e-324),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any_float().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Nothing),
        any::<(i32, Option<u8>)>().prop_map(|(x, y)| Shape::Point { x: f64::from(x), y }),
        any::<(i8, i8)>().prop_map(|(a, b)| Shape::Line(a, b)),
    ]
}

prop_compose! {
    fn any_leaf()(
        (id, nullable, error_code, long) in any::<(u32, Option<bool>, Option<i32>, i64)>(),
        name in any_text(),
        failed: bool,
        other in any_text(),
        value in any_float(),
        high_limit in prop::option::of(any_float()),
        low_limit in prop::option::of(any_float()),
        series in prop::collection::vec(any_float(), 0..20),
        tags in prop::collection::vec(any_text(), 0..4),
        shape in any_shape(),
        extra in prop::collection::btree_map("[x-z]{2,3}", any_value(), 0..3),
    ) -> Step {
        Step {
            id, name, error_code, nullable, value, high_limit, low_limit, series, tags, shape,
            status: if failed { Status::Failed } else { Status::Passed },
            kind: if other == "T" || failed { Kind::Test } else { Kind::Other(other) },
            steps: vec![],
            a_key_of_more_than_thirty_one_bytes: long,
            extra: extra.into_iter().collect(),
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    any_leaf().prop_recursive(4, 12, 20, |inner| {
        (any_leaf(), prop::collection::vec(inner, 0..20)).prop_map(|(mut step, steps)| {
            step.steps = steps;
            step
        })
    })
}

/// Equal, where NaN equals NaN.
fn assert_same<T: std::fmt::Debug>(left: &T, right: &T) {
    assert_eq!(format!("{left:?}"), format!("{right:?}"));
}

/// The fast path alone, without its way out.
fn fast_only<T: Decode + Serialize>(value: &T, format: Format) -> Option<T> {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Strict<T>(T);
    impl<T: Decode> Decode for Strict<T> {
        fn decode<'de, S: fast::Source<'de>>(source: &mut S) -> Option<Self> {
            T::decode(source).map(Strict)
        }
    }
    // The way out leads here, where it always fails.
    impl<'de, T> Deserialize<'de> for Strict<T> {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("the fast path gave up"))
        }
    }
    let codec = Serializer::new(format);
    let bytes = codec.to_vec(&Serde(value)).unwrap();
    codec
        .from_slice::<Strict<T>>(&bytes)
        .ok()
        .map(|strict| strict.0)
}

/// Both paths read `bytes` alike: the same value, or the same error; and what they read of JSON, `serde_json` reads.
fn read_alike<T>(bytes: &[u8])
where
    T: Decode + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let codec = Serializer::default();
    let fast = codec.from_slice::<T>(bytes);
    let serde = codec.from_slice::<Serde<T>>(bytes).map(|Serde(it)| it);
    assert_same(&fast, &serde);
    let json = bytes.trim_ascii_start().first().is_some_and(u8::is_ascii);
    if let (true, Ok(read)) = (json, serde) {
        assert_same(&read, &serde_json::from_slice::<T>(bytes).unwrap());
    }
}

/// What may be done to a document.
#[derive(Clone, Debug)]
enum Change {
    /// These bytes in place of up to so many others.
    Splice(prop::sample::Index, usize, Vec<u8>),
    /// A part of it, again.
    Repeat(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn any_change() -> impl Strategy<Value = Change> {
    // Bytes that mean something in one of the formats are likelier.
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(&b"[]{},:\"\\-+.eE019ntf \n"[..]),
        prop::sample::select(
            &b"\x80\x81\x90\x91\xa0\xa1\xc0\xc1\xc3\xc4\xca\xcb\xcc\xcf\xd3\xd9\xdc\xdf\xff"[..]
        ),
    ];
    // A float that is not finite, in MessagePack.
    let special = prop::sample::select(vec![
        b"\xca\x7f\xc0\0\0".to_vec(),
        b"\xcb\x7f\xf0\0\0\0\0\0\0".to_vec(),
        b"\xcb\xff\xf8\0\0\0\0\0\x01".to_vec(),
    ]);
    let bytes = prop_oneof![3 => prop::collection::vec(byte, 0..6), 1 => special];
    let place = any::<prop::sample::Index>();
    prop_oneof![
        4 => (place, 0..10usize, bytes).prop_map(|(at, count, bytes)| Change::Splice(at, count, bytes)),
        1 => (any::<prop::sample::Index>(), 1..40usize).prop_map(|(at, count)| Change::Repeat(at, count)),
        1 => any::<prop::sample::Index>().prop_map(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        match change {
            Change::Splice(at, count, new) => {
                let at = at.index(length + 1);
                bytes.splice(at..(at + count).min(length), new.iter().copied());
            }
            Change::Repeat(at, count) => {
                let at = at.index(length + 1);
                let end = (at + count).min(length);
                let part = bytes[at..end].to_vec();
                bytes.splice(end..end, part);
            }
            Change::Cut(at) => bytes.truncate(at.index(length + 1)),
        }
    }
    bytes
}

/// [`read_alike`], and what was read is written in every format and read again as the same, by both paths. In JSON a plain
/// float that is not finite is refused, and in none does `null` stand in its place.
fn reads_alike_and_again<T>(bytes: &[u8])
where
    T: Decode + Encode + Serialize + serde::de::DeserializeOwned + std::fmt::Debug,
{
    read_alike::<T>(bytes);
    let Ok(value) = Serializer::default()
        .from_slice::<Serde<T>>(bytes)
        .map(|Serde(it)| it)
    else {
        return;
    };
    for &format in Format::ALL {
        let codec = Serializer::new(format);
        let (serde, fast) = (codec.to_vec(&Serde(&value)), codec.to_vec(&value));
        assert_same(&serde, &fast);
        match serde {
            Ok(written) => {
                assert_same(
                    &codec
                        .from_slice::<Serde<T>>(&written)
                        .map(|Serde(it)| it)
                        .unwrap(),
                    &value,
                );
                assert_same(&codec.from_slice::<T>(&written).unwrap(), &value);
            }
            Err(Error::NonFinite { .. }) => {
                assert!(!matches!(format, Format::MessagePack | Format::Archive));
            }
            Err(error) => panic!("{format}: {error} of {value:?}"),
        }
    }
    // As text, too, none of them is told as null.
    let text = Serializer::default().non_finite(NonFinite::Text);
    let shown = format!("{value:?}");
    let options = shown.matches("None").count() + shown.matches("Null").count();
    let written = String::from_utf8(text.to_vec(&Serde(&value)).unwrap()).unwrap();
    if shown.contains("NaN") && !shown.contains('"') {
        assert!(written.contains("\"NaN\""), "{written}");
        assert_eq!(written.matches("null").count(), options, "{written}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_documents_are_read_alike_and_what_is_read_is_written_and_read_again(
        step in any_leaf(),
        tree in any_value(),
        floats in prop::collection::vec(any_float(), 0..8),
        changes in prop::collection::vec(any_change(), 0..4),
    ) {
        for format in [Format::Json, Format::MessagePack] {
            let codec = Serializer::new(format).non_finite(NonFinite::Text);
            let of_tree = changed(codec.to_vec(&Serde(&tree)).unwrap(), &changes);
            reads_alike_and_again::<Value>(&of_tree);
            reads_alike_and_again::<BTreeMap<String, Value>>(&of_tree);
            let of_floats = changed(codec.to_vec(&Serde(&floats)).unwrap(), &changes);
            reads_alike_and_again::<Vec<f64>>(&of_floats);
            reads_alike_and_again::<Value>(&of_floats);
            reads_alike_and_again::<Vec<Option<f64>>>(&of_floats);
            let of_step = changed(codec.to_vec(&Serde(&step)).unwrap(), &changes);
            reads_alike_and_again::<Step>(&of_step);
            reads_alike_and_again::<Value>(&of_step);
        }
    }

    #[test]
    fn any_bytes_are_read_alike_and_what_is_read_is_written_and_read_again(bytes: Vec<u8>) {
        reads_alike_and_again::<Step>(&bytes);
        reads_alike_and_again::<Value>(&bytes);
        reads_alike_and_again::<Vec<Option<f64>>>(&bytes);
        reads_alike_and_again::<BTreeMap<String, u64>>(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn steps_are_written_and_read_as_serde_does(steps in prop::collection::vec(any_step(), 0..4)) {
        for format in [Format::Json, Format::MessagePack, Format::JsonPretty, Format::Archive] {
            let codec = Serializer::new(format);
            let bytes = codec.to_vec(&Serde(&steps)).unwrap();
            prop_assert_eq!(&codec.to_vec(&steps).unwrap(), &bytes, "{}", format);
            let back = fast_only(&steps, format);
            assert_same(&back.as_ref(), &Some(&steps));
        }
    }

    #[test]
    fn trees_are_written_and_read_as_serde_does(value in any_value()) {
        prop_assert!(verify(&value).is_ok(), "{:?}", verify(&value));
    }

    #[test]
    fn keys_in_any_order_are_read(step in any_step(), seed: u64) {
        // A map in random order, written by serde_json.
        let Value::Object(map) = serde_json::to_value(&step).unwrap() else { unreachable!() };
        let mut entries: Vec<_> = map.into_iter().collect();
        let count = entries.len();
        let mut seed = seed;
        for i in (1..count).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            entries.swap(i, (seed >> 33) as usize % (i + 1));
        }
        let members: Vec<_> = entries
            .iter()
            .map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())))
            .collect();
        let text = format!(" {{ {} }} ", members.join(" ,\n\t"));
        let back: Step = Serializer::default().from_slice(text.as_bytes()).unwrap();
        assert_same(&back, &step);
        read_alike::<Step>(text.as_bytes());
    }

    #[test]
    fn damaged_documents_are_read_or_refused_as_serde_does(
        step in any_step(),
        place: prop::sample::Index,
        byte: u8,
        cut: bool,
        packed: bool,
    ) {
        let format = if packed { Format::MessagePack } else { Format::Json };
        let mut bytes = Serializer::new(format).to_vec(&Serde(&step)).unwrap();
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        read_alike::<Step>(&bytes);
    }

    #[test]
    fn numbers_of_any_form_are_read_as_serde_does(
        text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,4})?",
    ) {
        read_alike::<f64>(text.as_bytes());
        read_alike::<u64>(text.as_bytes());
        read_alike::<i64>(text.as_bytes());
        read_alike::<i8>(text.as_bytes());
        read_alike::<Value>(text.as_bytes());
    }

    #[test]
    fn nearly_numbers_are_refused_as_serde_does(text in "[-+.eE0-9]{1,12}") {
        read_alike::<Vec<f64>>(format!("[{text}]").as_bytes());
        read_alike::<Vec<i32>>(format!("[{text}]").as_bytes());
    }

    #[test]
    fn text_with_any_escapes_is_read_as_serde_does(
        text in r#"(\\[bfnrt"\\/uU]|[0-9a-fA-F]{4}|\\u[dD][89a-fA-F][0-9]{2}|[ -~]|å|\n)*"#,
    ) {
        read_alike::<String>(format!("\"{text}\"").as_bytes());
        read_alike::<BTreeMap<String, u8>>(format!("{{\"{text}\":1}}").as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_serde_does(bytes: Vec<u8>) {
        read_alike::<Step>(&bytes);
        read_alike::<Vec<Numbers>>(&bytes);
        read_alike::<Value>(&bytes);
    }

    #[test]
    fn whole_numbers_take_the_same_width(
        (a, b, c, d) in any::<(u8, i8, u16, i16)>(),
        (e, f, shift) in (any::<u64>(), any::<i64>(), 0..64u32),
        g in prop_oneof![any::<i32>().prop_map(f64::from), any::<f64>()],
    ) {
        let numbers = Numbers {
            a, b, c, d, g,
            e: e >> shift,
            f: f >> shift,
            h: Box::new(str2::Text("å".into())),
            m: BTreeMap::from([("k".to_owned(), u32::from(c))]),
        };
        prop_assert_eq!(verify(&numbers).map_err(|error| error.to_string()), Ok(()));
    }
}
