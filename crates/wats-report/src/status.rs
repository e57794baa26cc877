//! Outcomes of reports, steps and measurements.

use std::fmt;

crate::codes! {
    /// An outcome, as one letter on the wire. What a newer server sends beyond these is kept as it is.
    pub enum Status: "a status letter" {
        /// `P`
        Passed = "P",
        /// `F`
        Failed = "F",
        /// `E`: the test itself went wrong.
        Error = "E",
        /// `T`: somebody stopped it.
        Terminated = "T",
        /// `S`: not executed. The server drops what a skipped step measured.
        Skipped = "S",
        /// `D`: executed without an outcome; only in what servers export.
        Done = "D",
        /// `U`
        Unknown = "U",
    }
}

impl Status {
    /// The outcome of a word or letter: `Passed`, `passed` and `P` are the same, as headers, reports and clients spell
    /// them. What is no outcome is kept as it is.
    ///
    /// ```
    /// use wats_report::Status;
    ///
    /// assert_eq!(Status::from_word("Passed"), Status::Passed);
    /// assert_eq!(Status::from_word("P"), Status::Passed);
    /// assert_eq!(Status::Passed.to_string(), "Passed"); // as a word
    /// assert_eq!(Status::Passed.as_str(), "P"); // as on the wire
    /// ```
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "p" | "pass" | "passed" => Self::Passed,
            "f" | "fail" | "failed" => Self::Failed,
            "e" | "error" => Self::Error,
            "t" | "terminated" | "aborted" => Self::Terminated,
            "s" | "skip" | "skipped" => Self::Skipped,
            "d" | "done" => Self::Done,
            "" | "u" | "unknown" | "none" => Self::Unknown,
            _ => word.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_words_are_the_same_outcomes() {
        for status in [
            Status::Passed,
            Status::Failed,
            Status::Error,
            Status::Terminated,
            Status::Skipped,
            Status::Done,
            Status::Unknown,
        ] {
            for word in [status.to_string(), status.as_str().to_owned()] {
                assert_eq!(Status::from_word(&word), status);
                assert_eq!(Status::from_word(&word.to_ascii_lowercase()), status);
            }
        }
        assert_eq!(Status::from_word("Running").as_str(), "Running");
    }
}
