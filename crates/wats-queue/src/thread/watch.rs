//! How the queue is: whether the disk works, whether the file is whole, what has happened.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Runner;
use super::inbox::Op;
use crate::error::{Error, Result};
use crate::events::Event;
use crate::health::{Depth, Health, PauseInfo};
use crate::item::{Class, State};
use crate::plan::clamp;
use crate::store::{News, Totals};

/// A file that nobody has looked through for so long is, even after a clean end.
const CHECK_EACH: i64 = 24 * 3600 * 1000;

impl Runner {
    /// Looks through the whole file on a thread of its own, after an unclean end and once a day.
    pub(super) fn look_through_if_due(&mut self) {
        let unclean = self
            .store
            .news
            .iter()
            .any(|news| matches!(news, News::UncleanEnd));
        let checked = self.store.checked_at().unwrap_or(0);
        let age = self.store.now().saturating_sub(checked);
        if unclean || !(0..CHECK_EACH).contains(&age) {
            self.look_through();
        }
    }

    pub(super) fn look_through(&self) {
        let (inbox, folder) = (Arc::clone(&self.inbox), Arc::clone(self.store.folder()));
        // That it cannot be started now is no reason to stop: it is due again.
        let _ = thread::Builder::new()
            .name("wats-queue-check".to_owned())
            .spawn(move || inbox.push(Op::Checked(crate::store::check(&folder))));
    }

    pub(super) fn checked(&mut self, outcome: Result<()>) {
        match outcome {
            Ok(()) => {
                let _ = self.store.checked();
            }
            Err(error) if error.is_damage() => {
                let outcome = self.store.replace(&error);
                self.note(&outcome);
            }
            // It could not be looked at: the next one will tell.
            Err(_) => {}
        }
    }

    /// Keeps in mind whether the disk works.
    pub(super) fn note<T>(&mut self, outcome: &Result<T>) {
        match outcome {
            Ok(_) => {
                if self.failing.take().is_some() {
                    self.hub.tell(&Event::Recovered);
                }
            }
            Err(
                error @ (Error::Io { .. }
                | Error::DiskFull { .. }
                | Error::Folder { .. }
                | Error::Database { .. }
                | Error::Damaged { .. }
                | Error::Gone(_)),
            ) => {
                let text = error.to_string();
                if self.failing.is_none() {
                    self.hub.tell(&Event::Failing(text.clone()));
                    self.probed = Instant::now();
                }
                self.failing = Some(text);
                // A connection that met an error of the disk is not trusted any more.
                if !matches!(error, Error::DiskFull { .. }) {
                    self.store.close_until_needed();
                }
            }
            Err(_) => {}
        }
    }

    pub(super) fn tell_news(&mut self) {
        for news in std::mem::take(&mut self.store.news) {
            match news {
                News::UncleanEnd => {}
                News::TakenOver(leases) => self.hub.tell(&Event::TakenOver(leases)),
                News::Salvaged(salvaged) => {
                    self.salvaged += 1;
                    self.last_salvaged = Some(salvaged.clone());
                    self.hub.tell(&Event::Salvaged(salvaged));
                }
                News::BallastUsed => self.hub.tell(&Event::Filling {
                    what: "the disk",
                    percent: 100,
                }),
                News::BallastBack => self.hub.tell(&Event::Freed),
                News::Reopened => self.hub.tell(&Event::Reopened),
                News::ClockSet(by) => self.hub.tell(&Event::ClockSet(by)),
            }
        }
    }

    pub(super) fn health(&mut self) -> Result<Health> {
        let now = self.store.now();
        let owners = self.store.owners_alive();
        let disk_is_full = !self.store.has_ballast();
        let looked = self.store.read(|read| read.totals(now));
        // A disk that fails is what is asked about: then this says so, and no more.
        self.note(&looked);
        let totals = match looked {
            Err(_) if self.failing.is_some() => Totals::default(),
            looked => looked?,
        };
        let depth: Vec<Depth> = totals
            .counts
            .iter()
            .filter_map(|(&(state, class), &(items, bytes))| {
                Some(Depth {
                    state: State::from_number(i64::from(state))?,
                    class: if class == 0 {
                        Class::Live
                    } else {
                        Class::Backfill
                    },
                    items,
                    bytes,
                })
            })
            .collect();
        let mut health = Health {
            depth,
            oldest: totals.oldest,
            pause: totals.flow.pause.map(|pause| PauseInfo {
                reason: pause.reason,
                since: pause.since,
                until: clamp(pause.until, pause.wait, now),
                text: pause.fault.text,
            }),
            sent_last_minute: totals.sent_last_minute,
            sent_last_hour: totals.sent_last_hour,
            eta: None,
            failing: self.failing.clone(),
            disk_is_full,
            salvaged: self.salvaged,
            last_salvaged: self.last_salvaged.clone(),
            late_settles: self.late_settles,
            owners,
        };
        if health.sent_last_minute > 0 {
            let minutes = health.to_send() as f64 / health.sent_last_minute as f64;
            health.eta = Some(Duration::from_secs((minutes * 60.0) as u64));
        }
        Ok(health)
    }
}
