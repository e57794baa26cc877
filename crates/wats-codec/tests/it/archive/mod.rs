//! The archive form: lossless and small, and what is stored is read again. `hostile` has what no writer made.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wats_codec::fast::{self, Decode};
use wats_codec::{Error, Format, Limits, Position, Serde, Serializer, fast_struct};

fn codec() -> Serializer {
    Serializer::new(Format::Archive)
}

/// A tree of everything MessagePack and archives share, written as it stands.
#[derive(Clone, Debug)]
enum Tree {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Serialize for Tree {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => value.serialize(serializer),
            Self::Unsigned(value) => value.serialize(serializer),
            Self::Signed(value) => value.serialize(serializer),
            Self::Float(value) => value.serialize(serializer),
            Self::Text(value) => value.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl fast::Encode for Tree {
    fn encode<S: fast::Sink>(&self, sink: &mut S) {
        match self {
            Self::Null => sink.null(),
            Self::Bool(value) => sink.bool(*value),
            Self::Unsigned(value) => sink.u64(*value),
            Self::Signed(value) => sink.i64(*value),
            Self::Float(value) => sink.f64(*value),
            Self::Text(value) => sink.str(value),
            Self::List(items) => items.encode(sink),
            Self::Map(entries) => {
                if sink.begin_map(entries.len()) {
                    for (key, value) in entries {
                        sink.dynamic_key(key);
                        value.encode(sink);
                    }
                    sink.end_map();
                }
            }
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-c]{0,3}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}(Z|\\+00:00)",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{7}(Z|[+-][0-2][0-9]:[0-6][0-9])",
        "ID#:[A-Za-z0-9+/]{22}",
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        (any::<u64>(), 0..64u32).prop_map(|(n, shift)| Tree::Unsigned(n >> shift)),
        (any::<i64>(), 0..64u32).prop_map(|(n, shift)| Tree::Signed(n >> shift)),
        any::<u64>().prop_map(|bits| Tree::Float(f64::from_bits(bits))),
        (any::<i32>(), 0..9i32).prop_map(|(n, d)| Tree::Float(f64::from(n) / 10f64.powi(d))),
        any_text().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::List),
            prop::collection::vec((any_text(), inner), 0..8).prop_map(Tree::Map),
        ]
    })
}

/// Any document as MessagePack again, untyped: keeps order, doubled keys and every bit of floats.
fn as_msgpack(archive: &[u8]) -> Vec<u8> {
    struct Whole(Vec<u8>);
    impl<'de> Deserialize<'de> for Whole {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut out = Vec::new();
            let mut packer = rmp_serde::Serializer::new(&mut out);
            transcode(deserializer, &mut packer).map_err(serde::de::Error::custom)?;
            Ok(Self(out))
        }
    }
    codec()
        .from_slice::<Serde<Whole>>(archive)
        .map(|Serde(it)| it)
        .unwrap()
        .0
}

