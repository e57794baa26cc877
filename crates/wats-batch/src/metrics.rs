//! Figures for the `metrics` facade, once for each bulk call; nothing without the feature.
//!
//! | name | kind | |
//! |---|---|---|
//! | `wats_batch_calls_total` | counter | calls of the bulk function |
//! | `wats_batch_items_total` | counter | items handed to it |
//! | `wats_batch_failed_items_total` | counter | items answered with an error |
//! | `wats_batch_call_items` | histogram | items of a call |
//! | `wats_batch_call_seconds` | histogram | how long a call took |
//!
//! Each has the label `batcher`, set by the builder's `name`.

use std::time::Duration;

/// The name under which a batcher reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter(pub(crate) &'static str);

#[cfg(feature = "metrics")]
impl Meter {
    pub(crate) fn called(self, items: usize, took: Duration) {
        metrics::counter!("wats_batch_calls_total", "batcher" => self.0).increment(1);
        metrics::counter!("wats_batch_items_total", "batcher" => self.0).increment(items as u64);
        metrics::histogram!("wats_batch_call_items", "batcher" => self.0).record(items as f64);
        metrics::histogram!("wats_batch_call_seconds", "batcher" => self.0).record(took);
    }

    pub(crate) fn failed(self, items: u64) {
        if items > 0 {
            metrics::counter!("wats_batch_failed_items_total", "batcher" => self.0)
                .increment(items);
        }
    }
}

#[cfg(not(feature = "metrics"))]
impl Meter {
    pub(crate) fn called(self, _: usize, _: Duration) {
        let Self(_name) = self;
    }

    pub(crate) fn failed(self, _: u64) {}
}
