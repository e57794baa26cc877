//! Trays: while a worker is about to take a batch, the callers on its thread leave their items in a
//! tray beside it, and the queue takes in the whole tray under one lock. Without them the queue's
//! lock travels between the cores with every item, which costs more than all the rest together.
//!
//! - **Nobody is stranded.** A tray is open only between a worker's [`open`](Trays::open) and its next
//!   look at the queue, when it closes the tray and brings the items along; also when it is dropped.
//! - **Order.** A tray looks closed only once its items are in the queue. So a caller either finds the
//!   tray of its thread open, leaves its item there or brings the tray along and goes behind it; or finds
//!   it closed, and then all that was left there before stands in the queue already. What a task adds
//!   in one turn is on one thread, and stays in order.
//! - **Rules.** A tray knows none. Priorities, room and windows are the queue's matter, and begin when
//!   it takes the items in; a window counts from when the first of them was left.
//!
//! Lock order: a tray before the queue.

use std::ops::Range;
use std::task::Waker;

use tokio::time::Instant;

use crate::Priority;
use crate::core::site::SiteId;
use crate::list::Index;
use crate::runtime::Runtime;
use crate::sync::{AtomicBool, Lock, LockGuard, Ordering};

/// Threads beyond this many share trays.
const TRAYS: usize = 16;

/// A full tray is brought to the queue by the next caller, so that no lock is held for long.
const MOST: usize = 256;

/// An item, its caller and the number it has got.
#[derive(Debug)]
pub(crate) struct Left<T> {
    pub(crate) item: T,
    pub(crate) waker: Waker,
    pub(crate) priority: Priority,
    pub(crate) index: Index,
}

#[derive(Debug)]
pub(crate) struct Tray<T> {
    is_open: bool,
    /// The runtime of the worker that opened it, and whose items alone may be left here.
    runtime: Runtime,
    pub(crate) site: SiteId,
    /// The numbers of the next items.
    cells: Range<Index>,
    /// When the first item was left.
    since: Option<Instant>,
    items: Vec<Left<T>>,
}

impl<T> Tray<T> {
    pub(crate) const fn new() -> Self {
        Self {
            is_open: false,
            runtime: None,
            site: 0,
            cells: 0..0,
            since: None,
            items: Vec::new(),
        }
    }

    /// A number for an item that may be left here; `more` issues cells.
    #[inline]
    pub(crate) fn admit(
        &mut self,
        runtime: Runtime,
        more: impl FnOnce() -> Range<Index>,
    ) -> Option<Index> {
        if !self.is_open || self.runtime != runtime || self.items.len() >= MOST {
            return None;
        }
        if self.cells.is_empty() {
            self.cells = more();
        }
        self.cells.next()
    }

    #[inline]
    pub(crate) fn leave(&mut self, left: Left<T>) {
        if self.items.is_empty() {
            self.since = Some(Instant::now());
        }
        self.items.push(left);
    }

    /// Takes an item out again, if it is still here.
    pub(crate) fn withdraw(&mut self, index: Index) -> Option<Left<T>> {
        let at = self.items.iter().position(|left| left.index == index)?;
        Some(self.items.remove(at))
    }

    /// Empties the tray: when the first item came, and all of them in order.
    pub(crate) fn take(&mut self) -> Option<(Instant, std::vec::Drain<'_, Left<T>>)> {
        Some((self.since.take()?, self.items.drain(..)))
    }
}

/// Which tray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrayId(u8);

/// On cache lines of its own, so that threads do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
struct Place<T> {
    /// Spares the lock while the tray is closed. Only a hint: what counts is in the tray.
    looks_open: AtomicBool,
    tray: Lock<Tray<T>>,
}

#[derive(Debug)]
pub(crate) struct Trays<T> {
    places: [Place<T>; TRAYS],
}

impl<T> Trays<T> {
    pub(crate) fn new() -> Self {
        Self {
            places: std::array::from_fn(|_| Place {
                looks_open: AtomicBool::new(false),
                tray: Lock::new(Tray::new()),
            }),
        }
    }

