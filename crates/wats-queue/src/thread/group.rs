//! What was asked meanwhile goes into one transaction: one sync for all of it. Nobody is answered before the commit.

use std::time::Instant;

use super::inbox::{Change, Handed, Op};
use super::{Runner, WaitingEnqueue, WaitingTake};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::item::{Item, Past, Receipt, State};
use crate::options::WhenFull;
use crate::plan::Verdict;
use crate::reply::Reply;
use crate::store::{Confirmation, Lease, NewItem, Settled, Write};

/// The bounds of a group.
pub(super) const MOST: usize = 256;
pub(super) const BYTES: usize = 8 << 20;

/// A part of a group.
enum Work {
    Enqueue(Box<NewItem>, Reply<Receipt>),
    Settle(Lease, Verdict, Option<Reply<bool>>),
    Change(Box<dyn Change>),
    Confirm(i64, Confirmation),
}

/// An item of which something became known, and how it ended if it did.
type Confirmed = Option<Box<(Item, Option<Past>)>>;

/// What a part came to.
enum Done {
    Enqueued(Result<Receipt>),
    Settled(Result<Settled>),
    Changed(Result<()>),
    Confirmed(Result<Confirmed>),
}

/// Parts that wait for the next commit.
#[derive(Default)]
pub(super) struct Group(Vec<Work>);

impl Group {
    /// Whether what became of deliveries is among it, and all of them have reached their receiver.
    pub(super) fn has_good_news_only(&self) -> bool {
        let mut verdicts = self.0.iter().filter_map(|work| match work {
            Work::Settle(_, verdict, _) => Some(verdict),
            _ => None,
        });
        let good = |verdict: &Verdict| {
            matches!(verdict, Verdict::Sent { .. } | Verdict::Unconfirmed { .. })
        };
        verdicts.next().is_some_and(good) && verdicts.all(good)
    }
}

impl Work {
    fn run(&mut self, write: &mut Write<'_>) -> Done {
        match self {
            Self::Enqueue(new, _) => Done::Enqueued(write.enqueue(new)),
            Self::Settle(lease, verdict, _) => Done::Settled(write.settle(*lease, verdict.clone())),
            Self::Change(change) => Done::Changed(change.run(write)),
            Self::Confirm(seq, confirmation) => {
                let found = write.confirm(*seq, confirmation.clone());
                Done::Confirmed(found.map(|found| found.map(Box::new)))
            }
        }
    }

    /// Whether this makes room: it may use what is kept for an emergency.
    fn makes_room(&self) -> bool {
        !matches!(self, Self::Enqueue(..))
    }
}

impl Done {
    /// The error that undoes the transaction, if it is one.
    fn broken(&self) -> Option<Error> {
        let (Self::Enqueued(Err(error))
        | Self::Settled(Err(error))
        | Self::Changed(Err(error))
        | Self::Confirmed(Err(error))) = self
        else {
            return None;
        };
        crate::store::breaks(error).then(|| error.clone())
    }
}

impl Runner {
    /// Puts what was asked where it belongs.
    pub(super) fn sort(&mut self, op: Op) {
        match op {
            Op::Enqueue(new, reply) => self.group.0.push(Work::Enqueue(new, reply)),
            Op::Settle(lease, verdict, reply) => {
                self.leases = self.leases.saturating_sub(1);
                self.group.0.push(Work::Settle(lease, verdict, reply));
            }
            Op::Change(change) => self.group.0.push(Work::Change(change)),
            Op::Take(wanted, reply) => self.takes.push_back(WaitingTake {
                wanted,
                reply,
                since: Instant::now(),
            }),
            // A look sees what was asked before it.
            Op::Look(look) => {
                self.commit();
                look(&mut self.store);
            }
            Op::Health(reply) => {
                self.commit();
                reply.send(self.health());
            }
            Op::Unconfirmed(reply) => self.confirmers.push(reply),
            Op::Confirm(seq, confirmation) => self.group.0.push(Work::Confirm(seq, confirmation)),
            Op::Await(awaited) => self.awaited.push(awaited),
            Op::Checked(outcome) => self.checked(outcome),
            // Closed twice is closed.
            Op::Close(reply) => reply.send(Ok(())),
        }
    }

    /// Commits what was asked. When the disk or the database fails, each part is tried by itself: one that is too large must not
    /// take the others with it, and what makes room goes first.
    pub(super) fn commit(&mut self) {
        let mut works = std::mem::take(&mut self.group.0);
        if works.is_empty() {
            return;
        }
        works.sort_by_key(|work| !work.makes_room());
        let Err(error) = self.try_all(&mut works) else {
            return;
        };
        if works.len() == 1 {
            self.last_try(works, error);
            return;
        }
        for work in works {
            let mut alone = vec![work];
            if let Err(error) = self.try_all(&mut alone) {
                self.last_try(alone, error);
            }
        }
    }

    /// What makes room has room that was kept for it.
    fn last_try(&mut self, mut works: Vec<Work>, error: Error) {
        let emergency =
            error.is_full() && works.iter().all(Work::makes_room) && self.store.use_ballast();
        let outcome = if emergency {
            self.try_all(&mut works)
        } else {
            Err(error)
        };
        if let Err(error) = outcome {
            for work in works {
                self.fail(work, error.clone());
            }
        }
    }

    /// What became of a delivery is not forgotten because the disk fails: it is written down when that works again.
    fn fail(&mut self, work: Work, error: Error) {
        match work {
            Work::Enqueue(_, reply) => reply.send(Err(error)),
            Work::Settle(lease, verdict, reply) => {
                if let Some(reply) = reply {
                    reply.send(Err(error));
                }
                self.unsettled.push((lease, verdict));
            }
            Work::Change(change) => change.answer(Err(error)),
            // Asked about again.
            Work::Confirm(..) => {}
        }
    }

