//! Processor time: what a round cost this process, however long it waited.

use cpu_time::ProcessTime;
use std::time::Duration;

/// Runs `work` and returns what it yields with the processor time (user and system, all threads) this process spent
/// meanwhile. A server in a child process is not in it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = ProcessTime::now();
    let value = work();
    (value, start.elapsed())
}

/// [`timed`] for a future.
pub async fn timed_async<F: Future>(work: F) -> (F::Output, Duration) {
    let start = ProcessTime::now();
    let value = work.await;
    (value, start.elapsed())
}
