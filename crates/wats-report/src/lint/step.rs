//! Steps and the tree that they form.

use super::collect::{Collector, Quoted, misread};
use super::header::{ERROR_MESSAGE, SHORT};
use super::place::Place;
use super::time::Moment;
use super::{measurement, rules};
use crate::{Status, Step, StepGroup, model::SequenceCall};

/// Deepest nesting of sequences that readers are sure to take.
pub(crate) const MAX_DEPTH: usize = 50;
/// Longest path, name and version of a sequence call.
pub(super) const CALL: (usize, usize, usize) = (500, 200, 30);

/// The tree of steps.
pub(super) fn tree(out: &mut Collector, root: &Step) {
    let mut ids = Ids::default();
    check(out, root, &Place::ROOT, 0, &mut ids);
    let given = ids.given;
    ids.finish(out, || {
        let mut all = Vec::with_capacity(given);
        collect(root, 0, &mut all);
        all
    });
}

fn check(out: &mut Collector, step: &Step, place: &Place<'_>, depth: usize, ids: &mut Ids) {
    alone(out, step, place, !step.steps().is_empty(), ids);
    children(out, step, place, depth, ids);
}

/// A step without those within it, of which only is told whether there are any.
pub(super) fn alone(
    out: &mut Collector,
    step: &Step,
    place: &Place<'_>,
    nested: bool,
    ids: &mut Ids,
) {
    out.members(step, place);
    ids.add(step.id);
    letters(out, step, place);
    match step.name.as_deref() {
        None if misread(&step.extra, "name") => {}
        None => out.add(
            rules::NAME_MISSING,
            place,
            format_args!("the step has no name"),
        ),
        Some("") => out.add(
            rules::NAME_MISSING,
            place,
            format_args!("the name of the step is empty"),
        ),
        name => out.length(rules::NAME_LENGTH, place, "name", name, SHORT),
    }
    out.length(
        rules::ERROR_LENGTH,
        place,
        "error message",
        step.error_message.as_deref(),
        ERROR_MESSAGE,
    );
    parts(out, step, place, nested);
    if let Some(call) = &step.sequence_call {
        sequence_call(out, call, &place.part("sequence call"));
    }
    measurement::check(out, step, place);
    if let Some(call) = step.exe_call.as_deref() {
        out.members(call, &place.part("exe call"));
    }
    if let Some(popup) = step.message_popup.as_deref() {
        let place = &place.part("message popup");
        out.members(popup, place);
        if let Some(button) = popup
            .button
            .filter(|button| i16::try_from(*button).is_err())
        {
            out.add(
                rules::BUTTON_RANGE,
                place,
                format_args!("button is {button}; it must be -32768 to 32767"),
            );
        }
    }
    if let Some(chart) = &step.chart {
        super::chart::check(out, chart, &place.part("chart"));
    }
    super::additional::check(out, step.additional_results.as_deref(), place);
    if let Some(file) = &step.attachment {
        super::attachment::check(out, file, &place.part("attachment"));
    }
    if let Some(time) = step.start.as_ref().filter(|_| out.all())
        && !matches!(Moment::of(time), Moment::At(_))
    {
        out.add(
            rules::STEP_TIME,
            place,
            format_args!(
                "the start {} is no time with an offset",
                Quoted(time.as_str())
            ),
        );
    }
    let guid = step.ts_guid.as_deref();
    out.length(rules::GUID_LENGTH, place, "tsGuid", guid, 30);
}

fn letters(out: &mut Collector, step: &Step, place: &Place<'_>) {
    match &step.group {
        Some(StepGroup::Setup | StepGroup::Main | StepGroup::Cleanup) => {}
        None if misread(&step.extra, "group") => {}
        None => out.add(
            rules::GROUP_LETTER,
            place,
            format_args!("the group is missing"),
        ),
        Some(other) => out.add(
            rules::GROUP_LETTER,
            place,
            format_args!(
                "the group is {}; it must be S, M or C",
                Quoted(other.as_str())
            ),
        ),
    }
    match &step.status {
        Some(
            Status::Passed | Status::Failed | Status::Error | Status::Terminated | Status::Skipped,
        ) => {}
        None if misread(&step.extra, "status") => {}
        None => out.add(
            rules::STATUS_LETTER,
            place,
            format_args!("the status is missing"),
        ),
        Some(other) => out.add(
            rules::STATUS_LETTER,
            place,
            format_args!(
                "the status is {}; it must be P, F, E, T or S",
                Quoted(other.as_str())
            ),
        ),
    }
}

