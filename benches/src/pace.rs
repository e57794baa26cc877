//! How long a round lasts, and the loop that times an operation at that length.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// Shared by all rows of a run: the runner sets it once it knows how many rows have to share the time.
#[derive(Debug, Clone)]
pub struct Pace(Arc<AtomicU64>);

impl Pace {
    /// A pace of this length of a round.
    pub fn new(round: Duration) -> Self {
        let pace = Self(Arc::default());
        pace.set(round);
        pace
    }

    /// Changes the length of all rounds to come.
    pub fn set(&self, round: Duration) {
        let nanos = u64::try_from(round.as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanos.max(1), Ordering::Relaxed);
    }

    /// How long a round should last.
    pub fn round(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Repeats a short operation for about the length of a round and returns the mean time of one.
///
/// The first round finds out how many repetitions fit, which is its warm-up too; later rounds repeat as often.
#[derive(Debug)]
pub struct Timer {
    pace: Pace,
    repetitions: Option<u64>,
}

impl Timer {
    /// A timer that has not yet found its number of repetitions; rows get one from [`crate::spec::Context::timer`].
    pub fn new(pace: &Pace) -> Self {
        Self {
            pace: pace.clone(),
            repetitions: None,
        }
    }

    /// Mean nanoseconds of one `op`. What it returns is kept from the optimiser and dropped inside the time.
    pub fn ns_per_op<T>(&mut self, mut op: impl FnMut() -> T) -> f64 {
        self.measure(|repetitions| {
            let start = Instant::now();
            for _ in 0..repetitions {
                black_box(op());
            }
            start.elapsed()
        })
    }

    /// Mean nanoseconds of one `op` that takes far longer than a look at the clock. What it returns is dropped outside
    /// the time.
    pub fn ns_per_op_kept<T>(&mut self, mut op: impl FnMut() -> T) -> f64 {
        self.measure(|repetitions| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..repetitions {
                let start = Instant::now();
                let made = black_box(op());
                elapsed += start.elapsed();
                drop(made);
            }
            elapsed
        })
    }

    /// Mean nanoseconds of one awaited `op`, one after the other.
    pub async fn ns_per_op_async<T>(&mut self, mut op: impl AsyncFnMut() -> T) -> f64 {
        let mut repetitions = self.repetitions.unwrap_or(1);
        loop {
            let start = Instant::now();
            for _ in 0..repetitions {
                black_box(op().await);
            }
            let elapsed = start.elapsed();
            match self.next(repetitions, elapsed) {
                Some(more) => repetitions = more,
                None => return per_op(elapsed, repetitions),
            }
        }
    }

    /// Mean nanoseconds that one thread waits for one operation while `threads` of them work at the same time.
    ///
    /// `worker(thread)` is called on each thread and returns that thread's operation, so each may own its keys or
    /// its random numbers. Time runs from the moment all threads are ready to the end of the last one.
    pub fn ns_per_op_threads<T, Op>(
        &mut self,
        threads: usize,
        worker: impl Fn(usize) -> Op + Sync,
    ) -> f64
    where
        Op: FnMut() -> T,
    {
        self.measure(|repetitions| {
            let ready = Barrier::new(threads + 1);
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    let (ready, worker) = (&ready, &worker);
                    scope.spawn(move || {
                        let mut op = worker(thread);
                        ready.wait();
                        for _ in 0..repetitions {
                            black_box(op());
                        }
                        ready.wait();
                    });
                }
                ready.wait();
                let start = Instant::now();
                ready.wait();
                start.elapsed()
            })
        })
    }

    fn measure(&mut self, mut run: impl FnMut(u64) -> Duration) -> f64 {
        let mut repetitions = self.repetitions.unwrap_or(1);
        loop {
            let elapsed = run(repetitions);
            match self.next(repetitions, elapsed) {
                Some(more) => repetitions = more,
                None => return per_op(elapsed, repetitions),
            }
        }
    }

    /// The number of repetitions to try next, or `None` when this measurement counts.
    fn next(&mut self, repetitions: u64, elapsed: Duration) -> Option<u64> {
        if self.repetitions.is_some() {
            return None;
        }
        let wanted = self.pace.round();
        if elapsed >= wanted / 2 {
            self.repetitions = Some(repetitions);
            return None;
        }
        // Never more than tenfold at once: the first repetitions are cold and say little about the rest.
        let factor = wanted.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
        Some(((repetitions as f64) * factor.clamp(1.5, 10.0)).ceil() as u64)
    }
}

fn per_op(elapsed: Duration, repetitions: u64) -> f64 {
    elapsed.as_secs_f64() * 1e9 / repetitions as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_grow_until_the_round_is_long_enough_and_then_stay() {
        let mut timer = Timer::new(&Pace::new(Duration::from_millis(10)));
        let mut tried = Vec::new();
        // A pretended operation of exactly 1 µs.
        let ns = timer.measure(|n| {
            tried.push(n);
            Duration::from_micros(n)
        });
        assert!((ns - 1000.0).abs() < 1e-6, "{ns}");
        assert_eq!(tried[0], 1);
        let settled = *tried.last().unwrap();
        assert!((5_000..=100_000).contains(&settled), "{tried:?}");
        tried.clear();
        timer.measure(|n| {
            tried.push(n);
            Duration::from_micros(n)
        });
        assert_eq!(tried, [settled]);
    }

    #[test]
    fn every_thread_does_its_share() {
        let done = AtomicU64::new(0);
        let mut timer = Timer::new(&Pace::new(Duration::from_nanos(1)));
        timer.ns_per_op_threads(2, |_| || done.fetch_add(1, Ordering::Relaxed));
        assert_eq!(done.load(Ordering::Relaxed) % 2, 0);
        assert!(done.load(Ordering::Relaxed) >= 2);
    }
}
