//! How long a leader has its key to itself, and the job that ends leases while somebody waits.

use super::InFlightLoads;
use crate::clock::{Reading, Time, ticks};
use crate::entry::Tick;
use crate::sweep::ClockJob;
use std::hash::Hash;
use std::sync::{Arc, Weak};
use std::time::Duration;
use wats_background::{Moment, Work, clock};

/// Ends of leases are looked for no more often.
const LEAST: Duration = Duration::from_millis(10);

/// With a clock of the user they are looked for this often at least, while somebody waits.
const MOST: Duration = Duration::from_secs(1);

pub(super) struct Lease {
    pub(super) length: Tick,
    time: Time,
    /// None where nobody watches: the next caller finds the end of a lease by itself.
    job: Option<Arc<ClockJob>>,
}

impl Lease {
    pub(super) fn new(length: Duration, time: Time, work: Option<Weak<dyn Work>>) -> Self {
        Self {
            length: ticks(length),
            job: work.map(|work| ClockJob::new(work, &time)),
            time,
        }
    }

    pub(super) fn now(&self) -> Tick {
        self.time.now()
    }

    /// When a lease begins that is given now. Runs no code of the user.
    pub(super) fn begin(&self, now: Tick) -> Tick {
        match self.time {
            Time::Coarse => self.time.begin(Reading::coarse(now), self.length),
            Time::Custom(_) => now,
        }
    }

    /// Whether a lease is over that began at `since`.
    pub(super) fn is_over(&self, since: Tick, now: Tick) -> bool {
        now >= self.end(since)
    }

    fn end(&self, since: Tick) -> Tick {
        since.saturating_add(self.length)
    }

    /// The end of a lease matters that began at `since`: somebody waits, or nobody will come who could find it.
    pub(super) fn watch(&self, since: Tick) {
        if let Some(job) = &self.job {
            job.0.at(self.look_at(self.end(since)));
        }
    }

    /// When to look for the end of a lease that is over at `end`.
    fn look_at(&self, end: Tick) -> Moment {
        match self.time {
            Time::Coarse => clock::start_of(end),
            // Nobody knows how this clock runs.
            Time::Custom(_) => {
                let wait = Duration::from_millis(self.length / 4).clamp(LEAST, MOST);
                Moment::now().after(wait)
            }
        }
    }
}

impl<K, V> Work for InFlightLoads<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn run(&self) -> Option<Moment> {
        let since = self.end_leases()?;
        let lease = self.lease.as_ref()?;
        let due = lease.look_at(lease.end(since));
        Some(due.max(Moment::now().after(LEAST)))
    }
}
