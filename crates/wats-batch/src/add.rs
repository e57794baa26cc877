//! The future of one caller. It enters the queue when first polled, so its waker goes in with the
//! item under one lock; dropping it takes the item out again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_util::FutureExt;

use crate::entry::{State, WhenFull};
use crate::foreign::let_go;
use crate::shared::Shared;
use crate::{BatchError, Priority, TryAddError};

/// The answer of one item to come; made by [`RequestBatcher::add`](crate::RequestBatcher::add).
///
/// Dropping it before the item was sent cancels the item; later it only gives up the answer. Once it has
/// given its answer it has no other: polled again, it is pending for ever.
#[must_use = "an `add` adds its item when it is first polled, and when it is dropped before the item was sent, \
              the item is not sent; `Ticket::detach` lets a ticket go"]
pub struct Add<'a, T, R, E> {
    batcher: Held<'a, Shared<T, R, E>>,
    state: State<T, R, E>,
}

/// An [`Add`] that is already in the queue and stands on its own; made by
/// [`RequestBatcher::try_add`](crate::RequestBatcher::try_add). Dropped, it cancels the item, if that was not
/// sent yet; [`detach`](Ticket::detach) lets it go instead.
pub type Ticket<T, R, E> = Add<'static, T, R, E>;

enum Held<'a, S> {
    Borrowed(&'a Arc<S>),
    Owned(Arc<S>),
}

impl<S> Held<'_, S> {
    fn get(&self) -> &Arc<S> {
        match self {
            Self::Borrowed(shared) => shared,
            Self::Owned(shared) => shared,
        }
    }
}

// Nothing in it is pinned: an item is only ever moved.
impl<T, R, E> Unpin for Add<'_, T, R, E> {}

impl<'a, T, R, E> Add<'a, T, R, E> {
    pub(crate) fn new(batcher: &'a Arc<Shared<T, R, E>>, item: T, priority: Priority) -> Self {
        Self {
            batcher: Held::Borrowed(batcher),
            state: State::New(item, priority),
        }
    }

    /// Enters the queue if it has not yet.
    pub(crate) fn enter(&mut self, waker: &Waker) {
        if !matches!(self.state, State::New(..)) {
            return;
        }
        // Refused, unless it enters.
        let State::New(item, priority) = std::mem::replace(&mut self.state, State::Refused) else {
            return;
        };
        let waker = Some(waker.clone());
        if let Ok(state) = self
            .batcher
            .get()
            .begin(item, priority, waker, WhenFull::Wait)
        {
            self.state = state;
        }
    }

    /// Polls what has entered.
    #[inline]
    fn poll_entered(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, BatchError<E>>> {
        let outcome = match &mut self.state {
            State::Waiting(entry) => {
                let batcher = self.batcher.get();
                let outcome = batcher.poll(entry.index, cx.waker());
                if outcome.is_pending() {
                    batcher.await_here(entry);
                    return outcome;
                }
                self.state = State::Ended;
                return outcome;
            }
            State::Joined(shared) => ready!(shared.as_mut().poll(cx)),
            State::Refused => Err(BatchError::Closed),
            State::New(..) | State::Ended => return Poll::Pending,
        };
        self.state = State::Ended;
        Poll::Ready(outcome)
    }
}

impl<T, R, E> Ticket<T, R, E> {
    /// Lets the item go: it is sent though nobody waits for its answer, which is dropped. Under
    /// [`dedupe_by`](crate::BatcherBuilder::dedupe_by) this has to be called within a runtime.
    ///
    /// ```
    /// # use wats_batch::{BatchConfig, RequestBatcher};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let batcher = RequestBatcher::infallible(BatchConfig::default(), |v: Vec<u8>| async { v }).unwrap();
    /// batcher.try_add(1).unwrap().detach();
    /// batcher.close().await;
    /// assert_eq!(batcher.stats().sent, 1);
    /// # }
    /// ```
    pub fn detach(mut self)
    where
        R: Send + 'static,
        E: Send + Sync + 'static,
    {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Waiting(entry) => {
                let batcher = self.batcher.get();
                batcher.update(|queue, deferred| queue.detach(entry.index, deferred));
            }
            // The item belongs to all who wait for it, so somebody has to.
            State::Joined(shared) => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    drop(runtime.spawn(shared.map(|answer| let_go([answer]))));
                }
            }
            State::New(..) | State::Refused | State::Ended => {}
        }
    }

    /// Enters the queue at once.
    pub(crate) fn enter_now(
        batcher: Arc<Shared<T, R, E>>,
        item: T,
        priority: Priority,
        when_full: WhenFull,
    ) -> Result<Self, TryAddError<T>> {
        let state = batcher.begin(item, priority, None, when_full)?;
        Ok(Self::of(batcher, state))
    }

    pub(crate) fn of(batcher: Arc<Shared<T, R, E>>, state: State<T, R, E>) -> Self {
        Self {
            batcher: Held::Owned(batcher),
            state,
        }
    }
}

impl<T, R, E> Future for Add<'_, T, R, E> {
    type Output = Result<R, BatchError<E>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::New(..) = self.state {
            self.enter(cx.waker());
            if let State::Waiting(_) = self.state {
                // The waker went in with the item.
                return Poll::Pending;
            }
        }
        self.poll_entered(cx)
    }
}

impl<T, R, E> Drop for Add<'_, T, R, E> {
    #[inline]
    fn drop(&mut self) {
        if let State::Waiting(entry) = self.state {
            self.batcher.get().leave(entry.index);
        }
    }
}

impl<T, R, E> fmt::Debug for Add<'_, T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Add").finish_non_exhaustive()
    }
}