/// What a step consists of.
fn parts(out: &mut Collector, step: &Step, place: &Place<'_>, nested: bool) {
    let measurements = usize::from(!step.numeric().is_empty())
        + usize::from(!step.strings().is_empty())
        + usize::from(!step.booleans().is_empty());
    let kinds = measurements + usize::from(step.sequence_call.is_some());
    let chart = step.chart.is_some() || misread(&step.extra, "chart");
    let attachment = step.attachment.is_some() || misread(&step.extra, "attachment");
    if kinds == 0
        && !chart
        && !attachment
        && step.additional_results.as_ref().is_none_or(Vec::is_empty)
    {
        let misread_part = [
            "seqCall",
            "numericMeas",
            "stringMeas",
            "booleanMeas",
            "additionalResults",
        ]
        .iter()
        .any(|name| misread(&step.extra, name));
        let turns = step.loop_info.as_ref().and_then(|info| info.count);
        let problem = if turns == Some(0) {
            "the loop has no iterations; add one or leave the loop out"
        } else {
            "the step has no measurements, nor anything else; add one or leave the step out"
        };
        if !misread_part {
            out.add(rules::NOTHING_IN_STEP, place, format_args!("{problem}"));
        }
    }
    if kinds > 1 {
        out.add(
            rules::TOO_MUCH_IN_STEP,
            place,
            format_args!(
                "the step has {kinds} of sequence call, numeric, text and pass/fail measurements"
            ),
        );
    }
    if chart && attachment {
        out.add(
            rules::CHART_AND_ATTACHMENT,
            place,
            format_args!("the step has a chart and an attachment"),
        );
    }
    if nested && step.sequence_call.is_none() && !misread(&step.extra, "seqCall") {
        out.add(
            rules::STEPS_WITHOUT_SEQUENCE,
            place,
            format_args!("the step has steps, but no sequence call"),
        );
    }
    if step.status == Some(Status::Skipped) && (measurements > 0 || chart || attachment || nested) {
        out.add(
            rules::SKIPPED_STEP,
            place,
            format_args!("the step is skipped, so what it holds is dropped"),
        );
    }
}

fn sequence_call(out: &mut Collector, call: &SequenceCall, place: &Place<'_>) {
    out.members(call, place);
    let extra = &call.extra;
    let (path, name, version) = CALL;
    for (rule, wire, text, most) in [
        (rules::CALL_PATH, "path", &call.path, path),
        (rules::CALL_NAME, "name", &call.name, name),
        (rules::CALL_VERSION, "version", &call.version, version),
    ] {
        out.required(rule, place, (wire, wire, extra), text.as_deref(), most);
    }
}

/// The steps within a step.
fn children(out: &mut Collector, step: &Step, place: &Place<'_>, depth: usize, ids: &mut Ids) {
    let steps = step.steps();
    if steps.is_empty() {
        return;
    }
    if depth == MAX_DEPTH {
        return too_deep(out, place);
    }
    // The steps of a loop share their name.
    let plain = steps
        .iter()
        .filter(|step| !step.is_in_loop())
        .map(Step::name)
        .filter(|name| !name.is_empty());
    measurement::unique(out, rules::NAME_TWICE, place, "steps", plain);
    super::loops::check(out, steps, place);
    if out.all() && step.status == Some(Status::Passed) && steps.iter().any(is_graver) {
        passed_over_failure(out, place);
    }
    for inner in steps {
        check(out, inner, &place.part(inner.name()), depth + 1, ids);
    }
}

/// Whether a sequence with this step in it cannot have passed. The summary of a loop speaks for its iterations.
pub(super) fn is_graver(inner: &Step) -> bool {
    matches!(
        inner.status,
        Some(Status::Failed | Status::Error | Status::Terminated)
    ) && !inner.is_iteration()
}

pub(super) fn passed_over_failure(out: &mut Collector, place: &Place<'_>) {
    out.add(
        rules::PASSED_OVER_FAILURE,
        place,
        format_args!("the sequence passed, but one of its steps did not"),
    );
}

pub(super) fn too_deep(out: &mut Collector, place: &Place<'_>) {
    out.add(
        rules::TOO_DEEP,
        place,
        format_args!("sequences are nested deeper than {MAX_DEPTH}"),
    );
}

/// Ids of steps: all or none, and all different.
#[derive(Default)]
pub(super) struct Ids {
    given: usize,
    missing: usize,
    last: Option<i32>,
    /// Whether they do not simply ascend, so that they must be looked at one by one.
    out_of_order: bool,
}

impl Ids {
    fn add(&mut self, id: Option<i32>) {
        let Some(id) = id else {
            self.missing += 1;
            return;
        };
        self.given += 1;
        self.out_of_order |= self.last.is_some_and(|last| last >= id);
        self.last = Some(id);
    }

    /// Tells what is wrong with them; all of them are asked for if they must be compared.
    pub(super) fn finish(self, out: &mut Collector, all: impl FnOnce() -> Vec<i32>) {
        if self.given > 0 && self.missing > 0 {
            let Self { given, missing, .. } = self;
            out.add(
                rules::IDS_INCOMPLETE,
                &Place::ROOT,
                format_args!("{given} steps have an id, but {missing} have none"),
            );
        }
        if !self.out_of_order {
            return;
        }
        let mut ids = all();
        ids.sort_unstable();
        let twins = ids.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let id = pair[0];
            out.add(
                rules::ID_TWICE,
                &Place::ROOT,
                format_args!("{twins} ids are used again, such as {id}"),
            );
        }
    }
}

fn collect(step: &Step, depth: usize, ids: &mut Vec<i32>) {
    ids.extend(step.id);
    if depth < MAX_DEPTH {
        for inner in step.steps() {
            collect(inner, depth + 1, ids);
        }
    }
}
