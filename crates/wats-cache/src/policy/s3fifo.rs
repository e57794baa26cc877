//! S3-FIFO: a small queue on probation, a main queue, and ghosts of what left the small one unused.
//!
//! New entries enter the small queue; at its tail the used ones move on to the main queue and the others go, leaving a
//! ghost. A key whose ghost is still known enters the main queue at once. The main queue gives used entries another
//! round, as often as they were used. Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
//!
//! Two things differ from the paper, both for loops and scans longer than the cache. The small queue is a fortieth
//! instead of a tenth; a tenth is two points better on OLTP and eight worse on a loop. And until the cache is full for
//! the first time, everything enters the main queue: there is nobody yet to be protected from newcomers.

use super::ghost::Ghosts;
use super::queue::Queue;
use super::{Evict, Nodes};

/// The small queue holds one in this many of all entries, and [`SMALL_LEAST`] more.
const SMALL_SHARE: usize = 40;

/// So that in a small shard a new entry has time to be used again.
const SMALL_LEAST: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct S3Fifo {
    small: Queue,
    main: Queue,
    ghosts: Ghosts,
    /// Until then there is no need to put anything on probation.
    was_full: bool,
}

impl S3Fifo {
    fn small_is_over(&self) -> bool {
        self.small.len() > (self.small.len() + self.main.len()) / SMALL_SHARE + SMALL_LEAST
    }
}

impl Evict for S3Fifo {
    #[inline]
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32) {
        if !self.was_full || self.ghosts.remove(nodes.hash(slot)) {
            nodes.set_main(slot, true);
            self.main.push(nodes, slot);
        } else {
            self.small.push(nodes, slot);
        }
    }

    #[inline]
    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        if nodes.is_main(slot) {
            self.main.unlink(nodes, slot);
        } else {
            self.small.unlink(nodes, slot);
        }
    }

    #[inline]
    fn evict(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        self.was_full = true;
        loop {
            if self.small_is_over() || self.main.len() == 0 {
                let slot = self.small.pop()?;
                if nodes.uses(slot) == 0 {
                    self.ghosts.add(nodes.hash(slot), nodes.len());
                    return Some(slot);
                }
                nodes.set_uses(slot, 0);
                nodes.set_main(slot, true);
                self.main.push(nodes, slot);
            } else {
                let slot = self.main.pop()?;
                let uses = nodes.uses(slot);
                if uses == 0 {
                    return Some(slot);
                }
                nodes.set_uses(slot, uses - 1);
                self.main.push(nodes, slot);
            }
        }
    }

    fn moved(&mut self, _nodes: &mut impl Nodes, to: &[u32]) {
        self.small.moved(to);
        self.main.moved(to);
    }
}
