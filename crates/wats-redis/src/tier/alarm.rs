//! Waiting for a point in time without a runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use wats_background::{Job, Moment, Work};

/// Ready when its time has come.
pub(super) struct Alarm {
    ring: Arc<Ring>,
    /// Dropped, it rings no more.
    _job: Job,
}

#[derive(Default)]
struct Ring {
    rung: AtomicBool,
    waker: AtomicWaker,
}

impl Work for Ring {
    fn run(&self) -> Option<Moment> {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
        None
    }
}

impl Alarm {
    pub(super) fn after(time: Duration) -> Self {
        let ring = Arc::new(Ring::default());
        let job = Job::new(&ring);
        job.at(Moment::now().after(time));
        Self { ring, _job: job }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.ring.waker.register(context.waker());
        if self.ring.rung.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;
    use std::time::Instant;

    #[test]
    fn it_rings_no_earlier_than_it_shall() {
        for millis in [0, 1, 30] {
            let time = Duration::from_millis(millis);
            let begin = Instant::now();
            block_on(Alarm::after(time));
            assert!(begin.elapsed() >= time);
        }
    }
}
