//! Trees with odd values at every level, and comparing what two readers make of them. The tests of `wats-domains` include
//! this file.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wats_codec::{Decode, Encode, Format, Serde, Serializer};
use wats_report::wire::slot::Fields;

/// Whether this build keeps numbers by their digits, as some crate of it has asked for.
pub(crate) fn keeps_digits() -> bool {
    let written = serde_json::from_str::<Value>("1.10").unwrap().to_string();
    written == "1.10"
}

/// The value with plain floats: where digits are kept, one number may have many texts.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) if keeps_digits() && !number.is_i64() && !number.is_u64() => {
            json!(number.as_f64())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let plain = members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(plain.collect())
        }
        other => other.clone(),
    }
}

/// The same members with the same values, numbers compared as what they are.
pub(crate) fn assert_same(a: &Value, b: &Value) {
    let (a, b) = (&plain(a), &plain(b));
    assert_eq!(a, b);
    // Equal numbers may differ in the sign of zero; those that are written do not.
    assert_eq!(a.to_string().len(), b.to_string().len());
}

/// The client's reader, by the fast path and by `serde`, and `serde_json` make the same of a text.
pub(crate) fn read_alike<T: Decode + Serialize + Debug>(text: &[u8]) {
    let codec = Serializer::new(Format::Json);
    let by_serde = codec.from_slice::<Serde<T>>(text).map(|Serde(it)| it);
    let fast = codec.from_slice::<T>(text);
    let theirs = serde_json::from_slice::<T>(text);
    for ours in [by_serde, fast] {
        match (ours, &theirs) {
            (Ok(ours), Ok(theirs)) => same_model(&ours, theirs),
            (ours, theirs) => assert_eq!(ours.is_ok(), theirs.is_ok()),
        }
    }
}

/// The fast path writes what `serde` writes, and reads of each format what `serde` reads.
pub(crate) fn written_alike<T: Encode + Decode + Debug>(model: &T) {
    for format in [Format::Json, Format::MessagePack, Format::Archive] {
        let codec = Serializer::new(format);
        let by_serde = codec.to_vec(&Serde(model)).unwrap();
        let fast = codec.to_vec(model).unwrap();
        if format != Format::Archive {
            assert!(fast == by_serde, "{format}: {model:?}");
        }
        for bytes in [&fast, &by_serde] {
            let Serde(theirs) = codec.from_slice::<Serde<T>>(bytes).unwrap();
            same_model(&codec.from_slice::<T>(bytes).unwrap(), &theirs);
        }
    }
}

