//! What tells an asset from all others.

use wats_http::Call;

use crate::error::Result;
use crate::scanned::{self, Kind};

/// Which asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssetKey<'a> {
    /// The one of an id.
    Id(&'a str),
    /// The one of a serial number.
    SerialNumber(&'a str),
}

impl<'a> AssetKey<'a> {
    /// The text, if it is neither empty nor holds what nobody sees.
    pub(super) fn text(self) -> Result<&'a str> {
        let (what, text) = match self {
            Self::Id(id) => ("asset id", id),
            Self::SerialNumber(number) => ("serial number", number),
        };
        scanned::check_some(what, text, Kind::Number)?;
        Ok(text)
    }

    /// Names the asset in the query of a call.
    pub(super) fn query(self, call: Call) -> Result<Call> {
        let text = self.text()?;
        Ok(match self {
            Self::Id(_) => call.query("id", text),
            Self::SerialNumber(_) => call.query("serialNumber", text),
        })
    }
}
