//! The steps that fail most often.

use std::collections::HashMap;

use jiff::Timestamp;
use quick_xml::escape::escape;
use serde_json::{Value, json};

use super::filter::{OF_FAILED_STEPS, WatsFilter};
use super::history::{History, Test};
use super::steps::steps;
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;

const DAYS: i64 = 30;
const TOP: usize = 10;

/// A step of a product in all reports.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub(super) path: String,
    name: Option<String>,
    kind: Option<String>,
    group: Option<String>,
    part_number: String,
    /// `None` once it differs.
    revision: Option<String>,
    product_group: Option<String>,
    sequence: String,
    total: u64,
    pub(super) fails: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// By the filter of a body. Its `yield` says which runs count: 1, 2 or 3 for that one, -1 for the last, all otherwise.
pub(super) fn by_filter(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, OF_FAILED_STEPS)?.or_last_days(DAYS);
    let top = filter.count("topCount").unwrap_or(TOP);
    Ok(answer(&History::of(call), &filter, top))
}

/// By the parameters of a query.
pub(super) fn by_query(call: &Call<'_>) -> Handled {
    let mut filter = WatsFilter::of_scope(call)?;
    filter.only("partNumber", call.required("partNumber")?);
    filter.only("processCode", call.required("processCode")?);
    let count = usize::try_from(call.required_number("count")?).ok();
    let count = count
        .filter(|count| *count > 0)
        .ok_or_else(|| bad("count must be 1 or more."))?;
    Ok(answer(&History::of(call), &filter, count))
}

fn answer(history: &History, filter: &WatsFilter, top: usize) -> Answer {
    let rows = most_failed(history, filter, top);
    Answer::json(&rows.iter().map(Failed::row).collect())
}

/// The steps that failed by themselves, the most often failed first.
pub(super) fn most_failed(history: &History, filter: &WatsFilter, top: usize) -> Vec<Failed> {
    let run = filter.number("yield").unwrap_or(0);
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    let mut all: Vec<Failed> = Vec::new();
    for test in history.tests_of(filter) {
        if !history.is_run(test, run) {
            continue;
        }
        let report = test.wsjf();
        for step in steps(&report).iter().filter(|step| !step.is_summary()) {
            let key = (test.text("partNumber").to_owned(), step.path.clone());
            let place = *places.entry(key).or_insert(all.len());
            if place == all.len() {
                let text = |name: &str| step.text(name).map(str::to_owned);
                let mut groups = history.catalog.groups_of(test.header());
                all.push(Failed {
                    path: step.path.clone(),
                    name: text("name"),
                    kind: text("stepType"),
                    group: text("group"),
                    part_number: test.text("partNumber").to_owned(),
                    revision: Some(test.text("revision").to_owned()),
                    product_group: groups.next().map(|group| group.name.clone()),
                    ..Failed::default()
                });
            }
            if let Some(failed) = all.get_mut(place) {
                failed.count(test, step.failed_itself());
            }
        }
    }
    all.retain(|failed| failed.fails > 0);
    all.sort_by(|left, right| {
        let key = |failed: &Failed| (failed.path.clone(), failed.part_number.clone());
        right
            .fails
            .cmp(&left.fails)
            .then_with(|| key(left).cmp(&key(right)))
    });
    all.truncate(top);
    all
}

impl Failed {
    /// Counts a run of the step; tests come in the order of their times.
    fn count(&mut self, test: &Test, failed: bool) {
        self.total += 1;
        self.revision = self
            .revision
            .take()
            .filter(|revision| revision == test.text("revision"));
        if failed {
            self.fails += 1;
            self.first.get_or_insert(test.start);
            self.last = Some(test.start);
            test.text("swFilename").clone_into(&mut self.sequence);
        }
    }

    /// The row, with the filters that the lists of a step's values take.
    fn row(&self) -> Value {
        json!({
            "stepName": self.name,
            "stepPath": self.path,
            "stepType": self.kind,
            "stepGroup": self.group,
            "partNumber": self.part_number,
            "revision": self.revision,
            "productGroup": self.product_group,
            "failCount": self.fails,
            "totalCount": self.total,
            "failRate": self.fails as f64 * 100.0 / self.total as f64,
            "firstFailDate": self.first.map(|time| time.to_string()),
            "lastFailDate": self.last.map(|time| time.to_string()),
            "stepFilters": format!("<stepFilters><step path=\"{}\"/></stepFilters>", escape(&self.path)),
            "sequenceFilters": format!("<sequenceFilters><sequence name=\"{}\"/></sequenceFilters>", escape(&self.sequence)),
        })
    }
}
