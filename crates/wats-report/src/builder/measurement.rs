//! One measurement with its outcome, from its value and limits.

use crate::wire::Number;
use crate::{
    MeasurementLimits, Status, StringLimit,
    model::{BooleanMeasurement, NumericMeasurement, StringMeasurement},
};

pub(super) fn number(
    name: Option<String>,
    value: f64,
    unit: String,
    limits: MeasurementLimits,
) -> NumericMeasurement {
    NumericMeasurement {
        status: Some(Status::of(limits.accepts(value))),
        comp_op: Some(limits.op.clone()),
        name,
        unit: Some(unit),
        value: Some(value.into()),
        low_limit: limits.low.map(Number::from),
        high_limit: limits.high.map(Number::from),
        ..NumericMeasurement::default()
    }
}

pub(super) fn text(name: Option<String>, value: String, limit: StringLimit) -> StringMeasurement {
    StringMeasurement {
        status: Some(Status::of(limit.accepts(&value))),
        comp_op: Some(limit.op),
        name,
        value: Some(value),
        limit: limit.limit,
        ..StringMeasurement::default()
    }
}

pub(super) fn pass_fail(name: Option<String>, passed: bool) -> BooleanMeasurement {
    BooleanMeasurement {
        name,
        status: Some(Status::of(passed)),
        ..BooleanMeasurement::default()
    }
}
