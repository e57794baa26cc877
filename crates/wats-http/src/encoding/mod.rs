//! Content codings: undoing those of answers within a cap, and packing the bodies of requests.
//!
//! [`coding`] undoes one coding step by step. [`decode`] runs it over a whole body, [`stream`] over one that
//! comes in pieces; neither ever holds more than it was allowed, however far a few bytes inflate. [`request`] is the way out.

mod coding;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap};

use self::coding::{Coding, Undo};
use crate::error::{Error, ErrorKind, Result};

pub(crate) use self::coding::ACCEPTED;
pub use self::request::RequestCompression;
pub(crate) use self::request::{Packing, may_refuse};
pub(crate) use self::stream::Decoder;
#[cfg(test)]
use self::stream::PIECE;

/// First guess of how much a body inflates, to save reallocations.
const TYPICAL_RATIO: usize = 6;

/// Codings that may lie on top of each other.
const MOST_LAYERS: usize = 3;

/// Undoes the content codings of a whole body, at most `cap` bytes of result.
pub(crate) fn decode(headers: &HeaderMap, mut body: Bytes, cap: usize) -> Result<Bytes> {
    // An answer without content may keep the header of the one it stands for.
    if body.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    for coding in codings(headers)?.into_iter().rev() {
        body = undo(coding, &body, cap)?;
    }
    Ok(body)
}

/// The codings in the order in which they were applied (RFC 9110, section 8.4).
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let coding = Coding::named(name).ok_or_else(|| {
                Error::new(ErrorKind::Decode).message(format!(
                    "the answer is encoded as `{name}`, which was not asked for"
                ))
            })?;
            if codings.len() == MOST_LAYERS {
                return Err(Error::new(ErrorKind::Decode).message(format!(
                    "the answer is encoded more than {MOST_LAYERS} times over"
                )));
            }
            codings.push(coding);
        }
    }
    Ok(codings)
}

fn undo(coding: Coding, mut input: &[u8], cap: usize) -> Result<Bytes> {
    let mut machine = Undo::new(coding).map_err(|source| damaged(coding, source))?;
    // One byte more than allowed tells "exactly at the limit" from "cut off".
    let most = cap.saturating_add(1);
    let packed = input.len();
    let first_guess = packed.saturating_mul(TYPICAL_RATIO).clamp(1 << 10, 1 << 24);
    let mut output = vec![0; first_guess.min(most)];
    let mut filled = 0;
    loop {
        if filled == output.len() {
            if filled == most {
                return Err(too_large(cap, packed));
            }
            let grown = filled.saturating_mul(2).min(most);
            output.reserve_exact(grown - filled);
            output.resize(grown, 0);
        }
        let step = machine
            .step(input, &mut output[filled..])
            .map_err(|source| damaged(coding, source))?;
        input = &input[step.consumed..];
        filled += step.produced;
        if input.is_empty() && filled < output.len() {
            break;
        }
        if step.consumed == 0 && step.produced == 0 {
            return Err(damaged(coding, "it makes no progress".into()));
        }
    }
    if !machine.is_complete() {
        return Err(damaged(coding, "it ends too early".into()));
    }
    output.truncate(filled);
    Ok(output.into())
}

fn damaged(coding: Coding, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Decode)
        .message(format!(
            "the {} data of the answer is damaged",
            coding.name()
        ))
        .source(source)
}

fn too_large(cap: usize, packed: usize) -> Error {
    Error::new(ErrorKind::TooLarge).message(format!(
        "more than {cap} bytes after decompression of {packed} bytes"
    ))
}
