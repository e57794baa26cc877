//! A report-like model with a fast path: what it reads must be what `serde` reads.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wats_codec::{Limits, Serde, Serializer, fast_enum, fast_struct};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Status {
    P,
    F,
}
fast_enum!(Status { P = "P", F = "F" });

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    id: i64,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(default)]
    value: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}
fast_struct!(Step {
    id = "id",
    name = "name",
    status = "status" (optional),
    value = "value" (default),
    steps = "steps" (optional),
    ..extra
});

/// Both ways give the same value, or the same error; and JSON is read as `serde_json` itself reads it.
pub(crate) fn read_alike(bytes: &[u8]) {
    // A few bytes of an archive may stand for the largest document: that is to be small here.
    let codec = Serializer::default().limits(Limits::default().max_bytes(1 << 20));
    let fast = codec.from_slice::<Vec<Step>>(bytes);
    let serde = codec
        .from_slice::<Serde<Vec<Step>>>(bytes)
        .map(|Serde(it)| it);
    assert_eq!(format!("{fast:?}"), format!("{serde:?}"));
    let starts_as_json = bytes.trim_ascii_start().first() == Some(&b'[');
    if let (true, Ok(read)) = (starts_as_json, &serde) {
        let theirs: Vec<Step> =
            serde_json::from_slice(bytes).expect("serde_json refuses what is read");
        assert_eq!(format!("{read:?}"), format!("{theirs:?}"));
    }
}
