//! Which slots want to be polled. Slots stand in groups of 64 with a bit each; a group whose first bit
//! is set goes on a stack, which the engine takes as a whole. So a wake-up costs the same however
//! many slots there are, and slots that wake together are polled in their order.

use std::sync::Arc;
use std::task::{Wake, Waker};

#[cfg(not(wats_loom))]
use {
    futures_util::task::AtomicWaker,
    std::sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};
#[cfg(wats_loom)]
use {
    loom::future::AtomicWaker,
    loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// The end of a list of groups.
const END: usize = usize::MAX;

/// What wakers and engine share.
struct Woken {
    /// The groups with a bit set, the latest first.
    latest: AtomicUsize,
    task: AtomicWaker,
}

struct Group {
    number: usize,
    /// The slots that have woken. The group is on a list, or about to be, while one is set.
    bits: AtomicU64,
    /// The next group on that list; it belongs to whoever set the first bit.
    next: AtomicUsize,
    woken: Arc<Woken>,
}

struct SlotWaker {
    bit: u64,
    group: Arc<Group>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let group = &*self.group;
        if group.bits.fetch_or(self.bit, Ordering::AcqRel) != 0 {
            // Whoever set the first bit lists the group, and wakes the task after this.
            return;
        }
        let latest = &group.woken.latest;
        let mut before = latest.load(Ordering::Relaxed);
        loop {
            group.next.store(before, Ordering::Relaxed);
            match latest.compare_exchange_weak(
                before,
                group.number,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => before = now,
            }
        }
        // Whoever began the list wakes the task for all who join before it is taken.
        if before == END {
            group.woken.task.wake();
        }
    }
}

/// The engine's end: gives the slots that have woken.
pub(crate) struct Ready {
    woken: Arc<Woken>,
    groups: Vec<Arc<Group>>,
    /// Groups that were taken and not looked into yet, in the order in which they were listed, so
    /// that none is favoured.
    first: usize,
    /// Slots of the group `group` that were taken and not polled yet.
    bits: u64,
    group: usize,
}

impl Ready {
    pub(crate) fn new() -> Self {
        Self {
            woken: Arc::new(Woken {
                latest: AtomicUsize::new(END),
                task: AtomicWaker::new(),
            }),
            groups: Vec::new(),
            first: END,
            bits: 0,
            group: 0,
        }
    }

    /// The waker of a slot. Slots are asked for from 0 on.
    pub(crate) fn waker(&mut self, slot: usize) -> Waker {
        let number = slot / 64;
        if self.groups.len() <= number {
            self.groups.push(Arc::new(Group {
                number,
                bits: AtomicU64::new(0),
                next: AtomicUsize::new(END),
                woken: Arc::clone(&self.woken),
            }));
        }
        Waker::from(Arc::new(SlotWaker {
            bit: 1 << (slot % 64),
            group: Arc::clone(&self.groups[number]),
        }))
    }

    /// Wakes this task from now on when a slot wakes. What woke before has not told it, so ask for
    /// [`next`](Self::next) after it.
    pub(crate) fn tell(&self, task: &Waker) {
        #[cfg(not(wats_loom))]
        self.woken.task.register(task);
        #[cfg(wats_loom)]
        self.woken.task.register_by_ref(task);
    }

    /// The slot to poll next.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if self.first == END {
                self.take();
            }
            let group = self.groups.get(self.first)?;
            self.group = self.first;
            // Read before the bits are taken back: then it may be listed again.
            self.first = group.next.load(Ordering::Relaxed);
            self.bits = group.bits.swap(0, Ordering::AcqRel);
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.group * 64 + bit)
    }

    /// Takes the list and turns it round.
    fn take(&mut self) {
        let latest = &self.woken.latest;
        if latest.load(Ordering::Relaxed) == END {
            return;
        }
        let mut number = latest.swap(END, Ordering::AcqRel);
        while let Some(group) = self.groups.get(number) {
            let earlier = group.next.load(Ordering::Relaxed);
            group.next.store(self.first, Ordering::Relaxed);
            self.first = number;
            number = earlier;
        }
    }
}
