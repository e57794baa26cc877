//! A doubly linked list through the links of the slots: newest at the head, oldest at the tail.

use super::Nodes;

/// No slot.
pub(crate) const NIL: u32 = u32::MAX;

/// The neighbours of a slot: `prev` is newer, `next` is older.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) prev: u32,
    pub(crate) next: u32,
}

/// Where a slot has moved.
pub(super) fn moved(slot: u32, to: &[u32]) -> u32 {
    to.get(slot as usize).copied().unwrap_or(NIL)
}

impl Default for Link {
    fn default() -> Self {
        Self {
            prev: NIL,
            next: NIL,
        }
    }
}

#[derive(Debug)]
pub(super) struct List {
    head: u32,
    tail: u32,
}

impl Default for List {
    fn default() -> Self {
        Self {
            head: NIL,
            tail: NIL,
        }
    }
}

impl List {
    /// The slots have moved; each is now at the number that stands at its place in `to`.
    pub(super) fn moved(&mut self, nodes: &mut impl Nodes, to: &[u32]) {
        self.head = moved(self.head, to);
        self.tail = moved(self.tail, to);
        let mut at = self.head;
        while at != NIL {
            let link = nodes.link_mut(at);
            link.prev = moved(link.prev, to);
            link.next = moved(link.next, to);
            at = link.next;
        }
    }

    /// The oldest.
    pub(super) fn tail(&self) -> Option<u32> {
        (self.tail != NIL).then_some(self.tail)
    }

    #[inline]
    pub(super) fn push(&mut self, nodes: &mut impl Nodes, slot: u32) {
        *nodes.link_mut(slot) = Link {
            prev: NIL,
            next: self.head,
        };
        if self.head == NIL {
            self.tail = slot;
        } else {
            nodes.link_mut(self.head).prev = slot;
        }
        self.head = slot;
    }

    /// Unlinks the oldest.
    #[inline]
    pub(super) fn pop(&mut self, nodes: &mut impl Nodes) -> Option<u32> {
        let slot = self.tail()?;
        self.tail = nodes.link(slot).prev;
        if self.tail == NIL {
            self.head = NIL;
        } else {
            nodes.link_mut(self.tail).next = NIL;
        }
        Some(slot)
    }

    pub(super) fn unlink(&mut self, nodes: &mut impl Nodes, slot: u32) {
        let Link { prev, next } = nodes.link(slot);
        if prev == NIL {
            self.head = next;
        } else {
            nodes.link_mut(prev).next = next;
        }
        if next == NIL {
            self.tail = prev;
        } else {
            nodes.link_mut(next).prev = prev;
        }
    }

    /// Makes the entry the newest.
    pub(super) fn move_to_head(&mut self, nodes: &mut impl Nodes, slot: u32) {
        if self.head != slot {
            self.unlink(nodes, slot);
            self.push(nodes, slot);
        }
    }
}
