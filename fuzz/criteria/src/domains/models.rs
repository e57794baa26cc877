//! Models: what is read is written again as it was, and whatever is done with a report neither panics nor loses it.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wats_codec::{Format, Serde, Serializer};
use wats_domains::report::{
    Cursor, HeaderAttachment, MiscInfoHeader, QuarantinedReport, evaluate, fix, lint,
    lint::FixPolicy, lint_json,
};
use wats_domains::{
    Filter, Process, Product, ProductRevision, ProductSummary, Report, ReportHeader,
};

/// As many findings as are told.
const MOST: usize = 1_000;

/// Any bytes as WSJF: nothing is lost, findings are lines, and what mends and evaluates comes to an end.
pub(crate) fn report(bytes: &[u8]) {
    let Some(report) = stable::<Report>(bytes) else {
        assert!(lint_json(bytes).is_err());
        return;
    };
    let found = lint(&report);
    assert_eq!(found, lint_json(bytes).expect("it was read before"));
    assert!(found.len() <= MOST);
    for finding in &found {
        let line = format!("{finding} {finding:#}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    let whole = report.body().expect("what was read can be sent");
    let mut sent = Vec::new();
    let length = whole.write_to(&mut sent).expect("memory can be written to");
    assert_eq!(length, whole.len());
    let back: Report = serde_json::from_slice(&sent).expect("what is sent can be read");
    assert_eq!(back, report);

    let mut mended = report.clone();
    fix(&mut mended, &FixPolicy::default());
    written(&mended);
    let mut evaluated = report;
    evaluate(&mut evaluated);
    written(&evaluated);
    assert_eq!(evaluate(&mut evaluated), 0, "a second time changes nothing");
}

/// Any bytes as what lists of reports, products and processes hold.
pub(crate) fn lists(bytes: &[u8]) {
    stable::<ReportHeader>(bytes);
    stable::<MiscInfoHeader>(bytes);
    stable::<HeaderAttachment>(bytes);
    stable::<QuarantinedReport>(bytes);
    stable::<Product>(bytes);
    stable::<ProductSummary>(bytes);
    stable::<ProductRevision>(bytes);
    stable::<Process>(bytes);
    if let Ok(cursor) = serde_json::from_slice::<Cursor>(bytes) {
        let text = serde_json::to_vec(&cursor).expect("a number");
        assert_eq!(
            serde_json::from_slice::<Cursor>(&text).expect("a number"),
            cursor
        );
    }
}

/// Reads; what could be read is the same after it was written and read again, and so are its members.
fn stable<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let json = Serializer::new(Format::Json);
    let read: T = json.from_slice(bytes).map(|Serde(it)| it).ok()?;
    let text = written(&read);
    let before: Value = json
        .from_slice(bytes)
        .map(|Serde(it)| it)
        .expect("it was read before");
    let after: Value = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(before, after);
    let packed = Serializer::new(Format::MessagePack);
    let again = packed.to_vec(&Serde(&read)).expect("it can be packed");
    let again: T = packed
        .from_slice(&again)
        .map(|Serde(it)| it)
        .expect("and unpacked");
    assert_eq!(again, read);
    Some(read)
}

/// Writes; what was written reads as the same.
fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Vec<u8> {
    let json = Serializer::new(Format::Json);
    let text = json.to_vec(&Serde(value)).expect("it can be written");
    let back: T = json
        .from_slice(&text)
        .map(|Serde(it)| it)
        .expect("what was written can be read");
    assert_eq!(back, *value);
    text
}

/// Any text as a value in a filter: refused, or between quotes that it does not leave.
pub(crate) fn filter(text: &str) {
    let filters = [
        Filter::eq("partNumber", text),
        Filter::contains("partNumber", text),
        Filter::any_of("partNumber", [text, "other"]),
    ];
    for filter in filters {
        if let Ok(filter) = filter.to_odata() {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            let outside = filter.replacen(&quoted, "", 1).replace("'other'", "");
            assert!(!outside.contains('\''), "{filter}");
        }
    }
    if let Ok(filter) = Filter::eq(text, 1).to_odata() {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/');
        let (member, value) = filter.split_once(' ').expect("a comparison");
        assert!(member.chars().all(name), "{filter}");
        assert_eq!(value, "eq 1");
    }
}
