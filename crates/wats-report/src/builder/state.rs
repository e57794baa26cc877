//! What a step holds and what can still be added to it, as types without values: they stand in the signatures of the
//! builders, and a program rarely names them.

/// A step with one measurement.
#[derive(Debug, Clone, Copy)]
pub enum Single {}
/// A step with several measurements, whose outcomes make that of the step.
#[derive(Debug, Clone, Copy)]
pub enum Many {}
/// A step without measurements.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}
/// A sequence.
#[derive(Debug, Clone, Copy)]
pub enum Nested {}
/// The step has neither chart nor attachment yet.
#[derive(Debug, Clone, Copy)]
pub enum Free {}
/// The step has a chart or an attachment; it cannot have both.
#[derive(Debug, Clone, Copy)]
pub enum Taken {}

/// Iterations that pass or fail have nothing else in common.
#[derive(Debug, Clone, Copy)]
pub struct PassFail;

/// Iterations that are sequences have nothing else in common.
#[derive(Debug, Clone, Copy)]
pub struct Steps;
