//! Zstandard (RFC 8878) in memory: one frame out, any number of frames in, within limits; those to be skipped are.

use std::io::Read;

use crate::detect::{ZSTD_MAGIC as MAGIC, is_skippable};
use crate::{Error, Format, Limits, Position, Result};

const FORMAT: Format = Format::JsonZstd;
/// What the library lets a window be by default, as a power of two.
const LARGEST_WINDOW: u32 = 27;
const SMALLEST_WINDOW: u32 = 10;
const STEP: usize = 16 * 1024;

/// Compresses what `buffer` holds to one frame with a checksum. The buffer keeps its capacity.
pub(crate) fn compress(buffer: &mut Vec<u8>, level: i32) -> Result<()> {
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.include_checksum(true)?;
    let length = buffer.len();
    buffer.resize(length + zstd::zstd_safe::compress_bound(length), 0);
    let (bytes, space) = buffer.split_at_mut(length);
    let written = compressor.compress_to_buffer(bytes, space)?;
    buffer.truncate(length + written);
    buffer.drain(..length);
    Ok(())
}

/// Decompresses all frames.
pub(crate) fn decompress(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = Position::Offset(bytes.len() - rest.len());
        if is_skippable(rest) {
            rest = skip(rest).ok_or_else(|| truncated(bytes))?;
        } else if rest.starts_with(&MAGIC) {
            frame(&mut rest, bytes, &mut out, limits)?;
        } else if is_cut_magic(rest) {
            return Err(truncated(bytes));
        } else {
            return Err(Error::TrailingBytes { format: FORMAT, at });
        }
    }
    Ok(out)
}

/// Whether this is the begin of the first four bytes of a frame.
fn is_cut_magic(rest: &[u8]) -> bool {
    MAGIC.starts_with(rest)
        || matches!(
            rest,
            [0x50..=0x5f] | [0x50..=0x5f, 0x2a] | [0x50..=0x5f, 0x2a, 0x4d]
        )
}

/// What is left behind a frame that is to be skipped: four bytes of magic, four of its length, and so many.
fn skip(frame: &[u8]) -> Option<&[u8]> {
    let (length, rest) = frame.get(MAGIC.len()..)?.split_first_chunk()?;
    rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)
}

fn frame(rest: &mut &[u8], whole: &[u8], out: &mut Vec<u8>, limits: &Limits) -> Result<()> {
    let mut decoder = zstd::Decoder::with_buffer(&mut *rest)?.single_frame();
    // The header of a frame may ask for any amount of memory.
    let window = limits.bytes().max(2).ilog2() + 1;
    decoder.window_log_max(window.clamp(SMALLEST_WINDOW, LARGEST_WINDOW))?;
    let mut step = vec![0; STEP];
    loop {
        match decoder.read(&mut step) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let length = out.len().saturating_add(count);
                limits.check_expanded(length, whole.len())?;
                if length > out.capacity() {
                    // Twice as much, but never more than the limit.
                    let room = limits.bytes().saturating_sub(out.len());
                    out.reserve_exact(out.len().max(STEP).min(room));
                }
                out.extend_from_slice(step.get(..count).unwrap_or_default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(truncated(whole));
            }
            Err(error) => {
                let left = decoder.get_ref().len();
                return Err(classify(
                    error,
                    Position::Offset(whole.len() - left),
                    limits,
                ));
            }
        }
    }
}

/// The library names its faults in words only.
fn classify(error: std::io::Error, at: Position, limits: &Limits) -> Error {
    let reason = error.to_string();
    if reason.contains("checksum") {
        Error::Checksum { format: FORMAT, at }
    } else if reason.contains("too much memory") {
        Error::TooLarge {
            limit: limits.bytes(),
        }
    } else {
        Error::Syntax {
            format: FORMAT,
            at,
            reason: reason.into(),
            source: Some(Box::new(error)),
        }
    }
}

fn truncated(whole: &[u8]) -> Error {
    Error::Truncated {
        format: FORMAT,
        at: Position::Offset(whole.len()),
    }
}
