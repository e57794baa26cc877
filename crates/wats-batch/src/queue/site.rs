//! What one runtime has in the queue, and what of ours works there for it. An item is sent by the
//! runtime that added it, so what becomes of it depends on no other; only if that one ended, or is not
//! driven, another that asks takes its items over.

use tokio::runtime::Handle;

use super::clock::Clock;
use super::slot::Lane;
use crate::entry::SiteId;
use crate::runtime::Runtime;

/// Runtimes that have nothing here are remembered up to this number, for what comes from outside of
/// any.
const IDLE: usize = 8;

/// Where a task of ours runs, and for whose items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) site: SiteId,
    /// The site of the runtime it runs in: another one only for what was added outside of any.
    pub(crate) place: SiteId,
}

/// What is known of a site's runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Driven, as far as is known.
    #[default]
    Lives,
    /// It did not answer: its calls hold no slots, and its items were taken over.
    Stalled,
    Ended,
}

#[derive(Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says on its own whether something is there"
)]
pub(crate) struct Site {
    pub(crate) runtime: Runtime,
    /// None once the runtime has ended.
    pub(crate) handle: Option<Handle>,
    pub(crate) state: State,
    /// The accepted items by priority.
    pub(crate) lanes: [Lane; 3],
    /// Its items that wait, in whatever list.
    pub(crate) waiting: usize,
    /// Those of them that may be taken now: those in the lanes and the followers of their keys.
    pub(crate) queued: usize,
    /// How many of them a flush has promised to send.
    pub(crate) flushing: usize,
    /// The oldest queued item has waited its window.
    pub(crate) due: bool,
    /// Items of one would-be batch share the time stamp of the first, so the clock is read once a
    /// batch. (stamp, how many more may use it)
    pub(crate) stamp: (i64, usize),
    pub(crate) passed_over: u32,
    /// Where its last task was started.
    pub(crate) place: Option<SiteId>,
    /// Workers for its items that have yet to take a batch.
    pub(crate) starting: usize,
    /// Bulk calls under way in its runtime.
    pub(crate) sending: usize,
    pub(crate) timer: bool,
    /// Its timer cannot be: the runtime has no time.
    pub(crate) timeless: bool,
    /// It has asked for items of others, by a poll, a flush or a close.
    pub(crate) guest: bool,
    /// A task of it watches those who stand in its way.
    pub(crate) watching: bool,
    /// When it was last used, in items.
    pub(crate) used: u64,
    /// When a batch was last taken for it, in batches: who was served longest ago goes first.
    pub(crate) served: u64,
}

impl Site {
    /// The start of the window of an item that comes now, as the item of this number.
    #[inline]
    pub(crate) fn stamp(&mut self, clock: Clock, nth: u64, batch: usize) -> i64 {
        let (stamp, left) = self.stamp;
        if self.queued > 0 && left > 0 {
            self.stamp.1 = left - 1;
            return stamp;
        }
        self.used = nth;
        self.stamp = (clock.now(), batch - 1);
        self.stamp.0
    }

    /// One more item may be taken.
    #[inline]
    pub(crate) fn count_queued(&mut self) {
        // A new window begins with the first.
        self.due &= self.queued > 0;
        self.queued += 1;
    }

    #[inline]
    fn serves(&self, runtime: Runtime) -> bool {
        self.runtime == runtime && self.state != State::Ended
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.state == State::Lives && self.handle.is_some()
    }

    /// Whether nothing refers to it.
    fn is_idle(&self) -> bool {
        let tasks = self.starting > 0 || self.sending > 0 || self.timer || self.watching;
        !tasks && self.waiting == 0 && !self.guest
    }
}

/// All sites; usually one.
#[derive(Debug, Default)]
pub(crate) struct Sites(Vec<Site>);

impl Sites {
    #[inline]
    pub(crate) fn get(&self, id: SiteId) -> &Site {
        &self.0[id as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: SiteId) -> &mut Site {
        &mut self.0[id as usize]
    }

    #[inline]
    pub(crate) fn find(&self, runtime: Runtime) -> Option<SiteId> {
        let at = self.0.iter().position(|site| site.serves(runtime))?;
        Some(at as SiteId)
    }

    /// The site, if there is just one.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Site> {
        match &self.0[..] {
            [site] => Some(site),
            _ => None,
        }
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Site> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Site> {
        self.0.iter_mut()
    }

    pub(crate) fn ids(&self) -> std::ops::Range<SiteId> {
        0..self.0.len() as SiteId
    }

    /// Takes a site in, in place of one that is not needed any more, if there is one. That one is handed
    /// out, to be dropped after unlocking.
    pub(crate) fn insert(&mut self, site: Site) -> Option<Site> {
        let idle = self.0.iter_mut().filter(|site| site.is_idle());
        let idle: Vec<_> = idle.filter(|site| site.runtime.is_some()).collect();
        let many = idle.len() > IDLE;
        let spare = |old: &&mut Site| many || old.state == State::Ended;
        let longest = idle.into_iter().filter(spare);
        if let Some(old) = longest.min_by_key(|old| (old.state != State::Ended, old.used)) {
            return Some(std::mem::replace(old, site));
        }
        self.0.push(site);
        None
    }

    /// Where the items of this site can be worked for: in its own runtime, or, if they came from outside
    /// of any, in the one used last.
    pub(crate) fn place_of(&self, id: SiteId) -> Option<(SiteId, Handle)> {
        let id = if self.get(id).runtime.is_some() {
            id
        } else {
            let alive = self.ids().filter(|id| self.get(*id).is_alive());
            alive.max_by_key(|id| self.get(*id).used)?
        };
        Some((id, self.get(id).handle.clone()?))
    }
}
