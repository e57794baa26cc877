//! What a stored report changes elsewhere: the unit it is about, the assets it names.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{asset, product, production, system};
use crate::answer::Answer;
use crate::store::{Change, Store, StoredReport};

/// Carries out the effects of all reports that were stored since the last time. A server that is full keeps the report, and
/// lacks what it would have changed.
pub(crate) fn settle(change: &mut Change<'_>) {
    for (report, is_new) in change.reports_mut().take_news() {
        let _ = of_report(change, &report, is_new);
    }
}

/// Processes the reports whose time has come.
pub(crate) fn settle_due(store: &Store) {
    let at = Instant::now();
    if store.read(|state| state.reports.are_due(at)) {
        // Processing and its effects do not fail.
        let _ = store.change(|change| {
            let now = change.now();
            change.reports_mut().process_due(at, now);
            settle(change);
            Ok(())
        });
    }
}

/// A report makes its product, its revision and its unit known, and its station, and counts the use of its assets.
fn of_report(change: &mut Change<'_>, report: &StoredReport, is_new: bool) -> Result<(), Answer> {
    let header: &Map<String, Value> = &report.header;
    product::reported(change, header)?;
    production::reported(change, header)?;
    system::clients::reported(change, header)?;
    asset::reported(change, report, is_new)
}
