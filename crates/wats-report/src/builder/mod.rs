//! Building reports that the server accepts: nested sequences as closures, outcomes computed from values and limits and
//! carried up to the root and the report, everything checked before it can be sent.
//!
//! `common` has what test and repair reports share; here is the builder of test reports, `repair` has that of repairs.
//! `named` has arguments that belong together. `sequence` adds steps, `step` is the handle to what was added and [`state`] what a handle can do, `measurement` makes
//! one with its outcome, `group` steps of several, `loops` loops, and `parts` makes parts of the model by hand. `finish`
//! completes the tree.

mod common;
mod finish;
mod group;
mod loops;
mod measurement;
mod named;
mod parts;
mod repair;
mod sequence;
pub mod state;
mod step;

pub use finish::{DuplicateNames, NonFinitePolicy};
pub use group::{MeasurementGroup, MeasurementRef, MultiBoolean, MultiNumeric, MultiString};
pub use loops::{BooleanLoop, LoopIterations, LoopRule, NumericLoop, SequenceLoop, StringLoop};
pub use named::{FailureCode, PopupAnswer, ProcessCodes, Station, Unit};
pub use repair::{RepairBuilder, UnitId, Units, UurReport};
pub use sequence::Sequence;
pub use step::{Outcome, StepRef};

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

use self::common::{Common, common_setters};
use super::{
    AdditionalData, MeasurementLimits, MiscInfo, Report, ReportType, StringLimit, SubUnit,
    model::{Asset, Uut},
};
use crate::error::Result;

/// A test report that the server accepts; made by [`UutReport::builder`].
///
/// Its id is fixed when it is built, so submitting it again overwrites it and never doubles it.
///
/// ```
/// use wats_report::{MeasurementLimits, Station, StringLimit, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .sequence("Power", |power| {
///         power.numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25));
///         power.multi_numeric("Ripple", |ripple| {
///             ripple.add("CH1", 0.012, "V", MeasurementLimits::at_most(0.050));
///             ripple.add("CH2", 0.061, "V", MeasurementLimits::at_most(0.050));
///         });
///         power.boolean("LED lights", true);
///     })
///     .string("Firmware", "1.4.2", StringLimit::equals("1.4.2"))
///     .build()?;
/// assert_eq!(report.report().result.as_ref().unwrap().to_string(), "Failed"); // CH2
/// # Ok::<(), wats_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UutReport(Report);

impl UutReport {
    /// Starts the report of a unit and the code of the process. The test begins now, unless
    /// [`start`](ReportBuilder::start) says otherwise.
    pub fn builder(unit: Unit<'_>, process_code: i32) -> ReportBuilder {
        ReportBuilder::new(unit).process_code(process_code)
    }

    /// A report that was not checked: what is left of a test that did not come to its end is never kept back.
    pub(crate) fn unchecked(report: Report) -> Self {
        Self(report)
    }

    /// The report's id.
    pub fn id(&self) -> Uuid {
        self.0.id.unwrap_or_default()
    }

    /// The model.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// The model, for changes beyond what the builder offers; they are not checked.
    pub fn into_report(self) -> Report {
        self.0
    }
}

/// For operations on many, which take reports of every kind.
impl Borrow<Report> for UutReport {
    fn borrow(&self) -> &Report {
        &self.0
    }
}

/// For those that are kept while they are on their way.
impl Borrow<Report> for Arc<UutReport> {
    fn borrow(&self) -> &Report {
        &self.0
    }
}

impl From<UutReport> for Report {
    fn from(report: UutReport) -> Self {
        report.0
    }
}

/// What is said of a test program that nobody named. Nothing is made up, and the same report is the same whichever version
/// of this crate built it.
const UNKNOWN: &str = "Unknown";

/// A report being built; see [`UutReport`].
#[derive(Debug, Clone)]
#[must_use = "a report is made by `build()`"]
pub struct ReportBuilder {
    pub(crate) common: Common,
    pub(crate) uut: Uut,
    pub(crate) software: Option<String>,
    pub(crate) software_version: Option<String>,
    pub(crate) duplicate_names: DuplicateNames,
    pub(crate) non_finite: NonFinitePolicy,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) root: Sequence,
}

common_setters!(ReportBuilder);

impl ReportBuilder {
    /// Starts the report of a unit whose process is told by [`process_code`](Self::process_code) later. The test begins now.
    pub fn new(unit: Unit<'_>) -> Self {
        Self {
            common: Common::new(ReportType::Test, unit),
            uut: Uut::default(),
            software: None,
            software_version: None,
            duplicate_names: DuplicateNames::default(),
            non_finite: NonFinitePolicy::default(),
            outcome: None,
            root: Sequence::default(),
        }
    }

    /// Changes it in its place, by one of its setters, which do not panic.
    pub(crate) fn change(&mut self, change: impl FnOnce(Self) -> Self) {
        let blank = Self {
            common: Common::blank(),
            uut: Uut::default(),
            software: None,
            software_version: None,
            duplicate_names: DuplicateNames::default(),
            non_finite: NonFinitePolicy::default(),
            outcome: None,
            root: Sequence::default(),
        };
        *self = change(std::mem::replace(self, blank));
    }

