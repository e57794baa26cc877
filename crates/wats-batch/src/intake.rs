//! Intake buffers of threads: from the moment a worker is about to take a batch until it does, items added
//! on its thread are buffered, and the queue takes in the whole buffer under one lock. Without them the
//! queue's lock travels between the cores with every item, which costs more than all the rest together.
//!
//! - **Nobody is stranded.** A buffer is open only between a worker's [`open`](IntakeBuffers::open) and its next
//!   look at the queue, when it closes the buffer and brings the items along; also when it is dropped.
//! - **Order.** A buffer looks closed only once its items are in the queue. So a caller either finds the
//!   buffer of its thread open, leaves its item there or brings the buffer along and goes behind it; or finds
//!   it closed, and then all that was left there before stands in the queue already. What a task adds
//!   in one turn is on one thread, and stays in order.
//! - **Rules.** A buffer knows none. Priorities, room and windows are the queue's matter, and begin when
//!   it takes the items in; a window counts from when the first of them was left.
//!
//! Lock order: a buffer before the queue.

use std::ops::Range;
use std::task::Waker;

use tokio::time::Instant;

use crate::Priority;
use crate::core::site::SiteId;
use crate::list::Index;
use crate::runtime::Runtime;
use crate::sync::{AtomicBool, Lock, LockGuard, Ordering};

/// Threads beyond this many share buffers.
const BUFFERS: usize = 16;

/// A full buffer is brought to the queue by the next caller, so that no lock is held for long.
const MOST: usize = 256;

/// An item, its caller and the number it has got.
#[derive(Debug)]
pub(crate) struct Buffered<T> {
    pub(crate) item: T,
    pub(crate) waker: Waker,
    pub(crate) priority: Priority,
    pub(crate) index: Index,
}

#[derive(Debug)]
pub(crate) struct IntakeBuffer<T> {
    is_open: bool,
    /// The runtime of the worker that opened it, and whose items alone may be left here.
    runtime: Runtime,
    pub(crate) site: SiteId,
    /// The numbers of the next items.
    cells: Range<Index>,
    /// When the first item was left.
    since: Option<Instant>,
    items: Vec<Buffered<T>>,
}

impl<T> IntakeBuffer<T> {
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
    pub(crate) fn leave(&mut self, left: Buffered<T>) {
        if self.items.is_empty() {
            self.since = Some(Instant::now());
        }
        self.items.push(left);
    }

    /// Takes an item out again, if it is still here.
    pub(crate) fn withdraw(&mut self, index: Index) -> Option<Buffered<T>> {
        let at = self.items.iter().position(|left| left.index == index)?;
        Some(self.items.remove(at))
    }

    /// Empties the buffer: when the first item came, and all of them in order.
    pub(crate) fn take(&mut self) -> Option<(Instant, std::vec::Drain<'_, Buffered<T>>)> {
        Some((self.since.take()?, self.items.drain(..)))
    }
}

/// Which buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BufferId(u8);

/// On cache lines of its own, so that threads do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
struct Place<T> {
    /// Spares the lock while the buffer is closed. Only a hint: what counts is in the buffer.
    looks_open: AtomicBool,
    buffer: Lock<IntakeBuffer<T>>,
}

#[derive(Debug)]
pub(crate) struct IntakeBuffers<T> {
    places: [Place<T>; BUFFERS],
}

impl<T> IntakeBuffers<T> {
    pub(crate) fn new() -> Self {
        Self {
            places: std::array::from_fn(|_| Place {
                looks_open: AtomicBool::new(false),
                buffer: Lock::new(IntakeBuffer::new()),
            }),
        }
    }

    /// The buffer of this thread, if it is open.
    #[inline]
    pub(crate) fn here(&self) -> Option<BufferId> {
        let id = thread_number();
        self.place(id)
            .looks_open
            .load(Ordering::Relaxed)
            .then_some(id)
    }

