//! A queue of slots in the order they came: the oldest leaves first, and any can be taken out, which leaves a gap.
//!
//! Slots stand one behind the other in memory, so neither end touches a neighbour, as the links of a list do.

use super::{NIL, Nodes};
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Oldest first; [`NIL`] is a gap.
    slots: VecDeque<u32>,
    /// The place of the first of them. Places count up, and wrap.
    first: u32,
    /// Slots without the gaps.
    len: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn push(&mut self, nodes: &mut impl Nodes, slot: u32) {
        if self.slots.len() == self.slots.capacity() {
            self.make_room(nodes);
        }
        // One number for each slot is enough here; it stands where a list keeps the newer neighbour.
        nodes.link_mut(slot).prev = self.place(self.slots.len());
        self.slots.push_back(slot);
        self.len += 1;
    }

    /// Takes the oldest out.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        loop {
            let slot = self.slots.pop_front()?;
            self.first = self.first.wrapping_add(1);
            if slot != NIL {
                self.len -= 1;
                return Some(slot);
            }
        }
    }

    #[inline]
    pub(super) fn unlink(&mut self, nodes: &impl Nodes, slot: u32) {
        let at = nodes.link(slot).prev.wrapping_sub(self.first);
        if let Some(place) = self.slots.get_mut(at as usize) {
            *place = NIL;
            self.len -= 1;
        }
        if self.len == 0 {
            self.slots.clear();
        }
    }

    /// The slots have moved; each is now at the number that stands at its place in `to`.
    pub(super) fn moved(&mut self, to: &[u32]) {
        for slot in &mut self.slots {
            *slot = super::list::moved(*slot, to);
        }
    }

    /// Closes the gaps if they are a quarter, or else grows by half. Either is a small part of what it took to get here.
    #[cold]
    fn make_room(&mut self, nodes: &mut impl Nodes) {
        let gaps = self.slots.len() - self.len;
        if gaps == 0 || gaps < self.slots.len() / 4 {
            self.slots.reserve_exact((self.slots.len() / 2).max(8));
            return;
        }
        self.slots.retain(|&slot| slot != NIL);
        for at in 0..self.slots.len() {
            nodes.link_mut(self.slots[at]).prev = self.place(at);
        }
    }

    /// The place of what stands `at` slots behind the first.
    #[inline]
    fn place(&self, at: usize) -> u32 {
        self.first.wrapping_add(at as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Link;
    use proptest::prelude::*;

    /// Links and nothing else.
    struct Links(Vec<Link>);

    impl Nodes for Links {
        fn link(&self, slot: u32) -> Link {
            self.0[slot as usize]
        }
        fn link_mut(&mut self, slot: u32) -> &mut Link {
            &mut self.0[slot as usize]
        }
        fn hash(&self, _: u32) -> u32 {
            0
        }
        fn len(&self) -> usize {
            self.0.len()
        }
        fn uses(&self, _: u32) -> u8 {
            0
        }
        fn set_uses(&mut self, _: u32, _: u8) {}
        fn is_main(&self, _: u32) -> bool {
            false
        }
        fn set_main(&mut self, _: u32, _: bool) {}
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// Pushes the slot, or takes it out if it is in.
        Toggle(u32),
        Pop,
        /// All slots move up by so many, around the end.
        Move(u32),
    }

    const SLOTS: u32 = 50;

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..SLOTS).prop_map(Step::Toggle),
            2 => Just(Step::Pop),
            1 => (0..SLOTS).prop_map(Step::Move),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_vector(first in any::<u32>(), steps in prop::collection::vec(step(), 0..600)) {
            let mut links = Links(vec![Link::default(); SLOTS as usize]);
            let mut queue = Queue { first, ..Queue::default() };
            let mut model = Vec::new();
            for step in steps {
                match step {
                    Step::Toggle(slot) => {
                        if let Some(at) = model.iter().position(|&of| of == slot) {
                            queue.unlink(&links, slot);
                            model.remove(at);
                        } else {
                            queue.push(&mut links, slot);
                            model.push(slot);
                        }
                    }
                    Step::Pop => {
                        let oldest = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(queue.pop(), oldest);
                    }
                    Step::Move(by) => {
                        let to: Vec<_> = (0..SLOTS).map(|slot| (slot + by) % SLOTS).collect();
                        links.0.rotate_right(by as usize);
                        queue.moved(&to);
                        for slot in &mut model {
                            *slot = to[*slot as usize];
                        }
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                // Gaps do not make it grow without end.
                prop_assert!(queue.slots.capacity() <= 2 * SLOTS as usize);
            }
            let left: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            prop_assert_eq!(left, model);
        }
    }
}
