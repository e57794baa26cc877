//! NaN and infinities that a tree would take for nothing.
//!
//! MessagePack holds every float, and a `f64` gets it back. But a tree such as `serde_json::Value` has no place for NaN and
//! infinities: it makes `null` of them, without an error. Where it is read itself, the reader knows its type and refuses.
//!
//! Where `serde` collects values first (for a flattened member, or to choose a variant), it does not tell who takes a float
//! in the end. So the document is read again with bytes in its place. If that works, they are passed over; if they are
//! taken for the moment only, it is read with a list of everything, which hardly anything but a tree takes. A tree of another
//! kind takes it, too: then the float is refused, though that tree might have kept it. So are floats under more names than
//! [`MOST_PLACES`].

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::walk::{header, skip_value};
use crate::fast::pack::StandIn;
use crate::{Error, Format, Position, Result};

/// `[true, "", {}, null, [1, -1, 0.5]]`, which is a tree and hardly anything else.
const TREE: &[u8] = b"\x95\xc3\xa0\x80\xc0\x93\x01\xff\xcb\x3f\xe0\0\0\0\0\0\0";
/// Bytes, which no tree takes.
const BYTES: &[u8] = b"\xc4\0";
/// More places than these are not tried: each costs two readings.
const MOST_PLACES: usize = 64;

/// What came of a reading with something in place of floats.
pub(super) struct Tried {
    /// Whether the document was read.
    pub(super) read: bool,
    /// Whether what stood in was taken at its place.
    pub(super) taken: bool,
}

/// Checks that no tree took a float that is not finite. `decode` reads the well-formed document with something in place of
/// some of them.
pub(super) fn check(
    bytes: &[u8],
    max_depth: usize,
    decode: impl Fn(StandIn<'_>) -> Tried,
) -> Result<()> {
    let refused = |at, reason: &str| Error::Data {
        format: Format::MessagePack,
        at: Position::Offset(at),
        reason: reason.into(),
        source: None,
    };
    let places = special_floats(bytes, max_depth)?;
    if places.len() > MOST_PLACES {
        let reason = "NaN and infinities under too many names to tell who takes them";
        return Err(refused(0, reason));
    }
    for for_left in places.values() {
        let with = |value| decode(StandIn { for_left, value });
        let is_tree = match with(BYTES) {
            Tried { read: true, .. } => false,
            Tried { taken, .. } => taken && with(TREE).read,
        };
        if is_tree {
            let at = bytes.len() - for_left.first().copied().unwrap_or_default();
            return Err(refused(
                at,
                "NaN or an infinity, which a tree of JSON cannot hold",
            ));
        }
    }
    Ok(())
}

/// The floats that are not finite, by the names of all that they stand in: how many bytes are left from each.
fn special_floats(bytes: &[u8], max_depth: usize) -> Result<BTreeMap<u64, Vec<usize>>> {
    /// A list or map that is not at its end yet.
    struct Open {
        values: u64,
        is_map: bool,
        path: u64,
    }
    let mut places = BTreeMap::<u64, Vec<usize>>::new();
    let mut open: Vec<Open> = Vec::new();
    let (mut at, mut path) = (0, 0);
    loop {
        let value = header(bytes, at)?;
        if value.is_container {
            let is_map = matches!(bytes.get(at), Some(0x80..=0x8f | 0xde | 0xdf));
            let values = if is_map {
                value.values / 2
            } else {
                value.values
            };
            open.push(Open {
                values,
                is_map,
                path,
            });
        } else if is_special(bytes.get(at..value.end).unwrap_or_default()) {
            places.entry(path).or_default().push(bytes.len() - at);
        }
        at = value.end;
        while open.last().is_some_and(|open| open.values == 0) {
            open.pop();
        }
        let Some(inside) = open.last_mut() else {
            return Ok(places);
        };
        inside.values -= 1;
        path = inside.path;
        if inside.is_map {
            let end = skip_value(bytes, at, max_depth)?;
            let mut hasher = DefaultHasher::new();
            (path, bytes.get(at..end)).hash(&mut hasher);
            path = hasher.finish();
            at = end;
        }
    }
}

fn is_special(value: &[u8]) -> bool {
    match value {
        [0xca, digits @ ..] => digits
            .try_into()
            .is_ok_and(|digits| !f32::from_be_bytes(digits).is_finite()),
        [0xcb, digits @ ..] => digits
            .try_into()
            .is_ok_and(|digits| !f64::from_be_bytes(digits).is_finite()),
        _ => false,
    }
}
