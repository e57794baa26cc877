//! A bulk slot: a task that takes a batch, calls the bulk function, answers the callers and looks for
//! the next batch. With nothing to take it ends; the core starts another when there is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use crate::bulk::Outcome;
use crate::list::Index;
use crate::shared::Shared;
use crate::{BatchError, Policy};

/// Starts a worker that the core has counted as running and gathering.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    // Made before it is spawned: if the runtime is gone, dropping it answers its callers.
    let worker = Worker {
        shared: Arc::clone(shared),
        tickets: Vec::new(),
        wakers: Vec::new(),
        gathering: true,
        ended: false,
    };
    match shared.runtime() {
        Some(runtime) => shared.remember(runtime.spawn(worker.run()).abort_handle()),
        None => drop(worker),
    }
}

struct Worker<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    /// The callers of the batch under way.
    tickets: Vec<Index>,
    wakers: Vec<Waker>,
    gathering: bool,
    ended: bool,
}

impl<T, R, E> Worker<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    async fn run(mut self) {
        if self.shared.policy == Policy::Eager {
            // The callers that are ready to run now get to add their items first.
            YieldOnce(false).await;
        }
        while let Some(items) = self.take() {
            let started = Instant::now();
            let outcome = self.shared.bulk.call(items).await;
            self.answer(outcome, started);
            // The callers just woken may have more; wait for them rather than end.
            YieldOnce(false).await;
        }
    }

    fn take(&mut self) -> Option<Vec<T>> {
        let (items, todo) = self.shared.core.lock().take(&mut self.tickets);
        self.gathering = false;
        self.ended = items.is_none();
        self.shared.act(todo);
        items
    }

    fn answer(&mut self, outcome: Outcome<R, E>, started: Instant) {
        let answers = outcome.answers(self.tickets.len());
        let took = started.elapsed();
        let mut leftovers = Vec::new();
        let todo = {
            let mut core = self.shared.core.lock();
            core.counters.called(took);
            core.gather_again();
            core.settle(
                self.tickets.drain(..).zip(answers),
                &mut self.wakers,
                &mut leftovers,
            );
            core.todo()
        };
        self.gathering = true;
        self.wakers.drain(..).for_each(Waker::wake);
        self.shared.act(todo);
    }
}

/// Not the usual end: the runtime is shutting down or gone, or the task was aborted. Nobody is left
/// without an answer.
impl<T, R, E> Drop for Worker<T, R, E> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let cut_off = self
            .tickets
            .drain(..)
            .map(|index| (index, Err(BatchError::Interrupted)));
        let mut leftovers = Vec::new();
        let last = {
            let mut core = self.shared.core.lock();
            core.settle(cut_off, &mut self.wakers, &mut leftovers);
            core.worker_lost(self.gathering)
        };
        self.wakers.drain(..).for_each(Waker::wake);
        if last {
            self.shared.give_up(&BatchError::NoRuntime);
        }
    }
}

/// Goes to the back of the scheduler's queue once.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
