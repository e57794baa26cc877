//! Undoing the codings of a body as it comes off the wire: neither the packed body nor what lies between two codings is
//! ever whole in memory, and a bomb ends the call when the cap is reached, not when it has arrived.

use http::header::HeaderMap;

use super::coding::{Coding, Undo};
use super::{TYPICAL_RATIO, codings, damaged, too_large};
use crate::body::Gather;
use crate::error::Result;

/// What lies between two codings at a time.
const BETWEEN: usize = 16 << 10;

/// After so much output other tasks get a turn: a few milliseconds' work.
const TURN: usize = 1 << 20;

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
    /// How much had come out when other tasks last got a turn.
    mark: usize,
}

struct Layer {
    coding: Coding,
    undo: Undo,
    produced: usize,
    /// What the next layer gets; empty for the innermost one.
    between: Vec<u8>,
}

impl Unpack {
    pub(super) fn new(headers: &HeaderMap, cap: usize) -> Result<Self> {
        let codings = codings(headers)?;
        let mut layers = Vec::with_capacity(codings.len());
        for (depth, coding) in codings.into_iter().enumerate().rev() {
            layers.push(Layer {
                coding,
                undo: Undo::new(coding).map_err(|source| damaged(coding, source))?,
                produced: 0,
                between: vec![0; if depth == 0 { 0 } else { BETWEEN }],
            });
        }
        Ok(Self {
            layers,
            whole: None,
            cap,
            packed: 0,
            mark: 0,
        })
    }

    /// Takes what came off the wire.
    pub(super) fn push(&mut self, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.packed += data.len();
        let most = self.cap.saturating_add(1);
        let whole = self.whole.get_or_insert_with(|| {
            let guess = data.len().saturating_mul(TYPICAL_RATIO);
            Gather::with_room(guess.max(LEAST_GUESS).min(most))
        });
        if feed(&mut self.layers, whole, data, most)? {
            Ok(())
        } else {
            Err(too_large(self.cap, self.packed))
        }
    }

    /// Whether it is time for a turn of other tasks, which the caller then gives them.
    pub(super) fn has_worked_long(&mut self) -> bool {
        let len = self.whole.as_ref().map_or(0, Gather::len);
        let long = len - self.mark >= TURN;
        if long {
            self.mark = len;
        }
        long
    }

    /// The body, if it may end here. An answer without content may keep the header of the one it stands for.
    pub(super) fn finish(self) -> Result<bytes::Bytes> {
        let Some(whole) = self.whole else {
            return Ok(bytes::Bytes::new());
        };
        for layer in self.layers {
            if !layer.undo.is_complete() {
                return Err(damaged(layer.coding, "it ends too early".into()));
            }
        }
        Ok(whole.finish())
    }
}

/// Runs bytes through the layers; `false` once one has given more than a body may have. One byte more than allowed tells
/// "exactly at the limit" from "cut off".
fn feed(layers: &mut [Layer], whole: &mut Gather, mut input: &[u8], most: usize) -> Result<bool> {
    let Some((layer, inner)) = layers.split_first_mut() else {
        whole.push(input);
        return Ok(whole.len() < most);
    };
    loop {
        let output = if inner.is_empty() {
            whole.room(most - layer.produced)
        } else {
            &mut layer.between[..]
        };
        let room = output.len();
        let step = layer
            .undo
            .step(input, output)
            .map_err(|source| damaged(layer.coding, source))?;
        input = &input[step.consumed..];
        layer.produced += step.produced;
        if inner.is_empty() {
            whole.fill(step.produced);
        } else if !feed(inner, whole, &layer.between[..step.produced], most)? {
            return Ok(false);
        }
        if layer.produced >= most {
            return Ok(false);
        }
        if input.is_empty() && step.produced < room {
            return Ok(true);
        }
        if step.consumed == 0 && step.produced == 0 {
            return Err(damaged(layer.coding, "it makes no progress".into()));
        }
    }
}
