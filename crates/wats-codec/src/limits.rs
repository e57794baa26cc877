//! What reading and writing may cost.

/// Output below this size is never a bomb, whatever its ratio.
pub(crate) const RATIO_FLOOR: usize = 1 << 20;

/// Bounds for one document, enforced while reading and, for the depth, while writing.
///
/// ```
/// use wats_codec::{Format, Limits, Serializer};
///
/// let small = Serializer::new(Format::Json).with_limits(Limits::default().max_bytes(16));
/// let error = small.from_slice::<Vec<u32>>(b"[1,2,3,4,5,6,7,8,9,10]").unwrap_err();
/// assert!(error.is_limit());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest document in bytes, counted after decompression. Default 64 MiB. The tables of an
    /// archive take at most four times as much memory while it is read.
    pub max_bytes: usize,
    /// Largest ratio of decompressed to compressed bytes, checked once the output has passed
    /// 1 MiB. Default 200; gzip cannot exceed 1032, reports reach about 10.
    pub max_ratio: u32,
    /// Deepest nesting of arrays and objects. Default and ceiling 127, the deepest that
    /// `serde_json` reads; a larger value counts as 127.
    ///
    /// The limit holds for writing too, so that what was written can be read back.
    pub max_depth: usize,
}

impl Limits {
    /// The ceiling of [`max_depth`](Self::max_depth).
    pub const DEPTH_CEILING: usize = 127;

    /// Sets the largest document in bytes, counted after decompression.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the largest ratio of decompressed to compressed bytes.
    #[must_use]
    pub const fn max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = ratio;
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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_ratio: 200,
            max_depth: Self::DEPTH_CEILING,
        }
    }
}