/// Copies from any deserializer to MessagePack, by way of a tree.
fn transcode<'de, D: serde::Deserializer<'de>>(
    from: D,
    to: &mut rmp_serde::Serializer<&mut Vec<u8>>,
) -> Result<(), String> {
    struct TreeVisitor;
    struct Seed(Tree);
    impl<'de> Deserialize<'de> for Seed {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(TreeVisitor).map(Seed)
        }
    }
    impl<'de> serde::de::Visitor<'de> for TreeVisitor {
        type Value = Tree;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("anything")
        }
        fn visit_unit<E>(self) -> Result<Tree, E> {
            Ok(Tree::Null)
        }
        fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
            Ok(Tree::Bool(value))
        }
        fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
            Ok(Tree::Unsigned(value))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
            Ok(Tree::Signed(value))
        }
        fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
            Ok(Tree::Float(value))
        }
        fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
            Ok(Tree::Text(value.to_owned()))
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
            let mut items = Vec::new();
            while let Some(Seed(item)) = seq.next_element()? {
                items.push(item);
            }
            Ok(Tree::List(items))
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
            let mut entries = Vec::new();
            while let Some((key, Seed(value))) = map.next_entry()? {
                entries.push((key, value));
            }
            Ok(Tree::Map(entries))
        }
    }
    let tree = from
        .deserialize_any(TreeVisitor)
        .map_err(|error| error.to_string())?;
    tree.serialize(to).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_tree_survives_bit_for_bit(tree in any_tree()) {
        let packed = Serializer::new(Format::MessagePack).to_vec(&Serde(&tree)).unwrap();
        // A document of one byte that is a digit in JSON is written as two.
        let packed = match packed[..] {
            [0xcc, digit @ b'0'..=b'9'] => vec![digit],
            _ => packed,
        };
        let archive = codec().to_vec(&Serde(&tree)).unwrap();
        prop_assert_eq!(as_msgpack(&archive), packed);
        // Both ways of writing agree.
        prop_assert_eq!(codec().to_vec(&tree).unwrap(), archive);
    }

    #[test]
    fn damage_is_always_noticed(tree in any_tree(), place: prop::sample::Index, bit in 0..8u8) {
        let good = codec().to_vec(&Serde(&tree)).unwrap();
        let place = place.index(good.len());
        let mut bad = good.clone();
        bad[place] ^= 1 << bit;
        // Without its magic it is no archive, and judged as what it looks like.
        let read = codec().from_slice::<Serde<Value>>(&bad).map(|Serde(it)| it);
        prop_assert!(read.is_err(), "bit {} of byte {}", bit, place);
        let cut = codec().from_slice::<Serde<Value>>(&good[..place]).map(|Serde(it)| it);
        prop_assert!(cut.is_err());
        if place > 3 {
            let truncated = matches!(cut, Err(Error::Truncated { .. }));
            prop_assert!(truncated, "cut at {}", place);
        }
    }

    #[test]
    fn hostile_contents_are_refused_without_panic(
        tree in any_tree(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        // Damaged with a right checksum: what a fault in a writer, or malice, would leave.
        let mut bad = codec().to_vec(&Serde(&tree)).unwrap();
        let end = bad.len() - 8;
        for (place, byte) in changes {
            bad[4 + place.index(end - 4)] = byte;
        }
        let sum = checksum(&bad[..end]);
        bad[end..].copy_from_slice(&sum.to_le_bytes());
        let limited = codec().limits(Limits::default().max_bytes(1 << 20));
        drop(limited.from_slice::<Serde<Value>>(&bad).map(|Serde(it)| it));
        drop(limited.from_slice::<Value>(&bad));
        drop(limited.from_slice::<Vec<Pair>>(&bad));
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default)]
    list: Vec<f64>,
}
fast_struct!(Pair { id = "id", name = "name" (optional), list = "list" (default) });

/// The same keys as in [`Backward`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Forward {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Vec<u8>>,
}
fast_struct!(Forward {
    a = "a" (optional),
    b = "b" (optional),
    c = "c" (optional),
    d = "d" (optional)
});

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Backward {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
}
fast_struct!(Backward {
    d = "d" (optional),
    c = "c" (optional),
    b = "b" (optional),
    a = "a" (optional)
});

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Both {
    forward: Forward,
    backward: Backward,
}
fast_struct!(Both { forward = "forward", backward = "backward" });

proptest! {
    /// What a shape is known to hold of one type must not be taken for another.
    #[test]
    fn types_that_share_shapes_do_not_disturb_each_other(
        fields in prop::collection::vec(
            (any::<Option<u8>>(), any::<Option<bool>>(), any::<Option<i8>>(), any::<Option<bool>>()),
            0..12,
        ),
    ) {
        let both: Vec<_> = fields
            .into_iter()
            .map(|(a, b, c, d)| {
                let (b, c, d) = (b.map(|b| b.to_string()), c.map(f64::from), d.map(|d| vec![1; d.into()]));
                Both {
                    forward: Forward { a, b: b.clone(), c, d: d.clone() },
                    backward: Backward { d, c, b, a },
                }
            })
            .collect();
        prop_assert!(fast::verify(&both).is_ok(), "{:?}", fast::verify(&both));
        prop_assert_eq!(codec().to_vec(&both).unwrap(), codec().to_vec(&Serde(&both)).unwrap());
        // One order of keys for both types, and so the same shapes.
        let sorted = codec().to_vec(&Serde(&serde_json::to_value(&both).unwrap())).unwrap();
        prop_assert_eq!(codec().from_slice::<Vec<Both>>(&sorted).unwrap(), both);
    }
}

