//! What holds for the whole queue, in all processes: one row of the store.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::backoff::{Random, clamp, doubled, full_jitter};
use super::{HOUR, MINUTE, SECOND};
use crate::item::Fault;

/// Why the whole queue waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The receiver is not to be reached.
    Unreachable,
    /// Something else answers.
    WrongReceiver,
    /// The credential is not accepted.
    Unauthorized,
    /// The credential has no right.
    Forbidden,
    /// The receiver asked for a pause.
    Throttled,
    /// Three different items failed in a row.
    Failing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "the receiver is not to be reached",
            Self::WrongReceiver => "something else than the receiver answers",
            Self::Unauthorized => "the credential is not accepted",
            Self::Forbidden => "the credential has no right to do this",
            Self::Throttled => "the receiver asked for a pause",
            Self::Failing => "three different items failed in a row",
        })
    }
}

impl Reason {
    /// The first wait and the longest one.
    const fn waits(self) -> (i64, i64) {
        match self {
            Self::Unreachable | Self::Failing => (SECOND, 2 * MINUTE),
            Self::WrongReceiver => (SECOND, 5 * MINUTE),
            Self::Unauthorized => (5 * MINUTE, 5 * MINUTE),
            Self::Forbidden => (15 * MINUTE, 15 * MINUTE),
            Self::Throttled => (MINUTE, HOUR),
        }
    }

    /// Whether its wait is random: not where a length was named.
    const fn jitters(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Failing | Self::WrongReceiver
        )
    }
}

/// A pause of the whole queue. It ends when one item, the probe, gets an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) reason: Reason,
    /// When it began.
    pub(crate) since: i64,
    /// When one item may be tried.
    pub(crate) until: i64,
    /// How long this wait was when `until` was set.
    pub(crate) wait: i64,
    /// How many waits there were.
    pub(crate) tries: u32,
    /// The credential that was not accepted.
    #[serde(default)]
    pub(crate) credential: i64,
    /// The item that has to show whether it is the only one with this trouble.
    #[serde(default)]
    pub(crate) suspect: Option<i64>,
    /// The item that is tried.
    #[serde(default)]
    pub(crate) probe: Option<i64>,
    pub(crate) fault: Fault,
}

/// What holds for the whole queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Flow {
    pub(crate) pause: Option<Pause>,
    /// Different items that failed since the last answer, at most three.
    pub(crate) failing: Vec<i64>,
    /// How many leases there may be at a time after an outage; 0 for no bound.
    pub(crate) ramp: u32,
    /// No lease begins before.
    pub(crate) next_at: i64,
    /// Least time between two leases, after the receiver asked for a pause; 0 for none.
    pub(crate) interval: i64,
    /// When `interval` was last changed.
    pub(crate) interval_at: i64,
    /// When an item was last sent.
    pub(crate) last_sent: i64,
    /// Whether who opened the queue last has an item that is set aside hold its lane up.
    pub(crate) strict_lanes: bool,
    /// Whether nothing is unconfirmed, so that nobody has to look through all items for those that are.
    pub(crate) all_confirmed: bool,
}

/// Whether something may be leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admit {
    /// So many, but not this one if there is another.
    Now {
        most: u32,
        avoid: Option<i64>,
        probe: bool,
    },
    /// Not now; at this time if something is known.
    Not { at: Option<i64> },
}

/// A least time between two leases that is no bound any more.
const NO_INTERVAL: i64 = 50;

/// So many a minute are not too many at first, whatever was sent in the minute before.
const LEAST_RATE: i64 = 30;

/// Past this the slow start after an outage has ended.
const RAMP_ENDS: u32 = 64;

/// The longest random wait before the queue goes on after an outage.
const SPREAD: i64 = MINUTE;

impl Flow {
    /// Whether something may be leased now, with `leased` under way in all processes, the probe among them or not. A
    /// `credential` is one that may end a pause, if it is another than the one that was refused.
    pub(crate) fn admit(
        &self,
        now: i64,
        leased: u32,
        probe_is_leased: bool,
        credential: Option<i64>,
    ) -> Admit {
        if let Some(pause) = &self.pause {
            if pause.probe.is_some() && probe_is_leased {
                return Admit::Not { at: None };
            }
            let until = pause.until;
            let other_credential = pause.reason == Reason::Unauthorized
                && credential.is_some_and(|credential| pause.credential != credential);
            let (most, probe) = (1, true);
            if other_credential || now >= until {
                return Admit::Now {
                    most,
                    avoid: None,
                    probe,
                };
            }
            return match pause.suspect {
                Some(suspect) => Admit::Now {
                    most,
                    avoid: Some(suspect),
                    probe,
                },
                None => Admit::Not { at: Some(until) },
            };
        }
        if now < self.next_at {
            return Admit::Not {
                at: Some(self.next_at),
            };
        }
        let most = match self.ramp {
            0 => u32::MAX,
            ramp => ramp.saturating_sub(leased),
        };
        let most = if self.interval > 0 { most.min(1) } else { most };
        if most == 0 {
            return Admit::Not { at: None };
        }
        Admit::Now {
            most,
            avoid: None,
            probe: false,
        }
    }

