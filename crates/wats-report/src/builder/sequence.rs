//! Steps of a sequence.

use crate::{
    AdditionalData, Attachment, Chart, MeasurementLimits, Status, Step, StepGroup, StepType,
    StringLimit,
    model::{
        BooleanMeasurement, ExeCall, MessagePopup, NumericMeasurement, SequenceCall,
        StringMeasurement,
    },
};

use super::group::{MultiBoolean, MultiNumeric, MultiString};
use super::measurement::{number, pass_fail, text};
use super::named::PopupAnswer;
use super::state::{Many, Nested, Plain, Single, Taken};
use super::step::StepRef;

/// More room than this, in bytes, is given back when no further step comes: a long list that has doubled may be half empty.
const LOOSE: usize = 64 << 10;

/// Steps of a sequence, in the order in which they were run.
///
/// Each method adds a step and returns a handle, by which more can be said of it. The name comes first, then what was
/// measured, then its limits.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    pub(crate) steps: Vec<Step>,
}

impl Sequence {
    /// Adds a sequence within this one; its outcome is the gravest of its steps.
    pub fn sequence(
        &mut self,
        name: impl Into<String>,
        fill: impl FnOnce(&mut Self),
    ) -> StepRef<'_, Nested> {
        let mut inner = Self::default();
        fill(&mut inner);
        self.add(inner.into_step(name.into()))
    }

    /// Adds a step with one measured number; it passes if the limits accept the value.
    pub fn numeric(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: MeasurementLimits,
    ) -> StepRef<'_, Single> {
        let measurement = number(None, value, unit.into(), limits);
        self.add(numeric_step(name.into(), measurement))
    }

    /// Adds a step with a measured text; it passes if the limit accepts it.
    pub fn string(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        limit: StringLimit,
    ) -> StepRef<'_, Single> {
        let measurement = text(None, value.into(), limit);
        self.add(string_step(name.into(), measurement))
    }

    /// Adds a pass/fail step.
    pub fn boolean(&mut self, name: impl Into<String>, passed: bool) -> StepRef<'_, Single> {
        self.add(boolean_step(name.into(), pass_fail(None, passed)))
    }

    /// Adds a step with several measured numbers; it passes if all of them do.
    pub fn multi_numeric(
        &mut self,
        name: impl Into<String>,
        fill: impl FnOnce(&mut MultiNumeric),
    ) -> StepRef<'_, Many> {
        let mut all = MultiNumeric::default();
        fill(&mut all);
        self.add(Step {
            status: Some(Status::of_parts(
                all.list.iter().filter_map(|m| m.status.as_ref()),
            )),
            numeric: Some(all.list),
            ..step(name.into(), StepType::MultiNumeric)
        })
    }

    /// Adds a step with several measured texts; it passes if all of them do.
    pub fn multi_string(
        &mut self,
        name: impl Into<String>,
        fill: impl FnOnce(&mut MultiString),
    ) -> StepRef<'_, Many> {
        let mut all = MultiString::default();
        fill(&mut all);
        self.add(Step {
            status: Some(Status::of_parts(
                all.list.iter().filter_map(|m| m.status.as_ref()),
            )),
            strings: Some(all.list),
            ..step(name.into(), StepType::MultiText)
        })
    }

    /// Adds a step with several pass/fail measurements; it passes if all of them do.
    pub fn multi_boolean(
        &mut self,
        name: impl Into<String>,
        fill: impl FnOnce(&mut MultiBoolean),
    ) -> StepRef<'_, Many> {
        let mut all = MultiBoolean::default();
        fill(&mut all);
        self.add(Step {
            status: Some(Status::of_parts(
                all.list.iter().filter_map(|m| m.status.as_ref()),
            )),
            booleans: Some(all.list),
            ..step(name.into(), StepType::MultiPassFail)
        })
    }

    /// Adds a step that did something and measured nothing; it passed, unless [`outcome`](StepRef::outcome) says
    /// otherwise.
    ///
    /// The server takes no step without contents, so it gets a piece of free data of its type's name.
    pub fn action(&mut self, name: impl Into<String>) -> StepRef<'_, Plain> {
        self.generic(name, StepType::Action)
    }

    /// As [`action`](Self::action), of another type, such as `StepType::from("NI_Wait")`.
    pub fn generic(&mut self, name: impl Into<String>, step_type: StepType) -> StepRef<'_, Plain> {
        let data = AdditionalData::new(step_type.as_str());
        self.add(noted(name.into(), step_type, data))
    }

    /// Adds a step that was not run.
    pub fn skipped(&mut self, name: impl Into<String>) -> StepRef<'_, Plain, Taken> {
        let mut step = noted(
            name.into(),
            StepType::Action,
            AdditionalData::new("Skipped"),
        );
        step.status = Some(Status::Skipped);
        self.add(step)
    }

    /// Adds a message to the operator and the answer, which stands in free data, too, because the server takes no step
    /// without contents.
    pub fn message_popup(
        &mut self,
        name: impl Into<String>,
        answer: PopupAnswer<'_>,
    ) -> StepRef<'_, Plain> {
        let data = AdditionalData::new("MessagePopup")
            .text("Response", answer.text)
            .number("Button", answer.button.into());
        self.add(Step {
            message_popup: Some(Box::new(MessagePopup {
                response: Some(answer.text.to_owned()),
                button: Some(answer.button.into()),
                ..MessagePopup::default()
            })),
            ..noted(name.into(), StepType::MessagePopup, data)
        })
    }

    /// Adds a call of a program with its exit code, which stands in free data, too, because the server takes no step
    /// without contents. It passed whatever the code, unless [`outcome`](StepRef::outcome) says otherwise.
    pub fn exe_call(&mut self, name: impl Into<String>, exit_code: i32) -> StepRef<'_, Plain> {
        let data = AdditionalData::new("CallExecutable").number("ExitCode", exit_code.into());
        self.add(Step {
            exe_call: Some(Box::new(ExeCall {
                exit_code: Some(f64::from(exit_code).into()),
                ..ExeCall::default()
            })),
            ..noted(name.into(), StepType::CallExecutable, data)
        })
    }

    /// Adds a step that shows a chart. A chart can also go with a measurement: see [`StepRef::chart`].
    pub fn chart(&mut self, name: impl Into<String>, chart: Chart) -> StepRef<'_, Plain, Taken> {
        self.add(Step {
            chart: Some(Box::new(chart)),
            status: Some(Status::Passed),
            ..step(name.into(), StepType::Chart)
        })
    }

    /// Adds a step that holds a file. A file can also go with a measurement: see [`StepRef::attachment`].
    pub fn attachment(
        &mut self,
        name: impl Into<String>,
        file: Attachment,
    ) -> StepRef<'_, Plain, Taken> {
        self.add(Step {
            attachment: Some(Box::new(file)),
            status: Some(Status::Passed),
            ..step(name.into(), StepType::Attachment)
        })
    }

    /// Adds a step as it is, such as one of another report. Its outcome counts as those of others; its number is
    /// given anew.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Adds a step, of which then more can be said.
    pub(super) fn add<K, F>(&mut self, step: Step) -> StepRef<'_, K, F> {
        let at = self.steps.len();
        self.steps.push(step);
        StepRef::new(&mut self.steps[at])
    }

    /// The sequence as a step. File and version of its call are filled in when the report is built.
    pub(crate) fn into_step(mut self, name: String) -> Step {
        if (self.steps.capacity() - self.steps.len()) * size_of::<Step>() > LOOSE {
            self.steps.shrink_to_fit();
        }
        Step {
            status: Some(self.outcome()),
            sequence_call: Some(Box::new(SequenceCall {
                name: Some(name.clone()),
                ..SequenceCall::default()
            })),
            steps: (!self.steps.is_empty()).then_some(self.steps),
            ..step(name, StepType::SequenceCall)
        }
    }

    /// The gravest outcome of the steps; of a loop that of its summary counts.
    fn outcome(&self) -> Status {
        let counted = self.steps.iter().filter(|step| !step.is_iteration());
        Status::of_parts(counted.filter_map(|step| step.status.as_ref()))
    }
}

pub(super) fn step(name: String, step_type: StepType) -> Step {
    Step {
        group: Some(StepGroup::Main),
        step_type: Some(step_type),
        name: Some(name),
        ..Step::default()
    }
}

/// A step whose contents are free data; it passed.
fn noted(name: String, step_type: StepType, data: AdditionalData) -> Step {
    Step {
        status: Some(Status::Passed),
        additional_results: Some(vec![data]),
        ..step(name, step_type)
    }
}

pub(super) fn numeric_step(name: String, measurement: NumericMeasurement) -> Step {
    Step {
        status: measurement.status.clone(),
        numeric: Some(vec![measurement]),
        ..step(name, StepType::Numeric)
    }
}

pub(super) fn string_step(name: String, measurement: StringMeasurement) -> Step {
    Step {
        status: measurement.status.clone(),
        strings: Some(vec![measurement]),
        ..step(name, StepType::Text)
    }
}

pub(super) fn boolean_step(name: String, measurement: BooleanMeasurement) -> Step {
    Step {
        status: measurement.status.clone(),
        booleans: Some(vec![measurement]),
        ..step(name, StepType::PassFail)
    }
}
