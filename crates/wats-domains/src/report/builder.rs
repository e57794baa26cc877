//! Building a UUT report: nested sequences as closures, outcomes computed from values and limits and carried up to the
//! root and the report, everything checked before it can be sent.

use std::ops::Deref;
use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

use super::lint;
use super::{
    BooleanMeasurement, Limits, MiscInfo, NumericMeasurement, Report, ReportTime, ReportType,
    SequenceCall, Status, Step, StepGroup, StringLimit, StringMeasurement, Uut,
};
use crate::error::{Error, Result};
use crate::wire::Number;

/// A test report that the server accepts; made by [`UutReport::builder`].
///
/// Its id is fixed when it is built, so submitting it again overwrites it and never doubles it.
///
/// ```
/// use wats_domains::report::StringLimit;
/// use wats_domains::{Limits, UutReport};
///
/// let report = UutReport::builder("PCBA-001", "SN-42", "A", 100)
///     .station("ICT-3", "Drammen", "Production")
///     .operator("Kari")
///     .sequence("Power", |power| {
///         power.numeric("Measure +5V", 5.02, "V", Limits::between(4.75..=5.25));
///         power.multi_numeric("Ripple", |ripple| {
///             ripple.add("CH1", 0.012, "V", Limits::at_most(0.050));
///             ripple.add("CH2", 0.061, "V", Limits::at_most(0.050));
///         });
///         power.boolean("LED lights", true);
///     })
///     .string("Firmware", "1.4.2", StringLimit::equals("1.4.2"))
///     .build()?;
/// assert_eq!(report.result.as_ref().unwrap().to_string(), "Failed"); // CH2
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UutReport(Report);

impl UutReport {
    /// Starts a report of one unit: its part number, serial number and revision, and the code of the process.
    pub fn builder(
        part_number: impl Into<String>,
        serial_number: impl Into<String>,
        revision: impl Into<String>,
        process_code: i32,
    ) -> ReportBuilder {
        ReportBuilder {
            report: Report {
                report_type: Some(ReportType::Test),
                id: Some(Uuid::new_v4()),
                part_number: Some(part_number.into()),
                serial_number: Some(serial_number.into()),
                revision: Some(revision.into()),
                process_code: Some(process_code),
                ..Report::default()
            },
            uut: Uut {
                execution_time: Some(0.0.into()),
                ..Uut::default()
            },
            start: None,
            software: None,
            misc: Vec::new(),
            root: Sequence::default(),
        }
    }

    /// The report's id.
    pub fn id(&self) -> Uuid {
        self.0.id.unwrap_or_default()
    }

    /// The model, for changes beyond what the builder offers; they are not checked.
    pub fn into_report(self) -> Report {
        self.0
    }
}

impl Deref for UutReport {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.0
    }
}

impl From<UutReport> for Report {
    fn from(report: UutReport) -> Self {
        report.0
    }
}

/// A report being built; see [`UutReport`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ReportBuilder {
    report: Report,
    uut: Uut,
    start: Option<ZonedDateTime>,
    software: Option<(String, String)>,
    misc: Vec<(String, String)>,
    root: Sequence,
}

impl ReportBuilder {
    /// The station: its name, where it stands, and what it is for (`Production`, `Development` …).
    pub fn station(
        mut self,
        name: impl Into<String>,
        location: impl Into<String>,
        purpose: impl Into<String>,
    ) -> Self {
        self.report.station = Some(name.into());
        self.report.location = Some(location.into());
        self.report.purpose = Some(purpose.into());
        self
    }

    /// Who tests.
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.uut.operator = Some(name.into());
        self
    }

    /// The file and version of the test program; default `wats` and this crate's version.
    pub fn software(mut self, path: impl Into<String>, version: impl Into<String>) -> Self {
        self.software = Some((path.into(), version.into()));
        self
    }

    /// When the test began; default is when the report is built, in the system's time zone. A time without zone does
    /// not compile, because the server keeps local time and UTC and both must name the same moment.
    pub fn start(mut self, moment: ZonedDateTime) -> Self {
        self.start = Some(moment);
        self
    }

    /// How long the test took.
    pub fn execution_time(mut self, time: Duration) -> Self {
        self.uut.execution_time = Some(time.as_secs_f64().into());
        self
    }

    /// A comment, at most 5000 characters.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.uut.comment = Some(text.into());
        self
    }

    /// A named text, such as the temperature of the hall; name and text at most 100 characters.
    pub fn misc_info(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.misc.push((name.into(), text.into()));
        self
    }

    /// Sets the id, for a report that exists already under it. Default is a new one.
    pub fn id(mut self, id: Uuid) -> Self {
        self.report.id = Some(id);
        self
    }

    /// Adds steps to the root; what [`Sequence`] offers is also here for reports without nesting.
    pub fn steps(mut self, fill: impl FnOnce(&mut Sequence)) -> Self {
        fill(&mut self.root);
        self
    }

    /// Adds a sequence to the root.
    pub fn sequence(self, name: impl Into<String>, fill: impl FnOnce(&mut Sequence)) -> Self {
        self.steps(|root| root.sequence(name, fill))
    }

    /// Adds a numeric step to the root.
    pub fn numeric(
        self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: Limits,
    ) -> Self {
        self.steps(|root| root.numeric(name, value, unit, limits))
    }

    /// Adds a pass/fail step to the root.
    pub fn boolean(self, name: impl Into<String>, passed: bool) -> Self {
        self.steps(|root| root.boolean(name, passed))
    }

    /// Adds a text step to the root.
    pub fn string(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
        limit: StringLimit,
    ) -> Self {
        self.steps(|root| root.string(name, value, limit))
    }

    /// Checks the report and finishes it.
    ///
    /// # Errors
    /// [`Error::Report`] with everything that the server is known to refuse of what this builder makes, each with its
    /// path; nothing is sent.
    pub fn build(self) -> Result<UutReport> {
        let Self {
            mut report,
            uut,
            start,
            software,
            misc,
            root,
        } = self;
        let start = start.unwrap_or_else(ZonedDateTime::now);
        report.start = Some(ReportTime::local(&start));
        report.start_utc = Some(ReportTime::utc(&start));
        let (path, version) =
            software.unwrap_or_else(|| ("wats".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        let root = root.finish("MainSequence Callback".to_owned(), &path, &version);
        report.result.clone_from(&root.status);
        report.root = Some(root);
        report.uut = Some(uut);
        if !misc.is_empty() {
            report.misc_infos = Some(
                misc.into_iter()
                    .map(|(name, text)| MiscInfo {
                        description: Some(name),
                        text: Some(text),
                        ..MiscInfo::default()
                    })
                    .collect(),
            );
        }
        let findings = lint::rejects(&report);
        if findings.is_empty() {
            Ok(UutReport(report))
        } else {
            Err(Error::Report(findings))
        }
    }
}

/// Steps of a sequence, in the order in which they were run.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Step(Box<Step>),
    Sequence(String, Sequence),
}

