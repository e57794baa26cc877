//! Models of tokio's semaphore and notification for loom: what their documentation promises, and no more.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::Lock;

/// Permits and a queue: first come, first served. A permit that is given to a cancelled waiter is passed on.
#[derive(Debug)]
pub(in crate::pool) struct Semaphore(Lock<Queue>);

#[derive(Debug, Default)]
struct Queue {
    free: usize,
    /// Who waits, in order.
    waiting: VecDeque<(u64, Waker)>,
    /// Who was given a permit and has not taken it yet.
    given: Vec<u64>,
    last: u64,
}

impl Queue {
    /// Takes what is free, or queues as `ticket`.
    fn poll(&mut self, ticket: &mut Option<u64>, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        match *ticket {
            None if self.free > 0 => self.free -= 1,
            None => {
                self.last += 1;
                *ticket = Some(self.last);
                self.waiting.push_back((self.last, waker));
                return Poll::Pending;
            }
            Some(own) => {
                if let Some(position) = self.waiting.iter_mut().find(|(other, _)| *other == own) {
                    position.1 = waker;
                    return Poll::Pending;
                }
                self.given.retain(|other| *other != own);
                *ticket = None;
            }
        }
        Poll::Ready(())
    }

    /// Takes back the ticket of a cancelled waiter; tells whether it had been given something.
    fn leave(&mut self, ticket: Option<u64>) -> bool {
        let Some(own) = ticket else { return false };
        self.waiting.retain(|(other, _)| *other != own);
        let had = self.given.contains(&own);
        self.given.retain(|other| *other != own);
        had
    }

    /// Gives a permit to the next one in the queue, whom the caller wakes.
    fn give(&mut self, most_kept: usize) -> Option<Waker> {
        if let Some((next, waker)) = self.waiting.pop_front() {
            self.given.push(next);
            return Some(waker);
        }
        self.free = (self.free + 1).min(most_kept);
        None
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Semaphore {
    pub(in crate::pool) const MAX_PERMITS: usize = tokio::sync::Semaphore::MAX_PERMITS;

    pub(in crate::pool) fn new(free: usize) -> Self {
        Self(Lock::new(Queue {
            free,
            ..Queue::default()
        }))
    }

    pub(in crate::pool) fn available_permits(&self) -> usize {
        self.0.lock().free
    }

    pub(in crate::pool) fn try_acquire_owned(self: Arc<Self>) -> Result<Slot, Nothing> {
        let mut queue = self.0.lock();
        if queue.free == 0 {
            return Err(Nothing);
        }
        queue.free -= 1;
        drop(queue);
        Ok(Slot(self))
    }

    pub(in crate::pool) fn acquire_owned(self: Arc<Self>) -> Acquire {
        Acquire {
            semaphore: self,
            ticket: None,
        }
    }

    fn give(&self) {
        let next = self.0.lock().give(usize::MAX);
        wake(next);
    }
}

/// No permit is free.
#[derive(Debug)]
pub(in crate::pool) struct Nothing;

/// A permit.
#[derive(Debug)]
pub(in crate::pool) struct Slot(Arc<Semaphore>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.give();
    }
}

#[derive(Debug)]
pub(in crate::pool) struct Acquire {
    semaphore: Arc<Semaphore>,
    ticket: Option<u64>,
}

impl Future for Acquire {
    type Output = Result<Slot, Nothing>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = Arc::clone(&self.semaphore);
        let outcome = semaphore.0.lock().poll(&mut self.ticket, context);
        outcome.map(|()| Ok(Slot(semaphore)))
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        let had = self.semaphore.0.lock().leave(self.ticket);
        if had {
            self.semaphore.give();
        }
    }
}

/// One notification is kept for the next who asks; one that was given to a cancelled waiter is passed on.
#[derive(Debug)]
pub(in crate::pool) struct Notify(Lock<Queue>);

impl Default for Notify {
    fn default() -> Self {
        Self(Lock::new(Queue::default()))
    }
}

impl Notify {
    pub(in crate::pool) fn notify_one(&self) {
        let next = self.0.lock().give(1);
        wake(next);
    }

    pub(in crate::pool) fn notified(&self) -> Notified<'_> {
        Notified {
            notify: self,
            ticket: None,
        }
    }
}

#[derive(Debug)]
pub(in crate::pool) struct Notified<'a> {
    notify: &'a Notify,
    ticket: Option<u64>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let notify = self.notify;
        notify.0.lock().poll(&mut self.ticket, context)
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let had = self.notify.0.lock().leave(self.ticket);
        if had {
            self.notify.notify_one();
        }
    }
}
