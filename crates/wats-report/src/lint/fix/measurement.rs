//! Mends measurements: units, names, operators and limits, and values that are not finite.

use std::collections::{HashMap, HashSet};

use super::{Fixer, Mend, is_blank, kinds};
use crate::lint::collect::Quoted;
use crate::lint::header::SHORT;
use crate::lint::measurement::UNIT;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules::{self, Rule};
use crate::model::{
    AdditionalProperty, BooleanMeasurement, NumericMeasurement, PropertyType, StringMeasurement,
};
use crate::wire::Number;
use crate::{AdditionalData, CompOp, MeasurementLimits, Status, Step};

/// Name of the free data that keeps what a change takes out of a step.
pub(super) const BEFORE: &str = "Before fix";

/// What a change takes out of a step.
#[derive(Default)]
pub(super) struct Before(Vec<(String, String)>);

impl Before {
    fn keep(&mut self, measurement: &str, member: &str, value: impl Into<String>) {
        let name = if measurement.is_empty() {
            member.to_owned()
        } else {
            format!("{measurement}: {member}")
        };
        self.0.push((name, value.into()));
    }

    /// Puts it into the free data of the step.
    pub(super) fn add_to(self, step: &mut Step) {
        if self.0.is_empty() {
            return;
        }
        let all = step.additional_results.get_or_insert_default();
        let at = all
            .iter()
            .position(|data| data.name.as_deref() == Some(BEFORE));
        let at = at.unwrap_or_else(|| {
            all.push(AdditionalData::new(BEFORE));
            all.len() - 1
        });
        let properties = all[at].properties.get_or_insert_default();
        properties.extend(self.0.into_iter().map(|(name, value)| AdditionalProperty {
            name: Some(name),
            value_type: Some(PropertyType::String),
            value: Some(value),
            ..AdditionalProperty::default()
        }));
    }
}

/// All measurements of a step, each for itself.
pub(super) fn mend(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    let mut before = Before::default();
    for (index, measurement) in step.numeric.iter_mut().flatten().enumerate() {
        let place = &place.item("measurement", index, None);
        number(fixer, measurement, place, &mut before);
    }
    for (index, measurement) in step.strings.iter_mut().flatten().enumerate() {
        let place = &place.item("measurement", index, None);
        text(fixer, measurement, place, &mut before);
    }
    for (index, measurement) in step.booleans.iter_mut().flatten().enumerate() {
        fixer.object(measurement, &place.item("measurement", index, None), &[]);
    }
    before.add_to(step);
    names(
        fixer,
        step.numeric.as_mut(),
        place,
        |m: &mut NumericMeasurement| (&mut m.name, &m.extra),
    );
    names(
        fixer,
        step.strings.as_mut(),
        place,
        |m: &mut StringMeasurement| (&mut m.name, &m.extra),
    );
    names(
        fixer,
        step.booleans.as_mut(),
        place,
        |m: &mut BooleanMeasurement| (&mut m.name, &m.extra),
    );
}

/// Keeps what the measurements of a step say of operator and limits, before they are taken from it.
pub(super) fn keep_limits(step: &mut Step) {
    let mut before = Before::default();
    for m in step.numeric.iter().flatten() {
        let name = m.name.as_deref().unwrap_or_default();
        for (member, value) in [
            ("value", &m.value),
            ("lowLimit", &m.low_limit),
            ("highLimit", &m.high_limit),
        ] {
            if let Some(value) = value {
                before.keep(name, member, written(value));
            }
        }
        code(&mut before, name, m.comp_op.as_ref(), m.status.as_ref());
    }
    for m in step.strings.iter().flatten() {
        let name = m.name.as_deref().unwrap_or_default();
        for (member, value) in [("value", &m.value), ("limit", &m.limit)] {
            if let Some(value) = value {
                before.keep(name, member, value.as_str());
            }
        }
        code(&mut before, name, m.comp_op.as_ref(), m.status.as_ref());
    }
    before.add_to(step);
}

