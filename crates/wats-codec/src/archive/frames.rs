//! The frames of an archive that is written: the shapes of its maps and the kinds of its lists.

use std::ops::Range;

use super::number::push_number;

/// The shapes of maps and the kinds of lists, as they stand in the archive. They are known only at the end of
/// what they are of, and nearly all of them take the space that was left for them.
pub(super) struct Frames {
    pub(super) bytes: Vec<u8>,
    /// Those that take another space, in no order.
    others: Vec<OtherFrame>,
    joined: Vec<u8>,
}

struct OtherFrame {
    /// The space that was left for it.
    left: Range<usize>,
    /// Where it stands in `joined`.
    frame: Range<usize>,
}

impl Frames {
    /// The space left for the shape of a map: a number in one byte.
    pub(super) const MAP: usize = 1;
    /// The space left for the kinds of a list: how many items in one byte, and the kind of all.
    pub(super) const LIST: usize = 2;

    pub(super) fn new(at_first: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(at_first),
            others: Vec::new(),
            joined: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn put<const N: usize>(&mut self, at: usize, frame: [u8; N]) {
        let space = self.bytes.get_mut(at..);
        if let Some(space) = space.and_then(|space| space.first_chunk_mut()) {
            *space = frame;
        }
    }

    /// Keeps a frame for which `left` bytes were left, but which takes more or less.
    #[cold]
    pub(super) fn keep(&mut self, at: usize, left: usize, number: u64, kinds: &[u8]) {
        let start = self.joined.len();
        push_number(&mut self.joined, number);
        self.joined.extend_from_slice(kinds);
        self.others.push(OtherFrame {
            left: at..at + left,
            frame: start..self.joined.len(),
        });
    }

    /// All of them in their order.
    pub(super) fn parts(&mut self) -> Vec<&[u8]> {
        self.others.sort_unstable_by_key(|other| other.left.start);
        let mut parts = Vec::with_capacity(self.others.len() * 2 + 1);
        let mut done = 0;
        for OtherFrame { left, frame } in &self.others {
            parts.push(self.bytes.get(done..left.start).unwrap_or_default());
            parts.push(self.joined.get(frame.clone()).unwrap_or_default());
            done = left.end;
        }
        parts.push(self.bytes.get(done..).unwrap_or_default());
        parts
    }
}
