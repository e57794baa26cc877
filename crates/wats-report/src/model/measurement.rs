//! What steps measured.

use crate::wire::{Number, wire};
use crate::{CompOp, MeasurementLimits, Status, StringLimit};

wire! {
    /// A measured number with its limits.
    pub struct NumericMeasurement {
        /// Comparison operator.
        "compOp" => comp_op: CompOp,
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
        /// Unit of measurement.
        "unit" => unit: String,
        /// Measured value.
        "value" => value: Number,
        /// Upper limit of operators with two.
        "highLimit" => high_limit: Number,
        /// Lower limit, and the only one of operators with one.
        "lowLimit" => low_limit: Number,
    }

    /// A measured text with its limit.
    pub struct StringMeasurement {
        /// Comparison operator.
        "compOp" => comp_op: CompOp,
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
        /// Measured text.
        "value" => value: String,
        /// Text to compare with.
        "limit" => limit: String,
    }

    /// A pass/fail measurement.
    pub struct BooleanMeasurement {
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
    }
}

impl NumericMeasurement {
    /// Operator and limits; `None` if the operator is unknown or a limit of it is missing.
    ///
    /// ```
    /// use wats_report::model::NumericMeasurement;
    ///
    /// let read: NumericMeasurement = serde_json::from_str(r#"{"compOp": "LE", "lowLimit": 5, "value": 5.5}"#)?;
    /// assert!(!read.limits().unwrap().accepts(5.5));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn limits(&self) -> Option<MeasurementLimits> {
        let limit = |number: &Option<Number>| number.as_ref().map(Number::value);
        MeasurementLimits::of(
            self.comp_op.as_ref()?,
            limit(&self.low_limit),
            limit(&self.high_limit),
        )
    }
}

impl StringMeasurement {
    /// Operator and limit; `None` if the operator is unknown or its limit is missing.
    pub fn limits(&self) -> Option<StringLimit> {
        StringLimit::of(self.comp_op.as_ref()?, self.limit.as_deref())
    }
}