fn code(before: &mut Before, name: &str, op: Option<&CompOp>, status: Option<&Status>) {
    if let Some(op) = op {
        before.keep(name, "compOp", op.as_str());
    }
    if let Some(status) = status {
        before.keep(name, "status", status.as_str());
    }
}

fn number(
    fixer: &mut Fixer<'_>,
    measurement: &mut NumericMeasurement,
    place: &Place<'_>,
    before: &mut Before,
) {
    fixer.object(measurement, place, &[]);
    let m = &mut *measurement;
    for (name, number) in [
        ("value", &mut m.value),
        ("lowLimit", &mut m.low_limit),
        ("highLimit", &mut m.high_limit),
    ] {
        kinds::number(fixer, number, name, place);
    }
    let known = |op: &CompOp| op.numeric_limits().is_some();
    if let Some(op) = &mut measurement.comp_op {
        capitals(fixer, op, known, rules::COMPARISON_UNKNOWN, place);
    }
    if fixer.may(Mend::Operators) {
        single_limit(fixer, measurement, place);
    }
    if fixer.may(Mend::NotFinite) {
        not_finite(fixer, measurement, place, before);
    }
    if fixer.may(Mend::Comparisons) {
        comparison(fixer, measurement, place, before);
    }
    if fixer.may(Mend::Operators) {
        surplus(fixer, measurement, place);
    }
    if is_blank(measurement.unit.as_ref())
        && fixer.may(Mend::MissingUnits)
        && !misread(&measurement.extra, "unit")
    {
        let unit = fixer.policy.unit.clone();
        fixer.did(
            rules::UNIT_LENGTH,
            place,
            format_args!("there was no unit; it is `{unit}` now"),
        );
        measurement.unit = Some(unit);
    }
    fixer.cut(
        rules::UNIT_LENGTH,
        place,
        "unit",
        measurement.unit.as_mut(),
        UNIT,
    );
}

/// One limit alone stands in `lowLimit`.
fn single_limit(fixer: &mut Fixer<'_>, m: &mut NumericMeasurement, place: &Place<'_>) {
    let needed = m.comp_op.as_ref().and_then(CompOp::numeric_limits);
    if needed == Some(1)
        && m.low_limit.is_none()
        && !misread(&m.extra, "lowLimit")
        && m.high_limit.is_some()
    {
        m.low_limit = m.high_limit.take();
        fixer.did(
            rules::LIMIT_MISSING,
            place,
            format_args!("the limit was moved from highLimit to lowLimit"),
        );
    }
}

/// Limits that the operator does not have.
fn surplus(fixer: &mut Fixer<'_>, m: &mut NumericMeasurement, place: &Place<'_>) {
    let surplus = match m.comp_op.as_ref().and_then(CompOp::numeric_limits) {
        Some(0) => m.low_limit.take().is_some() | m.high_limit.take().is_some(),
        // One of two limits is the true one, and writers differ in which: that is for somebody to look at.
        Some(1) if !differ(m.low_limit.as_ref(), m.high_limit.as_ref()) => {
            m.high_limit.take().is_some()
        }
        _ => false,
    };
    if surplus {
        fixer.did(
            rules::LIMIT_SURPLUS,
            place,
            format_args!("limits that the operator does not have were left out"),
        );
    }
}

/// Whether there are two limits, and not the same one twice.
fn differ(low: Option<&Number>, high: Option<&Number>) -> bool {
    matches!((low, high), (Some(low), Some(high)) if low != high)
}

