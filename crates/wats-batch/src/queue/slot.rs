//! Where the entries live: one slot each, from entering until the caller has its answer.

use std::collections::VecDeque;
use std::task::Waker;

use tokio::runtime::Handle;

use crate::Priority;
use crate::entry::{Index, Key, SiteId};
use crate::error::Answer;
use crate::foreign::{let_go, wake_all};

/// Room for so many entries is kept when nobody uses it.
pub(super) const KEEP: usize = 4096;

/// How far an entry has come.
#[derive(Debug)]
pub(crate) enum Stage<T, R, E> {
    Waiting(T),
    /// A bulk call has the item.
    Sent,
    Answered(Answer<R, E>),
}

/// What the caller of an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    Waits,
    /// It wants the item sent and no answer.
    Detached,
    /// The future was dropped.
    Removed,
}

/// The list a waiting entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueuePosition {
    /// Not accepted yet: as many items wait as `max_pending` allows.
    Blocked,
    /// In the lane of its priority.
    Lane,
    /// Behind an item of the same ordering key.
    Follower,
}

#[derive(Debug)]
pub(crate) struct Slot<T, R, E> {
    pub(crate) stage: Stage<T, R, E>,
    pub(crate) waiter: Waiter,
    pub(crate) waker: Option<Waker>,
    pub(crate) key: Option<Key>,
    /// The start of the item's window, on the clock of its site.
    pub(crate) since: i64,
    /// Which entry it is, of all that ever came.
    pub(crate) nth: u64,
    pub(crate) site: SiteId,
    pub(crate) priority: Priority,
    pub(crate) position: QueuePosition,
}

/// All slots. One that is free is used anew, the last freed first.
#[derive(Debug)]
pub(crate) struct Slots<T, R, E> {
    all: Vec<Option<Slot<T, R, E>>>,
    free: Vec<Index>,
}

impl<T, R, E> Slots<T, R, E> {
    pub(crate) const fn new() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: Index) -> Option<&Slot<T, R, E>> {
        self.all.get(index)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: Index) -> Option<&mut Slot<T, R, E>> {
        self.all.get_mut(index)?.as_mut()
    }

    pub(crate) fn find(&self, which: impl Fn(&Slot<T, R, E>) -> bool) -> Vec<Index> {
        let is_one = |index: &Index| self.get(*index).is_some_and(&which);
        (0..self.all.len()).filter(is_one).collect()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot<T, R, E>> {
        self.all.iter_mut().flatten()
    }

    /// Takes a slot in, which is written in its place and not copied there.
    #[inline]
    pub(crate) fn insert(&mut self, slot: impl FnOnce() -> Slot<T, R, E>) -> Index {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        self.all[index].get_or_insert_with(slot);
        index
    }

    #[cold]
    fn grow(&mut self) -> Index {
        self.all.push(None);
        self.all.len() - 1
    }

    /// Frees a slot. The room of a burst is given back with its last.
    #[inline]
    pub(crate) fn remove(&mut self, index: Index) -> Option<Slot<T, R, E>> {
        self.get(index)?;
        self.free.push(index);
        if self.free.len() == self.all.len() && self.all.len() > KEEP {
            return std::mem::replace(self, Self::new()).all.swap_remove(index);
        }
        self.all[index].take()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.all.len()
    }

    /// Room for how many is kept.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.all.capacity()
    }
}

/// A waiting entry in a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) index: Index,
    pub(crate) nth: u64,
}

impl Link {
    fn is_waiting<T, R, E>(self, slots: &Slots<T, R, E>) -> bool {
        let slot = slots.get(self.index);
        slot.is_some_and(|slot| slot.nth == self.nth && matches!(slot.stage, Stage::Waiting(_)))
    }
}

/// Waiting entries, first come first. The link of a cancelled one is skipped later, or taken out with
/// others once they are more than those that wait.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    links: VecDeque<Link>,
    waiting: usize,
}

impl Lane {
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    #[inline]
    pub(crate) fn push(&mut self, link: Link) {
        self.waiting += 1;
        self.links.push_back(link);
    }

    #[inline]
    pub(crate) fn pop<T, R, E>(&mut self, slots: &Slots<T, R, E>) -> Option<Link> {
        while self.waiting > 0
            && let Some(link) = self.links.pop_front()
        {
            // Where all wait, there is nothing to look up.
            if self.links.len() < self.waiting || link.is_waiting(slots) {
                self.waiting -= 1;
                return Some(link);
            }
        }
        self.links.clear();
        None
    }

    pub(crate) fn front<'a, T, R, E>(
        &self,
        slots: &'a Slots<T, R, E>,
    ) -> Option<&'a Slot<T, R, E>> {
        let link = self.links.iter().find(|link| link.is_waiting(slots))?;
        slots.get(link.index)
    }

    /// An entry of this list waits no more.
    pub(crate) fn forget_one<T, R, E>(&mut self, slots: &Slots<T, R, E>) {
        self.waiting -= 1;
        if self.links.len() > 2 * self.waiting + 32 {
            self.links.retain(|link| link.is_waiting(slots));
            self.links.shrink_to(KEEP);
        }
    }

    /// Room for how many links is kept.
    #[cfg(test)]
    pub(crate) fn links(&self) -> usize {
        self.links.capacity()
    }

    /// Puts those of another list in front.
    pub(crate) fn put_in_front(&mut self, mut older: Self) {
        older.links.append(&mut self.links);
        older.waiting += self.waiting;
        *self = older;
    }
}

/// What is to be done after unlocking: callers to wake, and things to drop. Both are foreign code.
#[derive(Debug)]
pub(crate) struct Deferred<T, R, E> {
    pub(crate) wakers: Vec<Waker>,
    /// Items and answers that nobody gets.
    pub(crate) stages: Vec<Stage<T, R, E>>,
    pub(crate) unused_wakers: Vec<Waker>,
    /// The last hold on a runtime that has ended may run anything.
    pub(crate) runtimes: Vec<Handle>,
}

impl<T, R, E> Default for Deferred<T, R, E> {
    fn default() -> Self {
        Self {
            wakers: Vec::new(),
            stages: Vec::new(),
            unused_wakers: Vec::new(),
            runtimes: Vec::new(),
        }
    }
}

impl<T, R, E> Deferred<T, R, E> {
    /// Apart, so that what is not let go need not be in memory.
    #[cold]
    #[inline(never)]
    pub(crate) fn let_go(&mut self, stage: Stage<T, R, E>) {
        self.stages.push(stage);
    }

    pub(crate) fn wake(&mut self) {
        wake_all(self.wakers.drain(..));
    }
}

impl<T, R, E> Drop for Deferred<T, R, E> {
    fn drop(&mut self) {
        self.wake();
        let_go(self.stages.drain(..));
        let_go(self.unused_wakers.drain(..));
    }
}
