//! The test that a type's fast path and its `serde` implementation agree.

use super::{Decode, Encode, Serde};
use crate::{Error, Format, Result, Serializer};

/// Compares the fast path with `serde` on one value: the bytes written in JSON and MessagePack, and
/// what is read back from them and from archives. For the tests of types that use the fast path.
///
/// # Errors
/// [`Error::Mismatch`] names the format and the side that differs; others as in writing and
/// reading.
pub fn verify<T>(value: &T) -> Result<()>
where
    T: Encode + Decode + PartialEq,
{
    for format in [Format::Json, Format::MessagePack] {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&Serde(value))?;
        if codec.to_vec(value)? != bytes {
            let what = "what the fast path writes";
            return Err(Error::Mismatch { format, what });
        }
        let depth = codec.kept_limits().depth();
        let fast: Option<T> = match format {
            Format::Json => super::read_json(&bytes, depth).ok(),
            _ => super::read_pack(&bytes, depth),
        };
        if fast.as_ref() != Some(value) {
            let what = "what the fast path reads";
            return Err(Error::Mismatch { format, what });
        }
        if codec.from_slice::<Serde<T>>(&bytes)?.0 != *value {
            let what = "what serde reads back";
            return Err(Error::Mismatch { format, what });
        }
    }
    let format = Format::Archive;
    let codec = Serializer::new(format);
    for bytes in [codec.to_vec(&Serde(value))?, codec.to_vec(value)?] {
        if crate::archive::read_fast(&bytes, &codec.kept_limits()).as_ref() != Some(value) {
            let what = "what the fast path reads";
            return Err(Error::Mismatch { format, what });
        }
        if codec.from_slice::<Serde<T>>(&bytes)?.0 != *value {
            let what = "what serde reads back";
            return Err(Error::Mismatch { format, what });
        }
    }
    Ok(())
}
