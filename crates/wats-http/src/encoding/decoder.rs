//! Undoing the codings of a body as it comes off the wire: neither the packed body nor what lies between two codings is
//! ever whole in memory, and a bomb ends the call when the cap is reached, not when it has arrived.
//!
//! ```text
//! wire ─► outermost coding ─► at most 16 KiB ─► next coding … ─► Gather, at most the cap, or pieces of 64 KiB
//! ```

use std::fmt;

use bytes::{Buf, Bytes};
use http::header::HeaderMap;

use super::coding::{Coding, Undo};
use super::{codings, damaged, too_large};
use crate::body::Gather;
use crate::error::{Error, ErrorKind, Result};

/// First guess of how much a body inflates, to save reallocations.
const TYPICAL_RATIO: usize = 6;

/// The first guess of how large a body or a piece is at least.
const LEAST_GUESS: usize = 1 << 10;

/// What lies between two codings at a time.
const BETWEEN: usize = 16 << 10;

/// The largest piece of a body that is handed out in pieces.
pub(super) const PIECE: usize = 64 << 10;

/// Undoes the codings of a body that comes in pieces.
pub(crate) struct Decoder {
    /// The outermost coding first.
    layers: Vec<Layer>,
    /// What was pushed and not looked at yet, when there is no coding.
    plain: Bytes,
    /// Most bytes that any coding may hide.
    cap: usize,
    /// Bytes off the wire.
    packed: usize,
}

struct Layer {
    coding: Coding,
    undo: Undo,
    /// What was not looked at yet.
    input: Bytes,
    /// The last output filled its buffer, so there may be more without more input.
    more: bool,
    produced: usize,
}

impl Decoder {
    /// A decoder of the body that these headers describe.
    pub(super) fn new(headers: &HeaderMap, cap: usize) -> Result<Self> {
        let layers = codings(headers)?.into_iter().rev().map(|coding| {
            Ok(Layer {
                coding,
                undo: Undo::new(coding).map_err(|source| damaged(coding, source))?,
                input: Bytes::new(),
                more: false,
                produced: 0,
            })
        });
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
            plain: Bytes::new(),
            cap,
            packed: 0,
        })
    }

    /// The same for a body that is handed out in pieces, whose sum the receiver bounds. It has one coding, not several on
    /// top of each other: how much work those make before the next piece is nobody's to bound.
    pub(crate) fn streaming(headers: &HeaderMap) -> Result<Self> {
        let decoder = Self::new(headers, usize::MAX)?;
        if decoder.layers.len() > 1 {
            return Err(Error::new(ErrorKind::Decode)
                .message("the answer is encoded twice over, which cannot be streamed"));
        }
        Ok(decoder)
    }

    /// Takes what came off the wire. Only when nothing is left of what was pushed before.
    pub(crate) fn push(&mut self, data: Bytes) {
        self.packed += data.len();
        match self.layers.first_mut() {
            Some(outermost) => outermost.input = data,
            None => self.plain = data,
        }
    }

    /// The next piece of the body, if what was pushed holds one.
    pub(crate) fn pull(&mut self) -> Result<Option<Bytes>> {
        let Some(outermost) = self.layers.first() else {
            let plain = std::mem::take(&mut self.plain);
            return Ok((!plain.is_empty()).then_some(plain));
        };
        if !outermost.has_work() {
            return Ok(None);
        }
        let guess = outermost.input.len().saturating_mul(TYPICAL_RATIO);
        let mut output = vec![0; guess.clamp(LEAST_GUESS, PIECE)];
        let mut written = 0;
        while written == 0 && self.has_work() {
            (_, written) = self.step(&mut output)?;
        }
        output.truncate(written);
        Ok((written > 0).then(|| output.into()))
    }

    /// A place for the body whose first bytes on the wire are these.
    pub(super) fn room_for(&self, data: &Bytes) -> Gather {
        let guess = data.len().saturating_mul(TYPICAL_RATIO);
        Gather::with_room(guess.max(LEAST_GUESS).min(self.most()))
    }

    /// Goes on until nothing is left of what was pushed, or there are about `most` more bytes of output: `false` then.
    pub(super) fn gather(&mut self, whole: &mut Gather, most: usize) -> Result<bool> {
        if self.layers.is_empty() {
            whole.push(&std::mem::take(&mut self.plain));
        }
        let mut work = 0;
        while self.has_work() {
            if work >= most {
                return Ok(false);
            }
            let produced = self.layers.last().map_or(0, |layer| layer.produced);
            let (produced, written) = self.step(whole.room(self.most() - produced))?;
            whole.fill(written);
            work += produced;
        }
        Ok(true)
    }

    /// Whether the body may end here. An answer without content may keep the header of the one it stands for.
    pub(crate) fn finish(&self) -> Result<()> {
        let cut = self.layers.iter().find(|layer| !layer.undo.is_complete());
        match cut {
            Some(layer) if self.packed > 0 => {
                Err(damaged(layer.coding, "it ends too early".into()))
            }
            _ => Ok(()),
        }
    }

    /// One byte more than allowed tells "exactly at the limit" from "cut off".
    fn most(&self) -> usize {
        self.cap.saturating_add(1)
    }

    fn has_work(&self) -> bool {
        self.layers.iter().any(Layer::has_work)
    }

    /// Undoes a part of one coding: how many bytes that made, and how many of them are the body's and stand in `output`.
    fn step(&mut self, output: &mut [u8]) -> Result<(usize, usize)> {
        let most = self.most();
        // What lies further in comes first, so that each coding finds room for its output.
        let at = self.layers.iter().rposition(Layer::has_work);
        let (before, after) = self.layers.split_at_mut(at.map_or(0, |at| at + 1));
        let Some(layer) = before.last_mut() else {
            return Ok((0, 0));
        };
        let room = most - layer.produced;
        let step = if let Some(next) = after.first_mut() {
            let mut between = vec![0; BETWEEN.min(room)];
            let produced = layer.step(&mut between)?;
            between.truncate(produced);
            next.input = between.into();
            (produced, 0)
        } else {
            let end = output.len().min(room);
            let produced = layer.step(&mut output[..end])?;
            (produced, produced)
        };
        if layer.produced == most {
            return Err(too_large(self.cap, self.packed));
        }
        Ok(step)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codings: Vec<_> = self.layers.iter().map(|layer| layer.coding).collect();
        f.debug_struct("Decoder")
            .field("codings", &codings)
            .finish_non_exhaustive()
    }
}

impl Layer {
    fn has_work(&self) -> bool {
        self.more || !self.input.is_empty()
    }

    /// Undoes as much as fits into `output`; how much that was.
    fn step(&mut self, output: &mut [u8]) -> Result<usize> {
        let step = self
            .undo
            .step(&self.input, output)
            .map_err(|source| damaged(self.coding, source))?;
        self.input.advance(step.consumed);
        self.more = step.produced == output.len();
        self.produced += step.produced;
        if step.consumed == 0 && step.produced == 0 && !self.input.is_empty() {
            return Err(damaged(self.coding, "it makes no progress".into()));
        }
        Ok(step.produced)
    }
}
