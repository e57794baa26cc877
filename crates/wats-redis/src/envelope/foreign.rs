//! What is not ours, counted by cause.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why bytes of the server are not a value for this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Foreign {
    /// Something else wrote it.
    Magic,
    /// Another version of the form.
    Version,
    /// Cut, or with something behind it.
    Length,
    /// Damaged.
    Check,
    /// Another type, or another version of it.
    Schema,
    /// Of another key.
    Key,
    /// A flag that is not known here.
    Flags,
    /// A codec, or a compression, that is not built in here.
    Codec,
    /// The payload does not decode, or is larger than is taken.
    Payload,
}

impl Foreign {
    pub(crate) const ALL: [Self; 9] = [
        Self::Magic,
        Self::Version,
        Self::Length,
        Self::Check,
        Self::Schema,
        Self::Key,
        Self::Flags,
        Self::Codec,
        Self::Payload,
    ];

    /// In a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Magic => "magic",
            Self::Version => "version",
            Self::Length => "length",
            Self::Check => "check",
            Self::Schema => "schema",
            Self::Key => "key",
            Self::Flags => "flags",
            Self::Codec => "codec",
            Self::Payload => "payload",
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each cause was met.
#[derive(Debug, Default)]
pub(crate) struct ForeignCounters {
    counts: [AtomicU64; Foreign::ALL.len()],
}

impl ForeignCounters {
    /// Counts one.
    pub(crate) fn count(&self, cause: Foreign) {
        if let Some(count) = self.counts.get(cause as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        #[cfg(feature = "metrics")]
        metrics::counter!("wats.redis.foreign", "cause" => cause.name()).increment(1);
    }

    /// Causes that were met, and how often.
    pub(crate) fn met(&self) -> Vec<(&'static str, u64)> {
        Foreign::ALL
            .into_iter()
            .zip(&self.counts)
            .map(|(cause, count)| (cause.name(), count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_counted_apart() {
        let counters = ForeignCounters::default();
        for (n, cause) in Foreign::ALL.into_iter().enumerate() {
            (0..n).for_each(|_| counters.count(cause));
        }
        let met = counters.met();
        assert_eq!(met.len(), Foreign::ALL.len() - 1);
        assert_eq!((met[0], met[7]), (("version", 1), ("payload", 8)));
    }
}