/// A value that is no number is kept as a text; a limit that nothing reaches is none.
fn not_finite(
    fixer: &mut Fixer<'_>,
    m: &mut NumericMeasurement,
    place: &Place<'_>,
    before: &mut Before,
) {
    let name = m.name.clone().unwrap_or_default();
    if let Some(value) = m.value.take_if(|value| !value.value().is_finite()) {
        before.keep(&name, "value", written(&value));
        fixer.did(
            rules::NOT_FINITE,
            place,
            format_args!("the value {} was left out", value.value()),
        );
    }
    let unlimited =
        |number: &Option<Number>, limit: f64| number.as_ref().is_some_and(|n| n.value() == limit);
    let two = m.comp_op.as_ref().and_then(CompOp::numeric_limits) == Some(2);
    let mut no_number = false;
    for (member, limit, reached) in [
        ("lowLimit", &mut m.low_limit, f64::NEG_INFINITY),
        ("highLimit", &mut m.high_limit, f64::INFINITY),
    ] {
        let no_limit = unlimited(limit, reached);
        if let Some(limit) = limit.take_if(|limit| !limit.value().is_finite()) {
            before.keep(&name, member, written(&limit));
            fixer.did(
                rules::NOT_FINITE,
                place,
                format_args!("the {member} {} was left out", limit.value()),
            );
            // Of any other limit nothing is left that could be compared with.
            no_number |= !(two && no_limit);
        }
    }
    if no_number {
        recorded_only(fixer, m, place, before, "a limit that is no number");
    }
}

/// What the server does not take, as one that means the same.
fn comparison(
    fixer: &mut Fixer<'_>,
    m: &mut NumericMeasurement,
    place: &Place<'_>,
    before: &mut Before,
) {
    if ["compOp", "lowLimit", "highLimit"]
        .iter()
        .any(|name| misread(&m.extra, name))
    {
        return;
    }
    let limit = |number: &Option<Number>| number.as_ref().map(Number::value);
    let (low, high) = (limit(&m.low_limit), limit(&m.high_limit));
    let Some(op) = m.comp_op.clone() else {
        return recorded_only(fixer, m, place, before, "no operator");
    };
    match (op.numeric_limits(), low, high) {
        (None, ..) => recorded_only(fixer, m, place, before, "an unknown operator"),
        (Some(0), None, None) => {}
        (Some(0), ..) => {
            let name = m.name.clone().unwrap_or_default();
            keep(before, &name, "lowLimit", m.low_limit.take().as_ref());
            keep(before, &name, "highLimit", m.high_limit.take().as_ref());
            fixer.did(
                rules::LIMIT_SURPLUS,
                place,
                format_args!("limits that the operator does not have were left out"),
            );
        }
        (_, None, None) => recorded_only(fixer, m, place, before, "no limit"),
        (Some(1), Some(low), Some(high)) if differ(m.low_limit.as_ref(), m.high_limit.as_ref()) => {
            one_of_two(fixer, m, place, before, (low, high));
        }
        (Some(2), Some(low), Some(high)) if low > high => {
            recorded_only(fixer, m, place, before, "crossed limits");
        }
        (Some(2), Some(_), None) => half(fixer, m, place, op.as_str().get(..2)),
        (Some(2), None, Some(_)) => {
            m.low_limit = m.high_limit.take();
            half(fixer, m, place, op.as_str().get(2..));
        }
        _ => {}
    }
}

/// An operator of two limits, of which there is one: the half of it that compares with this one.
fn half(fixer: &mut Fixer<'_>, m: &mut NumericMeasurement, place: &Place<'_>, half: Option<&str>) {
    let Some(half) = half.map(CompOp::from) else {
        return;
    };
    fixer.did(
        rules::LIMIT_MISSING,
        place,
        format_args!("one of two limits was missing; the operator is {half} now"),
    );
    m.comp_op = Some(half);
}

