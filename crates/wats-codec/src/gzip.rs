//! gzip (RFC 1952) in memory: one member out, any number of members in, within limits.
//!
//! The frame is written here, so that the caller's buffer serves for both sides, and read here rather
//! than by `flate2`'s reader, which reports a damaged checksum,
//! damaged data and a damaged header alike, and stops or not at the first member by type.

use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

use crate::detect::GZIP_MAGIC as MAGIC;
use crate::{Error, Format, Limits, Position, Result};

const DEFLATE: u8 = 8;
const UNKNOWN_OS: u8 = 255;
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;
/// Output grows by at least this much per step.
const STEP: usize = 16 * 1024;

/// Compresses what `buffer` holds to one member without name or time, so that equal input gives equal
/// bytes. The buffer keeps its capacity.
pub(crate) fn compress(buffer: &mut Vec<u8>, level: u32) -> Result<()> {
    let length = buffer.len();
    let mut check = Crc::new();
    check.update(buffer);
    let effort = match level {
        9.. => 2,
        0 | 1 => 4,
        _ => 0,
    };
    buffer.extend_from_slice(&[
        MAGIC[0], MAGIC[1], DEFLATE, 0, 0, 0, 0, 0, effort, UNKNOWN_OS,
    ]);
    let mut deflate = Compress::new(Compression::new(level), false);
    loop {
        let end = buffer.len();
        buffer.resize(end + (length / 4).max(STEP), 0);
        let (bytes, space) = buffer.split_at_mut(length);
        let bytes = bytes.get(deflate.total_in() as usize..).unwrap_or_default();
        let space = space.get_mut(end - length..).unwrap_or_default();
        let before = deflate.total_out();
        let status = deflate
            .compress(bytes, space, FlushCompress::Finish)
            .map_err(std::io::Error::other)?;
        buffer.truncate(end + (deflate.total_out() - before) as usize);
        if status == Status::StreamEnd {
            break;
        }
    }
    buffer.extend_from_slice(&check.sum().to_le_bytes());
    // The length is stored modulo 2^32.
    buffer.extend_from_slice(&(length as u32).to_le_bytes());
    buffer.drain(..length);
    Ok(())
}

/// Decompresses all members.
pub(crate) fn decompress(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        if !rest.starts_with(&MAGIC) {
            // A second member may be cut within its magic; anything else does not belong here.
            return Err(if MAGIC.starts_with(rest) {
                truncated(bytes)
            } else {
                Error::TrailingBytes {
                    format: Format::JsonGzip,
                    at: Position::Offset(at),
                }
            });
        }
        rest = body(header(rest, bytes)?, bytes, &mut out, limits)?;
    }
    Ok(out)
}

/// Skips a member's header.
fn header<'a>(member: &'a [u8], whole: &[u8]) -> Result<&'a [u8]> {
    let at = Position::Offset(whole.len() - member.len());
    let (fixed, mut rest) = member
        .split_at_checked(10)
        .ok_or_else(|| truncated(whole))?;
    let (method, flags) = (fixed[2], fixed[3]);
    if method != DEFLATE {
        let reason = format!("unknown compression method {method}");
        return Err(Error::syntax(Format::JsonGzip, at, reason));
    }
    if flags & RESERVED != 0 {
        return Err(Error::syntax(
            Format::JsonGzip,
            at,
            "reserved flags are set",
        ));
    }
    let cut = |rest: &'a [u8], count: usize| rest.get(count..).ok_or_else(|| truncated(whole));
    if flags & EXTRA != 0 {
        let length = rest.first_chunk().ok_or_else(|| truncated(whole))?;
        rest = cut(rest, 2 + usize::from(u16::from_le_bytes(*length)))?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0);
            rest = cut(rest, end.ok_or_else(|| truncated(whole))? + 1)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        rest = cut(rest, 2)?;
    }
    Ok(rest)
}

/// Inflates a member's body, checks its trailer and returns what follows it.
fn body<'a>(
    mut rest: &'a [u8],
    whole: &[u8],
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<&'a [u8]> {
    let start = out.len();
    let mut inflate = Decompress::new(false);
    loop {
        // One byte more than allowed, so that reaching the limit and passing it differ.
        let room = limits.bytes().saturating_add(1).saturating_sub(out.len());
        let step = out.len().max(rest.len().saturating_mul(4)).max(STEP);
        out.reserve(step.min(room));
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate
            .decompress_vec(rest, out, FlushDecompress::None)
            .map_err(|error| Error::Syntax {
                format: Format::JsonGzip,
                at: Position::Offset(whole.len() - rest.len()),
                reason: "damaged compressed data".into(),
                source: Some(Box::new(error)),
            })?;
        let read = (inflate.total_in() - read) as usize;
        rest = rest.get(read..).unwrap_or_default();
        limits.check_expanded(out.len(), whole.len())?;
        if status == Status::StreamEnd {
            break;
        }
        if read == 0 && inflate.total_out() == written && rest.is_empty() {
            return Err(truncated(whole));
        }
    }
    let (crc, after) = rest.split_first_chunk().ok_or_else(|| truncated(whole))?;
    let (length, after) = after.split_first_chunk().ok_or_else(|| truncated(whole))?;
    let member = out.get(start..).unwrap_or_default();
    let mut check = Crc::new();
    check.update(member);
    // The length is stored modulo 2^32.
    if u32::from_le_bytes(*crc) != check.sum() || u32::from_le_bytes(*length) != member.len() as u32
    {
        return Err(Error::Checksum {
            format: Format::JsonGzip,
            at: Position::Offset(whole.len() - after.len()),
        });
    }
    Ok(after)
}

fn truncated(whole: &[u8]) -> Error {
    Error::Truncated {
        format: Format::JsonGzip,
        at: Position::Offset(whole.len()),
    }
}
