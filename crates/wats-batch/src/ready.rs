//! Which slots want to be polled: a bit for each, in words of 64 which a look goes through in turn. So a
//! wake-up is one atomic operation, no slot is favoured, and slots that wake together are polled in
//! their order.

use std::sync::Arc;
use std::task::{Wake, Waker};

#[cfg(not(wats_loom))]
use {
    futures_util::task::AtomicWaker,
    std::sync::atomic::{AtomicU64, Ordering},
};
#[cfg(wats_loom)]
use {
    loom::future::AtomicWaker,
    loom::sync::atomic::{AtomicU64, Ordering},
};

struct Group {
    /// The slots that have woken.
    bits: AtomicU64,
    task: Arc<AtomicWaker>,
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
        // Whoever sets the first bit wakes the task for all who join before the bits are taken.
        if self.group.bits.fetch_or(self.bit, Ordering::AcqRel) == 0 {
            self.group.task.wake();
        }
    }
}

/// The end of `Concurrent`: gives the slots that have woken.
pub(crate) struct Ready {
    task: Arc<AtomicWaker>,
    groups: Vec<Arc<Group>>,
    /// Where the look is, and its slots that were taken and not polled yet.
    group: usize,
    bits: u64,
}

impl Ready {
    pub(crate) fn new() -> Self {
        Self {
            task: Arc::new(AtomicWaker::new()),
            groups: Vec::new(),
            group: 0,
            bits: 0,
        }
    }

    /// The waker of a slot. Slots are asked for from 0 on.
    pub(crate) fn waker(&mut self, slot: usize) -> Waker {
        let number = slot / 64;
        if self.groups.len() <= number {
            self.groups.push(Arc::new(Group {
                bits: AtomicU64::new(0),
                task: Arc::clone(&self.task),
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
        self.task.register(task);
        #[cfg(wats_loom)]
        self.task.register_by_ref(task);
    }

    /// The slot to poll next.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.bits == 0 && !self.look() {
            return None;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.group * 64 + bit)
    }

    /// Takes the bits of the next group that has any.
    fn look(&mut self) -> bool {
        for _ in 0..self.groups.len() {
            self.group = (self.group + 1) % self.groups.len();
            let bits = &self.groups[self.group].bits;
            if bits.load(Ordering::Relaxed) != 0 {
                self.bits = bits.swap(0, Ordering::AcqRel);
                return true;
            }
        }
        false
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
                // As `Concurrent` does it.
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
