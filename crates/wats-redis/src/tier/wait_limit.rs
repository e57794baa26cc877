//! How long a call may wait for the server, in all its operations together.

use std::future::Future;
use std::time::{Duration, Instant};

/// What is left of the limit of one operation. Waiting for the load of another process does not count.
#[derive(Debug)]
pub(super) struct WaitLimit {
    left: Duration,
}

impl WaitLimit {
    pub(super) fn new(limit: Duration) -> Self {
        Self { left: limit }
    }

    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// Waits for an operation, which has a limit of its own: what was [`left`](Self::left).
    pub(super) async fn wait_for<T>(&mut self, operation: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let outcome = operation.await;
        self.left = self.left.saturating_sub(begin.elapsed());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;

    #[test]
    fn what_was_waited_is_not_there_any_more() {
        let mut wait_limit = WaitLimit::new(Duration::from_millis(20));
        let wait = || async { std::thread::sleep(Duration::from_millis(15)) };
        block_on(wait_limit.wait_for(wait()));
        assert!(wait_limit.left() <= Duration::from_millis(5));
        block_on(wait_limit.wait_for(wait()));
        assert_eq!(wait_limit.left(), Duration::ZERO);
    }
}
