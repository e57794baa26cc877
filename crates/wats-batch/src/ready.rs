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

/// Wake-ups from several threads, in every order they can run in. A lost one shows as a deadlock.
///
/// ```text
/// RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-batch --lib ready::loom_tests
/// ```
#[cfg(all(test, wats_loom))]
mod loom_tests {
    use std::collections::BTreeSet;
    use std::future::poll_fn;
    use std::task::Poll;

    use loom::future::block_on;
    use loom::thread;

    use super::Ready;

    /// Each of these slots is woken by a thread of its own; all are seen by a task that sleeps in
    /// between.
    fn all_are_seen(slots: &'static [usize]) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let mut ready = Ready::new();
            let last = slots.iter().max().copied().unwrap_or(0);
            let wakers: Vec<_> = (0..=last).map(|slot| ready.waker(slot)).collect();
            let threads: Vec<_> = slots
                .iter()
                .map(|&slot| {
                    let waker = wakers[slot].clone();
                    thread::spawn(move || waker.wake())
                })
                .collect();
            let mut seen = BTreeSet::new();
            block_on(poll_fn(|cx| {
                // As the engine does it.
                let mut told = false;
                loop {
                    if let Some(slot) = ready.next() {
                        seen.insert(slot);
                    } else if seen.iter().eq(slots) {
                        return Poll::Ready(());
                    } else if told {
                        return Poll::Pending;
                    } else {
                        told = true;
                        ready.tell(cx.waker());
                    }
                }
            }));
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(ready.next(), None);
        });
    }

    #[test]
    fn of_one_group() {
        all_are_seen(&[0, 1]);
    }

    #[test]
    fn of_two_groups() {
        all_are_seen(&[0, 64]);
    }

    #[test]
    fn of_one_slot_that_wakes_again_while_it_is_polled() {
        loom::model(|| {
            let mut ready = Ready::new();
            let waker = ready.waker(0);
            let count = loom::sync::Arc::new(loom::sync::atomic::AtomicUsize::new(0));
            let (there, other) = (count.clone(), waker.clone());
            let thread = thread::spawn(move || {
                for _ in 0..2 {
                    there.fetch_add(1, loom::sync::atomic::Ordering::Relaxed);
                    other.wake_by_ref();
                }
            });
            // What was done before a wake-up is seen by the poll after it.
            block_on(poll_fn(|cx| {
                let mut told = false;
                loop {
                    if ready.next().is_some() {
                        if count.load(loom::sync::atomic::Ordering::Relaxed) == 2 {
                            return Poll::Ready(());
                        }
                    } else if told {
                        return Poll::Pending;
                    } else {
                        told = true;
                        ready.tell(cx.waker());
                    }
                }
            }));
            thread.join().unwrap();
        });
    }
}
