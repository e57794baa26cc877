//! Undoing the coding of a body that comes in pieces, in pieces of bounded size.

use bytes::{Buf, Bytes};
use http::header::{CONTENT_ENCODING, HeaderMap};

use super::coding::{Coding, Undo};
use super::{TYPICAL_RATIO, codings, damaged};
use crate::error::{Error, ErrorKind, Result};

/// Undoes the coding of a body that comes in pieces.
pub(crate) struct Decoder {
    undo: Option<(Coding, Undo)>,
    /// What came off the wire and was not looked at yet.
    input: Bytes,
    /// The last output filled its buffer, so there may be more without more input.
    more: bool,
    started: bool,
}

/// The largest piece of output.
pub(super) const PIECE: usize = 64 << 10;

impl Decoder {
    /// A decoder of the body that these headers describe; it streams one coding, not several on top of each other.
    pub(crate) fn new(headers: &HeaderMap) -> Result<Self> {
        let codings = if headers.contains_key(CONTENT_ENCODING) {
            codings(headers)?
        } else {
            Vec::new()
        };
        let undo = match codings[..] {
            [] => None,
            [coding] => {
                let machine = Undo::new(coding).map_err(|source| damaged(coding, source))?;
                Some((coding, machine))
            }
            _ => {
                return Err(Error::new(ErrorKind::Decode)
                    .message("the answer is encoded twice over, which cannot be streamed"));
            }
        };
        Ok(Self {
            undo,
            input: Bytes::new(),
            more: false,
            started: false,
        })
    }

    /// Takes what came off the wire. Only when [`pull`](Self::pull) has nothing left.
    pub(crate) fn push(&mut self, data: Bytes) {
        self.started |= !data.is_empty();
        self.input = data;
    }

    /// The next piece of the body, if what was pushed holds one.
    pub(crate) fn pull(&mut self) -> Result<Option<Bytes>> {
        let Some((coding, machine)) = &mut self.undo else {
            let input = std::mem::take(&mut self.input);
            return Ok((!input.is_empty()).then_some(input));
        };
        while self.more || !self.input.is_empty() {
            let guess = self.input.len().saturating_mul(TYPICAL_RATIO);
            let mut output = vec![0; guess.clamp(1 << 10, PIECE)];
            let step = machine
                .step(&self.input, &mut output)
                .map_err(|source| damaged(*coding, source))?;
            self.input.advance(step.consumed);
            self.more = step.produced == output.len();
            if step.produced > 0 {
                output.truncate(step.produced);
                return Ok(Some(output.into()));
            }
            if step.consumed == 0 && !self.input.is_empty() {
                return Err(damaged(*coding, "it makes no progress".into()));
            }
        }
        Ok(None)
    }

    /// Whether the body may end here.
    pub(crate) fn finish(&self) -> Result<()> {
        match &self.undo {
            Some((coding, machine)) if self.started && !machine.is_complete() => {
                Err(damaged(*coding, "it ends too early".into()))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("coding", &self.undo.as_ref().map(|(coding, _)| coding))
            .finish_non_exhaustive()
    }
}
