//! A connection's task, to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a connection that nobody holds may take to close in order.
const GOODBYE: Duration = Duration::from_secs(2);

/// Runs a connection to its end. Once nobody holds it any more, it may say goodbye for a moment, and for a further one as
/// long as something is `written`; a peer that has stopped reading would otherwise keep it, and the slot of its call, for
/// ever.
pub(super) async fn drive(
    driver: impl Future,
    dropped: oneshot::Receiver<()>,
    written: impl Fn() -> usize,
) {
    let (mut driver, mut dropped) = (pin!(driver), pin!(dropped));
    let ended = poll_fn(|context| match driver.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => dropped.as_mut().poll(context).map(|_| false),
    });
    if ended.await {
        return;
    }
    loop {
        let before = written();
        if timeout(GOODBYE, driver.as_mut()).await.is_ok() || written() == before {
            return;
        }
    }
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use tokio::time::{Instant, sleep};

    use super::*;

    /// How long a connection that nobody holds lives, and how far it comes, when it does something every so often.
    async fn goodbye(pace: Duration, writes: bool) -> (Duration, usize) {
        let done = AtomicUsize::new(0);
        let written = || if writes { done.load(Relaxed) } else { 0 };
        let (alive, dropped) = oneshot::channel();
        drop(alive);
        let began = Instant::now();
        let driver = async {
            for _ in 0..10 {
                sleep(pace).await;
                done.fetch_add(1, Relaxed);
            }
        };
        drive(driver, dropped, written).await;
        (began.elapsed(), done.load(Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_nobody_holds_lives_as_long_as_it_gets_something_written() {
        let second = Duration::from_secs(1);
        assert_eq!(goodbye(second, true).await.1, 10);
        let (lived, done) = goodbye(second, false).await;
        assert!(lived < GOODBYE + second && done <= 2, "{lived:?}, {done}");
        let (lived, done) = goodbye(2 * GOODBYE, true).await;
        assert!(lived < GOODBYE + second && done == 0, "{lived:?}, {done}");
    }
}
