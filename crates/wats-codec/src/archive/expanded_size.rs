//! What the contents of an archive count for against [`Limits`](crate::Limits): reader and writer add
//! up the same, so that one refuses what the other would.
//!
//! A text said a thousand times, or a list of a million nulls, takes next to no space in an archive, but
//! does so where it is read. So all is counted about as its JSON would be and never as more: keys,
//! texts and bytes by their length, and of the other values those that may take no space in the
//! archive. Whatever fits as JSON fits as an archive, unless its maps are of so many different shapes that
//! the tables take too much memory.

use super::kind;

/// An entry of a map: `"":0,` beside the letters of its key.
#[inline]
pub(super) fn entry(key: usize) -> usize {
    key.saturating_add(5)
}

/// The items of a list: `null,` or `true,` where all are of one such kind and take no space; else a
/// byte each.
#[inline]
pub(super) fn list(items: usize, all_of: Option<u8>) -> usize {
    match all_of {
        Some(kind::NULL | kind::FALSE | kind::TRUE) => items.saturating_mul(5),
        _ => items,
    }
}
