//! What one runtime has in the queue, and what of ours works there for it. An item is sent by the
//! runtime that added it, so what becomes of it depends on no other; only if that one ended, or is not
//! driven, another that asks takes its items over.

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::list::List;
use crate::runtime::Runtime;

/// Runtimes that have nothing here are remembered up to this number, for what comes from outside of
/// any.
const IDLE: usize = 8;

/// The number of a site, for as long as something of it is under way.
pub(crate) type SiteId = u32;

/// Where a task of ours runs, and for whose items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) site: SiteId,
    /// The site of the runtime it runs in: another one only for what was added outside of any.
    pub(crate) place: SiteId,
}

#[derive(Debug)]
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
    pub(crate) lanes: [List; 3],
    /// Its items that wait, in whatever list.
    pub(crate) waiting: usize,
    /// Those of them that may be taken now: those in the lanes and the followers of their keys.
    pub(crate) queued: usize,
    /// How many of them a flush has promised to send.
    pub(crate) owed: usize,
    /// The oldest queued item has waited its window.
    pub(crate) due: bool,
    /// Items of one would-be batch share the time stamp of the first, so the clock is read once a
    /// batch. (stamp, how many more may use it)
    pub(crate) stamp: (i64, usize),
    pub(crate) passed_over: u32,
    /// Where its last task was started.
    pub(crate) place: Option<SiteId>,
    /// Workers for its items that have yet to take a batch.
    pub(crate) gathering: usize,
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
}

/// What is known of a site's runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Driven, as far as is known.
    Lives,
    /// It did not answer: its calls hold no slots, and its items were taken over.
    Stalled,
    Ended,
}

impl Site {
    pub(crate) fn new(runtime: Runtime, handle: Option<Handle>, used: u64) -> Self {
        Self {
            runtime,
            handle,
            state: State::Lives,
            lanes: [List::EMPTY; 3],
            waiting: 0,
            queued: 0,
            owed: 0,
            due: false,
            stamp: (0, 0),
            passed_over: 0,
            place: None,
            gathering: 0,
            sending: 0,
            timer: false,
            timeless: false,
            guest: false,
            watching: false,
            used,
        }
    }

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

    /// Whether anybody there waits for something.
    #[inline]
    pub(crate) fn asks(&self) -> bool {
        self.waiting > 0 || self.guest
    }

    #[inline]
    fn serves(&self, runtime: Runtime) -> bool {
        self.runtime == runtime && self.state != State::Ended
    }

    /// Whether anything refers to it.
    fn is_idle(&self) -> bool {
        !self.asks() && self.sending == 0 && self.gathering == 0 && !self.timer && !self.watching
    }
}

/// All sites; usually one.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    all: Vec<Site>,
    /// Those that wait for a free slot, the longest first.
    pub(crate) line: Vec<SiteId>,
}

impl Sites {
    #[inline]
    pub(crate) fn get(&self, id: SiteId) -> &Site {
        &self.all[id as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: SiteId) -> &mut Site {
        &mut self.all[id as usize]
    }

    #[inline]
    pub(crate) fn find(&self, runtime: Runtime) -> Option<SiteId> {
        match self.only() {
            Some(site) => site.serves(runtime).then_some(0),
            None => self.find_among_several(runtime),
        }
    }

    #[cold]
    fn find_among_several(&self, runtime: Runtime) -> Option<SiteId> {
        let at = self.all.iter().position(|site| site.serves(runtime))?;
        Some(at as SiteId)
    }

    /// The site, if there is just one.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Site> {
        match &self.all[..] {
            [site] => Some(site),
            _ => None,
        }
    }

    /// There is just one runtime to think of.
    #[inline]
    pub(crate) fn is_one(&self) -> bool {
        self.all.len() <= 1
    }

    #[inline]
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Site> {
        self.all.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Site> {
        self.all.iter_mut()
    }

    pub(crate) fn ids(&self) -> std::ops::Range<SiteId> {
        0..self.all.len() as SiteId
    }

    /// Takes a site in, in place of one that is not needed any more, if there is one. That one is handed
    /// out, to be dropped after unlocking.
    pub(crate) fn insert(&mut self, site: Site) -> (SiteId, Option<Site>) {
        let spare = |site: &Site| site.is_idle() && site.runtime.is_some();
        let ended = self
            .all
            .iter()
            .position(|site| site.state == State::Ended && site.is_idle());
        let idle = || {
            let idle = self.all.iter().enumerate().filter(|(_, site)| spare(site));
            let longest = idle.clone().min_by_key(|(_, site)| site.used)?.0;
            (idle.count() > IDLE).then_some(longest)
        };
        if let Some(at) = ended.or_else(idle) {
            let old = std::mem::replace(&mut self.all[at], site);
            self.line.retain(|id| *id != at as SiteId);
            return (at as SiteId, Some(old));
        }
        self.all.push(site);
        (self.all.len() as SiteId - 1, None)
    }

    /// Where the items of this site can be worked for: in its own runtime, or, if they came from outside
    /// of any, in the one used last.
    pub(crate) fn place_of(&self, id: SiteId) -> Option<(SiteId, Handle)> {
        let site = self.get(id);
        if site.runtime.is_some() {
            return Some((id, site.handle.clone()?));
        }
        let lives =
            |id: &SiteId| self.get(*id).state == State::Lives && self.get(*id).handle.is_some();
        let id = self
            .ids()
            .filter(lives)
            .max_by_key(|id| self.get(*id).used)?;
        Some((id, self.get(id).handle.clone()?))
    }
}

/// The time of the runtime this is called in, as a number. Numbers of one runtime can be compared with
/// each other; those of a paused one have nothing to do with those of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> i64 {
        self.nanos(Instant::now())
    }

    pub(crate) fn nanos(self, at: Instant) -> i64 {
        let number = |time: std::time::Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.0) {
            Some(later) => number(later),
            None => -number(self.0.saturating_duration_since(at)),
        }
    }

    /// The instant of a number; as far ahead as there can be one, if it is beyond.
    pub(crate) fn instant(self, nanos: i64) -> Instant {
        let distance = std::time::Duration::from_nanos(nanos.unsigned_abs());
        let far = std::time::Duration::from_secs(30 * 365 * 24 * 3600);
        let at = if nanos < 0 {
            self.0.checked_sub(distance)
        } else {
            self.0.checked_add(distance)
        };
        at.unwrap_or_else(|| self.0 + far)
    }
}
