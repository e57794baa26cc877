//! Less than the whole report: `detailLevel`, `includeChartdata`, `includeAttachments`.
//!
//! Published is that 0 identifies the report, that attachments come from level 4 and plots from level 6 on, and that
//! 7 is everything. The levels between are this server's own: 1 adds `uut` and `uur`, 2 the lists of the header,
//! 3 the steps, 4 the attachments, 5 the measurements.

use serde_json::Value;

use crate::answer::Answer;
use crate::query::{Query, bad};

const FULL: usize = 7;

#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    level: usize,
    charts: bool,
    attachments: bool,
}

impl Detail {
    pub(super) fn of(query: &Query) -> Result<Self, Answer> {
        let level = query.count("detailLevel")?.unwrap_or(FULL);
        if level > FULL {
            return Err(bad(format!(
                "The value '{level}' of detailLevel is not from 0 to {FULL}."
            )));
        }
        Ok(Self {
            level,
            charts: query.switch("includeChartdata")?.unwrap_or(true) && level >= 6,
            attachments: query.switch("includeAttachments")?.unwrap_or(true) && level >= 4,
        })
    }

    pub(super) fn is_full(self) -> bool {
        self.level == FULL && self.charts && self.attachments
    }

    pub(super) fn apply(self, report: &mut Value) {
        let level = self.level;
        if let Some(members) = report.as_object_mut() {
            members.retain(|name, value| match name.as_str() {
                "uut" | "uur" => level >= 1,
                "root" => level >= 3,
                _ => level >= 2 || !(value.is_object() || value.is_array()),
            });
        }
        if let Some(root) = report.get_mut("root") {
            self.reduce_step(root);
        }
        if !self.attachments {
            for unit in array_mut(report, "subUnits") {
                for failure in array_mut(unit, "failures") {
                    for attachment in array_mut(failure, "attachments") {
                        remove(attachment, "data");
                    }
                }
            }
            for binary in array_mut(report, "binaryData") {
                remove(binary, "data");
            }
        }
    }

    /// Steps nest no deeper than the JSON parser allows, so the recursion is bounded.
    fn reduce_step(self, step: &mut Value) {
        if self.level < 5 {
            for measurements in ["numericMeas", "stringMeas", "booleanMeas"] {
                remove(step, measurements);
            }
        }
        if !self.charts
            && let Some(chart) = step.get_mut("chart")
        {
            for series in array_mut(chart, "series") {
                remove(series, "xdata");
                remove(series, "ydata");
            }
        }
        if !self.attachments
            && let Some(attachment) = step.get_mut("attachment")
        {
            remove(attachment, "data");
        }
        for child in array_mut(step, "steps") {
            self.reduce_step(child);
        }
    }
}

fn array_mut<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn remove(value: &mut Value, name: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(name);
    }
}
