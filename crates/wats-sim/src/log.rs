//! The requests that came last, and whoever wants to hear of each.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// How many are kept.
const KEPT: usize = 100;
/// The longest path that is kept, in characters.
const PATH: usize = 300;

/// One request that was answered, or cut.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// When its head arrived.
    #[serde(serialize_with = "as_text")]
    pub time: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path and query as they came, shortened to 300 characters.
    pub path: String,
    /// The route, such as `/api/Product/{partNumber}`.
    pub route: &'static str,
    /// The status of the answer; `None` if the connection was cut on purpose.
    pub status: Option<u16>,
    /// From the head's arrival to the answer, in milliseconds.
    pub millis: f64,
    /// Bytes of its body.
    pub bytes_in: usize,
    /// Bytes of the answer's body.
    pub bytes_out: usize,
}

fn as_text<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

/// Hears of each request.
pub(crate) type Listener = Arc<dyn Fn(&RequestRecord) + Send + Sync>;

/// The requests that came last.
#[derive(Default)]
pub(crate) struct RequestLog {
    recent: Mutex<VecDeque<RequestRecord>>,
    listener: Option<Listener>,
}

impl RequestLog {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self {
            recent: Mutex::default(),
            listener,
        }
    }

    pub(crate) fn push(&self, record: RequestRecord) {
        if let Some(listener) = &self.listener {
            listener(&record);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(record);
    }

    /// The last ones, newest first.
    pub(crate) fn recent(&self) -> Vec<RequestRecord> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().rev().cloned().collect()
    }
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestLog").finish_non_exhaustive()
    }
}

/// A path as it is kept.
pub(crate) fn shortened(path: &str) -> String {
    match path.char_indices().nth(PATH) {
        Some((end, _)) => format!("{}…", path.get(..end).unwrap_or_default()),
        None => path.to_owned(),
    }
}

/// Milliseconds of a duration.
pub(crate) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
