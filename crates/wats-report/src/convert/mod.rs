//! Reports from other formats: OpenHTF JSON, JUnit XML and STDF V4.
//!
//! What a format says of a report is taken, what it does not say is filled from [`Defaults`]. The same bytes give the
//! same ids, so that what is converted and submitted twice is stored once. Names of steps that are not unique get a
//! number, numbers without a unit get that of the defaults, numbers that JSON cannot hold are told in the comment, names
//! and comments that are too long are cut, and the outcomes are those of the file, whatever value and limits say. What
//! tells units apart is never changed: where the server would not take it, converting fails and says why.
//!
//! The guide "Converting reports" has a table for each format of what becomes what, and of what is left out.
//!
//! # Layout
//! One module per format: `openhtf`, `junit`, `stdf` with the records in `records`. Here is what they share.

mod junit;
mod openhtf;
mod records;
mod stdf;

pub use junit::junit;
pub use openhtf::openhtf;
pub use stdf::{StdfParts, stdf, stdf_parts};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::builder::{DuplicateNames, NonFinitePolicy, ReportBuilder};
use crate::content_id::id_of;
use crate::error::Result;
use crate::{MiscInfo, Report, Station, Unit, UutReport};

/// What is taken where a file says nothing of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Defaults {
    /// Part number of the unit.
    pub part_number: String,
    /// Serial number of the unit.
    pub serial_number: String,
    /// Revision of the unit.
    pub revision: String,
    /// Code of the process; none of the formats has one.
    pub process_code: i32,
    /// Name of the station.
    pub station: String,
    /// Where the station stands; none of the formats says it.
    pub location: String,
    /// What the station is for; none of the formats says it.
    pub purpose: String,
    /// The operator.
    pub operator: String,
    /// The unit of measurement of numbers without one; `1` if nothing else is set.
    pub measurement_unit: String,
    /// The zone of times; UTC if nothing else is set.
    pub zone: TimeZone,
}

impl Defaults {
    /// Defaults for the reports of one process at one station.
    pub fn new(unit: Unit<'_>, process_code: i32, station: Station<'_>, operator: &str) -> Self {
        Self {
            part_number: unit.part_number.to_owned(),
            serial_number: unit.serial_number.to_owned(),
            revision: unit.revision.to_owned(),
            process_code,
            station: station.name.to_owned(),
            location: station.location.to_owned(),
            purpose: station.purpose.to_owned(),
            operator: operator.to_owned(),
            measurement_unit: "1".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// Sets the zone of times.
    #[must_use]
    pub fn zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// Sets the unit of measurement of numbers without one.
    #[must_use]
    pub fn measurement_unit(mut self, unit: impl Into<String>) -> Self {
        self.measurement_unit = unit.into();
        self
    }

    /// A moment in the zone.
    fn moment(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone.clone())
    }

    /// The unit of measurement that is told, or that of the defaults.
    fn unit(&self, told: &str) -> String {
        match cut(told, 20) {
            unit if unit.is_empty() => self.measurement_unit.clone(),
            unit => unit,
        }
    }
}

/// What a file says of the header; what is empty is not said.
#[derive(Debug, Default)]
struct Header {
    part_number: String,
    serial_number: String,
    revision: String,
    station: String,
    operator: String,
    start: Option<ZonedDateTime>,
}

impl Header {
    /// Takes a named value that is part of the header; answers whether it is.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let place = match name {
            "part_number" => &mut self.part_number,
            "serial_number" => &mut self.serial_number,
            "revision" | "part_revision" => &mut self.revision,
            "station" => &mut self.station,
            "operator" => &mut self.operator,
            _ => return false,
        };
        value.clone_into(place);
        true
    }

    /// Begins a report with an id made of these bytes.
    fn builder(self, defaults: &Defaults, of: &[u8]) -> ReportBuilder {
        fn or<'a>(said: &'a str, default: &'a str) -> &'a str {
            if said.is_empty() { default } else { said }
        }
        let unit = Unit {
            part_number: or(&self.part_number, &defaults.part_number),
            serial_number: or(&self.serial_number, &defaults.serial_number),
            revision: or(&self.revision, &defaults.revision),
        };
        let builder = UutReport::builder(unit, defaults.process_code)
            .station(Station {
                name: or(&self.station, &defaults.station),
                location: &defaults.location,
                purpose: &defaults.purpose,
            })
            .operator(or(&self.operator, &defaults.operator))
            .duplicate_names(DuplicateNames::Number)
            .non_finite(NonFinitePolicy::LeaveOut)
            .id(id_of(of));
        match self.start {
            Some(start) => builder.start(start),
            None => builder,
        }
    }
}

/// The report, if it is one that the server takes.
fn finished(builder: ReportBuilder) -> Result<Report> {
    Ok(builder.build()?.into_report())
}

/// A named value of the report, if there is one.
fn info(builder: ReportBuilder, name: &str, value: &str) -> ReportBuilder {
    let (name, value) = (name_of(name), cut(value, 100));
    if value.is_empty() {
        return builder;
    }
    builder.misc_info(MiscInfo::new(name).text(value))
}

/// A name as the server takes it: of 1 to 100 characters that are shown.
fn name_of(text: &str) -> String {
    match cut(text, 100) {
        name if name.is_empty() => "unnamed".to_owned(),
        name => name,
    }
}

/// A text of at most so many characters, in one line.
fn cut(text: &str, most: usize) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let cut: String = text.trim().chars().map(shown).take(most).collect();
    cut.trim().to_owned()
}

/// A comment, which may have several lines.
fn comment_of(text: &str) -> String {
    let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.trim().chars().filter(is_shown).take(5_000).collect()
}
