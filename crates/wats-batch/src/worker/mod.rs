//! A bulk slot: a task that takes a batch, calls the bulk function, answers the callers and looks for
//! the next batch. With nothing to take it ends; the core starts another when there is.

mod recover;

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

use crate::answers::Waiter;
use crate::bulk::Outcome;
use crate::core::site::Post;
use crate::core::{Drained, Effects};
use crate::error::panic_message;
use crate::foreign::{forget_panic, let_go, wake_all};
use crate::intake::BufferId;
use crate::list::Index;
use crate::recovery::SubBatch;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::{BatchError, Policy};

/// Starts a worker; the core has counted it as gathering.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>, post: Post, runtime: Option<Handle>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    // Made before it is spawned: if the runtime is gone, dropping it tells so.
    let mut worker = Worker::new(shared, post);
    match runtime {
        Some(runtime) => {
            // One thread alone has nobody to keep away from the queue.
            worker.uses_buffers = runtime.runtime_flavor() != RuntimeFlavor::CurrentThread
                && post.site == post.place
                && shared.order_by.is_none()
                && shared.dedupe.is_none();
            worker.runtime = Some(runtime.id());
            shared.remember(runtime.spawn(worker.run()).abort_handle());
        }
        None => drop(worker),
    }
}

pub(crate) struct Worker<T, R, E> {
    pub(crate) shared: Arc<Shared<T, R, E>>,
    post: Post,
    runtime: Runtime,
    /// The callers of the bulk call under way.
    pub(crate) tickets: Vec<Index>,
    /// Parts of the batch that are to be sent again.
    pub(crate) parts: VecDeque<SubBatch<T, E>>,
    callers: Vec<Waiter>,
    wakers: Vec<Waker>,
    /// How long the last call took.
    took: Option<Duration>,
    gathering: bool,
    pub(crate) uses_buffers: bool,
    /// The buffer this worker holds open while it gathers.
    buffer: Option<BufferId>,
    ended: bool,
}

impl<T, R, E> Worker<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    pub(crate) fn new(shared: &Arc<Shared<T, R, E>>, post: Post) -> Self {
        Self {
            shared: Arc::clone(shared),
            post,
            runtime: None,
            tickets: Vec::new(),
            parts: VecDeque::new(),
            callers: Vec::new(),
            wakers: Vec::new(),
            took: None,
            gathering: true,
            uses_buffers: false,
            buffer: None,
            ended: false,
        }
    }

    async fn run(mut self) {
        if self.shared.policy == Policy::Eager {
            self.open_buffer();
            // The callers that are ready to run now get to add their items first.
            YieldOnce(false).await;
        }
        while let Some(items) = self.take() {
            let served = AssertUnwindSafe(self.serve(items)).catch_unwind().await;
            if let Err(payload) = served {
                self.give_up(payload);
            }
            // The callers just woken may have more; wait for them rather than end.
            YieldOnce(false).await;
        }
    }

    /// Serves a batch just taken until each of its items is answered.
    async fn serve(&mut self, items: Vec<T>) {
        let shared = Arc::clone(&self.shared);
        if let Some(recovery) = &shared.recovery {
            self.serve_with_recovery(items, recovery).await;
        } else {
            let outcome = self.call(items).await;
            let answers = outcome.answers(self.tickets.len());
            self.settle(answers, true);
        }
    }

    /// Foreign code beside the bulk function has panicked: a predicate of a retry, a clone of an item, a
    /// recorder of metrics. What of the batch was not answered is, and the worker goes on.
    #[cold]
    fn give_up(&mut self, payload: Box<dyn Any + Send>) {
        let message = panic_message(&*payload);
        forget_panic(payload);
        wake_all(self.wakers.drain(..));
        if self.gathering {
            return;
        }
        let parts = std::mem::take(&mut self.parts);
        for part in parts {
            self.tickets.extend(part.tickets);
            let_go(part.items);
        }
        let same = std::iter::repeat_with(|| Err(BatchError::Panicked(Arc::clone(&message))));
        self.settle(same.take(self.tickets.len()), true);
    }

    pub(crate) fn take(&mut self) -> Option<Vec<T>> {
        let mut refused = Drained::default();
        let (items, effects) = self
            .shared
            .take_in(self.buffer.take(), &mut refused)
            .take(self.post, &mut self.tickets);
        self.gathering = false;
        self.ended = items.is_none();
        self.shared
            .fail(std::mem::take(&mut refused.callers), &BatchError::Closed);
        self.shared.act(effects);
        items
    }

    /// For the callers on this thread, until the next look at the queue.
    pub(crate) fn open_buffer(&mut self) {
        if self.uses_buffers {
            self.buffer = self.shared.buffers.open(self.runtime, self.post.site);
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
        let shared = Arc::clone(&self.shared);
        let (effects, leftovers) = shared.telling(|| self.tell(answers, last));
        shared.act(effects);
        let_go(leftovers);
    }

    /// Gives the callers their answers; what nobody wants is handed back.
    fn tell(
        &mut self,
        answers: impl Iterator<Item = Answer<R, E>>,
        last: bool,
    ) -> (Effects, Vec<Answer<R, E>>) {
        let mut leftovers = Vec::new();
        let effects = {
            let mut core = self.shared.core.lock();
            if let Some(took) = self.took.take() {
                core.counters.called(took);
            }
            core.settle(self.tickets.drain(..), &mut self.callers);
            if last {
                core.gather_again(self.post);
            }
            core.effects()
        };
        self.gathering = last;
        if last {
            self.open_buffer();
        }
        let failed = self.shared.answers.deliver(
            self.callers.drain(..).zip(answers),
            &mut self.wakers,
            &mut leftovers,
        );
        wake_all(self.wakers.drain(..));
        self.shared.meter.failed(failed);
        (effects, leftovers)
    }
}

type Answer<R, E> = Result<R, BatchError<E>>;

/// Not the usual end: the batcher was cut off, or the runtime has ended or was not there. Nothing else
/// ends a worker, since what may panic in it is caught. Nobody is left without an answer.
impl<T, R, E> Drop for Worker<T, R, E> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let parts = std::mem::take(&mut self.parts);
        let parts = parts.into_iter().map(|part| {
            let_go(part.items);
            part.tickets
        });
        let cut_off: Vec<Index> = self.tickets.drain(..).chain(parts.flatten()).collect();
        let (mut callers, mut refused) = (Vec::new(), Drained::default());
        let shared = Arc::clone(&self.shared);
        shared.telling(|| {
            let mut core = shared.take_in(self.buffer.take(), &mut refused);
            core.settle(cut_off.into_iter(), &mut callers);
            core.worker_lost(self.post, self.gathering);
            drop(core);
            shared.fail(callers, &BatchError::Interrupted);
            shared.fail(std::mem::take(&mut refused.callers), &BatchError::Closed);
        });
        let was_cut_off = shared.core.lock().was_cut_off();
        if !was_cut_off {
            shared.ended(self.post.place);
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
