//! Mends the tree of steps.

use std::collections::HashSet;

use super::{Fixer, loops};
use crate::lint::chart::{LABEL, UNIT};
use crate::lint::collect::Quoted;
use crate::lint::header::{ERROR_MESSAGE, SHORT};
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::step::{CALL, MAX_DEPTH};
use crate::names::number_duplicates;
use crate::wire::Number;
use crate::{
    Chart, CompOp, Step,
    model::{NumericMeasurement, StringMeasurement},
};

pub(super) fn mend(fixer: &mut Fixer<'_>, root: &mut Step) {
    ids(fixer, root);
    step(fixer, root, &Place::ROOT, 0);
}

fn step(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>, depth: usize) {
    fixer.characters(step, place, &[]);
    fixer.cut(rules::NAME_LENGTH, place, "name", step.name.as_mut(), SHORT);
    fixer.cut(
        rules::ERROR_LENGTH,
        place,
        "errorMessage",
        step.error_message.as_mut(),
        ERROR_MESSAGE,
    );
    if let Some(call) = &mut step.sequence_call {
        let place = &place.part("sequence call");
        fixer.characters(&mut **call, place, &[]);
        fixer.cut(rules::CALL_NAME, place, "name", call.name.as_mut(), CALL.1);
    }
    for (index, measurement) in step.numeric.iter_mut().flatten().enumerate() {
        let place = &place.item("measurement", index, None);
        fixer.characters(measurement, place, &[]);
        number(fixer, measurement, place);
    }
    for (index, measurement) in step.strings.iter_mut().flatten().enumerate() {
        let place = &place.item("measurement", index, None);
        fixer.characters(measurement, place, &[]);
        text(fixer, measurement, place);
    }
    for (index, measurement) in step.booleans.iter_mut().flatten().enumerate() {
        fixer.characters(measurement, &place.item("measurement", index, None), &[]);
    }
    if let Some(file) = &mut step.attachment {
        super::header::file(fixer, file, &place.part("attachment"));
    }
    if let Some(one) = &mut step.chart {
        chart(fixer, one, &place.part("chart"));
    }
    if depth == MAX_DEPTH {
        return;
    }
    let Some(steps) = &mut step.steps else { return };
    for inner in &mut *steps {
        let name = inner.name().to_owned();
        self::step(fixer, inner, &place.part(&name), depth + 1);
    }
    loops::mend(fixer, steps, place);
    if fixer.policy.rename_duplicates {
        number_duplicates(steps, |before, after| {
            fixer.did(
                rules::NAME_TWICE,
                &place.part(before),
                format_args!("the step is named {} now", Quoted(after)),
            );
        });
    }
}

/// Operator and limits of a number.
fn number(fixer: &mut Fixer<'_>, measurement: &mut NumericMeasurement, place: &Place<'_>) {
    let known = |op: &CompOp| op.numeric_limits().is_some();
    if let Some(op) = &mut measurement.comp_op {
        capitals(fixer, op, known, rules::COMPARISON_UNKNOWN, place);
    }
    match measurement
        .comp_op
        .as_ref()
        .and_then(CompOp::numeric_limits)
    {
        Some(1) if measurement.low_limit.is_none() && measurement.high_limit.is_some() => {
            measurement.low_limit = measurement.high_limit.take();
            fixer.did(
                rules::LIMIT_MISSING,
                place,
                format_args!("the limit was moved from highLimit to lowLimit"),
            );
        }
        // One of two limits is the true one, and writers differ in which: that is for somebody to look at.
        Some(1)
            if differ(
                measurement.low_limit.as_ref(),
                measurement.high_limit.as_ref(),
            ) => {}
        Some(needed) => {
            let surplus = (needed < 1)
                .then(|| measurement.low_limit.take())
                .flatten()
                .is_some()
                | (needed < 2)
                    .then(|| measurement.high_limit.take())
                    .flatten()
                    .is_some();
            if surplus {
                fixer.did(
                    rules::LIMIT_SURPLUS,
                    place,
                    format_args!("limits that the operator does not have were left out"),
                );
            }
        }
        None => {}
    }
}

/// Whether there are two limits, and not the same one twice.
fn differ(low: Option<&Number>, high: Option<&Number>) -> bool {
    matches!((low, high), (Some(low), Some(high)) if low != high)
}

