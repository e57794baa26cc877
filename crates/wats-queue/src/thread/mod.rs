//! The one thread that touches the store of a queue. It belongs to no runtime, runs no code of its users, and ends when nobody
//! can ask it any more.
//!
//! - `inbox.rs`: what is asked of it.
//! - `group.rs`: what was asked meanwhile goes into one transaction, and is answered after its commit.
//! - here: what happens when nobody asks: those who wait for items, other processes, the clock, the disk.
//!
//! Other processes cannot call it, so while somebody waits for an item, or for the end of one, it looks at the database a few
//! times a second. While nobody does, it sleeps.

mod group;
mod inbox;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use inbox::{Awaited, Change, Handed, Inbox, Op};
pub use inbox::Status;

use crate::error::{Error, Result};
use crate::events::{Event, Hub};
use crate::health::{Depth, Health, PauseInfo};
use crate::item::{Class, Item, Receipt, State};
use crate::options::WhenFull;
use crate::plan::{Admit, Reason, Verdict, clamp};
use crate::reply::Reply;
use crate::store::{Confirmation, Lease, NewItem, News, Store, Wanted};

/// How often other processes are looked at while somebody waits.
const POLL: Duration = Duration::from_millis(200);

/// How often owners of leases are looked at.
const OWNERS: Duration = Duration::from_millis(400);

/// How long a take waits before its credential is looked at anew, in a pause for one that was not accepted.
const CREDENTIAL: Duration = Duration::from_secs(1);

/// After how long without work the upkeep is done.
const IDLE: Duration = Duration::from_secs(2);

/// For how long it is asked what became of items.
const CONFIRM_FOR: i64 = 24 * 3600 * 1000;

/// How often what became of deliveries is tried to be written down.
const UNSETTLED: Duration = Duration::from_secs(1);

/// How often a disk that fails is tried.
const PROBE: Duration = Duration::from_secs(30);

/// A file that nobody has looked through for so long is, even after a clean end.
const CHECK_EACH: i64 = 24 * 3600 * 1000;

struct WaitingTake {
    wanted: Wanted,
    reply: Reply<Vec<Handed>>,
    since: Instant,
}

struct WaitingEnqueue {
    new: Box<NewItem>,
    reply: Reply<Receipt>,
    until: Instant,
}

pub(super) struct Runner {
    store: Store,
    inbox: Arc<Inbox>,
    hub: Arc<Hub>,
    group: group::Group,
    takes: VecDeque<WaitingTake>,
    enqueues: VecDeque<WaitingEnqueue>,
    awaited: Vec<Awaited>,
    /// Those who ask what became of items that were taken in.
    confirmers: Vec<Reply<Vec<(Item, String)>>>,
    confirmed: Instant,
    /// What became of deliveries and could not be written down yet.
    unsettled: Vec<(Lease, Verdict)>,
    failing: Option<String>,
    salvaged: u64,
    late_settles: u64,
    /// When there was work last, until the upkeep after it is done.
    worked: Option<Instant>,
    looked: Instant,
    beaten: Instant,
    probed: Instant,
    /// How many of ours are leased.
    leases: usize,
    filling: bool,
    /// Drops that are still to be told.
    untold: Arc<AtomicUsize>,
}

/// Starts the thread of an open store.
pub(crate) fn start(store: Store, hub: Arc<Hub>) -> Result<Arc<Inbox>> {
    let inbox = Arc::new(Inbox::default());
    let folder = Arc::clone(store.folder());
    let now = Instant::now();
    let mut runner = Runner {
        store,
        inbox: Arc::clone(&inbox),
        hub,
        group: group::Group::default(),
        takes: VecDeque::new(),
        enqueues: VecDeque::new(),
        awaited: Vec::new(),
        confirmers: Vec::new(),
        confirmed: now,
        unsettled: Vec::new(),
        failing: None,
        salvaged: 0,
        late_settles: 0,
        worked: Some(now),
        looked: now,
        beaten: now,
        probed: now,
        leases: 0,
        filling: false,
        untold: Arc::default(),
    };
    thread::Builder::new()
        .name("wats-queue".to_owned())
        .spawn(move || {
            // However it ends, nobody waits for an answer that will not come.
            struct Abandon(Arc<Inbox>, Arc<Hub>);
            impl Drop for Abandon {
                fn drop(&mut self) {
                    self.0.abandon();
                    self.1.close();
                }
            }
            let _abandon = Abandon(Arc::clone(&runner.inbox), Arc::clone(&runner.hub));
            runner.run();
        })
        .map_err(|error| Error::io("starting a thread for", &folder, &error))?;
    Ok(inbox)
}