/// Of two limits of a one-limit operator the one by which the outcome is what it is; if both or none, the low one, which
/// is the one that the server reads.
fn one_of_two(
    fixer: &mut Fixer<'_>,
    m: &mut NumericMeasurement,
    place: &Place<'_>,
    before: &mut Before,
    (low, high): (f64, f64),
) {
    let explains = |limit: f64| {
        let limits = MeasurementLimits::of(m.comp_op.as_ref()?, Some(limit), None)?;
        let passed = limits.accepts(m.value.as_ref()?.value());
        Some(m.status.as_ref()? == &Status::of(passed))
    };
    let high_counts = explains(low) == Some(false) && explains(high) == Some(true);
    let name = m.name.clone().unwrap_or_default();
    let (member, other) = if high_counts {
        (
            "lowLimit",
            std::mem::replace(&mut m.low_limit, m.high_limit.take()),
        )
    } else {
        ("highLimit", m.high_limit.take())
    };
    keep(before, &name, member, other.as_ref());
    let (kept, left) = if high_counts {
        (high, low)
    } else {
        (low, high)
    };
    fixer.did(
        rules::LIMIT_SURPLUS,
        place,
        format_args!("of two limits {kept} counts; {left} was left out"),
    );
}

/// The operator is `LOG`; what it was is kept, and so is the outcome.
fn recorded_only(
    fixer: &mut Fixer<'_>,
    m: &mut NumericMeasurement,
    place: &Place<'_>,
    before: &mut Before,
    why: &str,
) {
    let name = m.name.clone().unwrap_or_default();
    if let Some(op) = m.comp_op.replace(CompOp::Log) {
        before.keep(&name, "compOp", op.as_str());
    }
    keep(before, &name, "lowLimit", m.low_limit.take().as_ref());
    keep(before, &name, "highLimit", m.high_limit.take().as_ref());
    let rule = match why {
        "no limit" => rules::LIMIT_MISSING,
        "crossed limits" => rules::LIMITS_CROSSED,
        "a limit that is no number" => rules::NOT_FINITE,
        _ => rules::COMPARISON_UNKNOWN,
    };
    fixer.did(
        rule,
        place,
        format_args!("the comparison had {why}; the value is only recorded (LOG) now"),
    );
}

fn keep(before: &mut Before, measurement: &str, member: &str, number: Option<&Number>) {
    if let Some(number) = number {
        before.keep(measurement, member, written(number));
    }
}

/// A number as it is written.
fn written(number: &Number) -> String {
    match serde_json::to_value(number) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => number.value().to_string(),
    }
}

/// A number beside the measurements is left out, if it is not finite.
pub(super) fn finite(
    fixer: &mut Fixer<'_>,
    number: &mut Option<Number>,
    name: &str,
    place: &Place<'_>,
) {
    if fixer.may(Mend::NotFinite)
        && let Some(odd) = number.take_if(|number| !number.value().is_finite())
    {
        fixer.did(
            rules::NOT_FINITE,
            place,
            format_args!("{name} was {}, and was left out", odd.value()),
        );
    }
}

/// Operator and length of a text.
fn text(fixer: &mut Fixer<'_>, m: &mut StringMeasurement, place: &Place<'_>, before: &mut Before) {
    fixer.object(m, place, &[]);
    if let Some(op) = &mut m.comp_op {
        capitals(
            fixer,
            op,
            CompOp::compares_texts,
            rules::TEXT_COMPARISON_UNKNOWN,
            place,
        );
    }
    let name = m.name.clone().unwrap_or_default();
    let is_long = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| text.chars().count() > SHORT)
    };
    if fixer.may(Mend::Comparisons) && !misread(&m.extra, "compOp") {
        let why = match &m.comp_op {
            None => Some((rules::TEXT_COMPARISON_UNKNOWN, "no operator")),
            Some(op) if !op.compares_texts() => {
                Some((rules::TEXT_COMPARISON_UNKNOWN, "an unknown operator"))
            }
            Some(_)
                if is_long(&m.limit) || (is_long(&m.value) && m.comp_op != Some(CompOp::Log)) =>
            {
                Some((rules::TEXT_VALUE_LENGTH, "a text that is too long"))
            }
            _ => None,
        };
        if let Some((rule, why)) = why {
            if let Some(op) = m.comp_op.replace(CompOp::Log) {
                before.keep(&name, "compOp", op.as_str());
            }
            if let Some(limit) = m.limit.take() {
                before.keep(&name, "limit", limit);
            }
            fixer.did(
                rule,
                place,
                format_args!("the comparison had {why}; the text is only recorded (LOG) now"),
            );
        }
    }
    // A text that was compared is not cut: it would be another one than was compared.
    if m.comp_op == Some(CompOp::Log) {
        if is_long(&m.value) && fixer.may(Mend::Comparisons) && fixer.may(Mend::LongTexts) {
            before.keep(&name, "value", m.value.clone().unwrap_or_default());
        }
        fixer.cut(
            rules::TEXT_VALUE_LENGTH,
            place,
            "value",
            m.value.as_mut(),
            SHORT,
        );
    }
}

