//! Exact least-recently-used: a hit moves the entry to the head, the tail goes.
//!
//! Bad at scans and at loops larger than the cache, where every entry goes just before it is needed again.

use super::list::List;
use super::{Evict, Nodes};

#[derive(Debug, Default)]
pub(crate) struct Lru {
    list: List,
}

impl Evict for Lru {
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        self.list.push(nodes, slot);
    }

    fn hit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        self.list.move_to_head(nodes, slot);
    }

    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        self.list.unlink(nodes, slot);
    }

    fn evict(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        self.list.pop(nodes)
    }

    fn moved(&mut self, nodes: &mut impl Nodes, to: &[u32]) {
        self.list.moved(nodes, to);
    }
}
