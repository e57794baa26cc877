//! What was written is read back as what it was, or is refused in writing: values of every shape that `serde` knows, in
//! every format, in every place where `serde` may put them, by `serde` and by the fast path.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::OsString;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU64};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer as Writer};
use serde_json::{Map, Value, json};
use wats_codec::{Error, Format, NonFinite, Serde, Serializer, fast_serde, fast_struct};

fn codecs() -> impl Iterator<Item = Serializer> {
    let formats = Format::ALL.iter();
    formats.map(|format| Serializer::new(*format).compress_threshold(0))
}

// ---- the places

#[derive(Debug, Serialize, Deserialize)]
struct Field<T> {
    v: T,
}

/// `serde` collects the members of what is flattened before it reads them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "T: Serialize + DeserializeOwned")]
struct Flat<T> {
    id: u8,
    #[serde(flatten)]
    inner: Field<T>,
}

#[derive(Debug, Serialize, Deserialize)]
enum External<T> {
    Newtype(T),
    Pair(u8, T),
    Named { v: T },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal<T> {
    Named { v: T },
    Held(Field<T>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent<T> {
    Newtype(T),
    Named { v: T },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    /// Fits nothing that the others write.
    Other {
        other: (),
    },
    Named {
        v: T,
    },
}

/// A value in all places where it is read as it comes.
#[derive(Debug, Serialize, Deserialize)]
struct Everywhere<T> {
    list: Vec<T>,
    map: BTreeMap<String, T>,
    external: Vec<External<T>>,
}

/// Whether the value may be refused where `serde` collects it first: it has no place there for everything.
#[derive(Clone, Copy, PartialEq)]
enum Collected {
    Read,
    MayBeRefused,
}

/// Writes and reads; what is read must be the same. Tells whether it was written and read.
#[track_caller]
fn survives<T: Serialize + DeserializeOwned + Debug>(codec: &Serializer, value: &T) -> Outcome {
    let Ok(bytes) = codec.to_vec(&Serde(value)) else {
        return Outcome::NotWritten;
    };
    match codec.from_slice::<Serde<T>>(&bytes).map(|Serde(it)| it) {
        Ok(back) => {
            let format = codec.format();
            assert_eq!(format!("{back:?}"), format!("{value:?}"), "{format}");
            Outcome::Same
        }
        Err(error) => Outcome::NotRead(error),
    }
}

#[derive(Debug)]
enum Outcome {
    Same,
    NotWritten,
    NotRead(Error),
}

/// By itself, and as a tree.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    for codec in codecs() {
        if let Outcome::NotRead(error) = survives(&codec, value) {
            panic!("{value:?}: {error}");
        }
        as_a_tree(&codec, value);
    }
}

/// In every place.
#[track_caller]
fn comes_back_from<T>(value: impl Fn() -> T, collected: Collected)
where
    T: Serialize + DeserializeOwned + Debug,
{
    let everywhere = Everywhere {
        list: vec![value(), value()],
        map: BTreeMap::from([("k".to_owned(), value())]),
        external: vec![
            External::Newtype(value()),
            External::Pair(1, value()),
            External::Named { v: value() },
        ],
    };
    let (inner, id) = (Field { v: value() }, 1);
    let flat = Flat { id, inner };
    let tagged = Internal::Held(Field { v: value() });
    for codec in codecs() {
        let written = codec.to_vec(&Serde(&value())).is_ok();
        let outcomes = [
            ("as it comes", survives(&codec, &everywhere)),
            ("flattened", survives(&codec, &flat)),
            ("tagged", survives(&codec, &Internal::Named { v: value() })),
            ("tagged", survives(&codec, &tagged)),
            ("adjacent", survives(&codec, &Adjacent::Newtype(value()))),
            (
                "untagged",
                survives(&codec, &Untagged::Named { v: value() }),
            ),
        ];
        for (number, (place, outcome)) in outcomes.into_iter().enumerate() {
            let format = codec.format();
            match outcome {
                Outcome::Same => assert!(written, "{format}"),
                Outcome::NotWritten => assert!(!written, "{format}"),
                Outcome::NotRead(error) => assert!(
                    number > 0 && collected == Collected::MayBeRefused,
                    "{place} in {format}: {error}"
                ),
            }
        }
    }
}

/// A tree read from it is the one that its JSON gives, or there is none.
#[track_caller]
fn as_a_tree<T: Serialize + Debug>(codec: &Serializer, value: &T) {
    let Ok(bytes) = codec.to_vec(&Serde(value)) else {
        return;
    };
    let Ok(json) = Serializer::default().to_vec(&Serde(value)) else {
        // No JSON, no tree, and so no `null` either.
        let tree = codec.from_slice::<Serde<Value>>(&bytes).map(|Serde(it)| it);
        assert!(tree.is_err(), "{value:?}: {tree:?}");
        return;
    };
    if let Ok(tree) = codec.from_slice::<Serde<Value>>(&bytes).map(|Serde(it)| it) {
        let expected: Value = Serializer::default()
            .from_slice(&json)
            .map(|Serde(it)| it)
            .unwrap();
        assert_eq!(tree, expected, "{value:?} in {}", codec.format());
        for other in codecs() {
            let bytes = other.to_vec(&Serde(&tree)).unwrap();
            assert_eq!(other.to_vec(&tree).unwrap(), bytes);
            assert_eq!(
                other
                    .from_slice::<Serde<Value>>(&bytes)
                    .map(|Serde(it)| it)
                    .unwrap(),
                tree
            );
            assert_eq!(other.from_slice::<Value>(&bytes).unwrap(), tree);
        }
    }
}

/// Each value by itself, and up to ten of them as one in every place: one type for all makes the compiler's work a tenth.
macro_rules! come_back {
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr, $h:expr, $i:expr, $j:expr,
     $($rest:expr),+ $(,)?) => {
        come_back!($a, $b, $c, $d, $e, $f, $g, $h, $i, $j);
        come_back!($($rest),+);
    };
    ($($value:expr),* $(,)?) => {
        $( comes_back(&$value); )*
        comes_back_from(|| ($($value,)*), Collected::Read);
    };
}

