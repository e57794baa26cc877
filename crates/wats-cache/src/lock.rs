//! The lock of a shard, on cache lines of its own.
//!
//! One atomic exchange to lock and a plain store to unlock. A mutex that knows who waits needs a second exchange to
//! unlock, which is a quarter of the whole cost of a hit (docs/cache.md has the figures). The price is that nobody is
//! woken: who finds the lock taken looks again, first busily, then after giving the processor away, then after short
//! sleeps. Locks are held for well under a microsecond, so that happens when the holder lost its processor, and then
//! giving ours away is what helps it.

use spin::mutex::SpinMutex;
pub(crate) use spin::mutex::SpinMutexGuard as LockGuard;
use std::time::Duration;

/// Looks before the processor is given away.
const BUSY: u32 = 50;

/// Looks before sleeping.
const ENOUGH: u32 = BUSY + 20;

const NAP: Duration = Duration::from_micros(50);

/// A mutex without poison: what it guards is whole whenever code of the user can panic.
///
/// Aligned to two lines, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lock<T>(SpinMutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(SpinMutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        match self.0.try_lock() {
            Some(guard) => guard,
            None => self.wait(),
        }
    }

    #[cold]
    fn wait(&self) -> LockGuard<'_, T> {
        let mut looks = 0;
        loop {
            // Reading first: an exchange would take the line away from the holder.
            if !self.0.is_locked()
                && let Some(guard) = self.0.try_lock()
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
}

#[cfg(test)]
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
