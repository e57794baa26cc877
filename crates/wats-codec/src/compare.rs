//! How large one value is in each format.

use std::fmt;

use serde::Serialize;

use crate::{Encode, Format, Limits, Result, Serializer, format_bytes};

/// The sizes of one value in every format.
///
/// `Display` prints a table; `Serialize` gives the same numbers to a program.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// One row per format, compact JSON first.
    pub rows: Vec<FormatSize>,
}

/// One row of a [`Comparison`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FormatSize {
    /// The format.
    #[serde(serialize_with = "as_name")]
    pub format: Format,
    /// The size in bytes.
    pub bytes: u64,
    /// The size as a fraction of compact JSON's: 0.25 is a quarter.
    pub ratio: f64,
    /// What is saved against compact JSON in percent; negative if the format is larger.
    pub savings_percent: f64,
}

/// Writes `value` in every format and compares the sizes.
///
/// ```
/// use wats_codec::{Format, compare};
///
/// let readings: Vec<u32> = (0..5000).collect();
/// let comparison = compare(&readings)?;
/// assert!(comparison.get(Format::MessagePack).unwrap().savings_percent > 30.0);
/// println!("{comparison}");
/// # Ok::<(), wats_codec::Error>(())
/// ```
///
/// # Errors
/// As [`Serializer::to_vec`].
pub fn compare<T: Encode + ?Sized>(value: &T) -> Result<Comparison> {
    // Nobody reads these.
    let limits = Limits::default().no_max_bytes();
    let sizes = Format::ALL.iter().map(|&format| {
        let bytes = Serializer::new(format).limits(limits).to_vec(value)?;
        Ok((format, bytes.len() as u64))
    });
    Ok(Comparison::of(sizes.collect::<Result<Vec<_>>>()?))
}

impl Comparison {
    /// The row of a format.
    pub fn get(&self, format: Format) -> Option<&FormatSize> {
        self.rows.iter().find(|row| row.format == format)
    }

    fn of(sizes: Vec<(Format, u64)>) -> Self {
        let json = sizes
            .iter()
            .find(|(format, _)| *format == Format::Json)
            .map_or(0, |(_, bytes)| *bytes);
        let rows = sizes.into_iter().map(|(format, bytes)| {
            let ratio = ratio(bytes, json);
            FormatSize {
                format,
                bytes,
                ratio,
                savings_percent: 100.0 * (1.0 - ratio),
            }
        });
        Self {
            rows: rows.collect(),
        }
    }
}

pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that `serialize_with` calls for"
)]
pub(crate) fn as_name<S: serde::Serializer>(format: &Format, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(format.name())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {:>10} {:>9} {:>9}",
            "format", "size", "of JSON", "saved"
        )?;
        for row in &self.rows {
            write!(
                f,
                "\n{:<12} {:>10} {:>8.1}% {:>8.1}%",
                row.format.name(),
                format_bytes(row.bytes),
                100.0 * row.ratio,
                row.savings_percent
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_table() {
        let comparison = Comparison::of(vec![(Format::Json, 2048), (Format::JsonPretty, 1024)]);
        let row = comparison.get(Format::JsonPretty).unwrap();
        assert_eq!(
            (row.bytes, row.ratio, row.savings_percent),
            (1024, 0.5, 50.0)
        );
        assert_eq!(
            comparison.to_string(),
            "format             size   of JSON     saved\n\
             json             2.0 KB    100.0%      0.0%\n\
             json-pretty      1.0 KB     50.0%     50.0%"
        );
    }

    #[test]
    fn serializes_for_programs() {
        let comparison = Comparison::of(vec![(Format::Json, 8)]);
        let json = serde_json::to_value(&comparison).unwrap();
        assert_eq!(json["rows"][0]["format"], "json");
        assert_eq!(json["rows"][0]["bytes"], 8);
        assert_eq!(json["rows"][0]["savings_percent"], 0.0);
    }
}
