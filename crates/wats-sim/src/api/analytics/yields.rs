//! Yields: how many units passed, and by which run.
//!
//! A unit counts once in each process, where and when it was first tested: its first run says in which row and period it is.
//! What its later runs came to counts there too, whenever they were. Reports count one by one, each in its own row.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dimension::{Dimensions, Rows, row, values};
use super::filter::{OF_VOLUME, OF_YIELDS, WatsFilter};
use super::history::{History, Test};
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::shape::names;

const DIMENSIONS: &[&str] = names! {
    "partNumber" "productName" "stationName" "location" "purpose" "revision" "testOperation" "processCode" "swFilename"
    "swVersion" "productGroup" "level" "period" "batchNumber" "operator" "fixtureId" "socketIndex" "errorCode"
    "miscInfoDescription" "miscInfoString" "stepCausedUutFailure" "stepPathCausedUutFailure" "assetSerialNumber" "assetName"
};
/// Figures that are calculated.
const FIGURES: &[&str] = names! {
    "unitCount" "fpCount" "spCount" "tpCount" "lpCount" "fpy" "spy" "tpy" "lpy" "testYieldCount" "testReportCount" "testYield"
    "firstUtc" "lastUtc" "fpFailCount" "spFailCount" "tpFailCount" "lpFailCount" "retestCount" "ppmFpy" "ppmSpy" "ppmTpy"
    "ppmLpy" "ppmTestYield" "fpColor" "fpAlarm" "fpWarning" "spColor" "spAlarm" "spWarning" "tpColor" "tpAlarm" "tpWarning"
    "lpColor" "lpAlarm" "lpWarning" "tyColor" "tyAlarm" "tyWarning" "previousUnitCount" "previousTestReportCount" "fpyTrend"
    "spyTrend" "tpyTrend" "lpyTrend" "unitCountTrend" "fpCountTrend" "spCountTrend" "tpCountTrend" "lpCountTrend"
    "testReportCountTrend" "testYieldCountTrend" "testYieldTrend" "ppmFpyTrend" "ppmSpyTrend" "ppmTpyTrend" "ppmLpyTrend"
    "ppmTestYieldTrend"
};
/// Figures of which the time before is known and rows can tell the difference.
const TRENDS: &[&str] = names! {
    "fpy" "spy" "tpy" "lpy" "unitCount" "fpCount" "spCount" "tpCount" "lpCount" "testReportCount" "testYieldCount" "testYield"
    "ppmFpy" "ppmSpy" "ppmTpy" "ppmLpy" "ppmTestYield"
};
/// The days that count where a filter has no dates.
const DAYS: i64 = 30;
/// The rows of a list that takes a number of them and gets none.
const TOP: Option<usize> = Some(10);