/// Operator and length of a text.
fn text(fixer: &mut Fixer<'_>, measurement: &mut StringMeasurement, place: &Place<'_>) {
    if let Some(op) = &mut measurement.comp_op {
        capitals(
            fixer,
            op,
            CompOp::compares_texts,
            rules::TEXT_COMPARISON_UNKNOWN,
            place,
        );
    }
    // A text that was compared is not cut: it would be another one than was compared.
    if measurement.comp_op == Some(CompOp::Log) {
        let value = measurement.value.as_mut();
        fixer.cut(rules::TEXT_VALUE_LENGTH, place, "value", value, SHORT);
    }
}

fn chart(fixer: &mut Fixer<'_>, chart: &mut Chart, place: &Place<'_>) {
    fixer.characters(chart, place, &[]);
    for (rule, name, text, most) in [
        (rules::CHART_LABEL, "label", &mut chart.label, LABEL),
        (rules::CHART_LABEL, "xLabel", &mut chart.x_label, LABEL),
        (rules::CHART_LABEL, "yLabel", &mut chart.y_label, LABEL),
        (rules::CHART_UNIT, "xUnit", &mut chart.x_unit, UNIT),
        (rules::CHART_UNIT, "yUnit", &mut chart.y_unit, UNIT),
    ] {
        fixer.cut(rule, place, name, text.as_mut(), most);
    }
    for (index, series) in chart.series.iter_mut().flatten().enumerate() {
        let place = &place.item("series", index, None);
        fixer.characters(series, place, &[]);
        fixer.cut(
            rules::CHART_LABEL,
            place,
            "name",
            series.name.as_mut(),
            LABEL,
        );
        // There is no other type; one that names another is left for somebody to look at.
        if series
            .data_type
            .as_deref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("XYG") && kind != "XYG")
        {
            series.data_type = Some("XYG".to_owned());
            fixer.did(
                rules::SERIES_TYPE,
                place,
                format_args!("dataType is XYG now"),
            );
        }
    }
}

/// Operators are written in capitals.
fn capitals(
    fixer: &mut Fixer<'_>,
    op: &mut CompOp,
    known: impl Fn(&CompOp) -> bool,
    rule: &'static rules::Rule,
    place: &Place<'_>,
) {
    if known(op) {
        return;
    }
    let mended = CompOp::from(op.as_str().to_ascii_uppercase().as_str());
    if known(&mended) {
        fixer.did(
            rule,
            place,
            format_args!("the operator is {mended} now, in capitals"),
        );
        *op = mended;
    }
}

/// Steps without an id, or with one that another has, get one of their own.
fn ids(fixer: &mut Fixer<'_>, root: &mut Step) {
    let mut all = Ids::default();
    all.read(root, 0);
    if all.seen.is_empty() || !(all.missing || all.twice) {
        return;
    }
    let rule = if all.twice {
        rules::ID_TWICE
    } else {
        rules::IDS_INCOMPLETE
    };
    let mut given = Given {
        used: HashSet::new(),
        taken: all.seen,
        next: 0,
        count: 0,
    };
    given.write(root, 0);
    let count = given.count;
    fixer.did(
        rule,
        &Place::ROOT,
        format_args!("{count} steps got an id of their own"),
    );
}

#[derive(Default)]
struct Ids {
    seen: HashSet<i32>,
    missing: bool,
    twice: bool,
}

impl Ids {
    fn read(&mut self, step: &Step, depth: usize) {
        match step.id {
            Some(id) => self.twice |= !self.seen.insert(id),
            None => self.missing = true,
        }
        if depth < MAX_DEPTH {
            step.steps()
                .iter()
                .for_each(|inner| self.read(inner, depth + 1));
        }
    }
}

struct Given {
    used: HashSet<i32>,
    taken: HashSet<i32>,
    next: i32,
    count: usize,
}

impl Given {
    fn write(&mut self, step: &mut Step, depth: usize) {
        if !step.id.is_some_and(|id| self.used.insert(id)) {
            while self.taken.contains(&self.next) || self.used.contains(&self.next) {
                self.next = self.next.wrapping_add(1);
            }
            step.id = Some(self.next);
            self.used.insert(self.next);
            self.count += 1;
        }
        if depth < MAX_DEPTH {
            for inner in step.steps.iter_mut().flatten() {
                self.write(inner, depth + 1);
            }
        }
    }
}
