//! Every number, id, list and range of every call is wrong once, alone: none of them reaches the server, and each is refused
//! by its name. Texts are in `bad`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;
use wats_http::test_util::MockRequest;

use super::bad::row_of;
use super::{CallAll, DOMAINS, ERRORS, client, refusing};

/// What a call takes beside texts.
pub(crate) trait Argument: Sized {
    /// Values that no call can mean, each with how it may stand in a request.
    fn wrong() -> Vec<(Self, Vec<String>)>;
}

fn shown<T: ToString>(value: T) -> (T, Vec<String>) {
    let text = value.to_string();
    (value, vec![text])
}

impl Argument for u32 {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![shown(0), shown(Self::MAX)]
    }
}

impl Argument for i32 {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![shown(0), shown(-1)]
    }
}

impl Argument for u64 {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![shown(Self::MAX)]
    }
}

impl Argument for f64 {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        let written = |value: Self| (value, vec![value.to_string(), "null".to_owned()]);
        [Self::NAN, Self::INFINITY, Self::NEG_INFINITY]
            .map(written)
            .into()
    }
}

impl Argument for Uuid {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![shown(Self::nil())]
    }
}

impl<T> Argument for &[T] {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![(&[], vec!["[]".to_owned(), String::new()])]
    }
}

/// A range whose end lies before its beginning.
impl Argument for (Timestamp, Timestamp) {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        let (first, last) = Self::range();
        vec![((last, first), vec![last.to_string(), first.to_string()])]
    }
}

impl Argument for (DateTime, DateTime) {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        let (first, last) = Self::range();
        vec![((last, first), vec![last.to_string(), first.to_string()])]
    }
}

impl Argument for (u32, u32) {
    fn wrong() -> Vec<(Self, Vec<String>)> {
        vec![((9, 8), vec!["9".to_owned(), "8".to_owned()])]
    }
}

/// What has a beginning and an end.
pub(crate) trait Range {
    /// One that is right.
    fn range() -> Self;
}

impl Range for (Timestamp, Timestamp) {
    fn range() -> Self {
        let first = Timestamp::UNIX_EPOCH;
        (first, first + SignedDuration::from_hours(7))
    }
}

impl Range for (DateTime, DateTime) {
    fn range() -> Self {
        let first = DateTime::constant(2026, 1, 30, 22, 1, 41, 0);
        (first, first + SignedDuration::from_hours(7))
    }
}

thread_local! {
    /// Which argument of the calls is wrong, and in which of its ways.
    static AT: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
    /// How many were asked for.
    static MADE: Cell<usize> = const { Cell::new(0) };
    /// The wrong one: its name, and how it may stand in a request.
    static WRONG: RefCell<Option<(&'static str, Vec<String>)>> = const { RefCell::new(None) };
}

/// The argument of a call, or a wrong one when it is its turn.
pub(crate) fn arg<T: Argument>(name: &'static str, right: T) -> T {
    let made = MADE.replace(MADE.get() + 1);
    let way = AT.get().filter(|(at, _)| *at == made).map(|(_, way)| way);
    match way.and_then(|way| T::wrong().into_iter().nth(way)) {
        None => right,
        Some((wrong, shown)) => {
            WRONG.set(Some((name, shown)));
            wrong
        }
    }
}

/// A beginning and an end.
pub(crate) fn range<T: Argument + Range>(name: &'static str) -> T {
    arg(name, T::range())
}

/// What calls may have all the same: the row, the argument and its values.
const FREE: &[(&str, &str, &[&str])] = &[
    // All of them, as the documentation says.
    ("analytics.high_volume_of", "product_groups", &["[]"]),
    ("analytics.volume_yield_of", "product_groups", &["[]"]),
    ("analytics.worst_yield_of", "product_groups", &["[]"]),
    (
        "analytics.internal.measurement_list_of",
        "product_groups",
        &["[]"],
    ),
    (
        "analytics.internal.step_status_list_of",
        "product_groups",
        &["[]"],
    ),
    ("left out", "paths", &["[]"]),
    ("asset.sub_assets", "level", &["0"]),
    ("left out", "period_count", &["4294967295"]),
    ("left out", "top_count", &["4294967295"]),
    // None of them, and how many there are.
    ("asset.list", "skip", &["0"]),
    ("report.headers", "skip", &["0"]),
    ("scim.users", "count", &["0"]),
    // A bill without items is one.
    ("product.internal.save_bom", "items", &["[]"]),
    // Which codes and steps there are the server says.
    ("analytics.top_failed_of", "process_code", &["0", "-1"]),
    (
        "analytics.internal.top_failed_of",
        "process_code",
        &["0", "-1"],
    ),
    ("analytics.repair_history", "repair_operation", &["0", "-1"]),
    ("analytics.repair_history", "test_operation", &["0", "-1"]),
    (
        "process.internal.repair_config",
        "process_code",
        &["0", "-1"],
    ),
    ("report.by_misc_info", "process_code", &["0", "-1"]),
    ("report.attachment", "step_id", &["0", "-1"]),
    // Not by which the server finds what is changed.
    ("software.internal.create_folder", "id", &[NIL]),
    ("manual_inspection.update_relation", "definition_id", &[NIL]),
    // Refused in the outcome of its item.
    ("left out", "batch_size", &["0", "-1"]),
];

const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What a request says, each with its place.
fn said(request: &MockRequest) -> BTreeSet<(String, String)> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let segments = path
        .split('/')
        .map(|part| ("path".to_owned(), part.to_owned()));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut all: BTreeSet<_> = segments
        .chain(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
        leaves("body", &body, &mut all);
    }
    all
}

