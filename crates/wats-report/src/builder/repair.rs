//! Repair reports (UUR): what was wrong with which unit, and the test that found it.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

use super::common::{Common, common_setters};
use super::step::Outcome;
use crate::error::{Error, Result};
use crate::lint::rules;
use crate::{
    AdditionalData, Attachment, Failure, Finding, MiscInfo, Report, ReportTime, ReportType,
    SubUnit,
    model::{Asset, Uur},
};

/// A repair report that the server accepts; made by [`Report::repair`] or [`UurReport::builder`].
///
/// It has two process codes: that of the repair, and that of the test that failed.
///
/// ```
/// use wats_report::Failure;
/// use wats_report::{MeasurementLimits, UutReport};
///
/// let test = UutReport::builder("PCBA-001", "SN-42", "A", 100)
///     .station("ICT-3", "Drammen", "Production")
///     .operator("Kari")
///     .numeric("Measure +5V", 5.9, "V", MeasurementLimits::between(4.75..=5.25))
///     .build()?;
/// let failed = test.report().steps().find(|step| step.name() == "Measure +5V").unwrap();
///
/// let repair = test
///     .report()
///     .repair(500)
///     .station("Repair-1", "Drammen", "Repair")
///     .operator("Ola")
///     .failure(Failure::new("Component", "Burned").component("U1").found_by(failed))
///     .build()?;
/// let repair = repair.report();
/// let uur = repair.uur.as_ref().unwrap();
/// assert_eq!((repair.process_code, uur.process_code), (Some(500), Some(100)));
/// assert_eq!(uur.referenced_uut, Some(test.id()));
/// # Ok::<(), wats_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UurReport(Report);

impl UurReport {
    /// Starts a report of one unit: its part number, serial number and revision, the code of the repair's process and
    /// that of the test's. The repair begins now, unless [`start`](RepairBuilder::start) says otherwise.
    pub fn builder(
        part_number: impl Into<String>,
        serial_number: impl Into<String>,
        revision: impl Into<String>,
        repair_process: i32,
        test_process: i32,
    ) -> RepairBuilder {
        let unit = (part_number.into(), serial_number.into(), revision.into());
        RepairBuilder::new(unit, repair_process, Some(test_process))
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
impl Borrow<Report> for UurReport {
    fn borrow(&self) -> &Report {
        &self.0
    }
}

/// For those that are kept while they are on their way.
impl Borrow<Report> for Arc<UurReport> {
    fn borrow(&self) -> &Report {
        &self.0
    }
}

impl From<UurReport> for Report {
    fn from(report: UurReport) -> Self {
        report.0
    }
}

impl Report {
    /// Starts the report of a repair of the unit that this report tested: it refers to this one, and begins with the
    /// same unit and sub units. `process_code` is that of the repair, which begins now, unless
    /// [`start`](RepairBuilder::start) says otherwise. See [`UurReport`].
    pub fn repair(&self, process_code: i32) -> RepairBuilder {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let unit = (
            text(&self.part_number),
            text(&self.serial_number),
            text(&self.revision),
        );
        let mut builder = RepairBuilder::new(unit, process_code, self.process_code);
        builder.uur.process_name.clone_from(&self.process_name);
        builder.uur.referenced_uut = self.id;
        builder.units(|units| {
            for unit in self.sub_units.iter().flatten() {
                units.add(SubUnit {
                    failures: None,
                    ..unit.clone()
                });
            }
        })
    }
}

/// A repair report being built; see [`UurReport`].
#[derive(Debug, Clone)]
#[must_use = "a report is made by `build()`"]
pub struct RepairBuilder {
    common: Common,
    uur: Uur,
    outcome: Outcome,
    confirmed: Option<ZonedDateTime>,
    finalized: Option<ZonedDateTime>,
    time: Option<Duration>,
    units: Units,
}

common_setters!(RepairBuilder);

impl RepairBuilder {
    fn new(unit: (String, String, String), process_code: i32, test_process: Option<i32>) -> Self {
        let (part_number, serial_number, revision) = unit.clone();
        let main = SubUnit {
            index: Some(0),
            ..SubUnit::new("Main", part_number, serial_number, revision)
        };
        Self {
            common: Common::new(ReportType::Repair, unit, process_code),
            uur: Uur {
                process_code: test_process,
                ..Uur::default()
            },
            outcome: Outcome::Passed,
            confirmed: None,
            finalized: None,
            time: None,
            units: Units {
                list: vec![main],
                strange: Vec::new(),
            },
        }
    }

    /// Who repairs.
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.uur.operator = Some(name.into());
        self
    }

    /// A comment, at most 5000 characters.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.uur.comment = Some(text.into());
        self
    }

    /// How long the repair took. It is left out if it is not told.
    pub fn execution_time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// When the failure was confirmed; default is the start.
    pub fn confirmed(mut self, moment: ZonedDateTime) -> Self {
        self.confirmed = Some(moment);
        self
    }

    /// When the repair was finished; default is the start and the execution time.
    pub fn finalized(mut self, moment: ZonedDateTime) -> Self {
        self.finalized = Some(moment);
        self
    }

    /// Name of the process of the test.
    pub fn test_process_name(mut self, name: impl Into<String>) -> Self {
        self.uur.process_name = Some(name.into());
        self
    }

