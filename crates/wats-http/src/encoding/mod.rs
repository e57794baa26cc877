//! Content codings: undoing those of answers within a cap, and packing the bodies of requests.
//!
//! [`coding`] undoes one coding step by step. [`decode`] runs it over a whole body (a large one on a blocking thread), [`stream`] over one that
//! comes in pieces; neither ever holds more than it was allowed, however far a few bytes inflate. [`request`] is the way out.

mod coding;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use bytes::{Buf, Bytes};
use http::header::{CONTENT_ENCODING, HeaderMap};

use self::coding::{Coding, Undo};
use crate::error::{Error, ErrorKind, Result};

pub(crate) use self::coding::ACCEPTED;
pub(crate) use self::request::Packing;
pub use self::request::RequestCompression;
pub(crate) use self::stream::Decoder;
#[cfg(test)]
use self::stream::PIECE;

/// First guess of how much a body inflates, to save reallocations.
const TYPICAL_RATIO: usize = 6;

/// Codings that may lie on top of each other.
const MOST_LAYERS: usize = 3;

/// What is decompressed on the spot; the rest of a larger body, on a thread where no other call waits.
const ON_THE_SPOT: usize = 1 << 20;

/// Whether a body is encoded. An answer without content may keep the header of the one it stands for.
pub(crate) fn is_encoded(headers: &HeaderMap, body: &[u8]) -> bool {
    !body.is_empty() && headers.contains_key(CONTENT_ENCODING)
}

/// Undoes the content codings of a whole body, at most `cap` bytes of result, without holding up other calls.
pub(crate) async fn decode(headers: &HeaderMap, mut body: Bytes, cap: usize) -> Result<Bytes> {
    for coding in codings(headers)?.into_iter().rev() {
        body = match Undoing::new(coding, body, cap)?.run(ON_THE_SPOT)? {
            Run::Done(body) => body,
            Run::Paused(rest) => tokio::task::spawn_blocking(move || rest.finish())
                .await
                .map_err(|ended| damaged(coding, ended.into()))??,
        };
    }
    Ok(body)
}

/// The same at once, for bodies whose `cap` is small.
pub(crate) fn decode_at_once(headers: &HeaderMap, mut body: Bytes, cap: usize) -> Result<Bytes> {
    if is_encoded(headers, &body) {
        for coding in codings(headers)?.into_iter().rev() {
            body = Undoing::new(coding, body, cap)?.finish()?;
        }
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

/// One coding of a whole body, on the way.
struct Undoing {
    coding: Coding,
    machine: Undo,
    input: Bytes,
    output: Vec<u8>,
    filled: usize,
    cap: usize,
    /// Size of the whole input.
    packed: usize,
}

/// How far an [`Undoing`] came.
enum Run {
    Done(Bytes),
    Paused(Undoing),
}

impl Undoing {
    fn new(coding: Coding, input: Bytes, cap: usize) -> Result<Self> {
        let machine = Undo::new(coding).map_err(|source| damaged(coding, source))?;
        let packed = input.len();
        let first_guess = packed.saturating_mul(TYPICAL_RATIO);
        let first_guess = first_guess.clamp(1 << 10, 1 << 24);
        Ok(Self {
            coding,
            machine,
            input,
            output: vec![0; first_guess.min(cap.saturating_add(1))],
            filled: 0,
            cap,
            packed,
        })
    }

    fn finish(self) -> Result<Bytes> {
        let coding = self.coding;
        match self.run(usize::MAX)? {
            Run::Done(body) => Ok(body),
            Run::Paused(_) => Err(damaged(coding, "it has no end".into())),
        }
    }

    /// Goes on until the end, or until there are `pause_at` bytes of output.
    fn run(mut self, pause_at: usize) -> Result<Run> {
        let broken = |source| damaged(self.coding, source);
        // One byte more than allowed tells "exactly at the limit" from "cut off".
        let most = self.cap.saturating_add(1);
        loop {
            if self.filled >= pause_at {
                return Ok(Run::Paused(self));
            }
            if self.filled == self.output.len() {
                if self.filled == most {
                    return Err(too_large(self.cap, self.packed));
                }
                let grown = self.filled.saturating_mul(2).min(most);
                self.output.reserve_exact(grown - self.filled);
                self.output.resize(grown, 0);
            }
            let end = self.output.len().min(pause_at);
            let step = self
                .machine
                .step(&self.input, &mut self.output[self.filled..end])
                .map_err(broken)?;
            self.input.advance(step.consumed);
            self.filled += step.produced;
            if self.input.is_empty() && self.filled < end {
                break;
            }
            if step.consumed == 0 && step.produced == 0 {
                return Err(broken("it makes no progress".into()));
            }
        }
        if !self.machine.is_complete() {
            return Err(broken("it ends too early".into()));
        }
        self.output.truncate(self.filled);
        Ok(Run::Done(self.output.into()))
    }
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
