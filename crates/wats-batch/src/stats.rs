//! What a batcher has done so far. The queue counts in one of these; users get a copy.

use std::fmt;
use std::time::Duration;

/// What a [`RequestBatcher`](crate::RequestBatcher) has done since it was made.
///
/// ```
/// # use wats_batch::{BatchConfig, RequestBatcher};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let batcher = RequestBatcher::infallible(BatchConfig::default(), |v: Vec<u8>| async { v }).unwrap();
/// batcher.add_many([1, 2, 3]).await;
/// let stats = batcher.stats();
/// assert_eq!((stats.items, stats.batches, stats.mean_batch()), (3, 1, 3.0));
/// println!("{stats}");
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BatchStats {
    /// Items taken in, duplicates not counted.
    pub items: u64,
    /// Items handed to the bulk function; the repeats of a retry count in [`resent`](Self::resent).
    pub sent: u64,
    /// Batches taken from the queue.
    pub batches: u64,
    /// Calls of the bulk function: one a batch, and one for each retry or bisection.
    pub bulk_calls: u64,
    /// Items of the largest batch.
    pub largest_batch: u64,
    /// The most bulk calls under way at a time.
    pub most_in_flight: u64,
    /// Items whose caller went away before they were sent; they were not sent.
    pub cancelled: u64,
    /// Items whose caller went away after they were sent.
    pub abandoned: u64,
    /// Items answered with an error.
    pub failed: u64,
    /// Items that `try_add` refused because the queue was full.
    pub refused: u64,
    /// Items that had to wait for room in the queue.
    pub blocked: u64,
    /// Items sent again, by a retry or a bisection.
    pub resent: u64,
    /// Callers that joined an item already waiting or in flight.
    pub deduplicated: u64,
    /// Accepted items that wait to be sent, now.
    pub pending: u64,
    /// Bulk calls under way, now.
    pub in_flight: u64,
    /// How long the sent items waited, in all; each is counted from the start of its window.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "wait_total_s", serialize_with = "seconds")
    )]
    pub wait_total: Duration,
    /// The longest wait.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "wait_max_s", serialize_with = "seconds")
    )]
    pub wait_max: Duration,
    /// How long the bulk calls took, in all.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "bulk_total_s", serialize_with = "seconds")
    )]
    pub bulk_total: Duration,
    /// The longest bulk call.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "bulk_max_s", serialize_with = "seconds")
    )]
    pub bulk_max: Duration,
}

/// How the queue counts.
impl BatchStats {
    pub(crate) fn batch_taken(&mut self, items: usize, in_flight: usize) {
        self.sent += items as u64;
        self.batches += 1;
        self.largest_batch = self.largest_batch.max(items as u64);
        self.most_in_flight = self.most_in_flight.max(in_flight as u64);
    }

    #[inline]
    pub(crate) fn waited(&mut self, since: i64, now: i64) {
        let nanos = now.wrapping_sub(since);
        // Otherwise the item went from one runtime to another, whose clocks may differ.
        let wait = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        self.wait_total = self.wait_total.saturating_add(wait);
        self.wait_max = self.wait_max.max(wait);
    }

    pub(crate) fn called(&mut self, took: Duration) {
        self.bulk_calls += 1;
        self.bulk_total = self.bulk_total.saturating_add(took);
        self.bulk_max = self.bulk_max.max(took);
    }
}

impl BatchStats {
    /// Items of a batch on average; 0 before the first.
    pub fn mean_batch(&self) -> f64 {
        if self.batches == 0 {
            0.0
        } else {
            self.sent as f64 / self.batches as f64
        }
    }

    /// How long an item waited on average before it was sent.
    pub fn mean_wait(&self) -> Duration {
        mean(self.wait_total, self.sent)
    }

    /// How long a bulk call took on average.
    pub fn mean_bulk(&self) -> Duration {
        mean(self.bulk_total, self.bulk_calls)
    }
}

fn mean(total: Duration, count: u64) -> Duration {
    Duration::from_nanos((total.as_nanos() / u128::from(count.max(1))) as u64)
}

#[cfg(feature = "serde")]
fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

impl fmt::Display for BatchStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} items in {} batches (mean {:.1}, largest {}), wait {:.1?} (max {:.1?}), bulk call \
             {:.1?} (max {:.1?}); {} pending, {} in flight, {} deduplicated, {} cancelled, {} failed",
            self.items,
            self.batches,
            self.mean_batch(),
            self.largest_batch,
            self.mean_wait(),
            self.wait_max,
            self.mean_bulk(),
            self.bulk_max,
            self.pending,
            self.in_flight,
            self.deduplicated,
            self.cancelled,
            self.failed,
        )
    }
}
