//! How a queue is.

use std::time::Duration;

use crate::item::{Class, State};
use crate::plan::Reason;
use crate::store::Salvaged;

/// How a queue is, at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// Items by state and class, with the bytes of their bodies.
    pub depth: Vec<Depth>,
    /// When the oldest item was stored, in milliseconds since 1970.
    pub oldest: Option<i64>,
    /// Why the whole queue waits, since when and until when one item is tried, in milliseconds since 1970.
    pub pause: Option<PauseInfo>,
    /// Items that were sent within the last minute.
    pub sent_last_minute: u64,
    /// Items that were sent within the last hour.
    pub sent_last_hour: u64,
    /// How long what is to be sent will take at the rate of the last minute; none if nothing was sent in it.
    pub eta: Option<Duration>,
    /// What the disk or the database fails with; enqueues are errors meanwhile.
    pub failing: Option<String>,
    /// Whether the room that is kept for an emergency is in use: nothing is taken meanwhile.
    pub disk_is_full: bool,
    /// How often a damaged database was set aside since this queue was opened.
    pub salvaged: u64,
    /// What was found in the last of them.
    pub last_salvaged: Option<Salvaged>,
    /// How often a settle came too late since this queue was opened.
    pub late_settles: u64,
    /// How many queues are open on the folder, in all processes.
    pub owners: u32,
}

/// So many items of a state and class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Depth {
    /// Their state.
    pub state: State,
    /// Their class.
    pub class: Class,
    /// How many.
    pub items: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// A pause of the whole queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PauseInfo {
    /// Why.
    pub reason: Reason,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// When one item is tried, in milliseconds since 1970.
    pub until: i64,
    /// What was said.
    pub text: String,
}

impl Health {
    /// Items in a state.
    pub fn items(&self, state: State) -> u64 {
        self.sum(|depth| depth.state == state)
    }

    /// All items, those that are set aside among them.
    pub fn all_items(&self) -> u64 {
        self.sum(|_| true)
    }

    /// Items that nobody has to decide about.
    pub fn to_send(&self) -> u64 {
        self.sum(|depth| !depth.state.is_set_aside() && depth.state != State::Unconfirmed)
    }

    fn sum(&self, of: impl Fn(&Depth) -> bool) -> u64 {
        let depths = self.depth.iter().filter(|depth| of(depth));
        depths.map(|depth| depth.items).sum()
    }
}