/// A struct of many fields, each of which may be absent.
macro_rules! wide {
    ($($field:ident $key:literal,)*) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        struct Wide {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                $field: Option<f64>,
            )*
        }
        fast_struct!(Wide { $($field = $key (optional)),* });

        impl Wide {
            /// With values of two kinds in the fields for which there is a bit.
            fn of(bits: u64) -> Self {
                let mut wide = Self::default();
                for (index, field) in [$(&mut wide.$field),*].into_iter().enumerate() {
                    let value = if index % 3 == 0 { 1.0 / 3.0 } else { index as f64 };
                    *field = (bits >> index & 1 == 1).then_some(value);
                }
                wide
            }
        }
    };
}
wide! {
    f00 "f00", f01 "f01", f02 "f02", f03 "f03", f04 "f04", f05 "f05", f06 "f06", f07 "f07",
    f08 "f08", f09 "f09", f10 "f10", f11 "f11", f12 "f12", f13 "f13", f14 "f14", f15 "f15",
    f16 "f16", f17 "f17", f18 "f18", f19 "f19", f20 "f20", f21 "f21", f22 "f22", f23 "f23",
    f24 "f24", f25 "f25", f26 "f26", f27 "f27", f28 "f28", f29 "f29", f30 "f30", f31 "f31",
    f32 "f32", f33 "f33", f34 "f34", f35 "f35", f36 "f36", f37 "f37", f38 "f38", f39 "f39",
}

#[test]
fn structs_of_more_fields_than_a_shape_is_known_by() {
    let all = (1 << 40) - 1;
    let wide: Vec<_> = [31, 32, 33, 40]
        .into_iter()
        .flat_map(|count| [all >> (40 - count), (all >> (40 - count)) & !1, all, 0])
        .map(Wide::of)
        .collect();
    let bytes = codec().to_vec(&wide).unwrap();
    assert_eq!(bytes, codec().to_vec(&Serde(&wide)).unwrap());
    assert_eq!(codec().from_slice::<Vec<Wide>>(&bytes).unwrap(), wide);
}

/// The checksum of an archive, once more and in the plainest way.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |state: u64, word: u64| {
        (state ^ word)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len() / 32 * 32 + 32, 0);
    let mut lanes = [1, 2, 3, 4];
    for (n, word) in padded.chunks(8).enumerate() {
        lanes[n % 4] = step(lanes[n % 4], u64::from_le_bytes(word.try_into().unwrap()));
    }
    let sum = lanes.into_iter().fold(bytes.len() as u64, step);
    sum ^ sum >> 32
}

/// What a section is put together of: numbers, and bytes as they stand.
trait Part {
    fn put(&self, out: &mut Vec<u8>);
}

impl Part for usize {
    /// In the plainest way: so many zeros as bytes follow and a one, and the number above.
    fn put(&self, out: &mut Vec<u8>) {
        let length = (1..9).find(|length| self >> (7 * length) == 0).unwrap();
        let word = self << length | 1 << (length - 1);
        out.extend_from_slice(&word.to_le_bytes()[..length]);
    }
}

impl<const N: usize> Part for &[u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(*self);
    }
}

macro_rules! section {
    ($($part:expr),*) => {{
        let mut section: Vec<u8> = Vec::new();
        $( Part::put(&$part, &mut section); )*
        section
    }};
}

// Behind the macro, which it uses.
mod hostile;

