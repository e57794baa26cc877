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
    let formats = [
        Format::Json,
        #[cfg(feature = "msgpack")]
        Format::MessagePack,
    ];
    for format in formats {
        let codec = Serializer::new(format);
        let bytes = codec.to_vec(&Serde(value))?;
        if codec.to_vec(value)? != bytes {
            let what = "what the fast path writes";
            return Err(Error::Mismatch { format, what });
        }
        let depth = codec.kept_limits().depth();
        let fast: Option<T> = match format {
            #[cfg(feature = "msgpack")]
            Format::MessagePack => super::read_pack(&bytes, depth),
            _ => super::read_json(&bytes, depth).ok(),
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
    #[cfg(feature = "archive")]
    verify_archive(value)?;
    Ok(())
}

#[cfg(feature = "archive")]
fn verify_archive<T>(value: &T) -> Result<()>
where
    T: Encode + Decode + PartialEq,
{
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
