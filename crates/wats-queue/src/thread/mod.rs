//! The one thread that touches the store of a queue. It belongs to no runtime, runs no code of its users, and ends when nobody
//! can ask it any more.
//!
//! - `inbox.rs`: what is asked of it.
//! - `group.rs`: what was asked meanwhile goes into one transaction, and is answered after its commit.
//! - `serve.rs`: what is done for those who wait, also when nobody asks.
//! - `watch.rs`: whether the disk works and the file is whole.
//! - here: the loop, and how long it sleeps.
//!
//! Other processes cannot call it, so while somebody waits for an item, or for the end of one, it looks at the database a few
//! times a second. While nobody does, it sleeps.

mod group;
mod inbox;
mod serve;
mod watch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub use inbox::Status;
pub(crate) use inbox::{Awaited, Change, Handed, Inbox, Op};

use crate::error::{Error, Result};
use crate::events::{Event, Hub};
use crate::item::{Item, Receipt};
use crate::options::WhenFull;
use crate::plan::Verdict;
use crate::reply::Reply;
use crate::store::{Lease, NewItem, Salvaged, Store, Wanted};

/// How often other processes are looked at while somebody waits.
const POLL: Duration = Duration::from_millis(200);

/// After how long without work the upkeep is done.
const IDLE: Duration = Duration::from_secs(2);

/// How often what became of deliveries is tried to be written down.
const UNSETTLED: Duration = Duration::from_secs(1);

/// How often a disk that fails is tried.
const PROBE: Duration = Duration::from_secs(30);

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
    /// The last one that was asked about.
    confirmed_to: i64,
    /// What became of deliveries and could not be written down yet.
    unsettled: Vec<(Lease, Verdict)>,
    failing: Option<String>,
    salvaged: u64,
    last_salvaged: Option<Salvaged>,
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
        confirmed_to: 0,
        unsettled: Vec::new(),
        failing: None,
        salvaged: 0,
        last_salvaged: None,
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
        while let Some(ops) = self
            .inbox
            .next(self.pause_until(), group::MOST, group::BYTES)
        {
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
            // Who has sent one gets the next one while the end of the first is synced. Not where an answer may stop the others.
            if self.group.has_good_news_only() {
                self.serve_takes();
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
        while let Some(ops) = self
            .inbox
            .next(Some(Duration::ZERO), group::MOST, group::BYTES)
        {
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
            let outcome = self.store.probe();
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
                Ok(true) => Instant::now().checked_sub(IDLE / 2),
                _ => None,
            };
        }
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
