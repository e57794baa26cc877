//! How long a leader has its key to itself, and the job that ends leases while somebody waits.

use super::{Flight, Flights, Phase, Wakes};
use crate::clock::{Time, ticks};
use crate::entry::Tick;
use crate::removal::Panics;
use crate::sweep::Moved;
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
    job: Option<Arc<Moved>>,
}

impl Lease {
    pub(super) fn new(length: Duration, time: Time, work: Option<Weak<dyn Work>>) -> Self {
        Self {
            length: ticks(length),
            job: work.map(|work| Moved::new(work, &time)),
            time,
        }
    }

    pub(super) fn now(&self) -> Tick {
        self.time.now()
    }

    /// When a lease begins that is given now. Runs no code of the user.
    pub(super) fn begin(&self, now: Tick) -> Tick {
        match self.time {
            Time::Coarse => self.time.begin(now, self.length),
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

    /// Somebody waits for a leader whose lease began at `since`.
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

impl<K: Hash + Eq, V> Flights<K, V> {
    /// Ends the lease of a flight if it is over, and calls the next who waits. Tells when the present one began, if
    /// somebody waits for its end.
    fn end_lease(
        &self,
        flight: &Flight<K, V>,
        forgotten: bool,
        now: Tick,
    ) -> (Wakes, Option<Tick>) {
        let mut shard = self.table.lock(flight.hash);
        let mut state = flight.lock();
        let awaited = !state.waiters.is_empty();
        let mut wakes = Wakes::default();
        if self.lease_is_over(state.since, now) {
            match state.phase {
                Phase::Running if awaited => {
                    state.since = now;
                    wakes = state.vacate();
                }
                // Without a waiter the next caller finds the end of the lease by itself, but nobody comes to this one.
                Phase::Running if forgotten => {
                    state.epoch += 1;
                    shard.remove(flight);
                }
                // Who was called has not come.
                Phase::Vacant => {
                    state.since = now;
                    wakes = state.first_waker();
                }
                Phase::Running | Phase::Landed(_) => {}
            }
        }
        let ends = awaited && !matches!(state.phase, Phase::Landed(_));
        (wakes, ends.then_some(state.since))
    }
}

impl<K, V> Work for Flights<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Ends the leases that are over and hands the baton on.
    fn run(&self) -> Option<Moment> {
        let lease = self.lease.as_ref()?;
        let now = lease.now();
        let mut soonest: Option<Tick> = None;
        let mut panics = Panics::default();
        for (flight, forgotten) in self.table.all() {
            let (wakes, since) = self.end_lease(&flight, forgotten, now);
            if let Some(since) = since {
                let end = lease.end(since);
                soonest = Some(soonest.map_or(end, |soonest| soonest.min(end)));
            }
            // A waker is code of the runtime of who waits; the flight may be the last of its key and value.
            panics.drop(wakes);
            panics.drop(flight);
        }
        panics.swallow();
        soonest.map(|end| lease.look_at(end).max(Moment::now().after(LEAST)))
    }
}
