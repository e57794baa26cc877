//! Reports that begin with what the client knows of its station.

use wats_report::builder::{ProcessCodes, RepairBuilder, ReportBuilder};
use wats_report::{Station, Unit, UurReport};

use crate::client::Wats;

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
