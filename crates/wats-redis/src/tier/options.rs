//! What is said of a tier.

use std::sync::Arc;
use std::time::Duration;

/// What is longer is not shared, whatever the options say.
pub(super) const MOST_VALUE: usize = 64 << 20;

/// The longest times of an entry, and of the memory of tags.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// The plain options.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) ttl: Duration,
    pub(super) stale_if_error: Duration,
    pub(super) soft_timeout: Option<Duration>,
    pub(super) refresh_ahead: Option<f64>,
    pub(super) lease: Duration,
    pub(super) first_hold: Duration,
    pub(super) longest_hold: Duration,
    pub(super) jitter: f64,
    pub(super) max_value: usize,
    pub(super) max_key: usize,
}

pub(super) type Negative<V> = (Duration, Arc<dyn Fn(&V) -> bool + Send + Sync>);
