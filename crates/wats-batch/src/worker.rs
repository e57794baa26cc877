//! A bulk slot: a task that takes a batch, calls the bulk function, answers the callers and looks for
//! the next batch. With nothing to take it ends; the core starts another when there is.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::RuntimeFlavor;
use tokio::time::Instant;

use crate::answers::Caller;
use crate::bulk::Outcome;
use crate::core::Unsent;
use crate::list::Index;
use crate::recovery::Part;
use crate::shared::Shared;
use crate::trays::TrayId;
use crate::{BatchError, Policy};

/// Starts a worker that the core has counted as running and gathering.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    // Made before it is spawned: if the runtime is gone, dropping it answers its callers.
    let mut worker = Worker::new(shared);
    match shared.runtime() {
        Some(runtime) => {
            // One thread alone has nobody to keep away from the queue.
            worker.uses_trays = runtime.runtime_flavor() != RuntimeFlavor::CurrentThread
                && shared.order_by.is_none()
                && shared.dedupe.is_none();
            shared.remember(runtime.spawn(worker.run()).abort_handle());
        }
        None => drop(worker),
    }
}

pub(crate) struct Worker<T, R, E> {
    pub(crate) shared: Arc<Shared<T, R, E>>,
    /// The callers of the bulk call under way.
    pub(crate) tickets: Vec<Index>,
    /// Parts of the batch that are to be sent again.
    pub(crate) parts: VecDeque<Part<T, E>>,
    callers: Vec<Caller>,
    wakers: Vec<Waker>,
    /// How long the last call took.
    took: Option<Duration>,
    gathering: bool,
    pub(crate) uses_trays: bool,
    /// The tray this worker holds open while it gathers.
    tray: Option<TrayId>,
    ended: bool,
}

impl<T, R, E> Worker<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    pub(crate) fn new(shared: &Arc<Shared<T, R, E>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            tickets: Vec::new(),
            parts: VecDeque::new(),
            callers: Vec::new(),
            wakers: Vec::new(),
            took: None,
            gathering: true,
            uses_trays: false,
            tray: None,
            ended: false,
        }
    }

    async fn run(mut self) {
        if self.shared.policy == Policy::Eager {
            self.open_tray();
            // The callers that are ready to run now get to add their items first.
            YieldOnce(false).await;
        }
        let shared = Arc::clone(&self.shared);
        while let Some(items) = self.take() {
            if let Some(recovery) = &shared.recovery {
                self.serve_with_recovery(items, recovery).await;
            } else {
                let outcome = self.call(items).await;
                let answers = outcome.answers(self.tickets.len());
                self.settle(answers, true);
            }
            // The callers just woken may have more; wait for them rather than end.
            YieldOnce(false).await;
        }
    }

    pub(crate) fn take(&mut self) -> Option<Vec<T>> {
        let mut refused = Unsent::default();
        let (items, todo) = self
            .shared
            .take_in(self.tray.take(), &mut refused)
            .take(&mut self.tickets);
        self.gathering = false;
        self.ended = items.is_none();
        self.shared.fail(refused.callers, &BatchError::Closed);
        self.shared.act(todo);
        items
    }

    /// For the callers on this thread, until the next look at the queue.
    pub(crate) fn open_tray(&mut self) {
        if self.uses_trays {
            self.tray = self.shared.trays.open();
        }
    }

    /// Calls the bulk function and measures it.
    pub(crate) async fn call(&mut self, items: Vec<T>) -> Outcome<R, E> {
        let count = items.len();
        let started = Instant::now();
        let outcome = self.shared.bulk.call(items).await;
        let took = started.elapsed();
        self.took = Some(took);
        self.shared.meter.called(count, took);
        outcome
    }

    /// Answers the callers of a call. After the last of a batch the worker counts as gathering.
    pub(crate) fn settle(
        &mut self,
        answers: impl Iterator<Item = Result<R, BatchError<E>>>,
        last: bool,
    ) {
        let mut leftovers = Vec::new();
        let todo = {
            let mut core = self.shared.core.lock();
            if let Some(took) = self.took.take() {
                core.counters.called(took);
            }
            core.settle(self.tickets.drain(..), &mut self.callers);
            if last {
                core.gather_again();
            }
            core.todo()
        };
        self.gathering = last;
        if last {
            self.open_tray();
        }
        let failed = self.shared.answers.deliver(
            self.callers.drain(..).zip(answers),
            &mut self.wakers,
            &mut leftovers,
        );
        self.shared.meter.failed(failed);
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
        let parts = self.parts.drain(..).flat_map(|part| part.tickets);
        let cut_off = self.tickets.drain(..).chain(parts);
        let (mut callers, mut refused) = (Vec::new(), Unsent::default());
        let last = {
            let mut core = self.shared.take_in(self.tray.take(), &mut refused);
            core.settle(cut_off, &mut callers);
            core.worker_lost(self.gathering)
        };
        self.shared.fail(callers, &BatchError::Interrupted);
        self.shared.fail(refused.callers, &BatchError::Closed);
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