impl Runner {
    fn run(&mut self) {
        self.look_through_if_due();
        self.tell_news();
        while let Some(ops) = self.inbox.next(self.pause_until(), group::MOST, group::BYTES) {
            if !ops.is_empty() {
                self.worked = Some(Instant::now());
            }
            let mut closing = None;
            for op in ops {
                match op {
                    Op::Close(reply) => closing = Some(reply),
                    op => self.sort(op),
                }
            }
            self.commit();
            self.serve();
            self.tell_news();
            if let Some(reply) = closing {
                self.close(reply);
                return;
            }
        }
        let _ = self.store.checkpoint();
    }

    fn close(&mut self, reply: Reply<()>) {
        self.inbox.close();
        self.takes.clear();
        self.awaited.clear();
        // What was asked before it was closed is done.
        while let Some(ops) = self.inbox.next(Some(Duration::ZERO), group::MOST, group::BYTES) {
            for op in ops {
                self.sort(op);
            }
            self.commit();
        }
        let outcome = self.store.checkpoint();
        self.store.close_until_needed();
        reply.send(outcome);
    }

    /// How long there is nothing to do, if nobody asks.
    fn pause_until(&self) -> Option<Duration> {
        let mut times = Vec::new();
        if !self.takes.is_empty() || !self.awaited.is_empty() || !self.enqueues.is_empty() {
            times.push(POLL);
        }
        if self.leases > 0 {
            times.push(self.beat_each().saturating_sub(self.beaten.elapsed()));
        }
        if let Some(worked) = self.worked {
            times.push(IDLE.saturating_sub(worked.elapsed()));
        }
        if !self.confirmers.is_empty() {
            let each = self.store.options().confirm_each;
            times.push(each.saturating_sub(self.confirmed.elapsed()));
        }
        if !self.unsettled.is_empty() {
            times.push(UNSETTLED.saturating_sub(self.probed.elapsed()));
        }
        if self.failing.is_some() {
            times.push(PROBE.saturating_sub(self.probed.elapsed()));
        }
        times.into_iter().min()
    }

    fn beat_each(&self) -> Duration {
        (self.store.options().stalled_after / 10).max(Duration::from_millis(20))
    }

    /// What is due whether or not somebody asked.
    fn serve(&mut self) {
        if self.leases > 0 && self.beaten.elapsed() >= self.beat_each() {
            self.store.beat();
            self.beaten = Instant::now();
        }
        if self.failing.is_some() && self.probed.elapsed() >= PROBE {
            self.probed = Instant::now();
            let outcome = self.store.write(true, |write| write.clamp_waits());
            self.note(&outcome);
        }
        if !self.unsettled.is_empty() && self.probed.elapsed() >= UNSETTLED {
            self.probed = Instant::now();
            self.settle_again();
        }
        self.retry_enqueues();
        self.serve_confirmers();
        self.serve_takes();
        self.serve_awaited();
        if self.worked.is_some_and(|worked| worked.elapsed() >= IDLE) {
            let more = self.store.upkeep();
            self.note(&more);
            self.worked = match more {
                Ok(true) => Some(Instant::now() - IDLE / 2),
                _ => None,
            };
        }
    }