macro_rules! come_back_or_are_not_collected {
    ($($value:expr),* $(,)?) => { $(
        comes_back(&$value);
        comes_back_from(|| $value, Collected::MayBeRefused);
    )* };
}

// ---- types with two forms

/// As identifiers in binary formats are: text for people, bytes for programs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identifier([u8; 4]);

impl Serialize for Identifier {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        if writer.is_human_readable() {
            return writer.collect_str(&u32::from_be_bytes(self.0));
        }
        writer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = [u8; 4];
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("four bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<[u8; 4], E> {
                bytes.try_into().map_err(E::custom)
            }
        }
        if reader.is_human_readable() {
            let text = String::deserialize(reader)?;
            let number: u32 = text.parse().map_err(serde::de::Error::custom)?;
            return Ok(Self(number.to_be_bytes()));
        }
        reader.deserialize_bytes(Bytes).map(Self)
    }
}

/// Bytes as `serde` has them, in place of a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        reader.deserialize_byte_buf(Visitor).map(Self)
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Color {
    Red,
    #[serde(rename = "dark blue")]
    Blue,
}

#[derive(Debug, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, Serialize, Deserialize)]
struct Wrapped(f64);

#[derive(Debug, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Serialize, Deserialize)]
struct Tree {
    name: String,
    below: Vec<Tree>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Reading {
    #[serde(with = "wats_codec::float")]
    value: f64,
    #[serde(with = "wats_codec::float::option")]
    limit: Option<f64>,
    #[serde(with = "wats_codec::float::seq")]
    series: Vec<f64>,
}

#[test]
fn numbers_come_back_wherever_they_stand() {
    come_back!(
        0u8,
        9u8,
        48u8,
        57u8,
        127u8,
        u8::MAX,
        u16::MAX,
        u32::MAX,
        u64::MAX,
        1u64 << 53,
        i8::MIN,
        -1i8,
        -33i16,
        i16::MIN,
        i32::MIN,
        i64::MIN,
    );
    come_back!(
        i64::MAX,
        -0.0f64,
        0.0f64,
        0.1f64,
        1e300f64,
        5e-324f64,
        f64::MAX,
        1.0f64,
        123_456_789.125_f64,
        -0.0f32,
        0.5f32,
        16_777_217.0f32,
        3usize,
        -3isize,
        NonZeroU64::MAX,
        NonZeroI8::MIN,
    );
    come_back!(
        std::num::Wrapping(7u8),
        std::sync::atomic::AtomicU16::new(7),
        std::cmp::Reverse(5u32),
        vec![0.5f64, -2.0, 1e-7],
        [1u8, 2, 3],
        (1u8, -1i64, 0.5f64),
    );
    // What a tree makes of these is longer than their JSON.
    let small = [0.1f32, f32::MAX, f32::MIN_POSITIVE, -1e-45, 1.0 / 3.0];
    comes_back_from(|| small, Collected::Read);
}

#[test]
fn integers_of_128_bits_come_back_wherever_serde_can_collect_them() {
    come_back_or_are_not_collected!(
        0i128,
        -1i128,
        i128::from(i64::MIN),
        i128::from(u64::MAX),
        i128::from(u64::MAX) + 1,
        i128::MIN,
        i128::MAX,
        0u128,
        7u128,
        u128::from(u64::MAX),
        u128::from(u64::MAX) + 1,
        u128::MAX,
    );
    // Small ones are numbers to everybody.
    let packed = Serializer::new(Format::MessagePack);
    assert_eq!(
        packed.to_vec(&Serde(&[5i128, -1])).unwrap(),
        b"\x92\x05\xff"
    );
    // As older documents hold them: sixteen bytes.
    let old = [&b"\xc4\x10"[..], &5i128.to_be_bytes()].concat();
    assert_eq!(
        packed
            .from_slice::<Serde<i128>>(&old)
            .map(|Serde(it)| it)
            .unwrap(),
        5
    );
    // A number below 0 is none of those above.
    assert!(
        packed
            .from_slice::<Serde<u128>>(b"\xff")
            .map(|Serde(it)| it)
            .is_err()
    );
}

#[test]
fn texts_and_bytes_come_back_wherever_they_stand() {
    come_back!(
        String::new(),
        "a".to_owned(),
        "7".to_owned(),
        "NaN".to_owned(),
        "null".to_owned(),
        "\u{0}\u{1f}\"\\/\u{2028}\u{10ffff}".to_owned(),
        "å".repeat(300),
        "x".repeat(70_000),
        "$serde_json::private::Number".to_owned(),
        "2026-01-31T23:59:59.999Z".to_owned(),
        'a',
        '\u{10ffff}',
        '\0',
        Box::<str>::from("boxed"),
        PathBuf::from("a/b \u{e5}.json"),
        Bytes(vec![]),
        Bytes(vec![0, 255, 48]),
        Bytes(vec![7; 300]),
        Bytes(vec![1; 70_000]),
        vec![0u8, 255],
        Box::<[u8]>::from([1, 2]),
        OsString::from("name"),
        std::ffi::CString::new("zero").unwrap(),
    );
}

#[test]
fn types_with_two_forms_come_back_wherever_they_stand() {
    come_back!(
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        Ipv4Addr::new(10, 0, 0, 255),
        Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4),
        "10.1.2.3:80".parse::<SocketAddr>().unwrap(),
        "[::1]:65535".parse::<SocketAddr>().unwrap(),
        Identifier([1, 2, 3, 4]),
        vec![Some(Identifier([0; 4])), None],
        Some(IpAddr::V4(Ipv4Addr::BROADCAST)),
        BTreeMap::from([("a".to_owned(), Identifier([9; 4]))]),
        Duration::new(5, 999_999_999),
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        (Identifier([1; 4]), Ipv4Addr::UNSPECIFIED),
    );
    // As keys they are the text that JSON has.
    come_back!(
        BTreeMap::from([(Identifier([0, 0, 1, 2]), 1u8)]),
        BTreeMap::from([(IpAddr::V4(Ipv4Addr::LOCALHOST), "lo".to_owned())]),
        BTreeSet::from([Ipv6Addr::LOCALHOST]),
    );
}

