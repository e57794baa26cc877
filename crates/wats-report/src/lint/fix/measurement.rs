//! Mends measurements: units, names, operators and limits, and values that are not finite.

use super::before::{Before, keep, written};
use super::{Fixer, Mend, is_blank, kinds, names};
use crate::lint::header::SHORT;
use crate::lint::measurement::UNIT;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules::{self, Rule};
use crate::model::{BooleanMeasurement, NumericMeasurement, StringMeasurement};
use crate::wire::Number;
use crate::{CompOp, MeasurementLimits, Status, Step};

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
    names::mend(
        fixer,
        step.numeric.as_mut(),
        place,
        |m: &mut NumericMeasurement| (&mut m.name, &m.extra),
    );
    names::mend(
        fixer,
        step.strings.as_mut(),
        place,
        |m: &mut StringMeasurement| (&mut m.name, &m.extra),
    );
    names::mend(
        fixer,
        step.booleans.as_mut(),
        place,
        |m: &mut BooleanMeasurement| (&mut m.name, &m.extra),
    );
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
    if fixer.may(Mend::NonFinite) {
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
    let two = m.comp_op.as_ref().and_then(CompOp::numeric_limits) == Some(2);
    let mut no_number = false;
    for (member, limit, sign) in [
        ("lowLimit", &mut m.low_limit, -1.0),
        ("highLimit", &mut m.high_limit, 1.0),
    ] {
        if let Some(limit) = limit.take_if(|limit| !limit.value().is_finite()) {
            before.keep(&name, member, written(&limit));
            fixer.did(
                rules::NOT_FINITE,
                place,
                format_args!("the {member} {} was left out", limit.value()),
            );
            // Of any other limit nothing is left that could be compared with.
            let no_limit = limit.value().is_infinite() && limit.value().signum() * sign > 0.0;
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

/// A number beside the measurements is left out, if it is not finite.
pub(super) fn finite(
    fixer: &mut Fixer<'_>,
    number: &mut Option<Number>,
    name: &str,
    place: &Place<'_>,
) {
    if fixer.may(Mend::NonFinite)
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
