//! The error of reports: what is wrong with a report, or with the data for one.

use std::fmt;

use crate::lint::Finding;

/// What a result of this crate is.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a report could not be made, written or read. `{}` says what failed, `{:#}` also why, with all causes, on one line
/// still.
///
/// ```
/// use wats_report::{Error, MeasurementLimits, Station, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "", revision: "A" };
/// let test = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari");
/// let error = test.numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25)).build().unwrap_err();
/// assert!(matches!(error, Error::Report(_)));
/// assert_eq!(error.findings()[0].path, "report");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine is configured wrongly: its time zone cannot be read.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// A report that the server would refuse.
    #[error(fmt = refused)]
    Report(Vec<Finding>),
    /// A path or a text that no query can express.
    #[error("the query cannot be sent: {0}")]
    Query(String),
    /// The report in progress, or the sequence of it, has ended: nothing more can be added.
    #[error("{0}")]
    Ended(String),
    /// A journal that cannot be written or read.
    #[error(fmt = journal)]
    Journal {
        /// What was being done, with the path.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Data that is not what it should be.
    #[error("{0}")]
    Data(String),
    /// Data that cannot be written or read; `{:#}` says why and where.
    #[error(fmt = codec)]
    Codec {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: wats_codec::Error,
    },
}

impl Error {
    /// What is wrong with the report, when that is the failure.
    pub fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Report(findings) => findings.clone(),
            _ => Vec::new(),
        }
    }
}

/// The first few findings on one line, and how many more there are.
pub fn refused(findings: &[Finding], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SHOWN: usize = 5;
    f.write_str("the report cannot be sent: ")?;
    for (at, finding) in findings.iter().take(SHOWN).enumerate() {
        let comma = if at == 0 { "" } else { "; " };
        write!(f, "{comma}{finding}")?;
    }
    match findings.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "; and {more} more"),
    }
}

/// What was being done; in the long form also why it failed, with the place. The codec's error tells its own causes.
pub fn codec(
    what: &&'static str,
    source: &wats_codec::Error,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_str(what)?;
    if !f.alternate() {
        return Ok(());
    }
    let why = format!("{source:#}");
    write!(f, ": {why}")?;
    match source.position().map(|at| at.to_string()) {
        Some(at) if !why.contains(&at) => write!(f, ", at {at}"),
        _ => Ok(()),
    }
}

/// What was being done; in the long form also why it failed.
pub fn journal(what: &str, source: &std::io::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(what)?;
    if f.alternate() {
        write!(f, ": {source}")?;
    }
    Ok(())
}