fn leaves(place: &str, value: &Value, all: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(&format!("{place}.{name}"), value, all);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                leaves(&format!("{place}[]"), item, all);
            }
        }
        Value::String(text) => drop(all.insert((place.to_owned(), text.clone()))),
        other => drop(all.insert((place.to_owned(), other.to_string()))),
    }
}

/// All requests of a domain, each with its row, and what was refused.
async fn asked(call_all: CallAll, at: Option<(usize, usize)>) -> (Vec<MockRequest>, Vec<String>) {
    let mock = refusing();
    let api = client(&mock);
    AT.set(at);
    MADE.set(0);
    WRONG.set(None);
    ERRORS.take();
    call_all(&api).await;
    AT.set(None);
    let refused = ERRORS.take();
    let refused = refused.iter().filter(|error| error.attempts() == 0);
    (
        mock.requests(),
        refused.map(|error| format!("{error:#}")).collect(),
    )
}

/// Letters and digits alone: `ticketId` is `ticket_id`.
fn plain(text: &str) -> String {
    let plain = text.chars().filter(char::is_ascii_alphanumeric);
    plain.collect::<String>().to_ascii_lowercase()
}

#[tokio::test]
async fn no_wrong_number_id_list_or_range_reaches_the_server() {
    let (mut found, mut tried) = (BTreeSet::new(), 0);
    for call_all in DOMAINS {
        let (requests, before) = asked(call_all, None).await;
        let arguments = MADE.get();
        let mut right: BTreeSet<_> = BTreeSet::new();
        for request in &requests {
            let name = row_of(request).operation.name();
            right.extend(said(request).into_iter().map(|said| (name, said)));
        }
        for at in 0..arguments {
            for way in 0.. {
                let (requests, mut refused) = asked(call_all, Some((at, way))).await;
                refused.retain(|error| !before.contains(error));
                let Some((argument, shown)) = WRONG.take() else {
                    break;
                };
                tried += 1;
                for error in &refused {
                    assert!(
                        plain(error).contains(&plain(argument)),
                        "{argument} {shown:?}: {error}"
                    );
                }
                let mut sent = Vec::new();
                for request in &requests {
                    let name = row_of(request).operation.name();
                    let wrong = said(request)
                        .into_iter()
                        .filter(|(_, value)| shown.contains(value));
                    let new = wrong.filter(|said| !right.contains(&(name, said.clone())));
                    sent.extend(new.map(|_| (name, argument, shown[0].clone())));
                }
                if sent.is_empty() && refused.is_empty() {
                    sent.push(("left out", argument, shown[0].clone()));
                }
                found.extend(sent);
            }
        }
    }
    assert!(tried > 150, "only {tried} wrong arguments were tried");
    let free: BTreeSet<_> = FREE
        .iter()
        .flat_map(|(row, argument, values)| {
            values
                .iter()
                .map(|value| (*row, *argument, (*value).to_owned()))
        })
        .collect();
    assert_eq!(found, free);
}
