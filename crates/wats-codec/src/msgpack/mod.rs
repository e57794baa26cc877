//! MessagePack: written by `rmp-serde` under the rules of a [`Guard`](crate::guard::Guard), read by the scanner of the fast path.
//!
//! Types with two forms (addresses, UUIDs) are written in the one for people, in MessagePack as in JSON: what `serde` collects
//! first, for a flattened member or to choose a variant, is always read so. Documents that were written in the form for
//! programs are read too.
//!
//! What goes wrong in reading is judged by a walk over the document ([`check`]), without recursion: whether it is cut, too
//! deep or malformed, or merely of another type. [`trees`] sees to NaN and infinities where a tree might take them.

mod trees;
mod walk;
mod writer;

use serde::de::DeserializeOwned;

use crate::fast::pack::{PackError, PackSource, StandIn};
use crate::{Error, Format, Limits, Position, Result};
pub(crate) use walk::skip_value;
pub(crate) use writer::write;

/// Reads a whole document.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let max_depth = limits.depth();
    let (at, error) = match read_as(bytes, max_depth, false) {
        Ok(value) => return value,
        Err(failed) => failed,
    };
    check(bytes, max_depth)?;
    // The form for programs, in which older documents stand.
    read_as(bytes, max_depth, true).unwrap_or_else(|_| {
        Err(Error::Data {
            format: Format::MessagePack,
            at: Position::Offset(at),
            reason: error.to_string().into(),
            source: Some(Box::new(error)),
        })
    })
}

/// Reads a whole document in one of the two forms. Where that fails, it says at which byte; a value that must not be
/// handed out is an error within.
fn read_as<T: DeserializeOwned>(
    bytes: &[u8],
    max_depth: usize,
    compact: bool,
) -> Result<Result<T>, (usize, PackError)> {
    let mut source = PackSource::new(bytes, max_depth).compact(compact);
    let value = T::deserialize(&mut source);
    let at = bytes.len() - source.rest().len();
    let value = value.map_err(|error| (at, error))?;
    if !source.at_end() {
        return Err((at, PackError::Malformed));
    }
    if source.was_special() {
        let decode = |stand_in: StandIn<'_>| {
            let mut source = PackSource::new(bytes, max_depth).compact(compact);
            source = source.with_stand_in(stand_in);
            let read = T::deserialize(&mut source).is_ok();
            let taken = source.was_taken();
            trees::Tried { read, taken }
        };
        if let Err(error) = trees::check(bytes, max_depth, decode) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(value))
}

/// Checks that `bytes` hold exactly one complete value, nested no deeper than `max_depth`.
fn check(bytes: &[u8], max_depth: usize) -> Result<()> {
    let end = skip_value(bytes, 0, max_depth)?;
    if end < bytes.len() {
        return Err(Error::TrailingBytes {
            format: Format::MessagePack,
            at: Position::Offset(end),
        });
    }
    Ok(())
}