/// Puts sections together with a right checksum: keys, texts, packed texts, shapes, frames, values.
fn archive(sections: [Vec<u8>; 6]) -> Vec<u8> {
    let mut bytes = b"\xc1WA\x04".to_vec();
    for section in sections {
        section.len().put(&mut bytes);
        bytes.extend(section);
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn golden_bytes() {
    let pairs = [
        Pair {
            id: 7,
            name: Some("Vin".into()),
            list: vec![1.5],
        },
        Pair {
            id: 8,
            name: Some("Vin".into()),
            list: vec![],
        },
    ];
    let expected = archive([
        section![3, 3, 5, 5, b"idnamelist"],
        section![1, 4, b"Vin"],
        Vec::new(),
        // One shape: id unsigned, name text, list list.
        section![1, 3, 0, b"\x03", 1, b"\x07", 2, b"\x0c"],
        // Two maps; the first of shape 0 with one decimal, the second with none.
        section![4, b"\x0d", 0, 2, b"\x06", 0, 0],
        // 7, a new text, 15 with one decimal; 8, the first text.
        section![b"\x0c", 7, 0, 30 * 16 + 1, 8, 1],
    ]);
    assert_eq!(codec().to_vec(&pairs[..]).unwrap(), expected);
    assert_eq!(codec().to_vec(&Serde(&pairs)).unwrap(), expected);
    assert_eq!(codec().from_slice::<Vec<Pair>>(&expected).unwrap(), pairs);
}

/// A file of this version with values of nearly every kind, as it was written once.
#[test]
fn a_stored_archive_is_read_and_written_as_it_was() {
    let file = include_bytes!("kinds.wats");
    let expected = json!([
        {"id": 1, "name": "Vin", "status": "P", "value": 5.25, "steps": [
            {"id": -2, "name": "2026-01-31T23:59:59.999Z", "status": "F", "unit": "V", "value": 1e300},
            {"id": 3, "name": "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f", "ts": "ID#:ABCDEFGHIJKLMNOPQRSTUV",
                "list": [null, true, 1, "Vin"]},
            {"id": 70_000, "name": "2026-01-30T22:01:41.4707353+01:00", "list": [],
                "points": "0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16"},
        ]},
        {"id": 4, "name": "Vin", "value": 0, "most": u64::MAX},
    ]);
    assert_eq!(codec().from_slice::<Value>(file).unwrap(), expected);
    let Serde(read) = codec().from_slice::<Serde<Value>>(file).unwrap();
    assert_eq!(read, expected);
    assert_eq!(codec().to_vec(&expected).unwrap(), file);
}

/// Texts that are lists of numbers are packed; one that comes twice is there once.
#[test]
fn lists_of_numbers_in_texts_are_packed() {
    let points = "0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16";
    let texts = ["Vin", points, "Vout", points];
    let packed = section![
        16,
        b";\x01",
        0,
        b"\x05",
        17,
        b"\x20\x88\x41\x8a\x39\x28\xa9\xc5\x9a\x7b\x10"
    ];
    let expected = archive([
        section![0],
        // Three texts; the second is packed.
        section![3, 4, 0, 5, b"VinVout"],
        packed.clone(),
        section![0],
        section![8, b"\x07"],
        section![b"\x0c", 0, 0, 0, 2],
    ]);
    let written = codec().to_vec(&texts[..]).unwrap();
    assert_eq!(written, expected);
    let read: Vec<String> = codec().from_slice(&written).unwrap();
    assert_eq!(read, texts);
    let Serde(tree) = codec().from_slice::<Serde<Value>>(&written).unwrap();
    assert_eq!(tree, json!(texts));

    let with_keys = |keys: Vec<u8>, texts: Vec<u8>, packed: &[u8]| {
        let (frames, values) = (section![2, b"\x07"], section![b"\x0c", 0]);
        archive([keys, texts, packed.to_vec(), section![0], frames, values])
    };
    let file = |texts: Vec<u8>, packed: &[u8]| with_keys(section![0], texts, packed);
    let read =
        |texts: Vec<u8>, packed: &[u8]| codec().from_slice::<Vec<String>>(&file(texts, packed));
    assert_eq!(read(section![1, 0], &packed).unwrap(), [points]);
    assert_eq!(read(section![1, 4, b"Vin"], b"").unwrap(), ["Vin"]);
    for (texts, packed) in [
        // One too many, one too few, a wrong length, a cut, a separator that is no UTF-8.
        (section![1, 4, b"Vin"], &packed[..]),
        (section![1, 0], b""),
        (section![1, 5, b"Vin"], b""),
        (section![1, 0], &packed[..10]),
        (section![1, 0], &section![5, b"\xff\x01", 0, b"\x00", 3]),
    ] {
        let error = read(texts, packed).unwrap_err();
        assert!(matches!(error, Error::Syntax { .. }), "{error}");
    }
    // Keys are not packed.
    let packed_key = with_keys(section![1, 0], section![1, 4, b"Vin"], &packed);
    let error = codec().from_slice::<Vec<String>>(&packed_key).unwrap_err();
    assert!(matches!(error, Error::Syntax { .. }), "{error}");
    // Numbers that take no bits: as many as one likes in a few bytes.
    let one = section![b";\x00", 0, b"\x00", 1 << 50];
    let mut bomb = section![one.len()];
    bomb.extend(one);
    let few = codec().limits(Limits::default().max_bytes(100_000));
    let bomb = file(section![1, 0], &bomb);
    assert!(few.from_slice::<Vec<String>>(&bomb).unwrap_err().is_limit());
}

#[test]
fn times_of_seven_decimals_take_little_space() {
    let times: Vec<_> = (0..1000)
        .map(|n| {
            format!(
                "2026-01-30T22:{:02}:{:02}.{:07}+01:00",
                n / 60,
                n % 60,
                n * 9_999
            )
        })
        .collect();
    let bytes = codec().to_vec(&times).unwrap();
    assert!(bytes.len() < 7_500, "{}", bytes.len());
    assert_eq!(codec().from_slice::<Vec<String>>(&bytes).unwrap(), times);
}

#[test]
fn keys_in_another_order_and_unknown_keys_are_read() {
    let value = json!([{"list": [1.0], "zzz": {"a": [null, "x"]}, "id": 3}, {"id": 4}]);
    let bytes = codec().to_vec(&Serde(&value)).unwrap();
    let pairs: Vec<Pair> = codec().from_slice(&bytes).unwrap();
    assert_eq!((pairs[0].id, pairs[0].list[0], pairs[1].id), (3, 1.0, 4));
    assert_eq!(
        codec()
            .from_slice::<Serde<Value>>(&bytes)
            .map(|Serde(it)| it)
            .unwrap(),
        value
    );
}

#[test]
fn every_serializer_reads_archives_and_special_floats_survive() {
    let values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e-300];
    let bytes = codec().to_vec(&Serde(&values)).unwrap();
    let back: Vec<f64> = Serializer::new(Format::Json)
        .from_slice(&bytes)
        .map(|Serde(it)| it)
        .unwrap();
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back), bits(&values));
}