/// Compared as texts, in which NaN equals itself, and what is kept beside the members is seen.
fn same_model<T: Serialize + Debug>(a: &T, b: &T) {
    if keeps_digits() {
        let value = |model: &T| serde_json::to_value(model).unwrap();
        return assert_same(&value(a), &value(b));
    }
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

/// Names of members of all objects of the schema, and two of none.
const NAMES: &[&str] = &[
    "type",
    "id",
    "pn",
    "processCode",
    "result",
    "start",
    "root",
    "uut",
    "uur",
    "miscInfos",
    "subUnits",
    "assets",
    "assetStats",
    "binaryData",
    "additionalData",
    "user",
    "execTime",
    "refUURs",
    "group",
    "stepType",
    "loop",
    "name",
    "status",
    "totTime",
    "causedUUTFailure",
    "steps",
    "numericMeas",
    "stringMeas",
    "booleanMeas",
    "additionalResults",
    "seqCall",
    "callExe",
    "messagePopup",
    "chart",
    "attachment",
    "idx",
    "exitCode",
    "button",
    "series",
    "xdata",
    "data",
    "compOp",
    "value",
    "lowLimit",
    "limit",
    "props",
    "array",
    "indexes",
    "text",
    "numeric",
    "failures",
    "attachments",
    "children",
    "refUUT",
    "daysSinceCalibration",
    "valueFormat",
    "serialNumber",
    "processName",
    "executionTime",
    "uuid",
    "timeStamp",
    "measuresDeleted",
    "uurMiscInfo",
    "description",
    "fromTheFuture",
];

pub(crate) fn trees() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "P",
            "F",
            "d",
            "LOG",
            "gele",
            "1.50",
            "NaN",
            "-Infinity",
            "1e400",
            "ET_NLT",
            "NI_Wait",
            "AAAA",
            "1;2",
            "2026-01-30T22:01:41.4707353+01:00",
            "83ac0b8e-b575-4004-94de-f905774c3ed8",
            "83AC0B8E-b575-4004-94de-f905774c3ed8",
            "{83ac0b8e-b575-4004-94de-f905774c3ed8}",
            "83ac0b8eb575400494def905774c3ed8",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        // Longer than what a body writes in line.
        prop::sample::select(vec!["QUJD", "QUJD\r\n", "\"", "\\", "ø"])
            .prop_map(|text| Value::from(text.repeat(4_200 / text.len()))),
    ];
    leaf.prop_recursive(6, 120, 8, |inner| {
        let name = prop_oneof![9 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            3 => prop::collection::vec((name, inner.clone()), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

/// A model, for [`members_alike`].
pub(crate) trait Model:
    Fields + Encode + Decode + DeserializeOwned + Default + PartialEq + Debug
{
}
impl<T: Fields + Encode + Decode + DeserializeOwned + Default + PartialEq + Debug> Model for T {}

/// Members for a model, by the number of their name: of its own in any order, some twice, and a few of none.
pub(crate) fn members() -> impl Strategy<Value = Vec<(usize, Value)>> {
    let value = prop_oneof![1 => Just(Value::Null), 3 => trees()];
    prop::collection::vec((0..200_usize, value), 0..12)
}

/// Values that the fast path reads to their end, whatever the member; no member twice.
pub(crate) fn plain_members() -> impl Strategy<Value = Vec<(usize, Value)>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!({"name": null, "value": 5, "unknown": [1, {"a": null}]})),
        prop::sample::select(vec![
            "P",
            "d",
            "GELE",
            "1.50",
            "NaN",
            "AAAA",
            "ø\"\\",
            "83ac0b8e-b575-4004-94de-f905774c3ed8",
            "{83AC0B8E-b575-4004-94de-f905774c3ed8}",
        ])
        .prop_map(Value::from),
    ];
    let members = prop::collection::btree_map(0..70_usize, value, 0..30);
    members
        .prop_map(|members| members.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

/// The text of an object with these members of the model `T`.
fn object<T: Model>(members: &[(usize, Value)]) -> String {
    let model = T::default();
    let names = model.members();
    let name = |at: usize| match names.get(at % 70 % (names.len() + 1)) {
        Some((name, _)) => json!(name).to_string(),
        None => format!("\"unknown {at}\""),
    };
    let members = members
        .iter()
        .map(|(at, value)| format!("{}:{value}", name(*at)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Both readers make the same model of such an object, and both writers the same bytes of that.
pub(crate) fn members_alike<T: Model>(members: &[(usize, Value)]) {
    let text = object::<T>(members);
    read_alike::<T>(text.as_bytes());
    if let Ok(model) = serde_json::from_str::<T>(&text) {
        written_alike(&model);
    }
}

/// The fast path reads and writes such an object to its end, in every format.
pub(crate) fn needs_no_serde<T: Model>(members: &[(usize, Value)]) {
    let mut members = members.to_vec();
    let names = T::default().members().len() + 1;
    members.retain(|(at, _)| *at < names);
    let model: T = serde_json::from_str(&object::<T>(&members)).unwrap();
    wats_codec::fast::verify(&model).unwrap();
}

/// Checks every model of a list by both.
macro_rules! models_alike {
    ($($model:ty),* $(,)?) => {
        proptest::proptest! {
            #![proptest_config(proptest::prelude::ProptestConfig::with_cases(
                if cfg!(debug_assertions) { 24 } else { 1_000 }
            ))]

            #[test]
            fn members_of_every_model_are_alike(members in $crate::alike::members()) {
                $( $crate::alike::members_alike::<$model>(&members); )*
            }

            #[test]
            fn no_model_needs_serde(members in $crate::alike::plain_members()) {
                $( $crate::alike::needs_no_serde::<$model>(&members); )*
            }
        }
    };
}

pub(crate) use models_alike;
