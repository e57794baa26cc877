//! Undoing the codings of a body as it comes off the wire: neither the packed body nor what lies between two codings is
//! ever whole in memory, and a bomb ends the call when the cap is reached, not when it has arrived.
//!
//! ```text
//! wire ─► outermost coding ─► at most 16 KiB ─► next coding … ─► Gather, at most the cap
//! ```

use bytes::{Buf, Bytes};
use http::header::HeaderMap;

use super::coding::{Coding, Undo};
use super::{TYPICAL_RATIO, codings, damaged, too_large};
use crate::body::Gather;
use crate::error::Result;

/// What lies between two codings at a time.
const BETWEEN: usize = 16 << 10;

/// The first guess of how large a body is.
const LEAST_GUESS: usize = 1 << 10;

/// A body whose codings are being undone.
pub(super) struct Unpack {
    /// The outermost coding first.
    layers: Vec<Layer>,
    /// `None` until the first bytes came.
    whole: Option<Gather>,
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

impl Unpack {
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
            whole: None,
            cap,
            packed: 0,
        })
    }

    /// Takes what came off the wire. Only when [`run`](Self::run) has nothing left.
    pub(super) fn push(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        self.packed += data.len();
        let most = self.cap.saturating_add(1);
        let whole = self.whole.get_or_insert_with(|| {
            let guess = data.len().saturating_mul(TYPICAL_RATIO);
            Gather::with_room(guess.max(LEAST_GUESS).min(most))
        });
        match self.layers.first_mut() {
            Some(outermost) => outermost.input = data,
            None => whole.push(&data),
        }
    }

    /// Goes on until nothing is left of what was pushed, or there are about `turn` more bytes of output: `false` then.
    pub(super) fn run(&mut self, turn: usize) -> Result<bool> {
        // One byte more than allowed tells "exactly at the limit" from "cut off".
        let most = self.cap.saturating_add(1);
        let Some(whole) = &mut self.whole else {
            return Ok(true);
        };
        let mut produced = 0;
        // What lies further in comes first, so that each coding finds room for its output.
        while let Some(at) = self.layers.iter().rposition(Layer::has_work) {
            if produced >= turn {
                return Ok(false);
            }
            let (before, after) = self.layers.split_at_mut(at + 1);
            let (Some(layer), next) = (before.last_mut(), after.first_mut()) else {
                break;
            };
            let room = most - layer.produced;
            let step = if let Some(next) = next {
                let mut between = vec![0; BETWEEN.min(room)];
                let step = layer.step(&mut between)?;
                between.truncate(step);
                next.input = between.into();
                step
            } else {
                let step = layer.step(whole.room(room))?;
                whole.fill(step);
                step
            };
            produced += step;
            if layer.produced == most {
                return Err(too_large(self.cap, self.packed));
            }
        }
        Ok(true)
    }

    /// The body, if it may end here. An answer without content may keep the header of the one it stands for.
    pub(super) fn finish(self) -> Result<Bytes> {
        let Some(whole) = self.whole else {
            return Ok(Bytes::new());
        };
        for layer in self.layers {
            if !layer.undo.is_complete() {
                return Err(damaged(layer.coding, "it ends too early".into()));
            }
        }
        Ok(whole.finish())
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
