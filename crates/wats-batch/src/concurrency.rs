//! Bounded concurrency inside one task: slots, each with a future under way. When one ends, the next
//! item starts in the same slot and the same allocation. A slot that wakes tells `ready`, so a wake-up
//! polls only the futures that asked for it.
//!
//! Items, futures and destructors are the caller's and may panic at any point. `Concurrent` may be
//! driven on after it: unwinding notes what ran, so the next drive knows which item panicked. That
//! item has no outcome; all others have theirs.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::ready::Ready;

/// The most futures at a time, whatever the caller allows.
pub(crate) const MOST: usize = 1 << 20;

/// After this many polls in a row, other tasks get their turn.
const BUDGET: usize = 1024;

struct Slot<Fut> {
    future: Pin<Box<Option<Fut>>>,
    /// Which item it is.
    index: usize,
    waker: Waker,
}

/// The caller's code that runs now.
#[derive(Clone, Copy)]
enum Running {
    /// `call`, for the item of this index.
    Call(usize),
    /// The future in this slot.
    Poll(usize),
}

/// Notes the caller's code that runs, should it panic. It costs nothing when it does not.
struct OnPanic<'a>(&'a mut Option<Running>, Running);

impl OnPanic<'_> {
    fn none(self) {
        std::mem::forget(self);
    }
}

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        *self.0 = Some(self.1);
    }
}

/// Runs `call` over items, at most `limit` at a time.
pub(crate) struct Concurrent<I: Iterator, F, Fut> {
    items: Option<I>,
    call: F,
    limit: usize,
    started: usize,
    slots: Vec<Slot<Fut>>,
    idle: Vec<usize>,
    ready: Ready,
    /// The caller's code that panicked while this was last driven.
    panicked: Option<Running>,
}

impl<I: Iterator, F: FnMut(I::Item) -> Fut, Fut: Future> Concurrent<I, F, Fut> {
    pub(crate) fn new(items: I, limit: usize, call: F) -> Self {
        Self {
            items: Some(items),
            call,
            limit: limit.clamp(1, MOST),
            started: 0,
            slots: Vec::new(),
            idle: Vec::new(),
            ready: Ready::new(),
            panicked: None,
        }
    }

    fn active(&self) -> usize {
        self.slots.len() - self.idle.len()
    }

    /// Starts no more items; those under way go on.
    pub(crate) fn stop(&mut self) {
        self.items = None;
    }

    /// Runs until nothing more can be done now. At most `room` items are under way; `sink` gets the
    /// index of each item that ends and its outcome (none if it panicked), and says what room is
    /// left. Ready when all items are done.
    pub(crate) fn drive(
        &mut self,
        cx: &Context<'_>,
        mut room: usize,
        mut sink: impl FnMut(usize, Option<Fut::Output>) -> usize,
    ) -> Poll<()> {
        if let Some(panicked) = self.panicked.take() {
            room = self.give_up(panicked, &mut sink);
        }
        let mut registered = false;
        for _ in 0..BUDGET {
            let slot = if let Some(slot) = self.start(room) {
                slot
            } else if self.items.is_none() && self.active() == 0 {
                return Poll::Ready(());
            } else if let Some(slot) = self.ready.next() {
                slot
            } else if registered {
                return Poll::Pending;
            } else {
                // Registered before the last look, so that no wake-up falls in between.
                registered = true;
                self.ready.tell(cx.waker());
                continue;
            };
            if let Poll::Ready(output) = self.poll(slot) {
                room = self.end(slot, Some(output), &mut sink);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Puts the next item into an idle slot, or a new one, if there is an item and room for it.
    fn start(&mut self, room: usize) -> Option<usize> {
        if self.active() >= self.limit.min(room) {
            return None;
        }
        let Some(item) = self.items.as_mut()?.next() else {
            self.items = None;
            return None;
        };
        let index = self.started;
        self.started += 1;
        let note = OnPanic(&mut self.panicked, Running::Call(index));
        let future = (self.call)(item);
        note.none();
        if let Some(slot) = self.idle.pop() {
            self.slots[slot].index = index;
            self.slots[slot].future.set(Some(future));
            return Some(slot);
        }
        let slot = self.slots.len();
        self.slots.push(Slot {
            future: Box::pin(Some(future)),
            index,
            waker: self.ready.waker(slot),
        });
        Some(slot)
    }

    fn poll(&mut self, at: usize) -> Poll<Fut::Output> {
        let slot = &mut self.slots[at];
        // A wake-up may come late, for the slot's former future.
        let Some(future) = slot.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let note = OnPanic(&mut self.panicked, Running::Poll(at));
        let outcome = future.poll(&mut Context::from_waker(&slot.waker));
        note.none();
        outcome
    }

    #[cold]
    fn give_up(
        &mut self,
        panicked: Running,
        sink: &mut impl FnMut(usize, Option<Fut::Output>) -> usize,
    ) -> usize {
        match panicked {
            Running::Call(index) => sink(index, None),
            Running::Poll(slot) => self.end(slot, None, sink),
        }
    }

    /// Empties a slot whose item has ended. The future goes last: its destructor may panic, and then
    /// the outcome is safe and the slot is free.
    #[inline]
    fn end(
        &mut self,
        at: usize,
        outcome: Option<Fut::Output>,
        sink: &mut impl FnMut(usize, Option<Fut::Output>) -> usize,
    ) -> usize {
        self.idle.push(at);
        let slot = &mut self.slots[at];
        let room = sink(slot.index, outcome);
        slot.future.set(None);
        room
    }
}
