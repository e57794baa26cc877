//! Headers of reports by a filter. They are the headers of `api/Report/Query/Header` without their lists.

use serde_json::Value;

use super::filter::{OF_HISTORY, OF_REPORTS, WatsFilter};
use super::history::{History, Test};
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;
use crate::shape::document;

/// The rows where a filter does not say how many.
const TOP: usize = 1000;

/// Test reports, newest first.
pub(super) fn tests(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, OF_REPORTS)?;
    let history = History::of(call);
    Ok(rows(history.tests_of(&filter), &filter))
}

/// Test reports by the parameters of the query.
pub(super) fn tests_of(call: &Call<'_>) -> Handled {
    const NAMES: [&str; 9] = [
        "serialNumber",
        "partNumber",
        "revision",
        "batchNumber",
        "stationName",
        "testOperation",
        "status",
        "dateFrom",
        "dateTo",
    ];
    let given = |name: &str| Some((name.to_owned(), Value::from(call.optional(name)?)));
    let body = document(NAMES.into_iter().filter_map(given));
    for name in ["dateFrom", "dateTo"] {
        call.time(name)?;
    }
    let mut filter =
        WatsFilter::of(call, &body, OF_REPORTS).map_err(|_| bad("dateFrom is after dateTo."))?;
    filter.scope(call);
    let history = History::of(call);
    Ok(rows(history.tests_of(&filter), &filter))
}

/// Repair reports, newest first.
pub(super) fn repairs(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, OF_REPORTS)?;
    let history = History::of(call);
    Ok(rows(history.repairs_of(&filter), &filter))
}

/// All that happened to units, newest first.
pub(super) fn of_units(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, OF_HISTORY)?;
    let history = History::of(call);
    let mut all = history.tests_of(&filter);
    all.extend(history.repairs_of(&filter));
    all.sort_by_key(|test| (test.start, test.report.time_stamp));
    Ok(rows(all, &filter))
}

fn rows(mut reports: Vec<&Test>, filter: &WatsFilter) -> Answer {
    reports.reverse();
    reports.truncate(filter.count("topCount").unwrap_or(TOP));
    let row = |test: &&Test| {
        let members = test.header().iter().filter(|(_, value)| !value.is_array());
        document(members.map(|(name, value)| (name.clone(), value.clone())))
    };
    Answer::json(&reports.iter().map(row).map(Value::Object).collect())
}

/// The ids of the test reports that an export has, newest first, and the details that its filter names.
pub(in crate::api) fn to_export(call: &Call<'_>) -> Result<(Vec<Value>, Option<String>), Answer> {
    let filter = WatsFilter::of_body(call, None)?;
    let history = History::of(call);
    let tests = history.tests_of(&filter).into_iter().rev();
    let ids = tests
        .take(filter.count("topCount").unwrap_or(TOP))
        .filter_map(|test| test.header().get("uuid"));
    let dimensions = filter.text("dimensions").map(str::to_owned);
    Ok((ids.cloned().collect(), dimensions))
}
