//! S3-FIFO: a small queue on probation, a main queue, and ghosts of what left the small one unused.
//!
//! New entries enter the small queue; at its tail the used ones move on to the main queue and the others go, leaving a
//! ghost. A key whose ghost is still known enters the main queue at once. The main queue gives used entries another
//! round, as often as they were used. Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.

use super::ghost::Ghosts;
use super::list::List;
use super::{Evict, Nodes};

/// The small queue's share of all entries is one in this many.
const SMALL_SHARE: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct S3Fifo {
    small: List,
    main: List,
    ghosts: Ghosts,
}

impl S3Fifo {
    fn queue(&mut self, main: bool) -> &mut List {
        if main {
            &mut self.main
        } else {
            &mut self.small
        }
    }

    fn small_is_over(&self) -> bool {
        self.small.len() * SMALL_SHARE > self.small.len() + self.main.len()
    }
}

impl Evict for S3Fifo {
    fn admit(&mut self, nodes: &mut impl Nodes, slot: u32, hash: u32) {
        let main = self.ghosts.remove(hash);
        nodes.set_main(slot, main);
        self.queue(main).push(nodes, slot);
    }

    fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        let main = nodes.is_main(slot);
        self.queue(main).unlink(nodes, slot);
    }

    fn moved(&mut self, to: &[u32]) {
        self.small.moved(to);
        self.main.moved(to);
    }

    fn victim(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        loop {
            let small = self.small.tail();
            let main = self.main.tail();
            match (small, main) {
                (Some(slot), other) if other.is_none() || self.small_is_over() => {
                    if nodes.uses(slot) == 0 {
                        return Some(slot);
                    }
                    self.small.unlink(nodes, slot);
                    nodes.set_uses(slot, 0);
                    nodes.set_main(slot, true);
                    self.main.push(nodes, slot);
                }
                (_, Some(slot)) => {
                    let uses = nodes.uses(slot);
                    if uses == 0 {
                        return Some(slot);
                    }
                    nodes.set_uses(slot, uses - 1);
                    self.main.renew(nodes, slot);
                }
                (_, None) => return None,
            }
        }
    }

    fn evicted(&mut self, hash: u32, was_main: bool, entries: usize) {
        if !was_main {
            self.ghosts.add(hash, entries);
        }
    }
}
