//! The handle to a step that was added: what can be said of it depends on what it holds.

use std::marker::PhantomData;
use std::time::Duration;

use jiff::ZonedDateTime;

use crate::{AdditionalData, Attachment, Chart, ReportTime, Status, Step, StepGroup, StepType};

use super::state::{Free, Many, Nested, Plain, Single, Taken};
use crate::model::SequenceCall;

/// An outcome that a report, a sequence or a step without measurements can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All is well.
    Passed,
    /// The unit is not as it should be.
    Failed,
    /// The test itself went wrong.
    Error,
    /// Somebody stopped it.
    Terminated,
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed => Self::Failed,
            Outcome::Error => Self::Error,
            Outcome::Terminated => Self::Terminated,
        }
    }
}

/// The other way round, for what reports and headers say.
impl TryFrom<&Status> for Outcome {
    type Error = crate::Error;

    /// # Errors
    /// [`Error::Data`](crate::Error::Data) for what no report can have: skipped, done, unknown.
    fn try_from(status: &Status) -> crate::Result<Self> {
        Ok(match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Error => Self::Error,
            Status::Terminated => Self::Terminated,
            other => {
                let what = format!("`{other}` is no outcome of a report");
                return Err(crate::Error::Data(what));
            }
        })
    }
}

/// As a word, as [`Status`] prints.
impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Status::from(*self).fmt(f)
    }
}

/// A step that was just added, to say more of it.
///
/// `K` says what it holds ([`Single`], [`Many`], [`Plain`] or [`Nested`]), `F` whether a chart or an attachment can be
/// added ([`Free`]) or is there already ([`Taken`]).
///
/// ```
/// use std::time::Duration;
/// use wats_report::{MeasurementLimits, Station, StepGroup, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .steps(|root| {
///         root.numeric("Warm up", 22.5, "°C", MeasurementLimits::log())
///             .group(StepGroup::Setup)
///             .duration(Duration::from_millis(350))
///             .comment("chamber closed");
///     })
///     .build()?;
/// assert_eq!(report.report().steps().last().unwrap().total_time.as_ref().unwrap().value(), 0.35);
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// What the server would refuse does not compile, such as a chart and an attachment in one step, or a measured step
/// that broke off: a measurement has passed, failed or been skipped, and a step has the outcome of what it measured. Where a
/// measurement could not be taken, add an action with that outcome and the reason, `action(..).outcome(Outcome::Error)`,
/// in its place; [`overrule`](Self::overrule) decides between passed and failed. Where the step broke off after it had measured,
/// [`broke_off`](Self::broke_off) keeps both.
///
/// ```compile_fail,E0599
/// # use wats_report::{Attachment, Chart, builder::Sequence};
/// fn both(root: &mut Sequence, chart: Chart, file: Attachment) {
///     root.boolean("Both", true).chart(chart).attachment(file);
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use wats_report::{Outcome, builder::Sequence};
/// fn broken_off(root: &mut Sequence) {
///     root.boolean("Measured", true).outcome(Outcome::Error);
/// }
/// ```
#[derive(Debug)]
pub struct StepRef<'a, K, F = Free> {
    step: &'a mut Step,
    kind: PhantomData<(K, F)>,
}

impl<'a, K, F> StepRef<'a, K, F> {
    pub(crate) fn new(step: &'a mut Step) -> Self {
        Self {
            step,
            kind: PhantomData,
        }
    }

    /// The part of the sequence that it belongs to; default is [`StepGroup::Main`].
    pub fn group(self, group: StepGroup) -> Self {
        self.step.group = Some(group);
        self
    }

    /// The type in the words of the test executive, which decides the icon that the server shows.
    pub fn step_type(self, step_type: impl Into<StepType>) -> Self {
        self.step.step_type = Some(step_type.into());
        self
    }

    /// When it began.
    pub fn start(self, moment: &ZonedDateTime) -> Self {
        self.step.start = Some(ReportTime::local(moment));
        self
    }

    /// How long it took.
    pub fn duration(self, time: Duration) -> Self {
        self.step.total_time = Some(time.as_secs_f64().into());
        self
    }

    /// A comment.
    pub fn comment(self, text: impl Into<String>) -> Self {
        self.step.report_text = Some(text.into());
        self
    }