impl Sequence {
    /// Adds a sequence within this one; its outcome is the gravest of its steps.
    pub fn sequence(&mut self, name: impl Into<String>, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        fill(&mut inner);
        self.entries.push(Entry::Sequence(name.into(), inner));
    }

    /// Adds a step with one measured number; it passes if the limits accept the value.
    pub fn numeric(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: Limits,
    ) {
        let measurement = numeric(None, value, unit.into(), limits);
        self.push(Step {
            status: measurement.status.clone(),
            numeric: Some(vec![measurement]),
            ..step(name.into(), "ET_NLT")
        });
    }

    /// Adds a step with several measured numbers; it passes if all of them do.
    pub fn multi_numeric(&mut self, name: impl Into<String>, fill: impl FnOnce(&mut MultiNumeric)) {
        let mut multi = MultiNumeric::default();
        fill(&mut multi);
        let status = Status::of_parts(multi.measurements.iter().filter_map(|m| m.status.as_ref()));
        self.push(Step {
            status: Some(status),
            numeric: Some(multi.measurements),
            ..step(name.into(), "ET_MNLT")
        });
    }

    /// Adds a pass/fail step.
    pub fn boolean(&mut self, name: impl Into<String>, passed: bool) {
        let status = Some(Status::of(passed));
        self.push(Step {
            status: status.clone(),
            booleans: Some(vec![BooleanMeasurement {
                status,
                ..BooleanMeasurement::default()
            }]),
            ..step(name.into(), "ET_PFT")
        });
    }

    /// Adds a step with a measured text; it passes if the limit accepts it.
    pub fn string(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        limit: StringLimit,
    ) {
        let value = value.into();
        let status = Some(Status::of(limit.accepts(&value)));
        self.push(Step {
            status: status.clone(),
            strings: Some(vec![StringMeasurement {
                comp_op: Some(limit.op),
                status,
                value: Some(value),
                limit: limit.limit,
                ..StringMeasurement::default()
            }]),
            ..step(name.into(), "ET_SVT")
        });
    }

    fn push(&mut self, step: Step) {
        self.entries.push(Entry::Step(Box::new(step)));
    }

    /// Turns the entries into a sequence step, outcomes from the leaves up.
    fn finish(self, name: String, path: &str, version: &str) -> Step {
        let steps: Vec<Step> = self
            .entries
            .into_iter()
            .map(|entry| match entry {
                Entry::Step(step) => *step,
                Entry::Sequence(name, inner) => inner.finish(name, path, version),
            })
            .collect();
        Step {
            status: Some(Status::of_parts(
                steps.iter().filter_map(|step| step.status.as_ref()),
            )),
            sequence_call: Some(Box::new(SequenceCall {
                path: Some(path.to_owned()),
                name: Some(name.clone()),
                version: Some(version.to_owned()),
                ..SequenceCall::default()
            })),
            steps: (!steps.is_empty()).then_some(steps),
            ..step(name, "SequenceCall")
        }
    }
}

/// Measurements of one step.
#[derive(Debug, Clone, Default)]
pub struct MultiNumeric {
    measurements: Vec<NumericMeasurement>,
}

impl MultiNumeric {
    /// Adds a measured number; names are unique within the step.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: Limits,
    ) {
        self.measurements
            .push(numeric(Some(name.into()), value, unit.into(), limits));
    }
}

fn step(name: String, step_type: &str) -> Step {
    Step {
        group: Some(StepGroup::Main),
        step_type: Some(step_type.into()),
        name: Some(name),
        ..Step::default()
    }
}

fn numeric(name: Option<String>, value: f64, unit: String, limits: Limits) -> NumericMeasurement {
    NumericMeasurement {
        status: Some(Status::of(limits.accepts(value))),
        comp_op: Some(limits.op),
        name,
        unit: Some(unit),
        value: Some(value.into()),
        low_limit: limits.low.map(Number::from),
        high_limit: limits.high.map(Number::from),
        ..NumericMeasurement::default()
    }
}
