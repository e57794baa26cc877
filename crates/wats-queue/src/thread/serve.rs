//! What is done for those who wait: for items, for the end of one, for room, for news of what was taken in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::inbox::{Op, Status};
use super::{Runner, WaitingTake};
use crate::error::{Error, Result};
use crate::item::{Item, State};
use crate::options::WhenFull;
use crate::plan::{Admit, Reason};
use crate::reply::Reply;
use crate::store::Confirmation;

/// How often owners of leases are looked at.
const OWNERS: Duration = Duration::from_millis(400);

/// How long a take waits before its credential is looked at anew, in a pause for one that was not accepted.
const CREDENTIAL: Duration = Duration::from_secs(1);

/// About so many items is asked at a time.
const PAGE: u32 = 1000;

/// For how long it is asked what became of items.
const CONFIRM_FOR: i64 = 24 * 3600 * 1000;

impl Runner {
    /// Items that were taken in by their receiver, every half minute while there are some. Those of which nothing is heard for
    /// a day count as sent.
    pub(super) fn serve_confirmers(&mut self) {
        self.confirmers.retain(Reply::is_awaited);
        if self.confirmers.is_empty()
            || self.confirmed.elapsed() < self.store.options().confirm_each
        {
            return;
        }
        self.confirmed = Instant::now();
        // A page at a time, and each in its turn: those of which nothing is heard must not keep the others from being asked about.
        let mut looked = self.unconfirmed();
        if looked.as_ref().is_ok_and(Vec::is_empty) && self.confirmed_to > 0 {
            self.confirmed_to = 0;
            looked = self.unconfirmed();
        }
        self.note(&looked);
        if let Ok(page) = &looked {
            if page.is_empty() {
                let outcome = self.store.note_all_confirmed();
                self.note(&outcome);
            }
            let last = page.last().map_or(0, |(item, _)| item.seq);
            self.confirmed_to = if page.len() < PAGE as usize { 0 } else { last };
        }
        let now = self.store.now();
        let (old, items): (Vec<_>, Vec<_>) = looked
            .unwrap_or_default()
            .into_iter()
            .partition(|(item, _)| now.saturating_sub(item.not_before) > CONFIRM_FOR);
        for (item, _) in old {
            self.sort(Op::Confirm(item.seq, Confirmation::Stored));
        }
        self.commit();
        if !items.is_empty()
            && let Some(reply) = self.confirmers.pop()
        {
            reply.send(Ok(items));
        }
    }

    fn unconfirmed(&mut self) -> Result<Vec<(Item, String)>> {
        let after = self.confirmed_to;
        self.store.read(|read| {
            if read.flow()?.all_confirmed {
                return Ok(Vec::new());
            }
            read.unconfirmed(after, PAGE)
        })
    }

    pub(super) fn settle_again(&mut self) {
        let unsettled = std::mem::take(&mut self.unsettled);
        for (lease, verdict) in unsettled {
            self.leases += 1;
            self.sort(Op::Settle(lease, verdict, None));
        }
        self.commit();
    }

    pub(super) fn serve_takes(&mut self) {
        self.takes.retain(|take| take.reply.is_awaited());
        if self.takes.is_empty() {
            return;
        }
        let owner = self.store.owner().to_owned();
        let looked = self
            .store
            .read(|read| Ok((read.peek(&owner)?, read.flow()?)));
        self.note(&looked);
        let Ok((peek, flow)) = looked else { return };
        if peek.others_lease && self.looked.elapsed() >= OWNERS {
            self.looked = Instant::now();
            let stalled = self.store.options().stalled_after.as_millis();
            let stalled = i64::try_from(stalled).unwrap_or(i64::MAX);
            let monotonic = self.store.options().clock.monotonic();
            let outcome = self
                .store
                .write(false, |write| write.take_over(stalled, monotonic));
            self.note(&outcome);
        }
        let now = self.store.now();
        let ready = peek.ready || peek.due.is_some_and(|due| due <= now);
        let admitted = self.takes.iter().any(|take| {
            let admit = flow.admit(now, 0, false, take.wanted.fresh());
            matches!(admit, Admit::Now { .. })
        });
        if ready && admitted {
            self.commit_takes();
        }
        let unauthorized = flow
            .pause
            .is_some_and(|pause| pause.reason == Reason::Unauthorized);
        if unauthorized {
            let (old, new) = std::mem::take(&mut self.takes)
                .into_iter()
                .partition(|take| take.since.elapsed() >= CREDENTIAL);
            self.takes = new;
            let old: VecDeque<WaitingTake> = old;
            for take in old {
                take.reply.send(Ok(Vec::new()));
            }
        }
    }

    pub(super) fn serve_awaited(&mut self) {
        self.awaited.retain(|awaited| awaited.reply.is_awaited());
        if self.awaited.is_empty() {
            return;
        }
        let now = self.store.options().clock.monotonic();
        for awaited in std::mem::take(&mut self.awaited) {
            let status = self.store.read(|read| {
                if let Some(past) = read.receipt(awaited.seq)? {
                    return Ok(Status::Ended(past));
                }
                Ok(match read.item(awaited.seq)? {
                    Some(item) => Status::Open(Box::new(item)),
                    None => Status::Unknown,
                })
            });
            let open = match &status {
                Ok(Status::Open(item)) => {
                    !item.state.is_set_aside() && item.state != State::Unconfirmed
                }
                _ => false,
            };
            if open && now < awaited.until {
                self.awaited.push(awaited);
            } else {
                awaited.reply.send(status);
            }
        }
    }

    /// Those that wait for room are tried again, and told when their time is over.
    pub(super) fn retry_enqueues(&mut self) {
        self.enqueues.retain(|waiting| waiting.reply.is_awaited());
        for mut waiting in std::mem::take(&mut self.enqueues) {
            let outcome = self
                .store
                .write(true, |write| write.enqueue(&mut waiting.new));
            match outcome {
                Err(error) if error.is_full() => {
                    if Instant::now() < waiting.until {
                        self.enqueues.push_back(waiting);
                    } else {
                        let time = match self.store.options().bounds.when_full {
                            WhenFull::Wait(time) => time,
                            _ => Duration::ZERO,
                        };
                        waiting.reply.send(Err(Error::StillFull(time)));
                    }
                }
                outcome => waiting.reply.send(outcome),
            }
        }
    }
}
