//! Bounded concurrency inside one task: a fixed set of slots, each with a future under way. When one
//! ends, the next item starts in the same slot and the same allocation. A slot that wakes sets its
//! bit in a small bitmap, so a wake-up polls only the futures that asked for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// The most futures at a time, whatever the caller allows.
pub(crate) const MOST: usize = 1 << 20;

/// After this many futures in a row that were ready at once, other tasks get their turn.
const BUDGET: usize = 1024;

/// The bitmap of the slots that want to be polled.
struct Ready {
    words: Box<[AtomicU64]>,
    notified: AtomicBool,
    task: AtomicWaker,
}

struct SlotWaker {
    slot: usize,
    ready: Arc<Ready>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let ready = &self.ready;
        if let Some(word) = ready.words.get(self.slot / 64) {
            word.fetch_or(1 << (self.slot % 64), Ordering::Release);
        }
        // The bit comes first: whoever takes the notice back sees it.
        if !ready.notified.swap(true, Ordering::AcqRel) {
            ready.task.wake();
        }
    }
}

struct Slot<Fut> {
    future: Pin<Box<Option<Fut>>>,
    index: usize,
    waker: Waker,
}

/// Runs `call` over items, at most `limit` at a time.
pub(crate) struct Engine<I: Iterator, F, Fut> {
    items: Option<I>,
    call: F,
    limit: usize,
    started: usize,
    slots: Vec<Slot<Fut>>,
    idle: Vec<usize>,
    ready: Arc<Ready>,
    /// Bits taken from a word of the bitmap and not polled yet.
    bits: u64,
    word: usize,
}

impl<I, F, Fut> Engine<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    pub(crate) fn new(items: I, limit: usize, call: F) -> Self {
        let upper = items.size_hint().1.unwrap_or(MOST);
        let limit = limit.min(upper).clamp(1, MOST);
        let words = (0..limit.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let ready = Ready {
            words,
            notified: AtomicBool::new(false),
            task: AtomicWaker::new(),
        };
        Self {
            items: Some(items),
            call,
            limit,
            started: 0,
            slots: Vec::new(),
            idle: Vec::new(),
            ready: Arc::new(ready),
            bits: 0,
            word: 0,
        }
    }

    fn active(&self) -> usize {
        self.slots.len() - self.idle.len()
    }

    /// Starts no more items; those under way go on.
    pub(crate) fn stop(&mut self) {
        self.items = None;
    }

    /// Runs until nothing more can be done now. At most `room` items are under way; `sink` gets each
    /// outcome with the index of its item, and says what room is left. Ready when all items are
    /// done.
    pub(crate) fn drive(
        &mut self,
        cx: &Context<'_>,
        mut room: usize,
        mut sink: impl FnMut(usize, Fut::Output) -> usize,
    ) -> Poll<()> {
        let mut budget = BUDGET;
        let mut registered = false;
        loop {
            // Start what may be started.
            while self.items.is_some() && self.active() < self.limit.min(room) {
                let Some(item) = self.items.as_mut().and_then(Iterator::next) else {
                    self.items = None;
                    break;
                };
                let slot = self.start(item);
                if let Some((index, output)) = self.poll(slot) {
                    room = sink(index, output);
                    budget -= 1;
                    if budget == 0 {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
            if self.items.is_none() && self.active() == 0 {
                return Poll::Ready(());
            }
            // Poll what has woken.
            if let Some(slot) = self.next_woken() {
                if let Some((index, output)) = self.poll(slot) {
                    room = sink(index, output);
                }
                budget -= 1;
                if budget == 0 {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            } else if registered {
                return Poll::Pending;
            } else {
                // Registered before the last look, so that no wake-up falls in between.
                registered = true;
                self.ready.task.register(cx.waker());
                self.ready.notified.swap(false, Ordering::AcqRel);
            }
        }
    }

    /// Puts an item into an idle slot, or a new one.
    fn start(&mut self, item: I::Item) -> usize {
        let future = (self.call)(item);
        let index = self.started;
        self.started += 1;
        if let Some(slot) = self.idle.pop() {
            self.slots[slot].index = index;
            self.slots[slot].future.set(Some(future));
            return slot;
        }
        let slot = self.slots.len();
        let waker = Waker::from(Arc::new(SlotWaker {
            slot,
            ready: Arc::clone(&self.ready),
        }));
        self.slots.push(Slot {
            future: Box::pin(Some(future)),
            index,
            waker,
        });
        slot
    }

    fn poll(&mut self, at: usize) -> Option<(usize, Fut::Output)> {
        let slot = &mut self.slots[at];
        // A wake-up may come late, for the slot's former future.
        let future = slot.future.as_mut().as_pin_mut()?;
        let Poll::Ready(output) = future.poll(&mut Context::from_waker(&slot.waker)) else {
            return None;
        };
        slot.future.set(None);
        self.idle.push(at);
        Some((slot.index, output))
    }

    fn next_woken(&mut self) -> Option<usize> {
        if self.bits == 0 {
            let words = self.ready.words.len();
            // Goes round from where it stopped, so that no slot is favoured.
            let found = (1..=words)
                .map(|step| (self.word + step) % words)
                .find_map(|word| {
                    let cell = &self.ready.words[word];
                    let bits = match cell.load(Ordering::Relaxed) {
                        0 => 0,
                        _ => cell.swap(0, Ordering::Acquire),
                    };
                    (bits != 0).then_some((word, bits))
                });
            (self.word, self.bits) = found?;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.word * 64 + bit)
    }
}