#[test]
fn documents_in_the_form_for_programs_are_read_too() {
    #[track_caller]
    fn read_too<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let bytes = rmp_serde::to_vec_named(value).unwrap();
        assert_eq!(
            Serializer::default()
                .from_slice::<Serde<T>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap(),
            *value
        );
    }
    macro_rules! read_too {
        ($($value:expr),* $(,)?) => { $( read_too(&$value); )* };
    }
    read_too!(
        vec![
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        ],
        vec!["10.1.2.3:80".parse::<SocketAddr>().unwrap()],
        vec![Identifier([1, 2, 3, 4])],
        vec![BTreeMap::from([(
            Identifier([1, 2, 3, 4]),
            Ipv4Addr::LOCALHOST
        )])],
    );
}

#[test]
fn other_readers_of_messagepack_read_the_form_for_people() {
    let value = (
        vec![IpAddr::V6(Ipv6Addr::LOCALHOST)],
        Identifier([0, 0, 1, 2]),
        Nothing,
        BTreeMap::from([(Color::Blue, i128::MIN), (Color::Red, 7)]),
    );
    let bytes = Serializer::new(Format::MessagePack)
        .to_vec(&Serde(&value))
        .unwrap();
    let mut reader = rmp_serde::Deserializer::from_read_ref(&bytes).with_human_readable();
    let back =
        <(Vec<IpAddr>, Identifier, Nothing, BTreeMap<Color, i128>)>::deserialize(&mut reader);
    assert_eq!(format!("{:?}", back.unwrap()), format!("{value:?}"));
}