#[test]
fn what_has_no_place_is_refused_in_writing() {
    let map = std::collections::BTreeMap::from([(1u8, 2u8)]);
    let error = codec().to_vec(&Serde(&map)).unwrap_err();
    assert!(matches!(
        error,
        Error::Unwritable {
            format: Format::Archive,
            ..
        }
    ));
    assert!(
        error.to_string().contains("keys of maps must be text"),
        "{error}"
    );
}

#[test]
fn bytes_survive() {
    #[derive(Debug, PartialEq)]
    struct Blob(Vec<u8>);
    impl Serialize for Blob {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    impl<'de> Deserialize<'de> for Blob {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Vec::deserialize(deserializer).map(Self)
        }
    }
    for length in [0, 1, 255, 256, 70_000] {
        let blob = Blob((0..length).map(|n| n as u8).collect());
        let bytes = codec().to_vec(&Serde(&blob)).unwrap();
        assert_eq!(
            codec()
                .from_slice::<Serde<Blob>>(&bytes)
                .map(|Serde(it)| it)
                .unwrap(),
            blob
        );
    }
}

#[test]
fn repeated_reports_take_a_fraction() {
    let reports: Vec<Value> = (0..200)
        .map(|n| {
            json!({
                "id": format!("{n:08x}-0000-4000-8000-0123456789ab"),
                "partNumber": "PCBA-001", "result": "P", "start": "2026-01-05T10:00:00.000Z",
                "steps": [{"name": "Measure boost voltage", "unit": "V", "value": 12.5, "status": "P"}],
            })
        })
        .collect();
    let archive = codec().to_vec(&Serde(&reports)).unwrap().len();
    let json = serde_json::to_vec(&reports).unwrap().len();
    assert!(archive * 100 < json * 18, "{archive} of {json}");
}

#[test]
fn strict_fast_reading_needs_no_way_out() {
    struct Strict(Vec<Pair>);
    impl Decode for Strict {
        fn decode<'de, S: fast::Source<'de>>(source: &mut S) -> Option<Self> {
            Decode::decode(source).map(Self)
        }
    }
    impl<'de> Deserialize<'de> for Strict {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("the fast path gave up"))
        }
    }
    let pair = Pair {
        id: 1,
        name: None,
        list: vec![0.25, 1e300],
    };
    let bytes = codec().to_vec(&vec![pair.clone()]).unwrap();
    let Strict(back) = codec().from_slice(&bytes).unwrap();
    assert_eq!(back, [pair]);
}
