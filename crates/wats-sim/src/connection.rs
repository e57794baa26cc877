//! A connection as its requests and its tasks see it: something that they can close, and that ends them when it closes.

use hyper::rt::Executor;
use tokio::sync::watch;

/// The handle by which a request can abort its own connection, and by which the tasks that HTTP/2
/// starts for its streams end with it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionHandle {
    aborted: watch::Sender<bool>,
}

impl Default for ConnectionHandle {
    fn default() -> Self {
        Self {
            aborted: watch::Sender::new(false),
        }
    }
}

impl ConnectionHandle {
    /// Closes the connection without a further byte.
    pub(crate) fn abort(&self) {
        self.aborted.send_replace(true);
    }

    pub(crate) async fn until_aborted(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.aborted.subscribe().wait_for(|aborted| *aborted).await;
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

/// Closes the connection when it is dropped.
pub(crate) struct AbortOnDrop(pub(crate) ConnectionHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