    /// Code and message of an error; the message has at most 200 characters.
    pub fn error(self, code: i32, message: impl Into<String>) -> Self {
        self.step.error_code = Some(code);
        self.step.error_message = Some(message.into());
        self
    }

    /// Identifier in the test executive, at most 30 characters.
    pub fn ts_guid(self, guid: impl Into<String>) -> Self {
        self.step.ts_guid = Some(guid.into());
        self
    }

    /// Says whether the step made its sequence fail.
    pub fn caused_sequence_failure(self, caused: bool) -> Self {
        self.step.caused_sequence_failure = Some(caused);
        self
    }

    /// Says whether the step made the whole unit fail.
    pub fn caused_unit_failure(self, caused: bool) -> Self {
        self.step.caused_uut_failure = Some(caused);
        self
    }

    /// Adds free data.
    pub fn additional(self, data: AdditionalData) -> Self {
        let all = &mut self.step.additional_results;
        all.get_or_insert_default().push(data);
        self
    }
}

impl<'a, K> StepRef<'a, K, Free> {
    /// Adds a chart.
    pub fn chart(self, chart: Chart) -> StepRef<'a, K, Taken> {
        self.step.chart = Some(Box::new(chart));
        StepRef::new(self.step)
    }

    /// Adds a file.
    pub fn attachment(self, file: Attachment) -> StepRef<'a, K, Taken> {
        self.step.attachment = Some(Box::new(file));
        StepRef::new(self.step)
    }
}

impl<F> StepRef<'_, Single, F> {
    /// Sets the outcome, whatever value and limits say. The server takes it as it is.
    pub fn overrule(self, passed: bool) -> Self {
        let status = Some(Status::of(passed));
        let step = &mut *self.step;
        let numeric = step.numeric.iter_mut().flatten().map(|m| &mut m.status);
        let strings = step.strings.iter_mut().flatten().map(|m| &mut m.status);
        let booleans = step.booleans.iter_mut().flatten().map(|m| &mut m.status);
        for one in numeric.chain(strings).chain(booleans) {
            one.clone_from(&status);
        }
        step.status = status;
        self
    }
}

macro_rules! broke_off {
    ($($kind:ty),*) => { $(
        impl<'a, F> StepRef<'a, $kind, F> {
            /// Says that the step broke off although it has measured: its outcome is this one, and what was measured is
            /// kept with the outcome that it has. The server takes no measurement in a step that broke off, so the step
            /// becomes a sequence of this outcome, with a step of the same name that holds what was measured.
            ///
            /// ```
            /// # use wats_report::{MeasurementLimits, Outcome, builder::Sequence};
            /// fn ripple(root: &mut Sequence) {
            ///     root.numeric("Ripple", 0.012, "V", MeasurementLimits::at_most(0.050))
            ///         .broke_off(Outcome::Error)
            ///         .error(-1074, "the scope lost its trigger");
            /// }
            /// ```
            pub fn broke_off(self, outcome: Outcome) -> StepRef<'a, Nested, F> {
                let name = self.step.name.clone().unwrap_or_default();
                let measured = Step {
                    id: self.step.id.take(),
                    group: self.step.group.clone(),
                    step_type: self.step.step_type.take(),
                    name: self.step.name.clone(),
                    status: self.step.status.replace(outcome.into()),
                    numeric: self.step.numeric.take(),
                    strings: self.step.strings.take(),
                    booleans: self.step.booleans.take(),
                    chart: self.step.chart.take(),
                    attachment: self.step.attachment.take(),
                    ..Step::default()
                };
                self.step.step_type = Some(StepType::SequenceCall);
                self.step.sequence_call = Some(Box::new(SequenceCall {
                    name: Some(name),
                    ..SequenceCall::default()
                }));
                self.step.steps = Some(vec![measured]);
                StepRef::new(self.step)
            }
        }
    )* };
}

broke_off!(Single, Many);

impl<F> StepRef<'_, Plain, F> {
    /// Sets the outcome; default is passed.
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.step.status = Some(outcome.into());
        self
    }
}

impl<F> StepRef<'_, Nested, F> {
    /// Sets the outcome, which otherwise is the gravest of the steps within. The server takes it as it is.
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.step.status = Some(outcome.into());
        self
    }
}
