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

// After the macros, which these use.
mod json_internals;
mod passed_over;
mod special_floats;

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
