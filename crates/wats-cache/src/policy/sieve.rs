//! SIEVE: one queue in order of arrival and a hand that moves from the oldest to the newest.
//!
//! The hand spares an entry that was used since it last passed and evicts the first that was not; the survivors stay
//! where they are. Bad at loops larger than the cache (no hit at all) and, unsharded, at shifting recency.
//! Zhang et al., "SIEVE is simpler than LRU", NSDI 2024.

use super::list::{List, NIL, moved};
use super::{Evict, Nodes};

#[derive(Debug)]
pub(crate) struct Sieve {
    queue: List,
    hand: u32,
}

impl Default for Sieve {
    fn default() -> Self {
        Self {
            queue: List::default(),
            hand: NIL,
        }
    }
}

impl Evict for Sieve {
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        self.queue.push(nodes, slot);
    }

    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        if self.hand == slot {
            self.hand = nodes.link(slot).prev;
        }
        self.queue.unlink(nodes, slot);
    }

    fn evict(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        let oldest = self.queue.tail()?;
        let mut hand = if self.hand == NIL { oldest } else { self.hand };
        // Every entry passed loses its mark, so the second round at the latest finds one.
        while nodes.uses(hand) > 0 {
            nodes.set_uses(hand, 0);
            let newer = nodes.link(hand).prev;
            hand = if newer == NIL { oldest } else { newer };
        }
        self.hand = nodes.link(hand).prev;
        self.queue.unlink(nodes, hand);
        Some(hand)
    }

    fn moved(&mut self, nodes: &mut impl Nodes, to: &[u32]) {
        self.queue.moved(nodes, to);
        self.hand = moved(self.hand, to);
    }
}
