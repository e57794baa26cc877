//! Outcomes of reports, steps and measurements.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An outcome, as one letter on the wire. What a newer server sends beyond these is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// `P`
    Passed,
    /// `F`
    Failed,
    /// `E`: the test itself went wrong.
    Error,
    /// `T`: somebody stopped it.
    Terminated,
    /// `S`: not executed. The server drops what a skipped step measured.
    Skipped,
    /// `D`: executed without an outcome; only in what servers export.
    Done,
    /// `U`
    Unknown,
    /// Anything else, kept for writing back.
    Other(Box<str>),
}

impl Status {
    /// The letter on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Passed => "P",
            Self::Failed => "F",
            Self::Error => "E",
            Self::Terminated => "T",
            Self::Skipped => "S",
            Self::Done => "D",
            Self::Unknown => "U",
            Self::Other(text) => text,
        }
    }

    pub(crate) fn of(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }

    /// How much an outcome weighs when parts make a whole; `None` says nothing about the whole.
    fn weight(&self) -> Option<u8> {
        match self {
            Self::Passed => Some(0),
            Self::Failed => Some(1),
            Self::Terminated => Some(2),
            Self::Error => Some(3),
            _ => None,
        }
    }

    /// The outcome of a whole: the gravest of its parts; passed when no part says otherwise.
    pub(crate) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        parts
            .into_iter()
            .filter(|status| status.weight().is_some())
            .max_by_key(|status| status.weight())
            .cloned()
            .unwrap_or(Self::Passed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Terminated => "Terminated",
            Self::Skipped => "Skipped",
            Self::Done => "Done",
            Self::Unknown => "Unknown",
            Self::Other(text) => text,
        })
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        match text {
            "P" => Self::Passed,
            "F" => Self::Failed,
            "E" => Self::Error,
            "T" => Self::Terminated,
            "S" => Self::Skipped,
            "D" => Self::Done,
            "U" => Self::Unknown,
            other => Self::Other(other.into()),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Status;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status letter")
            }

            fn visit_str<E>(self, text: &str) -> Result<Status, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_str(Text)
    }
}
