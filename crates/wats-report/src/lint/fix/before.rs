//! What changes take out of a step: kept as its free data.

use crate::model::{AdditionalProperty, PropertyType};
use crate::wire::Number;
use crate::{AdditionalData, CompOp, Status, Step};

/// Name of the free data that keeps what a change takes out of a step.
pub(super) const BEFORE: &str = "Before fix";

/// What a change takes out of a step.
#[derive(Default)]
pub(super) struct Before(Vec<(String, String)>);

impl Before {
    pub(super) fn keep(&mut self, measurement: &str, member: &str, value: impl Into<String>) {
        let name = if measurement.is_empty() {
            member.to_owned()
        } else {
            format!("{measurement}: {member}")
        };
        self.0.push((name, value.into()));
    }

    /// Whether nothing was taken out.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts it into the free data of the step.
    pub(super) fn add_to(self, step: &mut Step) {
        if self.0.is_empty() {
            return;
        }
        self.add_to_list(step.additional_results.get_or_insert_default());
    }

    /// Puts it into a list of free data.
    pub(super) fn add_to_list(self, all: &mut Vec<AdditionalData>) {
        if self.0.is_empty() {
            return;
        }
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

pub(super) fn keep(before: &mut Before, measurement: &str, member: &str, number: Option<&Number>) {
    if let Some(number) = number {
        before.keep(measurement, member, written(number));
    }
}

/// A number as it is written.
pub(super) fn written(number: &Number) -> String {
    match serde_json::to_value(number) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => number.value().to_string(),
    }
}
