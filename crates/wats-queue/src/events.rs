//! What happens in a queue, as a stream. Who listens slowly loses the oldest events and is told how many; nobody is held up.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

use crate::item::{Ended, Fault, Item, Past, State};
use crate::plan::Reason;
use crate::store::Salvaged;

/// Something that happened in this queue, as far as this process did it or saw it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// An item has ended: see [`Past::ended`].
    Ended(Past),
    /// An item failed, is held, or is set aside.
    Delayed {
        /// The item as it was before.
        item: Box<Item>,
        /// Where it is now.
        state: State,
        /// Why.
        fault: Option<Fault>,
    },
    /// The whole queue waits.
    Paused(Reason),
    /// The whole queue goes on, after a pause for this reason.
    Resumed(Reason),
    /// There is little room: this part of a bound is used.
    Filling {
        /// What there is much of.
        what: &'static str,
        /// In percent.
        percent: u8,
    },
    /// There is room again.
    Freed,
    /// The disk fails, or has no room; enqueues are errors meanwhile.
    Failing(String),
    /// The disk works again.
    Recovered,
    /// The database was damaged; what could be read is in the queue again.
    Salvaged(Salvaged),
    /// The files were removed or replaced while they were open.
    Reopened,
    /// So many leases of processes that have ended, or are stopped, were taken over.
    TakenOver(u64),
    /// A settle came after its lease had gone to somebody else, and changed nothing.
    LateSettle,
    /// The wall clock was set, by so many milliseconds; waits were shortened where need be.
    ClockSet(i64),
    /// The receiver's clock is so many milliseconds ahead of this computer's (behind it, if negative), as
    /// [`Deliver::clock_offset`](crate::Deliver::clock_offset) tells it: more than five minutes. Told once, until it is less again.
    SkewWarning(i64),
    /// So many events were lost, because nobody took them in time.
    Missed(u64),
}

impl Event {
    /// Whether this is an item that its receiver has.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Ended(past) if past.ended == Ended::Sent)
    }

    /// The file that was set aside, after damage.
    pub fn damaged_file(&self) -> Option<&PathBuf> {
        match self {
            Self::Salvaged(salvaged) => Some(&salvaged.file),
            _ => None,
        }
    }
}

/// So many wait for one listener.
const MOST: usize = 1024;

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    missed: u64,
    waker: Option<Waker>,
    closed: bool,
}

/// All that happens from the call of [`Queue::events`](crate::Queue::events) on. It ends when the queue is closed.
#[derive(Debug)]
pub struct Events(Arc<Mutex<Waiting>>);

impl Events {
    /// The next event that is there already.
    pub fn try_next(&self) -> Option<Event> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    }
}

impl Waiting {
    fn next(&mut self) -> Option<Event> {
        if self.missed > 0 {
            return Some(Event::Missed(std::mem::take(&mut self.missed)));
        }
        self.events.pop_front()
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut new = Some(context.waker().clone());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = waiting.next() {
            return Poll::Ready(Some(event));
        }
        if waiting.closed {
            return Poll::Ready(None);
        }
        std::mem::swap(&mut waiting.waker, &mut new);
        // The old one is foreign code: dropped outside of the lock.
        drop(waiting);
        drop(new);
        Poll::Pending
    }
}

/// Where events come from.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<Vec<Weak<Mutex<Waiting>>>>);

impl Hub {
    pub(crate) fn listen(&self) -> Events {
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(&waiting));
        Events(waiting)
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.each(|waiting| {
            if waiting.events.len() >= MOST {
                waiting.events.pop_front();
                waiting.missed += 1;
            }
            waiting.events.push_back(event.clone());
        });
    }

    pub(crate) fn close(&self) {
        self.each(|waiting| waiting.closed = true);
    }

    fn each(&self, mut change: impl FnMut(&mut Waiting)) {
        let listeners: Vec<_> = {
            let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            let waker = {
                let mut waiting = listener.lock().unwrap_or_else(PoisonError::into_inner);
                change(&mut waiting);
                waiting.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}