    /// Items that were taken in by their receiver, every half minute while there are some. Those of which nothing is heard for
    /// a day count as sent.
    fn serve_confirmers(&mut self) {
        self.confirmers.retain(Reply::is_awaited);
        if self.confirmers.is_empty() || self.confirmed.elapsed() < self.store.options().confirm_each {
            return;
        }
        self.confirmed = Instant::now();
        let looked = self.store.read(|read| read.unconfirmed(1000));
        self.note(&looked);
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

    fn settle_again(&mut self) {
        let unsettled = std::mem::take(&mut self.unsettled);
        for (lease, verdict) in unsettled {
            self.leases += 1;
            self.sort(Op::Settle(lease, verdict, None));
        }
        self.commit();
    }

    fn serve_takes(&mut self) {
        self.takes.retain(|take| take.reply.is_awaited());
        if self.takes.is_empty() {
            return;
        }
        let owner = self.store.owner().to_owned();
        let looked = self.store.read(|read| Ok((read.peek(&owner)?, read.flow()?)));
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
            let admit = flow.admit(now, 0, false, take.wanted.credential);
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

    fn serve_awaited(&mut self) {
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
    fn retry_enqueues(&mut self) {
        self.enqueues.retain(|waiting| waiting.reply.is_awaited());
        for mut waiting in std::mem::take(&mut self.enqueues) {
            let outcome = self.store.write(true, |write| write.enqueue(&mut waiting.new));
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

    /// Looks through the whole file on a thread of its own, after an unclean end and once a day.
    fn look_through_if_due(&mut self) {
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

    fn look_through(&self) {
        let (inbox, folder) = (Arc::clone(&self.inbox), Arc::clone(self.store.folder()));
        // That it cannot be started now is no reason to stop: it is due again.
        let _ = thread::Builder::new()
            .name("wats-queue-check".to_owned())
            .spawn(move || inbox.push(Op::Checked(crate::store::check(&folder))));
    }

    fn checked(&mut self, outcome: Result<()>) {
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

    fn tell_news(&mut self) {
        for news in std::mem::take(&mut self.store.news) {
            match news {
                News::UncleanEnd => {}
                News::TakenOver(leases) => self.hub.tell(&Event::TakenOver(leases)),
                News::Salvaged(salvaged) => {
                    self.salvaged += 1;
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

    fn health(&mut self) -> Result<Health> {
        let now = self.store.now();
        let owners = self.store.owners_alive();
        let disk_is_full = !self.store.has_ballast();
        let totals = self.store.read(|read| read.totals(now))?;
        let depth: Vec<Depth> = totals
            .counts
            .iter()
            .filter_map(|(&(state, class), &(items, bytes))| {
                Some(Depth {
                    state: State::from_number(i64::from(state))?,
                    class: if class == 0 { Class::Live } else { Class::Backfill },
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
            late_settles: self.late_settles,
            owners,
        };
        if health.sent_last_minute > 0 {
            let minutes = health.to_send() as f64 / health.sent_last_minute as f64;
            health.eta = Some(Duration::from_secs((minutes * 60.0) as u64));
        }
        Ok(health)
    }

    /// Tells of what was dropped, on a thread of its own: that is code of the user.
    pub(super) fn tell_dropped(&self, dropped: Vec<crate::item::Past>) {
        let WhenFull::DropOldest(_, told) = &self.store.options().bounds.when_full else {
            return;
        };
        if dropped.is_empty() {
            return;
        }
        for past in &dropped {
            self.hub.tell(&Event::Ended(past.clone()));
        }
        let (told, untold, many) = (Arc::clone(told), Arc::clone(&self.untold), dropped.len());
        untold.fetch_add(many, Ordering::SeqCst);
        let spawned = thread::Builder::new()
            .name("wats-queue-dropped".to_owned())
            .spawn(move || {
                struct Told(Arc<AtomicUsize>, usize);
                impl Drop for Told {
                    fn drop(&mut self) {
                        self.0.fetch_sub(self.1, Ordering::SeqCst);
                    }
                }
                let _told = Told(untold, many);
                for past in &dropped {
                    told(past);
                }
            });
        if spawned.is_err() {
            self.untold.fetch_sub(many, Ordering::SeqCst);
        }
    }

    /// While too many drops are still to be told, nothing more is dropped.
    pub(super) fn may_drop(&self) -> bool {
        self.untold.load(Ordering::SeqCst) < 1024
    }
}