    /// The report of the test that failed.
    pub fn refers_to(mut self, test: Uuid) -> Self {
        self.uur.referenced_uut = Some(test);
        self
    }

    /// The repair that this one is a part of.
    pub fn part_of(mut self, repair: Uuid) -> Self {
        self.uur.parent = Some(repair);
        self
    }

    /// The outcome; default is passed.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What was wrong with the unit itself; for sub units see [`units`](Self::units).
    pub fn failure(mut self, failure: Failure) -> Self {
        self.units.failure(Units::MAIN, failure);
        self
    }

    /// Adds a sub unit, which may have failures of its own.
    pub fn sub_unit(mut self, unit: SubUnit) -> Self {
        self.units.add(unit);
        self
    }

    /// Adds and describes sub units, also such within others.
    ///
    /// ```
    /// use wats_report::{Failure, SubUnit, UurReport};
    ///
    /// let repair = UurReport::builder("BOX-1", "SN-1", "A", 500, 100)
    ///     .station("Repair-1", "Drammen", "Repair")
    ///     .operator("Ola")
    ///     .units(|units| {
    ///         let supply = units.add(SubUnit::new("Supply", "PSU-1", "P-1", "A"));
    ///         let board = units.add_to(supply, SubUnit::new("Board", "PCB-1", "B-1", "C"));
    ///         units.failure(board, Failure::new("Component", "Burned").component("C7"));
    ///         units.replace(board, SubUnit::new("Board", "PCB-1", "B-2", "C"));
    ///     })
    ///     .build()?;
    /// assert_eq!(repair.report().sub_units.as_ref().unwrap().len(), 4);
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    pub fn units(mut self, fill: impl FnOnce(&mut Units)) -> Self {
        fill(&mut self.units);
        self
    }

    /// Adds a file, such as a photograph of the unit.
    pub fn attachment(mut self, file: Attachment) -> Self {
        let files = &mut self.common.report.attachments;
        files.get_or_insert_default().push(file);
        self
    }

    /// Checks the report and finishes it.
    ///
    /// # Errors
    /// [`Error::Report`] with everything that the server is known to refuse, or to take and then lose, each with its
    /// path and rule; nothing is sent.
    pub fn build(self) -> Result<UurReport> {
        let Self {
            mut common,
            mut uur,
            outcome,
            confirmed,
            finalized,
            time,
            units,
        } = self;
        if !units.strange.is_empty() {
            return Err(Error::Report(units.strange));
        }
        let start = common.start()?;
        let end = start
            .checked_add(time.unwrap_or_default())
            .map_err(|error| Error::Data(format!("the repair has no end: {error}")))?;
        uur.confirmed = Some(ReportTime::local(&confirmed.unwrap_or(start)));
        uur.finalized = Some(ReportTime::local(&finalized.unwrap_or(end)));
        uur.execution_time = time.map(|time| time.as_secs_f64().into());
        common.report.result = Some(outcome.into());
        common.report.uur = Some(uur);
        common.report.sub_units = Some(units.list);
        common.finish().map(UurReport)
    }
}

/// One of the units of a repair report; it is meaningful only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitId(i32);

/// The units of a repair report: the repaired unit and those within it.
#[derive(Debug, Clone)]
pub struct Units {
    list: Vec<SubUnit>,
    /// Uses of ids of other reports.
    strange: Vec<Finding>,
}

impl Units {
    /// The repaired unit itself.
    pub const MAIN: UnitId = UnitId(0);

    /// Adds a unit that is built into the repaired one.
    pub fn add(&mut self, unit: SubUnit) -> UnitId {
        self.add_to(Self::MAIN, unit)
    }

    /// Adds a unit that is built into another.
    pub fn add_to(&mut self, parent: UnitId, unit: SubUnit) -> UnitId {
        let id = i32::try_from(self.list.len()).unwrap_or(i32::MAX);
        self.get(parent);
        self.list.push(SubUnit {
            index: Some(id),
            parent_index: Some(parent.0),
            ..unit
        });
        UnitId(id)
    }

    /// The first unit with this serial number.
    pub fn find(&self, serial_number: &str) -> Option<UnitId> {
        let wanted = |unit: &&SubUnit| unit.serial_number.as_deref() == Some(serial_number);
        self.list.iter().find(wanted)?.index.map(UnitId)
    }

    /// Says what was wrong with a unit.
    pub fn failure(&mut self, unit: UnitId, failure: Failure) {
        if let Some(unit) = self.get(unit) {
            unit.failures.get_or_insert_default().push(failure);
        }
    }

    /// Adds the unit that took the place of another.
    pub fn replace(&mut self, old: UnitId, new: SubUnit) -> UnitId {
        let parent = self.get(old).and_then(|unit| unit.parent_index);
        let id = self.add_to(UnitId(parent.unwrap_or(0)), new);
        if let Some(old) = self.get(old) {
            old.replaced_by = Some(id.0);
        }
        id
    }

    /// A unit; an id of another report is told when this one is built.
    fn get(&mut self, id: UnitId) -> Option<&mut SubUnit> {
        let at = usize::try_from(id.0).unwrap_or(usize::MAX);
        if at >= self.list.len() {
            self.strange.push(Finding::new(
                rules::UNIT_TREE,
                "report",
                format!("there is no unit {}; the id is one of another report", id.0),
            ));
        }
        self.list.get_mut(at)
    }
}
