//! Doubly linked lists inside a slab: taking an item out of the middle of a queue costs the same as
//! taking it from the front, so a cancelled item leaves at once and nothing has to be skipped later.

/// An index of a slab.
pub(crate) type Index = u32;

/// No index.
pub(crate) const NIL: Index = Index::MAX;

/// The neighbours of a linked element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    pub(crate) prev: Index,
    pub(crate) next: Index,
}

impl Links {
    pub(crate) const NONE: Self = Self {
        prev: NIL,
        next: NIL,
    };
}

/// The slab side: where the links of an element are.
pub(crate) trait Linked {
    fn links(&mut self, index: Index) -> Option<&mut Links>;
}

/// Both ends of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    head: Index,
    tail: Index,
    len: usize,
}

impl List {
    pub(crate) const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        len: 0,
    };

    pub(crate) fn front(&self) -> Option<Index> {
        (self.head != NIL).then_some(self.head)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn push_back(&mut self, slab: &mut impl Linked, index: Index) {
        let new = self.grow(slab, index);
        if let Some(links) = slab.links(index) {
            *links = new;
        }
    }

    /// The same for an element that is put into the slab afterwards, with these links.
    #[inline]
    pub(crate) fn grow(&mut self, slab: &mut impl Linked, index: Index) -> Links {
        let prev = std::mem::replace(&mut self.tail, index);
        match slab.links(prev) {
            Some(tail) => tail.next = index,
            None => self.head = index,
        }
        self.len += 1;
        Links { prev, next: NIL }
    }

    /// Takes an element out; it must be in this list.
    pub(crate) fn remove(&mut self, slab: &mut impl Linked, index: Index) {
        let Some(links) = slab.links(index) else {
            return;
        };
        let Links { prev, next } = std::mem::replace(links, Links::NONE);
        match slab.links(prev) {
            Some(prev) => prev.next = next,
            None => self.head = next,
        }
        match slab.links(next) {
            Some(next) => next.prev = prev,
            None => self.tail = prev,
        }
        self.len -= 1;
    }

    /// Takes the first `count` elements off, of which `next` is the one after the last.
    pub(crate) fn cut_front(&mut self, slab: &mut impl Linked, next: Index, count: usize) {
        self.head = next;
        self.len -= count;
        match slab.links(next) {
            Some(links) => links.prev = NIL,
            None => self.tail = NIL,
        }
    }

    /// Puts all elements of another list behind those of this one.
    pub(crate) fn append(&mut self, slab: &mut impl Linked, other: &mut Self) {
        let other = std::mem::replace(other, Self::EMPTY);
        if other.is_empty() {
            return;
        }
        if let Some(links) = slab.links(other.head) {
            links.prev = self.tail;
        }
        match slab.links(self.tail) {
            Some(tail) => tail.next = other.head,
            None => self.head = other.head,
        }
        self.tail = other.tail;
        self.len += other.len;
    }

    pub(crate) fn pop_front(&mut self, slab: &mut impl Linked) -> Option<Index> {
        let index = self.front()?;
        self.remove(slab, index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    impl Linked for Vec<Links> {
        fn links(&mut self, index: Index) -> Option<&mut Links> {
            self.get_mut(index as usize)
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_deque(steps in proptest::collection::vec((0u8..5, 0usize..8), 0..200)) {
            let mut slab = Vec::new();
            let mut list = List::EMPTY;
            let mut model = VecDeque::new();
            for (step, at) in steps {
                match step {
                    0 => {
                        let index = slab.len() as Index;
                        slab.push(Links::NONE);
                        list.push_back(&mut slab, index);
                        model.push_back(index);
                    }
                    1 => prop_assert_eq!(list.pop_front(&mut slab), model.pop_front()),
                    2 => {
                        let count = at.min(model.len());
                        model.drain(..count);
                        list.cut_front(&mut slab, model.front().copied().unwrap_or(NIL), count);
                    }
                    3 => {
                        let mut other = List::EMPTY;
                        for _ in 0..at {
                            let index = slab.len() as Index;
                            slab.push(Links::NONE);
                            other.push_back(&mut slab, index);
                            model.push_back(index);
                        }
                        list.append(&mut slab, &mut other);
                        prop_assert!(other.is_empty());
                    }
                    _ => if let Some(index) = model.remove(at) {
                        list.remove(&mut slab, index);
                    }
                }
                prop_assert_eq!(list.len(), model.len());
                prop_assert_eq!(list.front(), model.front().copied());
            }
        }
    }
}