/// What is counted for a row.
#[derive(Debug, Default, Clone)]
struct Counts {
    units: u64,
    /// Units that had passed by the first, second and third run.
    passed_by: [u64; 3],
    passed_last: u64,
    retests: u64,
    reports: u64,
    reports_passed: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Counts {
    fn report(&mut self, test: &Test) {
        self.reports += 1;
        self.reports_passed += u64::from(test.passed());
        self.first = Some(self.first.map_or(test.start, |first| first.min(test.start)));
        self.last = Some(self.last.map_or(test.start, |last| last.max(test.start)));
    }

    /// Counts the unit of a first run.
    fn unit(&mut self, passed_in: Option<usize>, runs: usize, last_passed: bool) {
        self.units += 1;
        for (run, count) in (1..).zip(&mut self.passed_by) {
            *count += u64::from(passed_in.is_some_and(|passed| passed <= run));
        }
        self.passed_last += u64::from(last_passed);
        self.retests += runs.saturating_sub(1) as u64;
    }

    fn figures(&self) -> Map<String, Value> {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let mut figures = Map::new();
        let mut put = |name: &str, value: Value| figures.insert(name.to_owned(), value);
        let [first, second, third] = self.passed_by;
        for (letter, passed) in [
            ("f", first),
            ("s", second),
            ("t", third),
            ("l", self.passed_last),
        ] {
            let of_units = share(passed, self.units);
            put(&format!("{letter}pCount"), passed.into());
            put(&format!("{letter}pFailCount"), (self.units - passed).into());
            put(
                &format!("{letter}py"),
                of_units.map(|share| share * 100.0).into(),
            );
            let name = format!("ppm{}py", letter.to_uppercase());
            put(
                &name,
                share(self.units - passed, self.units)
                    .map(|share| share * 1e6)
                    .into(),
            );
        }
        let failed = self.reports - self.reports_passed;
        let of_reports = share(self.reports_passed, self.reports);
        put("unitCount", self.units.into());
        put("testReportCount", self.reports.into());
        put("testYieldCount", self.reports_passed.into());
        put("testYield", of_reports.map(|share| share * 100.0).into());
        put(
            "ppmTestYield",
            share(failed, self.reports).map(|share| share * 1e6).into(),
        );
        put("retestCount", self.retests.into());
        put("firstUtc", self.first.map(|time| time.to_string()).into());
        put("lastUtc", self.last.map(|time| time.to_string()).into());
        figures
    }
}

/// Counts tests by the values of dimensions.
fn count(
    history: &History,
    tests: &[&Test],
    names: &[&'static str],
    filter: &WatsFilter,
) -> Rows<Counts> {
    let mut rows = Rows::new();
    for test in tests {
        let unit = (test.run == 1).then(|| {
            let (mut passed_in, mut runs, mut last_passed) = (None, 0, false);
            for run in history.runs_of(test) {
                (runs, last_passed) = (run.run, run.passed());
                if last_passed {
                    passed_in.get_or_insert(run.run);
                }
            }
            (passed_in, runs, last_passed)
        });
        for values in values(test, names, history, filter) {
            let counts: &mut Counts = row(&mut rows, values);
            counts.report(test);
            if let Some((passed_in, runs, last_passed)) = unit {
                counts.unit(passed_in, runs, last_passed);
            }
        }
    }
    rows
}

/// The rows of at least so many units, at most so many of them, in the order of the dimensions.
fn answer(
    call: &Call<'_>,
    filter: &WatsFilter,
    dimensions: &Dimensions,
    (least, top): (u64, Option<usize>),
) -> Answer {
    let history = History::of(call);
    let names: Vec<&'static str> = dimensions.names().collect();
    let counted = count(&history, &history.tests_of(filter), &names, filter);
    // Rows of periods have no time before that they could be compared with.
    let before = filter.window.filter(|_| !dimensions.has("period"));
    let before = before.and_then(|window| window.before(filter.now));
    let previous = before.map_or_else(Rows::new, |window| {
        let tests = history.tests_in(filter, Some(window));
        count(&history, &tests, &names, filter)
    });
    let rows = counted
        .into_iter()
        .filter(|(_, (_, counts))| counts.units >= least);
    let mut rows: Vec<Map<String, Value>> = rows
        .map(|(key, (mut row, counts))| {
            let mut figures = counts.figures();
            let before = before.map(|_| previous.get(&key).map(|(_, counts)| counts.clone()));
            let before = before.map(|counts| counts.unwrap_or_default().figures());
            compare(&mut figures, before.as_ref());
            for name in FIGURES.iter().filter(|name| dimensions.wants(name)) {
                row.insert(
                    (*name).to_owned(),
                    figures.remove(*name).unwrap_or_default(),
                );
            }
            row
        })
        .collect();
    dimensions.arrange(&mut rows, top);
    Answer::json(&rows.into_iter().map(Value::Object).collect())
}

/// Adds what the figures were in the time before, and by how much they have changed.
fn compare(figures: &mut Map<String, Value>, before: Option<&Map<String, Value>>) {
    let Some(before) = before else { return };
    let number =
        |figures: &Map<String, Value>, name: &str| figures.get(name).and_then(Value::as_f64);
    for name in TRENDS {
        if let (Some(now), Some(then)) = (number(figures, name), number(before, name)) {
            figures.insert(format!("{name}Trend"), json!(now - then));
        }
    }
    for (name, of) in [
        ("previousUnitCount", "unitCount"),
        ("previousTestReportCount", "testReportCount"),
    ] {
        figures.insert(name.to_owned(), before.get(of).cloned().unwrap_or_default());
    }
}

/// Yields by dimensions of the caller's choice.
pub(super) fn dynamic(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, None)?.or_last_days(DAYS);
    let named = call.optional("dimensions").or(filter.text("dimensions"));
    let top = filter.count("topCount");
    let least = least(&filter);
    if let Some(text) = named {
        let dimensions = Dimensions::parse(text, DIMENSIONS, FIGURES)?;
        return Ok(answer(call, &filter, &dimensions, (least, top)));
    }
    let dimensions = Dimensions::parse("partNumber;testOperation", DIMENSIONS, FIGURES)?;
    let dimensions = dimensions.first_by(BY_VOLUME);
    Ok(answer(call, &filter, &dimensions, (least, top.or(TOP))))
}

fn least(filter: &WatsFilter) -> u64 {
    filter.count("minCount").unwrap_or(0) as u64
}

const BY_PRODUCT: &str = "partNumber;productName;testOperation";
const BY_GROUP: &str = "productGroup";
type Order = &'static [(&'static str, bool)];
const BY_VOLUME: Order = &[("unitCount", true)];
const BY_YIELD: Order = &[("fpy", false), ("unitCount", true)];

/// A list of yields, by product or by group of products.
fn list(
    call: &Call<'_>,
    filter: WatsFilter,
    rows: &str,
    order: Order,
    top: Option<usize>,
) -> Handled {
    let dimensions = Dimensions::parse(rows, DIMENSIONS, FIGURES)?.first_by(order);
    // What was only tested again has no yield.
    let least = least(&filter).max(1);
    let top = filter.count("topCount").or(top);
    Ok(answer(
        call,
        &filter.or_last_days(DAYS),
        &dimensions,
        (least, top),
    ))
}

pub(super) fn volume(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_VOLUME)?,
        BY_PRODUCT,
        BY_VOLUME,
        None,
    )
}

pub(super) fn volume_of(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_scope(call)?,
        BY_PRODUCT,
        BY_VOLUME,
        None,
    )
}

pub(super) fn high_volume(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_YIELDS)?,
        BY_PRODUCT,
        BY_VOLUME,
        TOP,
    )
}

pub(super) fn high_volume_of(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_scope(call)?,
        BY_PRODUCT,
        BY_VOLUME,
        TOP,
    )
}

pub(super) fn high_volume_by_group(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_YIELDS)?,
        BY_GROUP,
        BY_VOLUME,
        TOP,
    )
}

pub(super) fn worst(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_YIELDS)?,
        BY_PRODUCT,
        BY_YIELD,
        TOP,
    )
}

pub(super) fn worst_of(call: &Call<'_>) -> Handled {
    list(call, WatsFilter::of_scope(call)?, BY_PRODUCT, BY_YIELD, TOP)
}

pub(super) fn worst_by_group(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_YIELDS)?,
        BY_GROUP,
        BY_YIELD,
        TOP,
    )
}
