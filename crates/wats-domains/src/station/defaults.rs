//! What reports of a client begin with.

use wats_report::Station;
use wats_report::scanned::{Kind, hidden};

use crate::error::{Error, Result};

/// Codes that a process may have.
pub(crate) const PROCESS_CODES: std::ops::RangeInclusive<i32> = 0..=32_767;

/// What reports of a client begin with.
#[derive(Debug, Clone, Default)]
pub(crate) struct StationDefaults {
    pub(crate) name: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) process_code: Option<i32>,
    pub(crate) operator: Option<String>,
}

impl StationDefaults {
    pub(crate) fn set(&mut self, station: Station<'_>) {
        self.name = Some(station.name.to_owned());
        self.location = Some(station.location.to_owned());
        self.purpose = Some(station.purpose.to_owned());
    }

    pub(crate) fn station(&self) -> Option<Station<'_>> {
        Some(Station {
            name: self.name.as_deref()?,
            location: self.location.as_deref()?,
            purpose: self.purpose.as_deref()?,
        })
    }

    /// Refuses what no report could be built with, and a station of which a part is missing.
    pub(crate) fn check(&self) -> Result<()> {
        let parts = [
            ("name", &self.name),
            ("location", &self.location),
            ("purpose", &self.purpose),
        ];
        let given = parts.iter().any(|(_, value)| value.is_some());
        for (part, value) in parts {
            match value.as_deref() {
                None if given => {
                    return Err(Error::Config(format!(
                        "the station has no {part}, but other parts of it are set; set WATS_STATION_{} as well, or \
                         `station_{part}` in the profile, or all three with WatsBuilder::station",
                        part.to_uppercase()
                    )));
                }
                None => {}
                Some(value) => text(&format!("{part} of the station"), value)?,
            }
        }
        if let Some(operator) = &self.operator {
            text("operator", operator)?;
        }
        match self.process_code {
            Some(code) if !PROCESS_CODES.contains(&code) => Err(Error::Config(format!(
                "the process code is {code}; it must be 0 to 32767"
            ))),
            _ => Ok(()),
        }
    }
}

fn text(what: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() {
        return Err(Error::Config(format!("the {what} is empty")));
    }
    if value.chars().count() > 100 {
        return Err(Error::Config(format!(
            "the {what} is longer than 100 characters"
        )));
    }
    match hidden(value, Kind::Name) {
        None => Ok(()),
        Some(hidden) => Err(Error::Config(format!(
            "the {what} `{}` contains {hidden}; take it off",
            value.escape_debug()
        ))),
    }
}
