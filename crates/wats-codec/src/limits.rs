//! What reading and writing may cost.

use crate::{Error, Result};

/// Output below this size is never a bomb, whatever its ratio.
#[cfg(any(feature = "archive", feature = "gzip", feature = "zstd"))]
const RATIO_FLOOR: usize = 1 << 20;

/// Bounds for one document. They hold for writing as for reading: what a serializer writes, one with
/// the same limits reads, and what it would not read, it refuses to write.
///
/// ```
/// use wats_codec::{Format, Limits, Serializer};
///
/// let small = Serializer::new(Format::Json).limits(Limits::default().max_bytes(16));
/// let error = small.from_slice::<Vec<u32>>(b"[1,2,3,4,5,6,7,8,9,10]").unwrap_err();
/// assert!(error.is_limit());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest document in bytes, before compression and after it; `None` is any. Default 64 MiB.
    ///
    /// It bounds the memory of decompression, which is taken as output comes. An archive is counted
    /// about as its JSON would be, and never as more; its tables take at most four times as much
    /// memory while it is read. The value that is read may take a multiple of its document: a tree
    /// of `serde_json::Value` up to 32 bytes for each byte.
    pub max_bytes: Option<usize>,
    /// Largest ratio of decompressed to compressed bytes, checked once the output has passed
    /// 1 MiB; `None` is any. Default `None`. 0 counts as 1.
    ///
    /// No ratio tells a bomb from genuine data: many reports that are alike, or a long list of equal
    /// values, come near the 1032 of gzip, and exceed it in Zstandard and archives. So
    /// [`max_bytes`](Self::max_bytes) alone is the bound unless a ratio is set here, for small input
    /// from strangers that is known to be varied; single reports reach about 10.
    pub max_ratio: Option<u32>,
    /// Deepest nesting of arrays and objects. Default and ceiling 127, the deepest that
    /// `serde_json` reads; a larger value counts as 127. What stack a level takes depends on the type: see the README.
    pub max_depth: usize,
}

impl Limits {
    /// The ceiling of [`max_depth`](Self::max_depth).
    pub const DEPTH_CEILING: usize = 127;

    /// Sets the largest document in bytes, before compression and after it.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Takes documents of any size.
    #[must_use]
    pub const fn no_max_bytes(mut self) -> Self {
        self.max_bytes = None;
        self
    }

    /// Sets the largest ratio of decompressed to compressed bytes.
    #[must_use]
    pub const fn max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = Some(ratio);
        self
    }

    /// Takes any ratio of decompressed to compressed bytes, as by default.
    #[must_use]
    pub const fn no_max_ratio(mut self) -> Self {
        self.max_ratio = None;
        self
    }

    /// Sets the deepest nesting of arrays and objects, at most 127.
    #[must_use]
    pub const fn max_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    pub(crate) fn depth(&self) -> usize {
        self.max_depth.min(Self::DEPTH_CEILING)
    }

    pub(crate) fn check_size(&self, bytes: usize) -> Result<()> {
        if bytes > self.bytes() {
            return Err(Error::TooLarge {
                limit: self.bytes(),
            });
        }
        Ok(())
    }

    /// The largest document, whatever it is.
    pub(crate) fn bytes(&self) -> usize {
        self.max_bytes.unwrap_or(usize::MAX)
    }
}

#[cfg(any(feature = "archive", feature = "gzip", feature = "zstd"))]
impl Limits {
    /// Checks the `expanded` bytes that `input` bytes stand for.
    pub(crate) fn check_expanded(&self, expanded: usize, input: usize) -> Result<()> {
        if expanded > RATIO_FLOOR && expanded / self.ratio() > input {
            return Err(Error::RatioTooHigh {
                limit: self.ratio() as u32,
            });
        }
        self.check_size(expanded)
    }

    /// The most that `input` bytes may expand to before [`check_expanded`](Self::check_expanded) objects.
    #[cfg(feature = "archive")]
    pub(crate) fn most_expanded(&self, input: usize) -> usize {
        // The check rounds the ratio down.
        let by_ratio = input.saturating_add(1).saturating_mul(self.ratio()) - 1;
        by_ratio.max(RATIO_FLOOR).min(self.bytes())
    }

    fn ratio(&self) -> usize {
        self.max_ratio.unwrap_or(u32::MAX).max(1) as usize
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: Some(64 << 20),
            max_ratio: None,
            max_depth: Self::DEPTH_CEILING,
        }
    }
}

#[cfg(all(test, feature = "archive"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_most_is_just_what_the_check_allows(
            input in 0usize..100_000,
            ratio in prop_oneof![0u32..2000, Just(u32::MAX)],
            max_bytes in 0usize..1 << 28,
        ) {
            let limits = Limits::default().max_ratio(ratio).max_bytes(max_bytes);
            let most = limits.most_expanded(input);
            prop_assert!(limits.check_expanded(most, input).is_ok());
            prop_assert!(limits.check_expanded(most + 1, input).is_err());
        }
    }
}
