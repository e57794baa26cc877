//! Ordering per key. A lane holds at most the first waiting item of a key, and none while a bulk
//! call has items of that key; the others follow behind it in the key's own list. So nothing in a
//! lane is ever held back, and taking a batch looks at no item twice.

use std::collections::HashMap;

use super::site::SiteId;
use super::slab::Key;
use crate::list::List;

#[derive(Debug)]
pub(crate) struct KeyState {
    /// All its waiting items are there: an item goes with the earlier ones of its key.
    pub(crate) site: SiteId,
    /// Items of the key that a bulk call has.
    pub(crate) sending: usize,
    /// The first waiting item is in a lane.
    pub(crate) has_head: bool,
    /// The other waiting items, oldest first.
    pub(crate) followers: List,
}

/// The keys with an item under way, and no others: the map does not grow with the keys ever seen.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    states: HashMap<Key, KeyState>,
}

impl Keys {
    pub(crate) fn enter(&mut self, key: Key, site: SiteId) -> &mut KeyState {
        self.states.entry(key).or_insert(KeyState {
            site,
            sending: 0,
            has_head: false,
            followers: List::EMPTY,
        })
    }

    pub(crate) fn get(&mut self, key: Key) -> Option<&mut KeyState> {
        self.states.get_mut(&key)
    }

    /// Forgets the key if nothing of it is under way.
    pub(crate) fn prune(&mut self, key: Key) {
        if let Some(state) = self.states.get(&key)
            && state.sending == 0
            && !state.has_head
            && state.followers.is_empty()
        {
            self.states.remove(&key);
        }
    }

    /// No item of this site waits any more; what is being sent still is.
    pub(crate) fn forget_waiting(&mut self, site: SiteId) {
        self.states.retain(|_, state| {
            if state.site == site {
                state.has_head = false;
                state.followers = List::EMPTY;
            }
            state.sending > 0 || state.has_head || !state.followers.is_empty()
        });
    }

    /// All that waits at one site waits at another now.
    pub(crate) fn move_to(&mut self, from: SiteId, to: SiteId) {
        for state in self.states.values_mut().filter(|state| state.site == from) {
            state.site = to;
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.states.capacity()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }
}
