//! Successes and failures apart, each with its place in the list.

/// The outcomes of a list, successes and failures apart, each with the index of its item. Both are
/// in the order of the items.
///
/// ```
/// use wats_batch::Partition;
///
/// let parts: Partition<u8, &str> = [Ok(1), Err("bad"), Ok(3)].into_iter().collect();
/// assert_eq!(parts.ok, [(0, 1), (2, 3)]);
/// assert_eq!(parts.failed, [(1, "bad")]);
/// assert!(parts.into_result().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
#[must_use = "some items may have failed"]
pub struct Partition<R, E> {
    /// The successes.
    pub ok: Vec<(usize, R)>,
    /// The failures.
    pub failed: Vec<(usize, E)>,
}

impl<R, E> Default for Partition<R, E> {
    fn default() -> Self {
        Self {
            ok: Vec::new(),
            failed: Vec::new(),
        }
    }
}

impl<R, E> Partition<R, E> {
    /// Whether nothing failed.
    pub fn is_ok(&self) -> bool {
        self.failed.is_empty()
    }

    /// The successes, in the order of the items.
    pub fn into_values(self) -> Vec<R> {
        self.ok.into_iter().map(|(_, value)| value).collect()
    }

    /// All values, or else all failures.
    ///
    /// # Errors
    /// The failures with their indices, if there is one.
    pub fn into_result(self) -> Result<Vec<R>, Vec<(usize, E)>> {
        if self.is_ok() {
            Ok(self.into_values())
        } else {
            Err(self.failed)
        }
    }
}

impl<R, E> FromIterator<Result<R, E>> for Partition<R, E> {
    fn from_iter<I: IntoIterator<Item = Result<R, E>>>(outcomes: I) -> Self {
        let mut parts = Self::default();
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(value) => parts.ok.push((index, value)),
                Err(error) => parts.failed.push((index, error)),
            }
        }
        parts
    }
}
