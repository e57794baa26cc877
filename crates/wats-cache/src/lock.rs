//! The lock of a shard, on cache lines of its own.
//!
//! One atomic exchange to lock and a plain store to unlock. A mutex that knows who waits needs a second exchange to
//! unlock, which is a quarter of the whole cost of a hit (docs/cache.md has the figures). The price is that nobody is
//! woken: who finds the lock taken looks again, first busily, then after giving the processor away, then after short
//! sleeps. Locks are held for well under a microsecond, so that happens when the holder lost its processor, and then
//! giving ours away is what helps it.
//!
//! The feature `parking_lot` takes that crate's mutex instead: for programs with more busy threads than processors, or with
//! threads of different priority, where a holder may be kept from running for long.
//!
//! With debug assertions a thread that would wait for itself panics: code of the user, called under the lock, came back.

#[cfg(wats_loom)]
use in_every_order::{Mutex, MutexGuard};
#[cfg(all(feature = "parking_lot", not(wats_loom)))]
use parking_lot::{Mutex, MutexGuard};
#[cfg(not(any(feature = "parking_lot", wats_loom)))]
use spin::mutex::{SpinMutex as Mutex, SpinMutexGuard as MutexGuard};
use std::ops::{Deref, DerefMut};
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mutex without poison: what it guards is whole whenever code of the user can panic.
///
/// Aligned to two lines, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lock<T> {
    mutex: Mutex<T>,
    /// The thread that holds it, or zero.
    #[cfg(debug_assertions)]
    holder: AtomicUsize,
}

pub(crate) struct LockGuard<'a, T> {
    guard: MutexGuard<'a, T>,
    #[cfg(debug_assertions)]
    holder: &'a AtomicUsize,
}

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            mutex: Mutex::new(value),
            #[cfg(debug_assertions)]
            holder: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        #[cfg(wats_loom)]
        return self.locked(self.wait());
        #[cfg(not(wats_loom))]
        match self.mutex.try_lock() {
            Some(guard) => self.locked(guard),
            None => self.locked(self.wait()),
        }
    }

    /// The lock, if nobody has it.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        self.mutex.try_lock().map(|guard| self.locked(guard))
    }

    #[inline]
    fn locked<'a>(&'a self, guard: MutexGuard<'a, T>) -> LockGuard<'a, T> {
        #[cfg(debug_assertions)]
        self.holder.store(this_thread(), Ordering::Relaxed);
        LockGuard {
            guard,
            #[cfg(debug_assertions)]
            holder: &self.holder,
        }
    }

    #[cold]
    fn wait(&self) -> MutexGuard<'_, T> {
        // All threads of loom are the same to the system.
        #[cfg(all(debug_assertions, not(wats_loom)))]
        assert!(
            self.holder.load(Ordering::Relaxed) != this_thread(),
            "`Eq` or `Clone` of a key or value uses the cache that calls it: without debug assertions this would hang"
        );
        wait(&self.mutex)
    }
}

/// Looks again, first busily, then after giving the processor away, then after short sleeps.
#[cfg(not(any(feature = "parking_lot", wats_loom)))]
fn wait<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    /// Looks before the processor is given away.
    const BUSY: u32 = 50;
    /// Looks before sleeping.
    const ENOUGH: u32 = BUSY + 20;
    const NAP: std::time::Duration = std::time::Duration::from_micros(50);

    let mut looks = 0;
    loop {
        // Reading first: an exchange would take the line away from the holder.
        if !mutex.is_locked()
            && let Some(guard) = mutex.try_lock()
        {
            return guard;
        }
        match looks {
            0..BUSY => std::hint::spin_loop(),
            BUSY..ENOUGH => std::thread::yield_now(),
            _ => std::thread::sleep(NAP),
        }
        looks = looks.saturating_add(1);
    }
}

#[cfg(any(feature = "parking_lot", wats_loom))]
fn wait<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}

/// The mutex of loom, without poison.
#[cfg(wats_loom)]
mod in_every_order {
    pub(super) use loom::sync::MutexGuard;
    use std::sync::PoisonError;

    #[derive(Debug)]
    pub(super) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(super) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }
}

/// Tells the threads that run apart; never zero.
#[cfg(debug_assertions)]
fn this_thread() -> usize {
    thread_local! {
        static PLACE: u8 = const { 0 };
    }
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(debug_assertions)]
impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        self.holder.store(0, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(wats_loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn nobody_is_inside_with_another() {
        let lock = Lock::new((0_u64, 0_u64));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        let mut both = lock.lock();
                        assert_eq!(both.0, both.1);
                        both.0 += 1;
                        both.1 += 1;
                    }
                });
            }
        });
        assert_eq!(*lock.lock(), (40_000, 40_000));
    }

    #[test]
    fn a_waiter_outlasts_a_holder_that_does_not_run() {
        let lock = Lock::new(1);
        let (started, waiting) = mpsc::channel();
        std::thread::scope(|scope| {
            let mut held = lock.lock();
            let waiter = scope.spawn(|| {
                started.send(()).unwrap();
                *lock.lock()
            });
            waiting.recv().unwrap();
            // Long enough for some naps of the waiter; it must be right however long this takes.
            for _ in 0..200 {
                std::thread::yield_now();
            }
            *held = 2;
            drop(held);
            assert_eq!(waiter.join().unwrap(), 2);
        });
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "uses the cache that calls it")]
    fn its_holder_is_told_that_it_would_wait_for_itself() {
        let lock = Lock::new(1);
        let _held = lock.lock();
        lock.lock();
    }

    #[test]
    fn a_panic_inside_unlocks() {
        let lock = Lock::new(1);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = lock.lock();
            panic!("on purpose");
        }));
        assert!(caught.is_err());
        assert_eq!(*lock.lock(), 1);
    }
}
