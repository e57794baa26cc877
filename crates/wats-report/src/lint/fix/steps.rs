//! Mends the tree of steps.

use super::before::BEFORE;
use super::call::Call;
use super::{Fixer, Mend, chart, is_blank, kinds, lists, loops, measurement, outcome, split};
use crate::lint::collect::Quoted;
use crate::lint::header::{ERROR_MESSAGE, SHORT};
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::step::{CALL, MAX_DEPTH};
use crate::names::number_duplicates;
use crate::{AdditionalData, Step, StepGroup, StepType};

pub(super) fn mend(fixer: &mut Fixer<'_>, root: &mut Step) {
    if root.sequence_call.is_none()
        && !misread(&root.extra, "seqCall")
        && fixer.may(Mend::SequenceCalls)
    {
        Call::UNKNOWN.fill(root);
        fixer.did(
            rules::ROOT_SEQUENCE,
            &Place::ROOT,
            format_args!("the root has a sequence call now"),
        );
    }
    step(fixer, root, &Place::ROOT, 0, Call::UNKNOWN);
}

fn step(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>, depth: usize, outer: Call<'_>) {
    fixer.object(step, place, &[]);
    texts(fixer, step, place);
    parts(fixer, step, place);
    measurement::mend(fixer, step, place);
    if fixer.may(Mend::MissingFiles)
        && let Some(file) = step.attachment.take_if(|file| lists::is_missing(file))
    {
        lists::left_out(fixer, &file, &place.part("attachment")).add_to(step);
    }
    if let Some(file) = &mut step.attachment {
        lists::file(fixer, file, &place.part("attachment"));
    }
    if let Some(one) = &mut step.chart {
        chart::mend(fixer, one, &place.part("chart"));
    }
    lists::additional(fixer, step.additional_results.as_mut(), place);
    if depth < MAX_DEPTH {
        let call = step.sequence_call.as_deref();
        let inner = Call {
            path: of(call.and_then(|call| call.path.as_ref()), outer.path),
            version: of(call.and_then(|call| call.version.as_ref()), outer.version),
        };
        for one in step.steps.iter_mut().flatten() {
            let name = one.name().to_owned();
            self::step(fixer, one, &place.part(&name), depth + 1, inner);
        }
    }
    outcome::mend(fixer, step, place);
    split::mend(fixer, step, place, depth, outer);
    outcome::conflict(fixer, step, place, depth, outer);
    sequence_call(fixer, step, place, outer);
    if fixer.may(Mend::EmptySteps) {
        empty(fixer, step, place);
    }
    if depth < MAX_DEPTH {
        together(fixer, step, place);
    }
}

/// A part of the sequence call, else that of the sequence around.
fn of<'a>(part: Option<&'a String>, outer: &'a str) -> &'a str {
    let part = part.map(String::as_str);
    part.filter(|part| !part.is_empty()).unwrap_or(outer)
}

/// Name, group and the other texts of a step.
fn texts(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    if is_blank(step.name.as_ref())
        && fixer.may(Mend::MissingNames)
        && !misread(&step.extra, "name")
    {
        let kind = step.step_type.as_ref().map_or("", StepType::as_str);
        let called = step
            .sequence_call
            .as_ref()
            .and_then(|call| call.name.as_deref());
        let name = called.filter(|name| !name.is_empty()).unwrap_or(kind);
        let name = if name.is_empty() { "Step" } else { name }.to_owned();
        fixer.did(
            rules::NAME_MISSING,
            place,
            format_args!("the step had no name; it is {} now", Quoted(&name)),
        );
        step.name = Some(name);
    }
    fixer.cut(rules::NAME_LENGTH, place, "name", step.name.as_mut(), SHORT);
    let known = |group: &StepGroup| !matches!(group, StepGroup::Other(_));
    if !step.group.as_ref().is_some_and(known)
        && fixer.may(Mend::Groups)
        && !misread(&step.extra, "group")
    {
        let before = step.group.as_ref().map_or("", StepGroup::as_str);
        let group = match before.trim().get(..1).unwrap_or_default() {
            "s" | "S" => StepGroup::Setup,
            "c" | "C" => StepGroup::Cleanup,
            _ => StepGroup::Main,
        };
        fixer.did(
            rules::GROUP_LETTER,
            place,
            format_args!("the group was {}; it is {group} now", Quoted(before)),
        );
        step.group = Some(group);
    }
    let message = step.error_message.as_mut();
    fixer.cut(
        rules::ERROR_LENGTH,
        place,
        "errorMessage",
        message,
        ERROR_MESSAGE,
    );
    if let Some(guid) = step
        .ts_guid
        .take_if(|guid| guid.chars().nth(30).is_some() && fixer.may(Mend::LongTexts))
    {
        fixer.did(
            rules::GUID_LENGTH,
            place,
            format_args!("tsGuid {} was left out", Quoted(&guid)),
        );
    }
    if let Some(call) = &mut step.sequence_call {
        let place = &place.part("sequence call");
        fixer.object(&mut **call, place, &[]);
        let (path, name, version) = CALL;
        if fixer.may(Mend::LongTexts)
            && let Some(text) = &mut call.path
            && let Some((start, _)) = text.char_indices().rev().nth(path - 1)
            && start > 0
        {
            text.drain(..start);
            fixer.did(
                rules::CALL_PATH,
                place,
                format_args!("of path the last {path} characters were kept"),
            );
        }
        fixer.cut(rules::CALL_NAME, place, "name", call.name.as_mut(), name);
        fixer.cut(
            rules::CALL_VERSION,
            place,
            "version",
            call.version.as_mut(),
            version,
        );
    }
}

