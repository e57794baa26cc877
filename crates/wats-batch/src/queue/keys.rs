//! Ordering per key. A lane holds at most the first waiting item of a key, and none while a bulk
//! call has items of that key; the others follow behind it in the key's own list. So nothing in a
//! lane is ever held back, and taking a batch looks at no item twice.

use std::collections::HashMap;

use super::slot::Lane;
use crate::entry::{Key, SiteId};

#[derive(Debug)]
pub(crate) struct KeyState {
    /// All its waiting items are there: an item goes with the earlier ones of its key.
    pub(crate) site: SiteId,
    /// Items of the key that a bulk call has.
    pub(crate) sending: usize,
    /// The first waiting item is in a lane.
    pub(crate) has_head: bool,
    /// The other waiting items, oldest first.
    pub(crate) followers: Lane,
}

impl KeyState {
    pub(crate) fn new(site: SiteId) -> Self {
        Self {
            site,
            sending: 0,
            has_head: false,
            followers: Lane::default(),
        }
    }

    /// Something of it is under way.
    pub(crate) fn is_used(&self) -> bool {
        self.sending > 0 || self.has_head || !self.followers.is_empty()
    }
}

/// The keys with an item under way, and no others: the map does not grow with the keys ever seen.
pub(crate) type Keys = HashMap<Key, KeyState>;