    /// After the wall clock was set: no wait lies further ahead than it is long.
    pub(crate) fn clamp_waits(&mut self, now: i64) {
        if let Some(pause) = &mut self.pause {
            pause.until = clamp(pause.until, pause.wait, now);
        }
        self.next_at = clamp(self.next_at, SPREAD.max(self.interval), now);
    }

    /// An item was leased.
    pub(crate) fn leased(&mut self, seq: i64, probe: bool, now: i64) {
        if let Some(pause) = self.pause.as_mut().filter(|_| probe) {
            pause.probe = Some(seq);
        }
        if self.interval > 0 {
            self.recover_rate(now);
            self.next_at = now.saturating_add(self.interval);
        }
    }

    /// The rate grows by a half each minute, until it is more than anything is sent at.
    fn recover_rate(&mut self, now: i64) {
        let minutes = (now.saturating_sub(self.interval_at) / MINUTE).clamp(0, 600);
        for _ in 0..minutes {
            self.interval = self.interval.saturating_mul(2) / 3;
        }
        if minutes > 0 || now < self.interval_at {
            self.interval_at = now;
        }
        if self.interval < NO_INTERVAL {
            self.interval = 0;
        }
    }

    /// Whether this item is the one that is tried in a pause.
    pub(super) fn is_probe(&self, seq: i64) -> bool {
        self.pause
            .as_ref()
            .is_some_and(|pause| pause.probe == Some(seq))
    }

    /// The probe came back without an answer.
    pub(super) fn forget_probe(&mut self, seq: i64) {
        if let Some(pause) = &mut self.pause
            && pause.probe == Some(seq)
        {
            pause.probe = None;
        }
    }

    /// The receiver answered as it does when all is well. Gives back the pause that this has ended.
    pub(super) fn answered(&mut self, seq: i64, now: i64, random: Random<'_>) -> Option<Pause> {
        self.failing.clear();
        if !self.is_probe(seq) {
            if self.pause.is_none() && self.ramp > 0 {
                self.ramp = self.ramp.saturating_mul(2);
                if self.ramp >= RAMP_ENDS {
                    self.ramp = 0;
                }
            }
            return None;
        }
        let ended = self.pause.take()?;
        let outage = now.saturating_sub(ended.since);
        if outage > MINUTE {
            self.ramp = 1;
            let spread = (outage / 10).min(SPREAD);
            self.next_at = now.saturating_add(random(spread));
        }
        Some(ended)
    }

    /// The queue cannot go on. Says whether this is news.
    pub(super) fn hold_up(
        &mut self,
        seq: i64,
        trouble: Trouble,
        now: i64,
        random: Random<'_>,
    ) -> bool {
        let was_probe = self.is_probe(seq);
        let (first, longest) = trouble.reason.waits();
        let named = trouble.lasting.map(|wait| wait.clamp(SECOND, HOUR));
        match &mut self.pause {
            // One that was under way when the pause began adds nothing but a longer time that was named.
            Some(pause) if !was_probe => {
                if let Some(wait) = named
                    && now.saturating_add(wait) > clamp(pause.until, pause.wait, now)
                {
                    pause.until = now.saturating_add(wait);
                    pause.wait = wait;
                }
                false
            }
            paused => {
                let (since, tries, same) = match paused {
                    Some(pause) => {
                        let same = pause.reason == trouble.reason;
                        let tries = if same { pause.tries } else { 0 };
                        (pause.since.min(now), tries.saturating_add(1), same)
                    }
                    None => (now, 1, false),
                };
                let bound = doubled(first, tries, longest);
                let wait = named.unwrap_or_else(|| {
                    if trouble.reason.jitters() {
                        full_jitter(bound, random)
                    } else {
                        bound
                    }
                });
                *paused = Some(Pause {
                    reason: trouble.reason,
                    since,
                    until: now.saturating_add(wait),
                    wait,
                    tries,
                    credential: trouble.credential,
                    suspect: trouble.suspect,
                    probe: None,
                    fault: trouble.fault,
                });
                !same
            }
        }
    }

    /// From now on at seven tenths of the rate: of the last minute's, if there was no bound before.
    ///
    /// Who limits often counts what many ask in one minute, so who was refused may have sent little in it, through no fault of its own:
    /// the first bound is not below [`LEAST_RATE`]. With these numbers many stations that come back at the same time use what their
    /// server takes nearly in full (`stations.rs`).
    pub(super) fn lower_rate(&mut self, sent_last_minute: i64, now: i64) {
        if self.interval == 0 {
            self.interval = MINUTE / sent_last_minute.clamp(LEAST_RATE, MINUTE);
        }
        self.interval = (self.interval.saturating_mul(10) / 7).clamp(NO_INTERVAL, MINUTE);
        self.interval_at = now;
    }
}

/// Why the queue cannot go on.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) reason: Reason,
    /// How long, where that was named.
    pub(super) lasting: Option<i64>,
    pub(super) credential: i64,
    pub(super) suspect: Option<i64>,
    pub(super) fault: Fault,
}