/// Numbers of a step, and of what it called and showed.
fn parts(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    kinds::number(fixer, &mut step.total_time, "totTime", place);
    measurement::finite(fixer, &mut step.total_time, "totTime", place);
    if let Some(info) = step.loop_info.as_deref_mut() {
        fixer.object(info, &place.part("loop"), &[]);
    }
    if let Some(call) = step.exe_call.as_deref_mut() {
        let place = &place.part("exe call");
        fixer.object(call, place, &[]);
        kinds::number(fixer, &mut call.exit_code, "exitCode", place);
        measurement::finite(fixer, &mut call.exit_code, "exitCode", place);
    }
    let Some(popup) = step.message_popup.as_deref_mut() else {
        return;
    };
    fixer.object(popup, &place.part("message popup"), &[]);
    let may = fixer.may(Mend::Ranges);
    if let Some(button) = popup
        .button
        .take_if(|button| may && i16::try_from(*button).is_err())
    {
        let data = AdditionalData::new(BEFORE).number("button", button.into());
        step.additional_results.get_or_insert_default().push(data);
        fixer.did(
            rules::BUTTON_RANGE,
            place,
            format_args!("button {button} is free data now"),
        );
    }
}

fn sequence_call(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>, outer: Call<'_>) {
    let holds_steps = !step.steps().is_empty();
    if !(step.sequence_call.is_some() || holds_steps)
        || misread(&step.extra, "seqCall")
        || !fixer.may(Mend::SequenceCalls)
    {
        return;
    }
    let rule = match &step.sequence_call {
        None => rules::STEPS_WITHOUT_SEQUENCE,
        Some(call) if is_blank(call.path.as_ref()) => rules::CALL_PATH,
        Some(call) if is_blank(call.name.as_ref()) => rules::CALL_NAME,
        Some(_) => rules::CALL_VERSION,
    };
    if outer.fill(step) {
        fixer.did(
            rule,
            place,
            format_args!("what the sequence call lacked was filled in"),
        );
    }
}

/// A step that holds nothing gets a piece of free data.
fn empty(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    let parts = [
        "seqCall",
        "numericMeas",
        "stringMeas",
        "booleanMeas",
        "chart",
        "attachment",
        "additionalResults",
    ];
    let holds = step.sequence_call.is_some()
        || !step.numeric().is_empty()
        || !step.strings().is_empty()
        || !step.booleans().is_empty()
        || step.chart.is_some()
        || step.attachment.is_some()
        || step
            .additional_results
            .as_ref()
            .is_some_and(|list| !list.is_empty())
        || parts.iter().any(|name| misread(&step.extra, name));
    if holds {
        return;
    }
    let name = step
        .step_type
        .as_ref()
        .map(StepType::as_str)
        .filter(|name| !name.is_empty());
    let mut data = AdditionalData::new(name.unwrap_or("Step"));
    if let Some(popup) = step.message_popup.as_deref() {
        if let Some(response) = &popup.response {
            data = data.text("Response", response);
        }
        if let Some(button) = popup.button {
            data = data.number("Button", button.into());
        }
    }
    if let Some(code) = step
        .exe_call
        .as_deref()
        .and_then(|call| call.exit_code.as_ref())
    {
        data = data.number("ExitCode", code.value());
    }
    let name = data.name.clone().unwrap_or_default();
    step.additional_results = Some(vec![data]);
    fixer.did(
        rules::NOTHING_IN_STEP,
        place,
        format_args!(
            "the step held nothing; it has free data named {} now",
            Quoted(&name)
        ),
    );
}

/// The steps within a step, one beside the other.
fn together(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    let Some(steps) = &mut step.steps else { return };
    loops::mend(fixer, steps, place);
    if fixer.may(Mend::DuplicateNames) {
        number_duplicates(steps, |before, after| {
            fixer.did(
                rules::NAME_TWICE,
                &place.part(before),
                format_args!("the step is named {} now", Quoted(after)),
            );
        });
    }
}