/// An enum that takes whatever a tree does, and keeps every float.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum AnyOfFour {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<AnyOfFour>),
}

/// As models are that keep what they did not expect: a number, or else whatever it is.
#[derive(Debug)]
enum Lenient {
    Number(f64),
    Odd(Value),
}

impl Serialize for Lenient {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => wats_codec::float::serialize(value, writer),
            Self::Odd(value) => value.serialize(writer),
        }
    }
}

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Lenient;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("anything")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Lenient, E> {
                Ok(Lenient::Number(value))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Lenient, E> {
                Ok(Lenient::Odd(value.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Lenient, E> {
                let special = SPECIAL.into_iter().zip(["NaN", "Infinity", "-Infinity"]);
                let named = special.into_iter().find(|(_, name)| *name == text);
                Ok(named.map_or_else(
                    || Lenient::Odd(text.into()),
                    |(value, _)| Lenient::Number(value),
                ))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Lenient, A::Error> {
                let list = serde::de::value::SeqAccessDeserializer::new(list);
                Value::deserialize(list).map(Lenient::Odd)
            }
        }
        reader.deserialize_any(Visitor)
    }
}
fast_serde!(Lenient);

#[test]
fn special_floats_come_back_where_anything_may_stand_that_is_no_tree() {
    for special in SPECIAL {
        for codec in codecs() {
            let value = vec![
                Lenient::Number(special),
                Lenient::Odd(json!([1, {"a": 0.5}])),
                Lenient::Number(0.5),
                Lenient::Odd(json!(true)),
            ];
            match survives(&codec, &value) {
                Outcome::Same => {}
                other => panic!("{}: {other:?}", codec.format()),
            }
        }
        // In what it keeps as it is, there is no place for them.
        for format in [Format::MessagePack, Format::Archive] {
            refused::<Lenient>(&Serializer::new(format).to_vec(&Serde(&[special])).unwrap());
        }
    }
}

#[test]
fn special_floats_come_back_among_variants_of_other_kinds() {
    for special in SPECIAL {
        for format in [Format::MessagePack, Format::Archive] {
            let value = vec![
                AnyOfFour::Number(special),
                AnyOfFour::List(vec![AnyOfFour::Number(special), AnyOfFour::Flag(true)]),
                AnyOfFour::Text("NaN".to_owned()),
            ];
            match survives(&Serializer::new(format), &value) {
                Outcome::Same => {}
                other => panic!("{format}: {other:?}"),
            }
        }
    }
}

#[test]
fn compounds_come_back_wherever_they_stand() {
    come_back!(
        (),
        Nothing,
        Some(5u8),
        None::<u8>,
        vec![Some(true), None],
        Wrapped(0.5),
        Pair(1, "b".to_owned()),
        Color::Red,
        Color::Blue,
        vec![Color::Blue],
        External::Newtype(5u8),
        External::Pair(1, 2u8),
        External::Named {
            v: Some("x".to_owned())
        },
        Ok::<u8, String>(5),
        Err::<u8, String>("no".to_owned()),
        Vec::<u8>::new(),
        BTreeMap::<String, u8>::new(),
        vec![vec![vec![1u8]], vec![]],
        BTreeMap::from([(String::new(), 1u8), ("a b".to_owned(), 2)]),
        BTreeMap::from([(Color::Red, 1u8), (Color::Blue, 2)]),
        BTreeMap::from([('k', 1u8)]),
        HashMap::from([("k".to_owned(), vec![1u8])]),
        BTreeSet::from([3u8, 1]),
        VecDeque::from([1u8, 2]),
        BTreeMap::from([("$serde_json::private".to_owned(), "5".to_owned())]),
        Tree {
            name: "a".into(),
            below: vec![Tree {
                name: "b".into(),
                below: vec![]
            }]
        },
        0u8..5,
        1i64..=3,
        Internal::Held(Field { v: 1u8 }),
        Adjacent::Newtype(Color::Red),
        Untagged::Named {
            v: Internal::Named { v: 0.5f64 }
        },
        Box::new(5u8),
        std::cell::Cell::new(5u8),
        std::cell::RefCell::new("x".to_owned()),
        std::sync::Mutex::new(1u8),
        (1u8, (2u16, [3u32, 4], ("x".to_owned(),))),
    );
}

/// Floats have no order: the pairs stand in for a map.
struct Pairs(Vec<(f64, u8)>);

impl Serialize for Pairs {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[test]
fn maps_with_keys_of_any_kind_come_back_or_are_refused_in_writing() {
    come_back_or_are_not_collected!(
        BTreeMap::from([(7u8, "x".to_owned()), (255, "y".to_owned())]),
        BTreeMap::from([(-7i64, 1u8)]),
        BTreeMap::from([(u64::MAX, 1u8)]),
        BTreeMap::from([(i128::MIN, 1u8)]),
        BTreeMap::from([(true, 1u8), (false, 0)]),
        BTreeMap::from([((1u8, 2u8), 3u8)]),
        BTreeMap::from([(vec![1u8], 3u8)]),
        BTreeMap::from([(Some(1u8), 3u8)]),
        BTreeMap::from([(Bytes(vec![1]), 3u8)]),
    );
    let json = Serializer::default();
    let pairs = Pairs(vec![(0.5, 1)]);
    assert_eq!(json.to_vec(&Serde(&pairs)).unwrap(), br#"{"0.5":1}"#);
    let error = json
        .to_vec(&Serde(&Pairs(vec![(f64::NAN, 1)])))
        .unwrap_err();
    assert!(matches!(error, Error::NonFinite { .. }), "{error}");
    let archive = Serializer::new(Format::Archive);
    assert!(archive.to_vec(&Serde(&pairs)).is_err());
}

// ---- NaN and infinities

const SPECIAL: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

#[test]
fn special_floats_come_back_wherever_a_float_stands() {
    for special in SPECIAL {
        come_back!(
            special,
            Some(special),
            vec![0.5, special],
            vec![special; 1000],
            Wrapped(special),
            (special, "x".to_owned()),
            special as f32,
        );
        // Marked ones stand as text in JSON.
        come_back!(Reading {
            value: special,
            limit: Some(special),
            series: vec![special, 1.0],
        });
        let text = Serializer::default().non_finite(NonFinite::Text);
        assert!(text.to_vec(&Serde(&special)).unwrap().starts_with(b"\""));
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    known: f64,
    #[serde(flatten)]
    extra: Map<String, Value>,
}
fast_struct!(Known { known = "known", ..extra });

#[derive(Debug, Serialize, Deserialize)]
struct Within {
    tree: Value,
}
fast_struct!(Within { tree = "tree" });

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Mixed {
    Typed { value: f64, tree: Value },
}
fast_serde!(Mixed);

/// [`Mixed`] as somebody else writes it.
#[derive(Serialize)]
struct Other {
    kind: &'static str,
    value: f64,
    tree: f64,
    unknown: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOrTree {
    Number(u64),
    Tree(Value),
}

/// Both ways of reading refuse it, and say why.
#[track_caller]
fn refused<T: DeserializeOwned + wats_codec::fast::Decode + Debug>(bytes: &[u8]) {
    let codec = Serializer::default();
    for read in [
        codec.from_slice::<Serde<T>>(bytes).map(|Serde(it)| it),
        codec.from_slice::<T>(bytes),
    ] {
        let error = read.unwrap_err();
        assert!(error.to_string().contains("NaN"), "{error}");
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum FloatOrText {
    Float(f64),
    Text(String),
}

#[test]
fn special_floats_that_serde_collects_may_stand_under_so_many_names() {
    let codec = Serializer::new(Format::MessagePack);
    let of = |names: usize| -> BTreeMap<String, [f64; 2]> {
        (0..names).map(|n| (n.to_string(), [f64::NAN; 2])).collect()
    };
    let read = |names| {
        let bytes = codec.to_vec(&Serde(&of(names))).unwrap();
        codec
            .from_slice::<Serde<BTreeMap<String, Vec<FloatOrText>>>>(&bytes)
            .map(|Serde(it)| it)
    };
    assert_eq!(read(64).unwrap().len(), 64);
    let error = read(65).unwrap_err().to_string();
    assert!(error.contains("too many names"), "{error}");
    // Where the type says that it is a float, there may be any number.
    let bytes = codec.to_vec(&Serde(&of(1000))).unwrap();
    assert!(
        codec
            .from_slice::<Serde<BTreeMap<String, [f64; 2]>>>(&bytes)
            .map(|Serde(it)| it)
            .is_ok()
    );
}

#[test]
fn a_tree_never_holds_null_in_place_of_a_special_float() {
    for special in SPECIAL {
        for format in [Format::MessagePack, Format::Archive] {
            let codec = Serializer::new(format);
            let of = |value: BTreeMap<&str, f64>| codec.to_vec(&Serde(&value)).unwrap();
            refused::<Value>(&of(BTreeMap::from([("value", special)])));
            refused::<Value>(&codec.to_vec(&Serde(&special)).unwrap());
            refused::<Vec<Value>>(&codec.to_vec(&Serde(&[1.0, special])).unwrap());
            refused::<Within>(&of(BTreeMap::from([("tree", special)])));
            refused::<Known>(&of(BTreeMap::from([("known", 1.0), ("other", special)])));
            // The known one is a float; the other one is in a tree.
            refused::<Known>(&of(BTreeMap::from([
                ("known", special),
                ("other", special),
            ])));
            let nested = BTreeMap::from([("tree", vec![BTreeMap::from([("deep", special)])])]);
            refused::<Within>(&codec.to_vec(&Serde(&nested)).unwrap());

            let known = of(BTreeMap::from([("known", special)]));
            let back: Known = Serializer::default()
                .from_slice(&known)
                .map(|Serde(it)| it)
                .unwrap();
            assert_eq!(back.known.to_bits(), special.to_bits());
            assert!(Serializer::default().from_slice::<Known>(&known).is_ok());

            let mixed = |value, tree| {
                let unknown = special;
                let kind = "Typed";
                codec
                    .to_vec(&Serde(&Other {
                        kind,
                        value,
                        tree,
                        unknown,
                    }))
                    .unwrap()
            };
            refused::<Mixed>(&mixed(special, special));
            refused::<Mixed>(&mixed(1.0, special));
            // What is passed over holds nothing.
            let Mixed::Typed { value, .. } = codec
                .from_slice(&mixed(special, 1.0))
                .map(|Serde(it)| it)
                .unwrap();
            assert_eq!(value.to_bits(), special.to_bits());
            assert!(
                codec
                    .from_slice::<Serde<NumberOrTree>>(&codec.to_vec(&Serde(&special)).unwrap())
                    .map(|Serde(it)| it)
                    .is_err()
            );
        }
    }
}

#[test]
fn a_float_beyond_a_small_one_is_refused_and_no_infinity() {
    for codec in codecs() {
        let bytes = codec.to_vec(&Serde(&[1e300f64])).unwrap();
        assert!(
            codec
                .from_slice::<Serde<Vec<f32>>>(&bytes)
                .map(|Serde(it)| it)
                .is_err(),
            "{}",
            codec.format()
        );
        let bytes = codec.to_vec(&Serde(&[0.5f64, 1.0 / 3.0])).unwrap();
        assert_eq!(
            codec
                .from_slice::<Serde<Vec<f32>>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap(),
            [0.5, 1.0 / 3.0]
        );
    }
}

// ---- what serde_json says to itself

/// A number as `serde_json` writes it with its feature `arbitrary_precision`.
#[derive(Debug, Clone)]
struct AnyNumber(&'static str);

impl Serialize for AnyNumber {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        const NAME: &str = "$serde_json::private::Number";
        let mut fields = writer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, self.0)?;
        fields.end()
    }
}

/// Raw JSON as `serde_json` writes it with its feature `raw_value`.
struct RawJson(String);

impl Serialize for RawJson {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        const NAME: &str = "$serde_json::private::RawValue";
        let mut fields = writer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, &self.0)?;
        fields.end()
    }
}
/// Writing alone by way of `serde`, within the fast path.
macro_rules! fast_serde_writing {
    ($($type:ty),*) => { $(
        impl wats_codec::fast::Encode for $type {
            fn encode<S: wats_codec::fast::Sink>(&self, sink: &mut S) {
                sink.serde(self);
            }
        }
    )* };
}

fast_serde_writing!(AnyNumber, RawJson);

#[test]
fn numbers_of_any_size_are_written_as_the_numbers_that_they_are() {
    let equal = |number: &'static str, plain: &dyn Fn(&Serializer) -> Vec<u8>| {
        for codec in codecs() {
            let number = vec![AnyNumber(number)];
            let bytes = codec.to_vec(&Serde(&number)).unwrap();
            assert_eq!(bytes, plain(&codec), "{number:?} in {}", codec.format());
            assert_eq!(codec.to_vec(&number).unwrap(), bytes, "{}", codec.format());
        }
    };
    for (number, plain) in [("0", 0u64), ("7", 7), ("18446744073709551615", u64::MAX)] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
    for (number, plain) in [("-1", -1i64), ("-9223372036854775808", i64::MIN)] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
    for (number, plain) in [
        ("-0", -0.0f64),
        ("1.10", 1.1),
        ("1e2", 100.0),
        ("0.10000000000000001", 0.1),
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("5e-324", 5e-324),
    ] {
        equal(number, &|codec| codec.to_vec(&Serde(&[plain])).unwrap());
    }
}

#[test]
fn numbers_that_nothing_holds_are_refused_in_writing() {
    for number in [
        "1e400",
        "-1e999",
        "18446744073709551617",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "x",
        "",
        "1 ",
        "NaN",
    ] {
        for codec in codecs() {
            let error = codec.to_vec(&Serde(&AnyNumber(number))).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Unwritable { .. }), "{text}");
            assert!(text.contains("number"), "{text}");
        }
    }
}

#[test]
fn numbers_and_raw_json_take_no_level_of_their_own() {
    for codec in codecs() {
        let deepest = Nested(127, AnyNumber("5"));
        let bytes = codec.to_vec(&Serde(&deepest)).unwrap();
        codec
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap();
        let error = codec
            .to_vec(&Serde(&Nested(128, AnyNumber("5"))))
            .unwrap_err();
        assert!(error.is_limit(), "{error}");
    }
}

/// A value within so many lists.
struct Nested<T>(usize, T);

impl<T: Serialize> Serialize for Nested<T> {
    fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        struct Inner<'a, T>(usize, &'a T);
        impl<T: Serialize> Serialize for Inner<'_, T> {
            fn serialize<S: Writer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                match self.0.checked_sub(1) {
                    Some(levels) => writer.collect_seq([Inner(levels, self.1)]),
                    None => self.1.serialize(writer),
                }
            }
        }
        Inner(self.0, &self.1).serialize(writer)
    }
}