/// Operators are written in capitals.
fn capitals(
    fixer: &mut Fixer<'_>,
    op: &mut CompOp,
    known: impl Fn(&CompOp) -> bool,
    rule: &'static Rule,
    place: &Place<'_>,
) {
    if known(op) || !fixer.may(Mend::Operators) {
        return;
    }
    let mended = CompOp::from(op.as_str().trim().to_ascii_uppercase().as_str());
    if known(&mended) {
        fixer.did(
            rule,
            place,
            format_args!("the operator is {mended} now, in capitals"),
        );
        *op = mended;
    }
}

/// Where there are several, each has a name of its own.
fn names<M>(
    fixer: &mut Fixer<'_>,
    list: Option<&mut Vec<M>>,
    place: &Place<'_>,
    name: impl Fn(&mut M) -> (&mut Option<String>, &crate::wire::Extra),
) {
    let Some(list) = list else { return };
    let several = list.len() > 1;
    let mut names = Names::default();
    for (index, measurement) in list.iter_mut().enumerate() {
        let place = &place.item("measurement", index, None);
        let (name, _) = name(measurement);
        fixer.cut(rules::MEASUREMENT_NAME, place, "name", name.as_mut(), SHORT);
        names
            .taken
            .extend(name.clone().filter(|name| several && !name.is_empty()));
    }
    if !several {
        return;
    }
    let mut seen = HashSet::new();
    for (index, measurement) in list.iter_mut().enumerate() {
        let place = &place.item("measurement", index, None);
        let (name, extra) = name(measurement);
        if is_blank(name.as_ref()) && fixer.may(Mend::MissingNames) && !misread(extra, "name") {
            let new = names.free(&format!("Measurement {}", index + 1));
            fixer.did(
                rules::MEASUREMENT_NAME,
                place,
                format_args!("it had no name; it is {} now", Quoted(&new)),
            );
            seen.insert(new.clone());
            *name = Some(new);
            continue;
        }
        let Some(given) = name.clone().filter(|name| !name.is_empty()) else {
            continue;
        };
        if !seen.insert(given.clone()) && fixer.may(Mend::DuplicateNames) {
            let new = names.free(&given);
            fixer.did(
                rules::MEASUREMENT_TWICE,
                place,
                format_args!(
                    "it was named {}, as another is; it is {} now",
                    Quoted(&given),
                    Quoted(&new)
                ),
            );
            seen.insert(new.clone());
            *name = Some(new);
        }
    }
}

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names {
    pub(super) taken: HashSet<String>,
    /// The number that the next one of a name is tried with.
    next: HashMap<String, u32>,
}

impl Names {
    /// The name, with a number if it is taken.
    pub(super) fn free(&mut self, name: &str) -> String {
        let mut number = self.next.get(name).copied().unwrap_or(1);
        loop {
            let end = if number == 1 {
                String::new()
            } else {
                format!(" ({number})")
            };
            let kept: String = name.chars().take(SHORT - end.len()).collect();
            let new = kept + &end;
            number = number.saturating_add(1);
            if self.taken.insert(new.clone()) || number == u32::MAX {
                self.next.insert(name.to_owned(), number);
                return new;
            }
        }
    }
}