    /// The code of the process; a report without one is refused by `build()`.
    pub fn process_code(mut self, code: i32) -> Self {
        self.common.report.process_code = Some(code);
        self
    }

    /// Who tests.
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.uut.operator = Some(name.into());
        self
    }

    /// The file of the test program. The server demands one; where none is told, it is `Unknown`.
    pub fn software(mut self, path: impl Into<String>) -> Self {
        self.software = Some(path.into());
        self
    }

    /// The version of the test program. The server demands one; where none is told, it is `Unknown`.
    pub fn software_version(mut self, version: impl Into<String>) -> Self {
        self.software_version = Some(version.into());
        self
    }

    /// How long the test took. It is left out if it is not told.
    pub fn execution_time(mut self, time: Duration) -> Self {
        self.uut.execution_time = Some(time.as_secs_f64().into());
        self
    }

    /// A comment, at most 5000 characters.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.uut.comment = Some(text.into());
        self
    }

    /// Serial number of the batch, at most 100 characters.
    pub fn batch(mut self, serial_number: impl Into<String>) -> Self {
        self.uut.batch_serial_number = Some(serial_number.into());
        self
    }

    /// Identifier of the fixture, at most 100 characters.
    pub fn fixture(mut self, id: impl Into<String>) -> Self {
        self.uut.fixture_id = Some(id.into());
        self
    }

    /// Socket of the fixture, from 0; -1 is none.
    pub fn socket(mut self, index: i16) -> Self {
        self.uut.socket_index = Some(index.into());
        self
    }

    /// Code and message of the error that ended the test; the message has at most 200 characters.
    pub fn error(mut self, code: i32, message: impl Into<String>) -> Self {
        self.uut.error_code = Some(code);
        self.uut.error_message = Some(message.into());
        self
    }

    /// A unit built into this one.
    pub fn sub_unit(mut self, unit: SubUnit) -> Self {
        let units = &mut self.common.report.sub_units;
        units.get_or_insert_default().push(unit);
        self
    }

    /// How to handle duplicate step names in a sequence, which the server rejects. Default: the report is refused.
    pub fn duplicate_names(mut self, what: DuplicateNames) -> Self {
        self.duplicate_names = what;
        self
    }

    /// How to handle measured values that are NaN or infinite, which the server rejects. Default: the report is
    /// refused. Limits and charts are refused with such values in any case.
    pub fn non_finite(mut self, what: NonFinitePolicy) -> Self {
        self.non_finite = what;
        self
    }

    /// Sets the outcome of the report, which otherwise is the gravest of its steps. The server takes it as it is.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Adds steps to the root; what [`Sequence`] offers is also here for reports without nesting.
    pub fn steps(mut self, fill: impl FnOnce(&mut Sequence)) -> Self {
        fill(&mut self.root);
        self
    }

    /// Adds a sequence to the root.
    pub fn sequence(self, name: impl Into<String>, fill: impl FnOnce(&mut Sequence)) -> Self {
        self.steps(|root| {
            root.sequence(name, fill);
        })
    }

    /// Adds a numeric step to the root.
    pub fn numeric(
        self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: MeasurementLimits,
    ) -> Self {
        self.steps(|root| {
            root.numeric(name, value, unit, limits);
        })
    }

    /// Adds a pass/fail step to the root.
    pub fn boolean(self, name: impl Into<String>, passed: bool) -> Self {
        self.steps(|root| {
            root.boolean(name, passed);
        })
    }

    /// Adds a text step to the root.
    pub fn string(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
        limit: StringLimit,
    ) -> Self {
        self.steps(|root| {
            root.string(name, value, limit);
        })
    }

    /// Checks the report and finishes it. The steps are numbered in order, from 1.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report) with everything that the server is known to refuse, or to take and then
    /// lose, each with its path and rule; nothing is sent.
    pub fn build(self) -> Result<UutReport> {
        self.complete().finish().map(UutReport)
    }

    /// The report with its outcomes; nothing is checked.
    pub(crate) fn assemble(self, start: &ZonedDateTime) -> Report {
        self.complete().begun(start)
    }

    /// Carries the outcomes up and completes the tree.
    fn complete(self) -> Common {
        let Self {
            mut common,
            uut,
            software,
            software_version,
            duplicate_names,
            non_finite,
            outcome,
            root,
        } = self;
        let mut root = root.into_step("MainSequence Callback".to_owned());
        if let Some(outcome) = outcome {
            root.status = Some(outcome.into());
        }
        finish::Finish {
            path: software.as_deref().unwrap_or(UNKNOWN),
            version: software_version.as_deref().unwrap_or(UNKNOWN),
            duplicate_names,
            non_finite,
            next_id: 1,
        }
        .step(&mut root);
        common.report.result.clone_from(&root.status);
        common.report.root = Some(root);
        common.report.uut = Some(uut);
        common
    }
}