#[test]
fn raw_json_stands_in_json_only_and_counts_for_its_levels() {
    let raw = |text: &str| RawJson(text.to_owned());
    for codec in codecs() {
        let format = codec.format();
        let written = codec.to_vec(&Serde(&[raw("[1, 2.50]")]));
        if matches!(format, Format::MessagePack | Format::Archive) {
            let error = written.unwrap_err();
            assert!(error.to_string().contains("RawValue"), "{error}");
            assert!(codec.to_vec(&vec![raw("1")]).is_err(), "{format}");
            continue;
        }
        for broken in ["", "[1", "1 2", "{]", "nul", "\"\u{1}\"", "[1],"] {
            let error = codec.to_vec(&Serde(&[raw(broken)])).unwrap_err();
            assert!(
                matches!(error, Error::Unwritable { .. }),
                "{broken}: {error}"
            );
        }
        let deep = |levels: usize| raw(&("[".repeat(levels) + &"]".repeat(levels)));
        codec.to_vec(&Serde(&Nested(9, deep(118)))).unwrap();
        codec.to_vec(&Serde(&Nested(0, deep(127)))).unwrap();
        for (own, raw) in [(9, 119), (127, 1), (0, 128), (120, 120)] {
            let error = codec.to_vec(&Serde(&Nested(own, deep(raw)))).unwrap_err();
            assert!(error.is_limit(), "{own} and {raw}: {error}");
        }
    }
}

// ---- what is passed over

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
