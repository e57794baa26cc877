//! Several measurements of one step.

use crate::{
    MeasurementLimits, Status, StringLimit,
    model::{BooleanMeasurement, NumericMeasurement, StringMeasurement},
};

use super::measurement::{number, pass_fail, text};

/// Measurements of one step; their names differ. See [`MultiNumeric`], [`MultiString`] and [`MultiBoolean`].
#[derive(Debug, Clone)]
pub struct MeasurementGroup<M> {
    pub(super) list: Vec<M>,
}

impl<M> Default for MeasurementGroup<M> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

/// Measured numbers of one step.
pub type MultiNumeric = MeasurementGroup<NumericMeasurement>;
/// Measured texts of one step.
pub type MultiString = MeasurementGroup<StringMeasurement>;
/// Pass/fail measurements of one step.
pub type MultiBoolean = MeasurementGroup<BooleanMeasurement>;

impl MultiNumeric {
    /// Adds a measured number; names are unique within the step.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: MeasurementLimits,
    ) -> MeasurementRef<'_> {
        let one = number(Some(name.into()), value, unit.into(), limits);
        self.push(one, |m| &mut m.status)
    }
}

impl MultiString {
    /// Adds a measured text; names are unique within the step.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        limit: StringLimit,
    ) -> MeasurementRef<'_> {
        let one = text(Some(name.into()), value.into(), limit);
        self.push(one, |m| &mut m.status)
    }
}

impl MultiBoolean {
    /// Adds a pass/fail measurement; names are unique within the step.
    pub fn add(&mut self, name: impl Into<String>, passed: bool) -> MeasurementRef<'_> {
        self.push(pass_fail(Some(name.into()), passed), |m| &mut m.status)
    }
}

impl<M> MeasurementGroup<M> {
    fn push(
        &mut self,
        one: M,
        status: impl FnOnce(&mut M) -> &mut Option<Status>,
    ) -> MeasurementRef<'_> {
        let at = self.list.len();
        self.list.push(one);
        MeasurementRef {
            status: status(&mut self.list[at]),
        }
    }
}

/// A measurement that was just added to several.
#[derive(Debug)]
pub struct MeasurementRef<'a> {
    status: &'a mut Option<Status>,
}

impl MeasurementRef<'_> {
    /// Sets the outcome, whatever value and limits say; it counts for the step. The server takes it as it is.
    pub fn overrule(self, passed: bool) -> Self {
        *self.status = Some(Status::of(passed));
        self
    }
}
