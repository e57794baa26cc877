//! Putting a body together that comes in pieces, without ever holding more than it has bytes plus one small segment.
//!
//! A buffer that doubles would be there twice while it moves, and half empty afterwards: three times what was asked for
//! at the worst moment, just before a cap refuses the rest.

use bytes::Bytes;

/// The smallest and the largest segment.
const SMALL: usize = 4 << 10;
const LARGE: usize = 128 << 10;

/// The first segment may be larger, so that most bodies need no second one.
const FIRST: usize = 1 << 20;

/// A body that is being put together.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    /// Full, except for the last.
    segments: Vec<Vec<u8>>,
    /// Bytes in use of the last segment.
    filled: usize,
    /// Bytes in all.
    len: usize,
}

impl Gather {
    /// One whose first segment holds `expected` bytes, of up to a mebibyte of which no second copy is made.
    pub(crate) fn with_room(expected: usize) -> Self {
        let first = vec![0; expected.clamp(1, FIRST)];
        Self {
            segments: vec![first],
            ..Self::default()
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    /// Room for what comes next: at least one byte and at most `most`, which is not 0.
    pub(crate) fn room(&mut self, most: usize) -> &mut [u8] {
        let full = self.segments.last().map_or(0, Vec::len);
        if self.filled == full {
            let size = self.len.clamp(SMALL, LARGE).min(most.max(1));
            self.segments.push(vec![0; size]);
            self.filled = 0;
        }
        match self.segments.last_mut() {
            Some(last) => {
                let end = last.len().min(self.filled.saturating_add(most.max(1)));
                &mut last[self.filled..end]
            }
            None => &mut [],
        }
    }

    /// Says how many bytes of the room were filled.
    pub(crate) fn fill(&mut self, bytes: usize) {
        self.filled += bytes;
        self.len += bytes;
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room(usize::MAX);
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            self.fill(n);
            bytes = &bytes[n..];
        }
    }

    /// The whole body.
    pub(crate) fn finish(mut self) -> Bytes {
        if let Some(last) = self.segments.last_mut() {
            last.truncate(self.filled);
        }
        if self.segments.len() <= 1 {
            return self.segments.pop().unwrap_or_default().into();
        }
        let mut whole = Vec::with_capacity(self.len);
        for segment in self.segments {
            whole.extend_from_slice(&segment);
        }
        whole.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_come_out_in_order(
            expected in 0_usize..10_000,
            pieces in prop::collection::vec((any::<u8>(), 0_usize..9_000, any::<bool>(), 0_usize..5_000), 0..20),
        ) {
            let mut gather = Gather::with_room(expected);
            let mut wanted = Vec::new();
            for (byte, size, whole, most) in pieces {
                let piece: Vec<u8> = (0..size).map(|n| byte.wrapping_add(n as u8)).collect();
                if whole {
                    gather.push(&piece);
                    wanted.extend_from_slice(&piece);
                } else {
                    let room = gather.room(most);
                    prop_assert!(!room.is_empty() && room.len() <= most.max(1));
                    let n = room.len().min(size);
                    room[..n].copy_from_slice(&piece[..n]);
                    gather.fill(n);
                    wanted.extend_from_slice(&piece[..n]);
                }
                prop_assert_eq!(gather.len(), wanted.len());
                let held: usize = gather.segments.iter().map(Vec::len).sum();
                prop_assert!(held <= wanted.len().max(expected) + LARGE);
            }
            prop_assert_eq!(&gather.finish()[..], &wanted[..]);
        }
    }
}