    /// All buffers that are open.
    pub(crate) fn open_ones(&self) -> impl Iterator<Item = BufferId> {
        (0..BUFFERS as u8)
            .map(BufferId)
            .filter(|id| self.place(*id).looks_open.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn lock(&self, id: BufferId) -> LockGuard<'_, IntakeBuffer<T>> {
        self.place(id).buffer.lock()
    }

    /// Opens the buffer of this thread, unless another worker has. Who opens it has to close it.
    pub(crate) fn open(&self, runtime: Runtime, site: SiteId) -> Option<BufferId> {
        let id = thread_number();
        let mut buffer = self.lock(id);
        if std::mem::replace(&mut buffer.is_open, true) {
            return None;
        }
        (buffer.runtime, buffer.site) = (runtime, site);
        self.place(id).looks_open.store(true, Ordering::Relaxed);
        Some(id)
    }

    /// Closes a buffer: `take_in` brings what lies in it into the queue, and hands the queue out, still
    /// locked. Only then the buffer looks closed: a caller that sees it so and goes to the queue waits for
    /// its lock, and comes behind.
    pub(crate) fn close<Q>(
        &self,
        id: BufferId,
        take_in: impl FnOnce(&mut IntakeBuffer<T>) -> Q,
    ) -> Q {
        let mut buffer = self.lock(id);
        buffer.is_open = false;
        let queue = take_in(&mut buffer);
        self.place(id).looks_open.store(false, Ordering::Relaxed);
        queue
    }

    #[inline]
    fn place(&self, id: BufferId) -> &Place<T> {
        &self.places[usize::from(id.0) % BUFFERS]
    }
}

/// Threads are numbered as they come, so that the first ones have a buffer each.
#[cfg(not(wats_loom))]
#[inline]
fn thread_number() -> BufferId {
    use std::sync::atomic::AtomicUsize;

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HERE: BufferId = BufferId((NEXT.fetch_add(1, Ordering::Relaxed) % BUFFERS) as u8);
    }
    HERE.try_with(|id| *id).unwrap_or(BufferId(0))
}

/// All threads of a model share one buffer: more must not go wrong than with one each.
#[cfg(wats_loom)]
fn thread_number() -> BufferId {
    BufferId(0)
}

#[cfg(all(test, not(wats_loom)))]
mod tests {
    use super::*;

    fn left(index: Index) -> Buffered<Index> {
        Buffered {
            item: index,
            waker: Waker::noop().clone(),
            priority: Priority::Normal,
            index,
        }
    }

    #[test]
    fn a_buffer_takes_items_only_while_it_is_open_and_not_full() {
        let buffers = IntakeBuffers::new();
        assert!(buffers.here().is_none());
        let id = buffers.open(None, 0).unwrap();
        assert_eq!((buffers.here(), buffers.open(None, 0)), (Some(id), None));
        let mut issued = 0..2 * MOST as Index;
        for index in 0..MOST as Index {
            let mut buffer = buffers.lock(id);
            let admitted = buffer.admit(None, || std::mem::take(&mut issued)).unwrap();
            assert_eq!(admitted, index);
            buffer.leave(left(index));
        }
        assert!(buffers.lock(id).admit(None, || 0..0).is_none());
        assert!(buffers.lock(id).take().is_some());
        assert!(buffers.lock(id).admit(None, || 0..0).is_some());
        buffers.close(id, |_| ());
        assert!(buffers.here().is_none() && buffers.open_ones().next().is_none());
        assert!(buffers.lock(id).admit(None, || 0..0).is_none());
    }

    #[test]
    fn a_withdrawn_item_leaves_the_others_in_order() {
        let mut buffer = IntakeBuffer::new();
        (0..4).for_each(|index| buffer.leave(left(index)));
        assert_eq!(buffer.withdraw(1).unwrap().item, 1);
        assert!(buffer.withdraw(1).is_none());
        let (_, items) = buffer.take().unwrap();
        assert_eq!(items.map(|left| left.item).collect::<Vec<_>>(), [0, 2, 3]);
        assert!(buffer.take().is_none() && buffer.withdraw(2).is_none());
    }
}
