//! Values as payloads: by `wats-codec`, within limits, compressed where that is worth it.

use std::borrow::Cow;

use wats_codec::{Decode, Encode, Format, Limits, Serializer};

use crate::envelope::{Codec, Envelope, Foreign};

/// Payloads from this size on are tried to be compressed.
#[cfg(feature = "zstd")]
const COMPRESS_FROM: usize = 4096;

/// A payload, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) codec: Codec,
    pub(crate) compressed: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Writes a value; `None` if it cannot be, or is larger than `most` bytes.
pub(crate) fn pack<T: Encode + ?Sized>(value: &T, most: usize) -> Option<Packed> {
    let bytes = serializer(most).to_vec(value).ok()?;
    let packed = Packed {
        codec: Codec::MessagePack,
        compressed: false,
        bytes,
    };
    #[cfg(feature = "zstd")]
    if packed.bytes.len() >= COMPRESS_FROM
        && let Ok(bytes) = zstd::bulk::compress(&packed.bytes, 1)
        // Less would not be worth the time of every reader.
        && bytes.len() <= packed.bytes.len() / 5 * 4
    {
        return Some(Packed {
            compressed: true,
            bytes,
            ..packed
        });
    }
    Some(packed)
}

/// Reads the value of an envelope, of at most `most` bytes before and after decompression.
///
/// # Errors
/// Why it is foreign.
pub(crate) fn unpack<T: Decode>(envelope: &Envelope<'_>, most: usize) -> Result<T, Foreign> {
    let bytes = if envelope.compressed {
        Cow::Owned(decompress(envelope.payload, most)?)
    } else {
        Cow::Borrowed(envelope.payload)
    };
    let expected = match envelope.codec {
        Codec::None => return Err(Foreign::Codec),
        Codec::MessagePack => Format::MessagePack,
        Codec::Archive => Format::Archive,
        Codec::Json => Format::Json,
    };
    let serializer = Serializer::new(expected).limits(Limits::default().max_bytes(most));
    // The format is recognised from the first bytes. An integer of MessagePack may be both; its writer decides then.
    if Format::detect(&bytes).is_some_and(|format| format != expected) && bytes.len() > 1 {
        return Err(Foreign::Codec);
    }
    serializer.from_slice(&bytes).map_err(|_| Foreign::Payload)
}

fn serializer(most: usize) -> Serializer {
    Serializer::new(Format::MessagePack).limits(Limits::default().max_bytes(most))
}

#[cfg(feature = "zstd")]
fn decompress(bytes: &[u8], most: usize) -> Result<Vec<u8>, Foreign> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    let mut decoder = zstd::Decoder::with_buffer(bytes).map_err(|_| Foreign::Payload)?;
    // The header of a frame may ask for any amount of memory.
    let window = most.max(2).ilog2() + 1;
    decoder
        .window_log_max(window.clamp(10, 27))
        .map_err(|_| Foreign::Payload)?;
    decoder
        .take(most as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| Foreign::Payload)?;
    if plain.len() > most {
        return Err(Foreign::Payload);
    }
    Ok(plain)
}

#[cfg(not(feature = "zstd"))]
fn decompress(_: &[u8], _: usize) -> Result<Vec<u8>, Foreign> {
    Err(Foreign::Codec)
}
