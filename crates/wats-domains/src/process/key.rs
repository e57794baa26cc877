//! What tells a process from all others.

use super::Process;
use crate::error::Result;
use crate::scanned::{self, Kind};

/// Which process: numbers and texts turn into it.
///
/// ```
/// use wats_domains::process::ProcessKey;
///
/// assert_eq!(ProcessKey::from(100), ProcessKey::Code(100));
/// assert_eq!(ProcessKey::from("ICT"), ProcessKey::Name("ICT"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessKey<'a> {
    /// The one of a code.
    Code(i32),
    /// The one of a name, whatever the case of its letters.
    Name(&'a str),
}

impl From<i32> for ProcessKey<'_> {
    fn from(code: i32) -> Self {
        Self::Code(code)
    }
}

impl<'a> From<&'a str> for ProcessKey<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl ProcessKey<'_> {
    /// Whether a process is that one; a mistake for a name that is empty or holds what nobody sees.
    pub(super) fn matcher(self) -> Result<impl Fn(&Process) -> bool + Send + Sync + 'static> {
        let name = match self {
            Self::Code(_) => None,
            Self::Name(name) => {
                scanned::check_some("process name", name, Kind::Name)?;
                Some(name.to_lowercase())
            }
        };
        let code = match self {
            Self::Code(code) => Some(code),
            Self::Name(_) => None,
        };
        Ok(move |process: &Process| match &name {
            Some(name) => process.name().to_lowercase() == *name,
            None => process.code == code,
        })
    }
}
