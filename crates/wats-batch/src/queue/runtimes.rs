//! Which task is needed in which runtime. Each runtime that asks has its own workers and its own timer,
//! and a task of another is never taken for progress: what may be taken is taken by whoever is polled
//! first, within the slots. Only where one site stands in the way of another, with slots, with room or
//! with items the other asks for, has that one's runtime to show that it is driven.

use tokio::runtime::Handle;

use super::site::{Post, Site, State};
use super::slot::{Deferred, Stage};
use super::{Effects, Queue};
use crate::entry::SiteId;
use crate::runtime::Runtime;
use crate::{BatchError, Policy};

/// The start of the window of an item that was taken over: it is to go at once.
const LONG_AGO: i64 = i64::MIN;

/// A task to be started; it is counted as running already. Without a runtime it is dropped at once.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) task: Task,
    pub(crate) post: Post,
    pub(crate) runtime: Option<Handle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Worker,
    Timer,
    Watch,
}

impl<T, R, E> Queue<T, R, E> {
    // ---- sites -------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn site_of(&self, runtime: Runtime) -> Option<SiteId> {
        self.sites.find(runtime)
    }

    /// Makes a runtime known. What is handed out is to be dropped after unlocking.
    pub(crate) fn register(&mut self, runtime: Runtime, handle: Option<Handle>) -> Option<Site> {
        self.forget_guests();
        self.sites.insert(Site {
            runtime,
            handle,
            used: self.stats.items,
            served: self.stats.batches,
            ..Site::default()
        })
    }

    /// This runtime asks for what others have added.
    pub(crate) fn ask(&mut self, site: SiteId) {
        let site = self.sites.get_mut(site);
        (site.guest, site.used) = (true, self.stats.items);
    }

    /// A task of ours was polled there.
    #[inline]
    pub(crate) fn polled(&mut self, site: SiteId) {
        let site = self.sites.get_mut(site);
        if site.state == State::Stalled {
            site.state = State::Lives;
            self.lent -= site.sending;
        }
    }

    /// A task of ours was not polled there in time, and `by` stood behind it.
    pub(crate) fn stalled(&mut self, id: SiteId, by: SiteId) {
        let site = self.sites.get_mut(id);
        if site.state == State::Lives {
            site.state = State::Stalled;
            self.lent += site.sending;
        }
        if self.sites.get(by).state != State::Ended {
            self.take_over(id, by);
        }
    }

    /// The runtime has ended, or was not there. Its items go to another that asks; if there is none,
    /// their callers are told.
    pub(crate) fn ended(&mut self, id: SiteId, deferred: &mut Deferred<T, R, E>) {
        self.polled(id);
        let site = self.sites.get_mut(id);
        site.state = State::Ended;
        site.guest = false;
        deferred.runtimes.extend(site.handle.take());
        let asks = |site: &Site| site.is_alive() && (site.waiting > 0 || site.guest);
        let heirs = self.sites.ids().filter(|heir| asks(self.sites.get(*heir)));
        match heirs.max_by_key(|heir| self.sites.get(*heir).used) {
            Some(heir) => self.take_over(id, heir),
            None => drop(self.fail_waiting(id, &BatchError::NoRuntime, deferred)),
        }
    }

    /// Nobody watches from there any more.
    pub(crate) fn watch_lost(&mut self, id: SiteId) {
        self.sites.get_mut(id).watching = false;
    }

    /// Those that have to show that they are driven, since they stand in the way of this site. None ends
    /// its watch.
    pub(crate) fn suspects(&mut self, id: SiteId) -> Vec<(SiteId, Runtime, Handle)> {
        self.polled(id);
        // These have nobody else.
        for other in self.sites.ids() {
            if self.is_in_the_way(other, id) && self.sites.get(other).handle.is_none() {
                self.take_over(other, id);
            }
        }
        let mut suspects = Vec::new();
        if self.is_hindered(id) {
            for other in self.sites.ids() {
                let site = self.sites.get(other);
                if let Some(handle) = site.handle.clone()
                    && self.is_in_the_way(other, id)
                {
                    suspects.push((other, site.runtime, handle));
                }
            }
        }
        if suspects.is_empty() {
            self.watch_lost(id);
            self.sites.get_mut(id).guest = false;
        }
        suspects
    }

    // ---- what to do --------------------------------------------------------------------------

    /// What the state asks for now.
    #[inline]
    pub(crate) fn effects(&mut self) -> Effects {
        let errands = match self.sites.only() {
            Some(site) => self.needs_worker(site) || self.needs_timer(site),
            None => self.need_of_several(),
        };
        Effects {
            errands,
            idle: self.closed && self.is_idle(),
        }
    }

    /// The next task to be started, until there is none.
    pub(crate) fn errand(&mut self) -> Option<Errand> {
        loop {
            let (site, task) = self.sites.ids().find_map(|id| Some((id, self.need(id)?)))?;
            let (place, runtime) = self.sites.place_of(site).unzip();
            let place = place.unwrap_or(site);
            let timeless = self.sites.get(place).timeless;
            let post = Post { site, place };
            let site = self.sites.get_mut(site);
            site.place = Some(place);
            match task {
                Task::Worker => site.starting += 1,
                // Without time there are no windows.
                Task::Timer if timeless => {
                    site.due = true;
                    continue;
                }
                Task::Timer => site.timer = true,
                Task::Watch => site.watching = true,
            }
            return Some(Errand {
                task,
                post,
                runtime,
            });
        }
    }

    #[cold]
    fn need_of_several(&mut self) -> bool {
        self.forget_guests();
        self.sites.ids().any(|id| self.need(id).is_some())
    }

    fn need(&self, id: SiteId) -> Option<Task> {
        let site = self.sites.get(id);
        if self.needs_worker(site) && self.has_slot(id) {
            Some(Task::Worker)
        } else if self.needs_timer(site) {
            Some(Task::Timer)
        } else if !site.watching && self.is_hindered(id) {
            Some(Task::Watch)
        } else {
            None
        }
    }

    #[inline]
    fn needs_worker(&self, site: &Site) -> bool {
        self.view(site).should_send_after(site.starting) && site.starting < self.free_slots()
    }

    #[inline]
    fn needs_timer(&self, site: &Site) -> bool {
        self.config.policy == Policy::Window
            && site.queued > 0
            && !(site.timer || site.due || self.closed)
    }

    #[inline]
    pub(super) fn should_send(&self, id: SiteId) -> bool {
        self.view(self.sites.get(id)).should_send()
    }

    /// There is a slot for this site, behind those that could send, too, and were served longer ago.
    #[inline]
    pub(super) fn has_slot(&self, id: SiteId) -> bool {
        let served = self.sites.get(id).served;
        let is_before = |other: &&Site| {
            other.served < served && other.state == State::Lives && self.view(other).should_send()
        };
        self.sites.iter().filter(is_before).count() < self.free_slots()
    }

    #[inline]
    fn free_slots(&self) -> usize {
        let held = self.calls - self.lent;
        self.config.max_concurrent_batches.saturating_sub(held)
    }

    /// Another site may be why this one does not get what it asks for.
    fn is_hindered(&self, id: SiteId) -> bool {
        let site = self.sites.get(id);
        let waits = site.guest
            || site.waiting > site.queued
            || (self.should_send(id) && !self.has_slot(id));
        waits
            && site.state != State::Ended
            && site.handle.is_some()
            && self.sites.ids().any(|other| self.is_in_the_way(other, id))
    }

    /// Whether a site could stand in another's way, with what waits or with its slots. What came from
    /// outside of any runtime, and is worked for in the other's, does not.
    fn is_in_the_way(&self, id: SiteId, of: SiteId) -> bool {
        let site = self.sites.get(id);
        let is_served = site.runtime.is_none() && site.place == Some(of);
        let holds_slots = site.sending > 0 && site.state == State::Lives;
        id != of && ((site.waiting > 0 && !is_served) || holds_slots)
    }

    fn forget_guests(&mut self) {
        if self.sites.iter().all(|site| site.waiting == 0) {
            self.sites.iter_mut().for_each(|site| site.guest = false);
        }
    }

    /// All that waits at one site waits at another now, in front, since it has waited longer.
    fn take_over(&mut self, from: SiteId, to: SiteId) {
        if self.sites.get(from).waiting == 0 {
            return;
        }
        for slot in self.slots.iter_mut() {
            if slot.site == from && matches!(slot.stage, Stage::Waiting(_)) {
                (slot.site, slot.since) = (to, LONG_AGO);
            }
        }
        for state in self.keys.values_mut().filter(|state| state.site == from) {
            state.site = to;
        }
        let old = self.sites.get_mut(from);
        let lanes = std::mem::take(&mut old.lanes);
        let (waiting, queued, flushing) = (old.waiting, old.queued, old.flushing);
        (old.waiting, old.queued, old.flushing, old.due) = (0, 0, 0, false);
        let new = self.sites.get_mut(to);
        for (lane, older) in new.lanes.iter_mut().zip(lanes) {
            lane.put_in_front(older);
        }
        new.waiting += waiting;
        new.queued += queued;
        new.flushing += flushing;
        new.due |= queued > 0 && self.config.policy == Policy::Window;
    }
}