    /// The tray of this thread, if it is open.
    #[inline]
    pub(crate) fn here(&self) -> Option<TrayId> {
        let id = thread_number();
        self.place(id)
            .looks_open
            .load(Ordering::Relaxed)
            .then_some(id)
    }

    /// All trays that are open.
    pub(crate) fn open_ones(&self) -> impl Iterator<Item = TrayId> {
        (0..TRAYS as u8)
            .map(TrayId)
            .filter(|id| self.place(*id).looks_open.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn lock(&self, id: TrayId) -> LockGuard<'_, Tray<T>> {
        self.place(id).tray.lock()
    }

    /// Opens the tray of this thread, unless another worker has. Who opens it has to close it.
    pub(crate) fn open(&self, runtime: Runtime, site: SiteId) -> Option<TrayId> {
        let id = thread_number();
        let mut tray = self.lock(id);
        if std::mem::replace(&mut tray.is_open, true) {
            return None;
        }
        (tray.runtime, tray.site) = (runtime, site);
        self.place(id).looks_open.store(true, Ordering::Relaxed);
        Some(id)
    }

    /// Closes a tray: `take_in` brings what lies in it into the queue, and hands the queue out, still
    /// locked. Only then the tray looks closed: a caller that sees it so and goes to the queue waits for
    /// its lock, and comes behind.
    pub(crate) fn close<Q>(&self, id: TrayId, take_in: impl FnOnce(&mut Tray<T>) -> Q) -> Q {
        let mut tray = self.lock(id);
        tray.is_open = false;
        let queue = take_in(&mut tray);
        self.place(id).looks_open.store(false, Ordering::Relaxed);
        queue
    }

    #[inline]
    fn place(&self, id: TrayId) -> &Place<T> {
        &self.places[usize::from(id.0) % TRAYS]
    }
}

/// Threads are numbered as they come, so that the first ones have a tray each.
#[cfg(not(wats_loom))]
#[inline]
fn thread_number() -> TrayId {
    use std::sync::atomic::AtomicUsize;

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HERE: TrayId = TrayId((NEXT.fetch_add(1, Ordering::Relaxed) % TRAYS) as u8);
    }
    HERE.try_with(|id| *id).unwrap_or(TrayId(0))
}

/// All threads of a model share one tray: more must not go wrong than with one each.
#[cfg(wats_loom)]
fn thread_number() -> TrayId {
    TrayId(0)
}

#[cfg(all(test, not(wats_loom)))]
mod tests {
    use super::*;

    fn left(index: Index) -> Left<Index> {
        Left {
            item: index,
            waker: Waker::noop().clone(),
            priority: Priority::Normal,
            index,
        }
    }

    #[test]
    fn a_tray_takes_items_only_while_it_is_open_and_not_full() {
        let trays = Trays::new();
        assert!(trays.here().is_none());
        let id = trays.open(None, 0).unwrap();
        assert_eq!((trays.here(), trays.open(None, 0)), (Some(id), None));
        let mut issued = 0..2 * MOST as Index;
        for index in 0..MOST as Index {
            let mut tray = trays.lock(id);
            let admitted = tray.admit(None, || std::mem::take(&mut issued)).unwrap();
            assert_eq!(admitted, index);
            tray.leave(left(index));
        }
        assert!(trays.lock(id).admit(None, || 0..0).is_none());
        assert!(trays.lock(id).take().is_some());
        assert!(trays.lock(id).admit(None, || 0..0).is_some());
        trays.close(id, |_| ());
        assert!(trays.here().is_none() && trays.open_ones().next().is_none());
        assert!(trays.lock(id).admit(None, || 0..0).is_none());
    }

    #[test]
    fn a_withdrawn_item_leaves_the_others_in_order() {
        let mut tray = Tray::new();
        (0..4).for_each(|index| tray.leave(left(index)));
        assert_eq!(tray.withdraw(1).unwrap().item, 1);
        assert!(tray.withdraw(1).is_none());
        let (_, items) = tray.take().unwrap();
        assert_eq!(items.map(|left| left.item).collect::<Vec<_>>(), [0, 2, 3]);
        assert!(tray.take().is_none() && tray.withdraw(2).is_none());
    }
}
