//! Reports of other programs: OpenHTF, JUnit and STDF, and what is taken where their files say nothing.

use clap::ValueEnum;
use wats::Config;
use wats::report::convert::{self, Defaults};
use wats::report::{Report, Station, Unit};

use crate::Outcome;
use crate::failure::Failure;

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// WATS Standard JSON Format.
    Wsjf,
    /// WATS Standard XML Format.
    Wsxf,
    /// A test record of OpenHTF (JSON).
    Openhtf,
    /// A result of JUnit (XML).
    Junit,
    /// Standard Test Data Format, version 4.
    Stdf,
}

/// For files of other programs. What such a file says of itself stands before these.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Files of other programs")]
pub(crate) struct Foreign {
    /// Read the files as this format. Without it they are WSJF or WSXF, whichever their contents are.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<From>,
    /// Part number of the unit.
    #[arg(long, value_name = "TEXT", requires = "from")]
    part_number: Option<String>,
    /// Serial number of the unit.
    #[arg(long, value_name = "TEXT", requires = "from")]
    serial_number: Option<String>,
    /// Revision of the unit.
    #[arg(long, value_name = "TEXT", requires = "from")]
    revision: Option<String>,
    /// Code of the process, else the setting `process_code`.
    #[arg(long, value_name = "NUMBER", requires = "from", value_parser = clap::value_parser!(i32).range(0..=32_767))]
    process_code: Option<i32>,
    /// Name of the station, else the setting `station_name`.
    #[arg(long, value_name = "TEXT", requires = "from")]
    station: Option<String>,
    /// Where the station stands, else the setting `station_location`.
    #[arg(long, value_name = "TEXT", requires = "from")]
    location: Option<String>,
    /// What the station is for, else the setting `station_purpose`.
    #[arg(long, value_name = "TEXT", requires = "from")]
    purpose: Option<String>,
    /// Operator, else the setting `operator`.
    #[arg(long, value_name = "TEXT", requires = "from")]
    operator: Option<String>,
    /// Unit of numbers without one; `1` if not given.
    #[arg(long, value_name = "UNIT", requires = "from")]
    unit: Option<String>,
}

impl Foreign {
    /// For who looks at measurements alone: what such a file does not say of its unit and its station does not matter.
    pub(crate) fn to_look(from: Option<From>, unit: Option<String>) -> Self {
        let any = || Some("-".to_owned());
        Self {
            from,
            part_number: any(),
            serial_number: any(),
            revision: any(),
            process_code: Some(0),
            station: any(),
            location: any(),
            purpose: any(),
            operator: any(),
            unit,
        }
    }

    /// Whether it names a format of another program.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self.from, Some(From::Openhtf | From::Junit | From::Stdf))
    }

    /// The reports of a file of another program.
    pub(crate) fn reports(
        &self,
        bytes: &[u8],
        config: impl FnOnce() -> Outcome<Config>,
    ) -> Outcome<Vec<Report>> {
        let defaults = self.defaults(&config()?)?;
        let reports = match self.from {
            Some(From::Openhtf) => convert::openhtf(bytes, &defaults).map(|one| vec![one]),
            Some(From::Junit) => convert::junit(bytes, &defaults).map(|one| vec![one]),
            Some(From::Stdf) => convert::stdf(bytes, &defaults),
            _ => Ok(Vec::new()),
        };
        Ok(reports.map_err(wats::Error::from)?)
    }

    fn defaults(&self, config: &Config) -> Outcome<Defaults> {
        let entries = config.entries();
        let setting = |given: &Option<String>, key: &str| {
            let set = || entries.iter().find(|entry| entry.key == key);
            given
                .clone()
                .or_else(|| set().and_then(|entry| entry.value.clone()))
                .unwrap_or_default()
        };
        let code = setting(
            &self.process_code.map(|code| code.to_string()),
            "process_code",
        );
        let process_code = code.trim().parse().map_err(|_| {
            Failure::usage(
                "such files name no process: give --process-code, or set `process_code` (WATS_PROCESS_CODE)",
            )
        })?;
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        let (part, serial, revision) = (
            text(&self.part_number),
            text(&self.serial_number),
            text(&self.revision),
        );
        let (name, location, purpose) = (
            setting(&self.station, "station_name"),
            setting(&self.location, "station_location"),
            setting(&self.purpose, "station_purpose"),
        );
        let defaults = Defaults::new(
            Unit {
                part_number: &part,
                serial_number: &serial,
                revision: &revision,
            },
            process_code,
            Station {
                name: &name,
                location: &location,
                purpose: &purpose,
            },
            &setting(&self.operator, "operator"),
        );
        Ok(match &self.unit {
            Some(unit) => defaults.measurement_unit(unit),
            None => defaults,
        })
    }
}
