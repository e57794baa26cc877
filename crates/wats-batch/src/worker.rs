//! A bulk slot: a task that takes a batch, calls the bulk function, answers the callers and looks for
//! the next batch. With nothing to take it ends; the queue asks for another when there is.

use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::bulk::Outcome;
use crate::entry::Index;
use crate::error::{Answer, panic_message};
use crate::foreign::{forget_panic, let_go};
use crate::queue::Post;
use crate::recovery::SubBatch;
use crate::shared::Shared;
use crate::{BatchError, Policy};

pub(crate) struct Worker<T, R, E> {
    pub(crate) shared: Arc<Shared<T, R, E>>,
    post: Post,
    /// The entries of the bulk call under way.
    pub(crate) entries: Vec<Index>,
    /// Parts of the batch that are to be sent again.
    pub(crate) parts: VecDeque<SubBatch<T, E>>,
    /// How long the last call took.
    took: Option<Duration>,
    /// It has yet to take a batch.
    is_starting: bool,
    is_done: bool,
}

impl<T: Send + 'static, R: Send + 'static, E: Send + Sync + 'static> Worker<T, R, E> {
    /// The queue has counted it as starting.
    pub(crate) fn new(shared: &Arc<Shared<T, R, E>>, post: Post) -> Self {
        Self {
            shared: Arc::clone(shared),
            post,
            entries: Vec::new(),
            parts: VecDeque::new(),
            took: None,
            is_starting: true,
            is_done: false,
        }
    }

    pub(crate) async fn run(mut self) {
        if self.shared.policy == Policy::Eager {
            // The callers that are ready to run now get to add their items first.
            yield_once().await;
        }
        while let Some((items, taken)) = self.take() {
            let served = AssertUnwindSafe(self.serve(items, taken))
                .catch_unwind()
                .await;
            if let Err(payload) = served {
                self.give_up(payload);
            }
            // The callers just woken may have more; wait for them rather than end.
            yield_once().await;
        }
    }

    /// The next batch, and when it was taken.
    pub(crate) fn take(&mut self) -> Option<(Vec<T>, Instant)> {
        let (post, entries) = (self.post, &mut self.entries);
        let batch = self.shared.update(|queue, _| queue.take(post, entries));
        self.is_starting = false;
        self.is_done = batch.is_none();
        batch
    }

    /// Serves a batch just taken until each of its items is answered.
    async fn serve(&mut self, items: Vec<T>, taken: Instant) {
        let shared = Arc::clone(&self.shared);
        if let Some(recovery) = &shared.options.recovery {
            self.serve_with_recovery(items, recovery).await;
        } else {
            match self.call(items, taken).await {
                Ok(answers) => self.settle(answers, true),
                Err(error) => self.fail(&error, true),
            }
        }
    }

    /// Calls the bulk function and measures it.
    pub(crate) async fn call(&mut self, items: Vec<T>, started: Instant) -> Outcome<R, E> {
        let count = items.len();
        let outcome = self.shared.bulk.call(items).await;
        let took = started.elapsed();
        self.took = Some(took);
        self.shared.options.meter.called(count, took);
        outcome
    }

    /// Answers the callers of a call. After the last of a batch the worker counts as starting.
    pub(crate) fn settle(&mut self, answers: impl IntoIterator<Item = Answer<R, E>>, last: bool) {
        let (post, entries, took) = (self.post, &mut self.entries, self.took.take());
        self.is_starting = last;
        let failed = self.shared.update(|queue, deferred| {
            if let Some(took) = took {
                queue.stats.called(took);
            }
            let failed = queue.settle(entries.drain(..), answers, deferred);
            if last {
                queue.look_again(post);
            }
            failed
        });
        self.shared.options.meter.failed(failed);
    }

    /// Answers all callers of a call with the same error.
    pub(crate) fn fail(&mut self, error: &BatchError<E>, last: bool) {
        let same = std::iter::repeat_with(|| Err(error.clone()));
        self.settle(same.take(self.entries.len()), last);
    }

    /// Foreign code beside the bulk function has panicked: a predicate of a retry, a clone of an item, a
    /// recorder of metrics. What of the batch was not answered is, and the worker goes on.
    #[cold]
    fn give_up(&mut self, payload: Box<dyn Any + Send>) {
        let message = panic_message(&*payload);
        forget_panic(payload);
        if !self.is_starting {
            self.drop_parts();
            self.fail(&BatchError::Panicked(message), true);
        }
    }
}

impl<T, R, E> Worker<T, R, E> {
    /// Nothing is sent again; the callers are still to be told.
    fn drop_parts(&mut self) {
        for part in std::mem::take(&mut self.parts) {
            self.entries
                .extend(part.items.iter().map(|(entry, _)| *entry));
            let_go(part.items);
        }
    }
}

/// Not the usual end: the batcher was aborted, or the runtime has ended or was not there. Nothing else
/// ends a worker, since what may panic in it is caught. Nobody is left without an answer.
impl<T, R, E> Drop for Worker<T, R, E> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.drop_parts();
        let (post, entries) = (self.post, std::mem::take(&mut self.entries));
        self.shared.update(|queue, deferred| {
            let interrupted = std::iter::repeat_with(|| Err(BatchError::Interrupted));
            queue.settle(entries.into_iter(), interrupted, deferred);
            queue.worker_lost(post, self.is_starting);
            if !queue.is_aborted() {
                queue.ended(post.place, deferred);
            }
        });
    }
}

/// Goes to the back of the scheduler's queue once.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
