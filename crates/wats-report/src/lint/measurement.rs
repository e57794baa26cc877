//! Measurements of a step: each for itself, and their outcomes together.

use std::collections::HashSet;

use super::collect::{Collector, Quoted, misread};
use super::header::SHORT;
use super::place::Place;
use super::rules::{self, Rule};
use crate::wire::{Extra, Model, Number};
use crate::{
    CompOp, Status, Step,
    model::{BooleanMeasurement, NumericMeasurement, StringMeasurement},
};

/// Longest unit of a number.
pub(super) const UNIT: usize = 20;

/// What the three kinds of measurement have in common.
trait Measurement: Model {
    fn name(&self) -> Option<&str>;
    fn status(&self) -> Option<&Status>;
    /// What only this kind has.
    fn check(&self, out: &mut Collector, place: &Place<'_>);
}

macro_rules! measurement {
    ($($ty:ty, $check:path;)*) => { $(
        impl Measurement for $ty {
            fn name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn status(&self) -> Option<&Status> {
                self.status.as_ref()
            }

            fn check(&self, out: &mut Collector, place: &Place<'_>) {
                $check(out, self, place);
            }
        }
    )* };
}

measurement! {
    NumericMeasurement, numeric;
    StringMeasurement, text;
    BooleanMeasurement, boolean;
}

/// All measurements of a step.
pub(super) fn check(out: &mut Collector, step: &Step, place: &Place<'_>) {
    list(out, step, step.numeric(), place);
    list(out, step, step.strings(), place);
    list(out, step, step.booleans(), place);
}

fn list<M: Measurement>(out: &mut Collector, step: &Step, list: &[M], place: &Place<'_>) {
    if list.is_empty() {
        return;
    }
    let several = list.len() > 1;
    for (index, measurement) in list.iter().enumerate() {
        let place = &place.item("measurement", index, measurement.name());
        out.members(measurement, place);
        match measurement.name() {
            None | Some("") if several && !misread(measurement.extra(), "name") => out.add(
                rules::MEASUREMENT_NAME,
                place,
                format_args!("it has no name, which one of several needs"),
            ),
            Some("") | None => {}
            name => out.filled(rules::MEASUREMENT_NAME, place, "name", name, SHORT),
        }
        match measurement.status() {
            Some(Status::Passed | Status::Failed | Status::Skipped) => {}
            None if misread(measurement.extra(), "status") => {}
            None => out.add(
                rules::MEASUREMENT_STATUS,
                place,
                format_args!("the status is missing"),
            ),
            Some(other) => out.add(
                rules::MEASUREMENT_STATUS,
                place,
                format_args!(
                    "the status is {}; it must be P, F or S",
                    Quoted(other.as_str())
                ),
            ),
        }
        measurement.check(out, place);
    }
    if several {
        unique(
            out,
            rules::MEASUREMENT_TWICE,
            place,
            "measurements",
            list.iter().filter_map(M::name),
        );
    }
    together(out, step, list, place);
}

/// The outcomes of the measurements and that of their step.
fn together<M: Measurement>(out: &mut Collector, step: &Step, list: &[M], place: &Place<'_>) {
    let failed = || list.iter().any(|m| m.status() == Some(&Status::Failed));
    match (step.status.as_ref(), list) {
        (Some(Status::Error | Status::Terminated), _) => out.add(
            rules::BROKEN_OFF_WITH_MEASUREMENT,
            place,
            format_args!("the step broke off, but holds a measurement"),
        ),
        (Some(Status::Passed | Status::Failed | Status::Skipped), [only]) => {
            if let Some(status @ (Status::Passed | Status::Failed | Status::Skipped)) =
                only.status()
                && Some(status) != step.status.as_ref()
            {
                out.add(
                    rules::STATUS_OF_SINGLE,
                    place,
                    format_args!(
                        "the status of the measurement ({status}) is not that of its step"
                    ),
                );
            }
        }
        (Some(Status::Failed), [_, _, ..]) if !failed() => out.add(
            rules::FAILED_WITHOUT_CAUSE,
            place,
            format_args!("the step failed, but none of its measurements did"),
        ),
        (Some(Status::Passed), [_, _, ..]) if failed() => out.add(
            rules::PASSED_WITH_FAILURE,
            place,
            format_args!("the step passed, but one of its measurements failed"),
        ),
        _ => {}
    }
}

fn numeric(out: &mut Collector, measurement: &NumericMeasurement, place: &Place<'_>) {
    let extra = &measurement.extra;
    out.required(
        rules::UNIT_LENGTH,
        place,
        ("unit", "unit", extra),
        measurement.unit.as_deref(),
        UNIT,
    );
    let value_of = |number: &Option<Number>| number.as_ref().map(Number::value);
    let (value, low, high) = (
        value_of(&measurement.value),
        value_of(&measurement.low_limit),
        value_of(&measurement.high_limit),
    );
    missing_value(out, value.is_none(), extra, place);
    let Some(op) = &measurement.comp_op else {
        return missing_operator(out, rules::COMPARISON_UNKNOWN, extra, place);
    };
    let Some(needed) = op.numeric_limits() else {
        return unknown_operator(out, rules::COMPARISON_UNKNOWN, op, place);
    };
    for (name, wire, given, wanted) in [
        ("low limit", "lowLimit", low, needed >= 1),
        ("high limit", "highLimit", high, needed == 2),
    ] {
        match given {
            None if wanted && !misread(extra, wire) => out.add(
                rules::LIMIT_MISSING,
                place,
                format_args!("the operator {op} needs a {name}"),
            ),
            Some(limit) if !wanted => out.add(
                rules::LIMIT_SURPLUS,
                place,
                format_args!("the operator {op} has no {name}, but {limit} is given"),
            ),
            _ => {}
        }
    }
    if let (2, Some(low), Some(high)) = (needed, low, high)
        && low > high
    {
        out.add(
            rules::LIMITS_CROSSED,
            place,
            format_args!("the low limit {low} is above the high limit {high}"),
        );
    }
    if out.all()
        && let (Some(value), Some(limits)) = (value, measurement.limits())
    {
        let status = measurement.status.as_ref();
        outcome(out, status, limits.accepts(value), place);
    }
}

fn text(out: &mut Collector, measurement: &StringMeasurement, place: &Place<'_>) {
    let extra = &measurement.extra;
    for (name, text) in [("value", &measurement.value), ("limit", &measurement.limit)] {
        out.length(
            rules::TEXT_VALUE_LENGTH,
            place,
            name,
            text.as_deref(),
            SHORT,
        );
    }
    missing_value(out, measurement.value.is_none(), extra, place);
    let Some(op) = &measurement.comp_op else {
        return missing_operator(out, rules::TEXT_COMPARISON_UNKNOWN, extra, place);
    };
    if !op.compares_texts() {
        return unknown_operator(out, rules::TEXT_COMPARISON_UNKNOWN, op, place);
    }
    match (&measurement.value, &measurement.limit) {
        (_, None) if *op != CompOp::Log && !misread(extra, "limit") => out.add(
            rules::TEXT_LIMIT,
            place,
            format_args!("the operator {op} needs a limit"),
        ),
        (Some(value), Some(_))
            if out.all() && matches!(op, CompOp::CaseSensit | CompOp::IgnoreCase | CompOp::Ne) =>
        {
            if let Some(limit) = measurement.limits() {
                let status = measurement.status.as_ref();
                outcome(out, status, limit.accepts(value), place);
            }
        }
        _ => {}
    }
}

fn boolean(_: &mut Collector, _: &BooleanMeasurement, _: &Place<'_>) {}

fn missing_value(out: &mut Collector, missing: bool, extra: &Extra, place: &Place<'_>) {
    if missing && out.all() && !misread(extra, "value") {
        out.add(
            rules::VALUE_MISSING,
            place,
            format_args!("the value is missing"),
        );
    }
}

fn missing_operator(out: &mut Collector, rule: &'static Rule, extra: &Extra, place: &Place<'_>) {
    if !misread(extra, "compOp") {
        out.add(
            rule,
            place,
            format_args!("the operator (compOp) is missing"),
        );
    }
}

fn unknown_operator(out: &mut Collector, rule: &'static Rule, op: &CompOp, place: &Place<'_>) {
    out.add(
        rule,
        place,
        format_args!("there is no operator {} here", Quoted(op.as_str())),
    );
}

fn outcome(out: &mut Collector, status: Option<&Status>, accepted: bool, place: &Place<'_>) {
    let said = match status {
        Some(Status::Passed) => true,
        Some(Status::Failed) => false,
        _ => return,
    };
    if said != accepted {
        let (said, is) = if said {
            ("passed", "failed")
        } else {
            ("failed", "passed")
        };
        out.add(
            rules::WRONG_OUTCOME,
            place,
            format_args!("the status says {said}, but by value and limits it {is}"),
        );
    }
}

/// Names that must differ; each that does not is told once.
pub(super) fn unique<'a>(
    out: &mut Collector,
    rule: &'static Rule,
    place: &Place<'_>,
    what: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) {
    // Few names are compared with each other; a set costs more than it saves.
    const FEW: usize = 16;
    let mut few: [&str; FEW] = [""; FEW];
    for (count, name) in names.clone().enumerate() {
        if count == FEW || few[..count].contains(&name) {
            return tell_twins(out, rule, place, what, names);
        }
        few[count] = name;
    }
}

fn tell_twins<'a>(
    out: &mut Collector,
    rule: &'static Rule,
    place: &Place<'_>,
    what: &str,
    names: impl Iterator<Item = &'a str>,
) {
    let mut seen = HashSet::new();
    let mut told = HashSet::new();
    for name in names {
        if !seen.insert(name) && told.insert(name) {
            out.add(
                rule,
                place,
                format_args!(
                    "several {what} are named {}; names must differ",
                    Quoted(name)
                ),
            );
        }
    }
}
