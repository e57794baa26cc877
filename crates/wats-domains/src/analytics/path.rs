//! Which measurement a statistic is of.

use crate::error::{Error, Result};

/// What stands between the parts of a path, and twice before the name of a measurement.
const SEPARATOR: char = '¶';

/// The place of a measurement: the names of the steps from the outermost sequence to the step, and that of the measurement
/// if the step has several.
///
/// ```
/// use wats_domains::analytics::MeasurementPath;
///
/// let path = MeasurementPath::new(["MainSequence Callback", "Supply", "Voltages"]).measurement("5 V");
/// assert_eq!(path.as_str(), "MainSequence Callback¶Supply¶Voltages¶¶5 V");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasurementPath {
    text: String,
    /// A name that cannot be part of a path.
    odd: Option<String>,
}

impl MeasurementPath {
    /// The path of a step.
    pub fn new<'a>(steps: impl IntoIterator<Item = &'a str>) -> Self {
        let mut path = Self {
            text: String::new(),
            odd: None,
        };
        for (place, name) in steps.into_iter().enumerate() {
            if place > 0 {
                path.text.push(SEPARATOR);
            }
            path.push(name);
        }
        path
    }

    /// Names the measurement, where the step has several.
    pub fn measurement(mut self, name: &str) -> Self {
        self.text.extend([SEPARATOR; 2]);
        self.push(name);
        self
    }

    /// The path as it is sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn push(&mut self, name: &str) {
        if name.is_empty() || name.contains([SEPARATOR, ';']) {
            self.odd.get_or_insert_with(|| name.to_owned());
        }
        self.text.push_str(name);
    }
}

/// Paths as a parameter; `None` for none, which lets the server choose.
pub(super) fn joined(paths: &[MeasurementPath]) -> Result<Option<String>> {
    if paths.is_empty() {
        return Ok(None);
    }
    for path in paths {
        if let Some(odd) = &path.odd {
            return Err(Error::Query(format!(
                "the name {odd:?} in a path of a measurement is empty or has `¶` or `;`, which separate names and paths"
            )));
        }
        if path.text.is_empty() {
            return Err(Error::Query(
                "a path of a measurement has no steps".to_owned(),
            ));
        }
    }
    let texts: Vec<&str> = paths.iter().map(MeasurementPath::as_str).collect();
    Ok(Some(texts.join(";")))
}
