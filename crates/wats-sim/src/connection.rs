//! A connection as its requests and its tasks see it: something that they can close, and that ends them when it closes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::rt::Executor;
use tokio::sync::watch;

/// The handle by which a request can end its own connection, and by which the tasks that HTTP/2
/// starts for its streams end with it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionHandle {
    wish: watch::Sender<Wish>,
    work: Arc<Work>,
}

/// What a connection is busy with.
#[derive(Debug, Default)]
struct Work {
    /// Requests that are being answered.
    requests: AtomicU64,
    /// Bytes that were written.
    written: AtomicU64,
}

/// What a request wishes its connection to do, in the order in which one wish goes over another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    /// Answer what is there and take nothing more.
    GoAway,
    Close,
    Reset,
}

impl Default for ConnectionHandle {
    fn default() -> Self {
        Self {
            wish: watch::Sender::new(Wish::GoOn),
            work: Arc::default(),
        }
    }
}

impl ConnectionHandle {
    /// Closes the connection without a further byte.
    pub(crate) fn abort(&self) {
        self.wish(Wish::Close);
    }

    /// Resets the connection (TCP RST).
    pub(crate) fn reset(&self) {
        self.wish(Wish::Reset);
    }

    /// Takes no further request.
    pub(crate) fn go_away(&self) {
        self.wish(Wish::GoAway);
    }

    pub(crate) fn is_reset(&self) -> bool {
        *self.wish.borrow() == Wish::Reset
    }

    pub(crate) async fn until_aborted(&self) {
        self.until(Wish::Close).await;
    }

    pub(crate) async fn until_going_away(&self) {
        self.until(Wish::GoAway).await;
    }

    /// A request is being answered until the guard is dropped.
    pub(crate) fn request(&self) -> InService {
        self.work.requests.fetch_add(1, Ordering::Relaxed);
        InService(Arc::clone(&self.work))
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.work.written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many bytes were written; none while a request is being answered.
    pub(crate) fn written_when_idle(&self) -> Option<u64> {
        let is_idle = self.work.requests.load(Ordering::Relaxed) == 0;
        is_idle.then(|| self.work.written.load(Ordering::Relaxed))
    }

    fn wish(&self, wish: Wish) {
        self.wish.send_if_modified(|now| {
            let more = *now < wish;
            *now = wish.max(*now);
            more
        });
    }

    async fn until(&self, wish: Wish) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.wish.subscribe().wait_for(|now| *now >= wish).await;
    }
}

impl<F> Executor<F> for ConnectionHandle
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let handle = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = handle.until_aborted() => {}
                _ = task => {}
            }
        });
    }
}

/// A request that is being answered.
pub(crate) struct InService(Arc<Work>);

impl Drop for InService {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Closes the connection when it is dropped.
pub(crate) struct AbortOnDrop(pub(crate) ConnectionHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