    /// One transaction; answers all parts when it is on disk, none when it is not.
    fn try_all(&mut self, works: &mut Vec<Work>) -> Result<()> {
        let may_drop = self.may_drop();
        let mut done: Vec<Done> = Vec::new();
        let mut dropped: Vec<Past> = Vec::new();
        let outcome = self.store.write(true, |write| {
            write.may_drop = may_drop;
            done.clear();
            for work in works.iter_mut() {
                let part = work.run(write);
                if let Some(error) = part.broken() {
                    return Err(error);
                }
                done.push(part);
            }
            dropped = std::mem::take(&mut write.dropped);
            Ok(())
        });
        self.note(&outcome);
        outcome?;
        self.tell_dropped(dropped);
        for (work, done) in std::mem::take(works).into_iter().zip(done) {
            self.answer(work, done);
        }
        Ok(())
    }

    fn answer(&mut self, work: Work, done: Done) {
        match (work, done) {
            (Work::Enqueue(new, reply), Done::Enqueued(outcome)) => {
                let wait = match (&outcome, &self.store.options().bounds.when_full) {
                    (Err(error), WhenFull::Wait(time)) if error.is_full() => Some(*time),
                    _ => None,
                };
                self.tell_filling(outcome.as_ref().err());
                match wait.and_then(|time| Instant::now().checked_add(time)) {
                    Some(until) => self
                        .enqueues
                        .push_back(WaitingEnqueue { new, reply, until }),
                    None => reply.send(outcome),
                }
            }
            (Work::Settle(_, verdict, reply), Done::Settled(outcome)) => {
                if let Ok(settled) = &outcome {
                    self.tell_settled(settled, &verdict);
                }
                if let Some(reply) = reply {
                    reply.send(outcome.map(|settled| !matches!(settled, Settled::Void)));
                }
            }
            (Work::Change(change), Done::Changed(outcome)) => change.answer(outcome),
            (Work::Confirm(_, confirmation), Done::Confirmed(Ok(Some(found)))) => {
                let (item, past) = *found;
                match (past, confirmation) {
                    (Some(past), _) => self.hub.tell(&Event::Ended(past)),
                    (None, Confirmation::Quarantined(fault)) => self.hub.tell(&Event::Delayed {
                        item: Box::new(item),
                        state: State::Quarantined,
                        fault: Some(fault),
                    }),
                    _ => {}
                }
            }
            // Each part has the outcome of its kind.
            _ => {}
        }
    }

    fn tell_filling(&mut self, error: Option<&Error>) {
        match error {
            Some(Error::Full { what, .. }) if !self.filling => {
                self.filling = true;
                self.hub.tell(&Event::Filling { what, percent: 100 });
            }
            None if self.filling => {
                self.filling = false;
                self.hub.tell(&Event::Freed);
            }
            _ => {}
        }
    }

    fn tell_settled(&mut self, settled: &Settled, verdict: &Verdict) {
        let Settled::Done(effect) = settled else {
            // What is given back when a drain is dropped may be void for good reasons.
            if *verdict != Verdict::GivenBack {
                self.late_settles += 1;
                self.hub.tell(&Event::LateSettle);
            }
            return;
        };
        if let Some(past) = &effect.ended {
            self.hub.tell(&Event::Ended(past.clone()));
        }
        if let Some(state) = effect.state
            && state != State::Ready
        {
            self.hub.tell(&Event::Delayed {
                item: Box::new(effect.item.clone()),
                state,
                fault: fault_of(verdict),
            });
        }
        if let Some(item) = &effect.parked_too {
            self.hub.tell(&Event::Delayed {
                item: Box::new(item.clone()),
                state: State::Parked,
                fault: None,
            });
        }
        if let Some(reason) = effect.resumed {
            self.hub.tell(&Event::Resumed(reason));
        }
        if let Some(reason) = effect.paused {
            self.hub.tell(&Event::Paused(reason));
        }
    }

    /// Leases for those who wait. Not synced: a lease that a power cut undoes was of a process that is gone as well.
    pub(super) fn commit_takes(&mut self) {
        let mut taken = Vec::new();
        let takes = &self.takes;
        let outcome = self.store.write(false, |write| {
            taken.clear();
            for take in takes {
                taken.push(write.take(take.wanted)?);
            }
            Ok(())
        });
        let full = outcome.as_ref().is_err_and(Error::is_full);
        self.note(&outcome);
        if outcome.is_err() {
            // Where even a lease finds no room, nothing would ever be sent.
            if full {
                self.store.use_ballast();
            }
            return;
        }
        let takes = std::mem::take(&mut self.takes);
        for (take, leased) in takes.into_iter().zip(taken) {
            if leased.is_empty() {
                self.takes.push_back(take);
                continue;
            }
            self.leases += leased.len();
            let inbox = &self.inbox;
            let handed = leased.into_iter().map(|leased| Handed::new(leased, inbox));
            take.reply.send(Ok(handed.collect()));
        }
    }
}

fn fault_of(verdict: &Verdict) -> Option<crate::item::Fault> {
    match verdict {
        Verdict::Quarantined(fault) | Verdict::Refused(fault) | Verdict::Failed(fault) => {
            Some(fault.clone())
        }
        Verdict::Hold { fault, .. } => Some(fault.clone()),
        _ => None,
    }
}
