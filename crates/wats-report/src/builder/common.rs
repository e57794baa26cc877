//! What test and repair reports have in common.

use jiff::ZonedDateTime;
use uuid::Uuid;

use super::named::Unit;
use crate::error::{Error, Result};
use crate::{Report, ReportTime, ReportType, lint, zone};

/// A header being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) report: Report,
    /// When the builder was made, unless it was set; or why there is none: the time zone of this machine cannot be read.
    pub(crate) start: std::result::Result<ZonedDateTime, String>,
}

impl Common {
    pub(super) fn new(report_type: ReportType, unit: Unit<'_>) -> Self {
        Self {
            report: Report {
                report_type: Some(report_type),
                id: Some(Uuid::new_v4()),
                part_number: Some(unit.part_number.to_owned()),
                serial_number: Some(unit.serial_number.to_owned()),
                revision: Some(unit.revision.to_owned()),
                ..Report::default()
            },
            start: zone::now(),
        }
    }

    /// One that says nothing.
    pub(super) fn blank() -> Self {
        Self {
            report: Report::default(),
            start: Err(String::new()),
        }
    }

    /// When it began.
    pub(crate) fn start(&self) -> Result<ZonedDateTime> {
        self.start.clone().map_err(Error::Config)
    }

    /// Sets the times and checks everything.
    pub(super) fn finish(self) -> Result<Report> {
        let start = self.start()?;
        let report = self.begun(&start);
        let findings = lint::blocking(&report);
        if findings.is_empty() {
            Ok(report)
        } else {
            Err(Error::Report(findings))
        }
    }

    /// Sets the times; nothing is checked.
    pub(super) fn begun(self, start: &ZonedDateTime) -> Report {
        let mut report = self.report;
        report.start = Some(ReportTime::local(start));
        report.start_utc = Some(ReportTime::utc(start));
        report
    }
}

/// The setters that builders of test and of repair reports share; the builder has a field `common`.
macro_rules! common_setters {
    ($builder:ty) => {
        impl $builder {
            /// The station: its name, where it stands, and what it is for.
            pub fn station(mut self, station: Station<'_>) -> Self {
                let report = &mut self.common.report;
                report.station = Some(station.name.to_owned());
                report.location = Some(station.location.to_owned());
                report.purpose = Some(station.purpose.to_owned());
                self
            }

            /// When it began; default is when the builder was made, in the system's time zone, so make it before the first
            /// measurement. A copy of a builder has its start, and its id. A time without zone does not compile, because
            /// the server keeps local time and UTC and both must name the same moment.
            ///
            /// ```compile_fail,E0308
            /// # use wats_report::builder::ReportBuilder;
            /// # fn begun(builder: ReportBuilder) {
            /// let naive = jiff::civil::date(2026, 1, 30).at(22, 1, 41, 0);
            /// let builder = builder.start(naive);
            /// # }
            /// ```
            pub fn start(mut self, moment: jiff::ZonedDateTime) -> Self {
                self.common.start = crate::zone::known(moment);
                self
            }

            /// A named text or number, such as the temperature of the hall.
            pub fn misc_info(mut self, info: MiscInfo) -> Self {
                let infos = &mut self.common.report.misc_infos;
                infos.get_or_insert_default().push(info);
                self
            }

            /// Equipment that was used, and how many times; the server counts its uses.
            pub fn asset(mut self, serial_number: impl Into<String>, usage: i32) -> Self {
                let assets = &mut self.common.report.assets;
                assets
                    .get_or_insert_default()
                    .push(Asset::new(serial_number, usage));
                self
            }

            /// Free data of the report.
            pub fn additional(mut self, data: AdditionalData) -> Self {
                let all = &mut self.common.report.additional_data;
                all.get_or_insert_default().push(data);
                self
            }

            /// Name of the process, if it is to be checked: the server refuses a report whose name is not that of the
            /// code, case included.
            pub fn process_name(mut self, name: impl Into<String>) -> Self {
                self.common.report.process_name = Some(name.into());
                self
            }

            /// Sets the id, for a report that exists already under it. Default is a new one.
            pub fn id(mut self, id: Uuid) -> Self {
                self.common.report.id = Some(id);
                self
            }
        }
    };
}

pub(super) use common_setters;
