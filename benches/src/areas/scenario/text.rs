//! A report of many steps as text, made without a model, for the job that moves texts.

use super::job::seeded_id;
use crate::Result;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The text of a report with so many numeric steps, and its id.
pub(super) fn report(steps: usize) -> Result<(String, String)> {
    let id = seeded_id(0);
    let mut text = String::with_capacity(steps * 190 + 1000);
    write!(
        text,
        r#"{{"id":"{id}","type":"T","pn":"PART-0001","sn":"SN-00000","rev":"A","processCode":100,"result":"P","machineName":"Bench","location":"Here","purpose":"Bench","start":"2026-01-30T22:01:41.470+01:00","uut":{{"user":"bench","execTime":1.5}},"root":{{"id":0,"name":"Main","group":"M","status":"P","stepType":"SequenceCall","seqCall":{{"path":"bench","name":"main.seq","version":"1.0"}},"steps":["#
    )?;
    for step in 1..=steps {
        let separator = if step == 1 { "" } else { "," };
        let value = 5.0 + step as f64 / 1000.0;
        write!(
            text,
            r#"{separator}{{"id":{step},"name":"Rail {step}","group":"M","status":"P","stepType":"ET_NLT","numericMeas":[{{"compOp":"GELE","unit":"V","value":{value:?},"status":"P","lowLimit":4.5,"highLimit":1000.5}}]}}"#
        )?;
    }
    text.push_str("]}}");
    Ok((id, text))
}

/// What tells a text from others, so that it need not be kept to compare.
pub(super) fn fingerprint(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
