//! NaN and infinities: they come back where a float stands, and are refused where a tree would make `null` of them.

use super::*;

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
