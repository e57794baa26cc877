//! Repair reports (UUR): what was wrong with which unit, and the test that found it.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

use super::common::{Common, common_setters};
use super::named::{ProcessCodes, Station, Unit};
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
/// use wats_report::{Failure, MeasurementLimits, Station, Unit, UutReport, builder::FailureCode};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let test = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .numeric("Measure +5V", 5.9, "V", MeasurementLimits::between(4.75..=5.25))
///     .build()?;
/// let failed = test.report().steps().find(|step| step.name() == "Measure +5V").unwrap();
///
/// let burned = FailureCode { category: "Component", code: "Burned" };
/// let repair = test
///     .report()
///     .repair(500)
///     .station(Station { name: "Repair-1", location: "Drammen", purpose: "Repair" })
///     .operator("Ola")
///     .failure(Failure::new(burned).component("U1").found_by(failed))
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
    /// Starts the report of the repair of a unit. The repair begins now, unless [`start`](RepairBuilder::start) says
    /// otherwise.
    pub fn builder(unit: Unit<'_>, processes: ProcessCodes) -> RepairBuilder {
        RepairBuilder::new(unit, processes.repair, Some(processes.test))
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
        let unit = Unit {
            part_number: self.part_number.as_deref().unwrap_or_default(),
            serial_number: self.serial_number.as_deref().unwrap_or_default(),
            revision: self.revision.as_deref().unwrap_or_default(),
        };
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
    fn new(unit: Unit<'_>, process_code: i32, test_process: Option<i32>) -> Self {
        let main = SubUnit {
            index: Some(0),
            ..SubUnit::new("Main", unit)
        };
        let mut common = Common::new(ReportType::Repair, unit);
        common.report.process_code = Some(process_code);
        Self {
            common,
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
                foreign_ids: Vec::new(),
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
    /// use wats_report::builder::{FailureCode, ProcessCodes};
    /// use wats_report::{Failure, Station, SubUnit, Unit, UurReport};
    ///
    /// let unit = Unit { part_number: "BOX-1", serial_number: "SN-1", revision: "A" };
    /// let supply = Unit { part_number: "PSU-1", serial_number: "P-1", revision: "A" };
    /// let board = Unit { part_number: "PCB-1", serial_number: "B-1", revision: "C" };
    /// let burned = FailureCode { category: "Component", code: "Burned" };
    /// let repair = UurReport::builder(unit, ProcessCodes { repair: 500, test: 100 })
    ///     .station(Station { name: "Repair-1", location: "Drammen", purpose: "Repair" })
    ///     .operator("Ola")
    ///     .units(|units| {
    ///         let supply = units.add(SubUnit::new("Supply", supply));
    ///         let old = units.add_to(supply, SubUnit::new("Board", board));
    ///         units.failure(old, Failure::new(burned).component("C7"));
    ///         units.replace(old, SubUnit::new("Board", Unit { serial_number: "B-2", ..board }));
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
        if !units.foreign_ids.is_empty() {
            return Err(Error::Report(units.foreign_ids));
        }
        let start = common.start()?;
        let end = start
            .checked_add(time.unwrap_or_default())
            .map_err(|error| Error::Data(format!("the repair has no end: {error}")))?;
        uur.confirmed = Some(ReportTime::local(&confirmed.unwrap_or(start)));
        uur.finalized = Some(ReportTime::local(&finalized.unwrap_or(end)));
        uur.execution_time = time.map(|time| time.as_secs_f64().into());
        common.report.result = Some(outcome.into());
        common.report.uur = Some(Box::new(uur));
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
    foreign_ids: Vec<Finding>,
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
            self.foreign_ids.push(Finding::new(
                rules::UNIT_TREE,
                format!("there is no unit {}; the id is one of another report", id.0),
            ));
        }
        self.list.get_mut(at)
    }
}
