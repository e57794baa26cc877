//! The station that a client works for: where its reports come from, and what they begin with.

use wats_report::builder::{ProcessCodes, RepairBuilder, ReportBuilder};
use wats_report::scanned::{Kind, hidden};
use wats_report::{Station, Unit, UurReport};

use crate::client::Wats;
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

    fn station(&self) -> Option<Station<'_>> {
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

impl Wats {
    /// The station that the client works for, as [`WatsBuilder::station`](crate::WatsBuilder::station) or the environment
    /// named it.
    pub fn station(&self) -> Option<Station<'_>> {
        self.defaults.station()
    }

    /// The code of the process of this station's tests, if it was set.
    pub fn process_code(&self) -> Option<i32> {
        self.defaults.process_code
    }

    /// Who works at the station, if it was set.
    pub fn operator(&self) -> Option<&str> {
        self.defaults.operator.as_deref()
    }

    /// Starts the report of a test of a unit, with station, process code and operator of this client filled in. The test
    /// begins now, as with [`UutReport::builder`](wats_report::UutReport::builder).
    ///
    /// What the client does not know stays open and can be set on the builder, as what it does know: `process_code(..)`,
    /// `station(..)`, `operator(..)`. A report that lacks one of them is refused by `build()`, which names it.
    ///
    /// ```
    /// use wats_domains::report::{Station, Unit};
    /// use wats_domains::{MeasurementLimits, Wats};
    ///
    /// let station = Station { name: "ICT-3", location: "Drammen", purpose: "Production" };
    /// let wats = Wats::builder()
    ///     .base_url("https://company.wats.com")
    ///     .token("dXNlcjpwYXNz")
    ///     .station(station)
    ///     .process_code(100)
    ///     .operator("Kari")
    ///     .build()?;
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = wats
    ///     .uut_report(unit)
    ///     .numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))
    ///     .build()?;
    /// assert_eq!(report.report().station.as_deref(), Some("ICT-3"));
    /// # Ok::<(), wats_domains::Error>(())
    /// ```
    pub fn uut_report(&self, unit: Unit<'_>) -> ReportBuilder {
        let mut builder = ReportBuilder::new(unit);
        if let Some(code) = self.process_code() {
            builder = builder.process_code(code);
        }
        if let Some(station) = self.station() {
            builder = builder.station(station);
        }
        match self.operator() {
            Some(operator) => builder.operator(operator),
            None => builder,
        }
    }

    /// Starts the report of a repair of a unit, with station and operator of this client filled in.
    pub fn uur_report(&self, unit: Unit<'_>, processes: ProcessCodes) -> RepairBuilder {
        let mut builder = UurReport::builder(unit, processes);
        if let Some(station) = self.station() {
            builder = builder.station(station);
        }
        match self.operator() {
            Some(operator) => builder.operator(operator),
            None => builder,
        }
    }
}
