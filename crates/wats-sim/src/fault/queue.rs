//! The faults still to come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Fault, Seen};

/// Faults in the order in which they were injected.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    seed: u64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    faults: VecDeque<Injected>,
    /// How many were ever injected.
    count: u64,
}

#[derive(Debug)]
struct Injected {
    fault: Fault,
    number: u64,
    at: Instant,
    /// Requests that fitted so far.
    fitted: u64,
}

impl FaultQueue {
    /// A queue whose chance is drawn from this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    pub(crate) fn push(&self, fault: Fault) {
        if fault.left == Some(0) {
            return;
        }
        let mut waiting = self.waiting();
        waiting.count += 1;
        let number = waiting.count;
        waiting.faults.push_back(Injected {
            fault,
            number,
            at: Instant::now(),
            fitted: 0,
        });
    }

    /// Takes the first fault that fits, or one of its repetitions.
    pub(crate) fn take(&self, seen: &Seen<'_>) -> Option<Fault> {
        let mut waiting = self.waiting();
        let now = Instant::now();
        waiting.faults.retain(|one| !one.is_over(now));
        let index = waiting
            .faults
            .iter_mut()
            .position(|one| one.hits(self.seed, now, seen))?;
        let one = waiting.faults.get_mut(index)?;
        let fault = one.fault.clone();
        if let Some(left) = &mut one.fault.left {
            *left -= 1;
            if *left == 0 {
                waiting.faults.remove(index);
            }
        }
        Some(fault)
    }

    /// Requests that are still to fail; faults without end do not count.
    pub(crate) fn pending(&self) -> usize {
        let mut waiting = self.waiting();
        let now = Instant::now();
        waiting.faults.retain(|one| !one.is_over(now));
        waiting.faults.iter().filter_map(|one| one.fault.left).sum()
    }

    /// Those still to come, in words.
    pub(crate) fn list(&self) -> Vec<String> {
        let now = Instant::now();
        self.waiting()
            .faults
            .iter()
            .filter(|one| !one.is_over(now))
            .map(|one| one.fault.to_string())
            .collect()
    }

    pub(crate) fn clear(&self) {
        self.waiting().faults.clear();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Injected {
    fn is_over(&self, now: Instant) -> bool {
        let window = self.fault.window.as_ref();
        window.is_some_and(|window| now.duration_since(self.at) >= window.end)
    }

    /// Whether this request fails; counts it if it fits.
    fn hits(&mut self, seed: u64, now: Instant, seen: &Seen<'_>) -> bool {
        let window = self.fault.window.as_ref();
        let is_early = window.is_some_and(|window| now.duration_since(self.at) < window.start);
        if is_early || !self.fault.fits(seen) {
            return false;
        }
        if self.fault.skip > 0 {
            self.fault.skip -= 1;
            return false;
        }
        self.fitted += 1;
        self.fitted.is_multiple_of(self.fault.every)
            && draw(seed, self.number, self.fitted) < u64::from(self.fault.chance)
    }
}

/// A number below a million that depends on all three (`SplitMix64` of their mix).
fn draw(seed: u64, fault: u64, request: u64) -> u64 {
    let mut mixed = seed;
    for part in [fault, request] {
        mixed = mixed.wrapping_add(part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed % 1_000_000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Action;
    use super::*;

    fn take(queue: &FaultQueue, method: &str, template: &str) -> Option<Fault> {
        queue.take(&Seen {
            method,
            template,
            ..Seen::default()
        })
    }

    #[test]
    fn faults_come_in_order_and_by_route() {
        let queue = FaultQueue::default();
        queue.push(Fault::status(500).route("GET", "/a"));
        queue.push(Fault::status(501).times(2));
        queue.push(Fault::status(502).times(0));
        assert_eq!(queue.pending(), 3);
        let status = |fault: Option<Fault>| match fault.map(|f| f.action) {
            Some(Action::Answer { status, .. }) => status,
            _ => 0,
        };
        assert_eq!(status(take(&queue, "GET", "/b")), 501);
        assert_eq!(status(take(&queue, "get", "/A")), 500);
        assert_eq!(status(take(&queue, "GET", "/a")), 501);
        assert_eq!(status(take(&queue, "GET", "/a")), 0);
    }

    #[test]
    fn what_is_skipped_passes_and_what_is_always_stays() {
        let queue = FaultQueue::default();
        queue.push(
            Fault::status(500)
                .route("*", "/api/Report/*")
                .skip(2)
                .times(2),
        );
        let hit = |template: &str| take(&queue, "POST", template).is_some();
        let routes = [
            "/api/Report/WSJF",
            "/api/Reports",
            "/api/report/Query",
            "/api/Report/WSJF",
            "/api/Report/x",
            "/api/Report/x",
        ];
        assert_eq!(routes.map(hit), [false, false, false, true, true, false]);
        queue.push(Fault::status(500).always());
        assert!((0..100).all(|_| take(&queue, "GET", "/a").is_some()));
        assert_eq!((queue.pending(), queue.list().len()), (0, 1));
    }

    #[test]
    fn chance_depends_on_the_seed_alone() {
        let hits = |seed: u64| -> Vec<bool> {
            let queue = FaultQueue::new(seed);
            queue.push(Fault::status(500).probability(0.3).always());
            (0..1000)
                .map(|_| take(&queue, "GET", "/a").is_some())
                .collect()
        };
        assert_eq!(hits(7), hits(7));
        assert_ne!(hits(7), hits(8));
        let share = hits(7).iter().filter(|hit| **hit).count();
        assert!((250..350).contains(&share), "{share}");
        let queue = FaultQueue::new(7);
        queue.push(Fault::status(500).probability(f64::NAN).always());
        assert!((0..100).all(|_| take(&queue, "GET", "/a").is_none()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_opens_and_closes() {
        let queue = FaultQueue::default();
        let second = Duration::from_secs(1);
        queue.push(Fault::status(503).during(second * 10..second * 20));
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(take(&queue, "GET", "/a").is_some());
            tokio::time::advance(second * 5).await;
        }
        assert_eq!(seen, [false, false, true, true, false]);
        assert!(queue.list().is_empty());
    }
}
