//! How much room a list has while it is read from a format that does not say how many items come.
//!
//! A list that doubles is there twice while it moves, and at the end up to half of it is empty. What was read tells how long
//! an item is, and what is left of the input how many may follow.

use super::Source;

/// No more memory than this is set aside on the word of an input.
pub(super) const MOST_AHEAD: usize = 1 << 20;

/// Items of at most this size begin with room for a few.
const SMALL: usize = 32;

/// Fewer items than this are few.
const FEW: usize = 64;

/// From so many items on a list is what its document is about.
const LONG: usize = 1024;

/// How one list grows.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// How much of the input was read when the list began.
    begun: usize,
}

impl Growth {
    /// That of a list that has just begun.
    #[inline]
    pub fn of<'de, S: Source<'de>>(source: &S) -> Self {
        Self {
            begun: source.read_of().map_or(0, |(read, _)| read),
        }
    }

    /// Makes room for the next item, and for those that are likely to follow it. Most lists are of one item, such as the
    /// measurement of a step, and an item is large.
    #[cold]
    pub fn grow<'de, T, S: Source<'de>>(self, items: &mut Vec<T>, source: &S) {
        let count = items.len();
        // As many more at most. Few are cheap to set aside, and moving them costs more than giving room back.
        let most = match count {
            0 if size_of::<T>() <= SMALL => 4,
            0 => 1,
            1 => 7,
            2..FEW => count * 3,
            _ => count,
        };
        let more = match source.read_of() {
            Some((read, of)) if count > 1 => {
                let item = (read.saturating_sub(self.begun) / count).max(1);
                let left = of.saturating_sub(read) / item;
                let wanted = left + left / 16;
                // Something else may follow the list, unless it is the whole document or a long one.
                let most = match self.begun {
                    0..=1 => most.max(MOST_AHEAD / size_of::<T>().max(1)),
                    _ if count >= LONG => count.saturating_mul(3),
                    _ => most,
                };
                let more = if wanted <= most {
                    wanted
                } else {
                    // In steps that leave much for the last one: that is when the list is there twice.
                    let part = count.saturating_add(wanted) / 3;
                    part.saturating_sub(count).min(most)
                };
                // Never by a little only, for then it would move again and again.
                more.max(count / 8 + 1)
            }
            _ => most,
        };
        items.reserve_exact(more);
    }

    /// Gives back what a list has too much at its end, if that is worth a move.
    #[inline]
    pub fn end<T>(items: &mut Vec<T>) {
        if items.capacity() - items.len() > items.len() / 8 {
            items.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Serializer;

    fn read(texts: &[String]) -> Vec<String> {
        let text = format!("[{}]", texts.join(","));
        Serializer::default().from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_list_has_the_room_that_it_needs() {
        for count in [0, 1, 3, 10, 100, 1100, 5000] {
            let items: Vec<String> = (0..count).map(|n| format!("\"item {n:04}\"")).collect();
            let read = read(&items);
            assert_eq!(read.len(), count);
            assert!(
                read.capacity() <= count + count / 8,
                "{count}: {}",
                read.capacity()
            );
        }
    }

    /// Where a list moves it is there twice.
    #[test]
    fn a_long_list_within_another_document_is_moved_while_it_is_short() {
        let items: Vec<String> = (0..40_000).map(|n| format!("\"item {n:05}\"")).collect();
        let text = format!("[[{}],[]]", items.join(","));
        let mut read: Vec<Vec<String>> = Vec::new();
        let counted = allocation_counter::measure(|| {
            read = Serializer::default().from_json(text.as_bytes()).unwrap();
        });
        assert_eq!(read[0].len(), items.len());
        let lists = counted.bytes_max - 40_000 * 10;
        let exact = (40_000 * size_of::<String>()) as u64;
        assert!(lists < exact + exact / 2, "{lists} bytes for {exact}");
    }

    /// The first items promise more than comes, or less.
    #[test]
    fn items_of_other_lengths_cost_no_more_than_a_little_room() {
        for (first, then) in [(1, 4000), (4000, 1)] {
            let text = |n: usize| format!("\"{}\"", "x".repeat(if n < 8 { first } else { then }));
            let items: Vec<String> = (0..1100).map(text).collect();
            let read = read(&items);
            assert_eq!(read.len(), items.len());
            assert!(read.capacity() <= 1100 + 1100 / 8, "{}", read.capacity());
        }
    }
}
