//! How long one value takes to write and read in each format, measured here and now.
//!
//! The formats take turns round by round, so that a slow moment of the machine hits all alike, and
//! the medians are reported.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::compare::{as_name, ratio};
use crate::{Decode, Encode, Format, Result, Serializer, format_bytes};

/// How much measuring [`benchmark_with`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BenchOptions {
    /// The formats to measure. Default: all.
    pub formats: Vec<Format>,
    /// Rounds, at least 1. Default 31.
    pub rounds: usize,
    /// Time after which no further round is begun. Default 2 s.
    pub max_time: Duration,
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self {
            formats: Format::ALL.to_vec(),
            rounds: 31,
            max_time: Duration::from_secs(2),
        }
    }
}

impl BenchOptions {
    /// Sets the formats to measure.
    #[must_use]
    pub fn formats(mut self, formats: impl IntoIterator<Item = Format>) -> Self {
        self.formats = formats.into_iter().collect();
        self
    }

    /// Sets the number of rounds; 0 counts as 1.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Sets the time after which no further round is begun.
    #[must_use]
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = time;
        self
    }
}

/// Size and speed of one value in several formats.
///
/// `Display` prints a table; `Serialize` gives the same numbers to a program.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BenchReport {
    /// One row per format, in the order asked for.
    pub rows: Vec<FormatSpeed>,
    /// How many rounds the medians are of.
    pub rounds: usize,
}

/// One row of a [`BenchReport`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FormatSpeed {
    /// The format.
    #[serde(serialize_with = "as_name")]
    pub format: Format,
    /// The size in bytes.
    pub bytes: u64,
    /// The size as a fraction of compact JSON's.
    pub ratio: f64,
    /// Median time of writing, in nanoseconds when serialized.
    #[serde(rename = "write_ns", serialize_with = "as_nanos")]
    pub write: Duration,
    /// Median time of reading, in nanoseconds when serialized.
    #[serde(rename = "read_ns", serialize_with = "as_nanos")]
    pub read: Duration,
}

/// Writes and reads `value` in every format and reports sizes and median times.
///
/// ```no_run
/// let report = wats_codec::benchmark(&vec!["Measure boost voltage".to_owned(); 1000])?;
/// println!("{report}");
/// # Ok::<(), wats_codec::Error>(())
/// ```
///
/// # Errors
/// As [`Serializer::to_vec`] and [`Serializer::from_slice`].
pub fn benchmark<T: Encode + Decode>(value: &T) -> Result<BenchReport> {
    benchmark_with(value, &BenchOptions::default())
}

/// [`benchmark`] with a choice of formats and effort.
///
/// # Errors
/// As [`benchmark`].
pub fn benchmark_with<T: Encode + Decode>(
    value: &T,
    options: &BenchOptions,
) -> Result<BenchReport> {
    struct Subject {
        serializer: Serializer,
        document: Vec<u8>,
        writes: Vec<Duration>,
        reads: Vec<Duration>,
    }
    let json = Serializer::new(Format::Json).to_vec(value)?.len() as u64;
    let mut subjects = Vec::with_capacity(options.formats.len());
    for &format in &options.formats {
        let serializer = Serializer::new(format);
        let document = serializer.to_vec(value)?;
        // Warms up, and fails now rather than in the middle.
        serializer.from_slice::<T>(&document)?;
        subjects.push(Subject {
            serializer,
            document,
            writes: Vec::new(),
            reads: Vec::new(),
        });
    }

    let begin = Instant::now();
    let mut rounds = 0;
    let mut buffer = Vec::new();
    while rounds < options.rounds.max(1) && (rounds == 0 || begin.elapsed() < options.max_time) {
        for subject in &mut subjects {
            let start = Instant::now();
            subject
                .serializer
                .to_buffer(black_box(value), &mut buffer)?;
            black_box(&buffer);
            subject.writes.push(start.elapsed());

            let start = Instant::now();
            let back: T = subject
                .serializer
                .from_slice(black_box(&subject.document))?;
            subject.reads.push(start.elapsed());
            drop(black_box(back));
        }
        rounds += 1;
    }

    let rows = subjects.into_iter().map(|subject| {
        let bytes = subject.document.len() as u64;
        FormatSpeed {
            format: subject.serializer.format(),
            bytes,
            ratio: ratio(bytes, json),
            write: median(subject.writes),
            read: median(subject.reads),
        }
    });
    Ok(BenchReport {
        rows: rows.collect(),
        rounds,
    })
}

impl BenchReport {
    /// The row of a format.
    pub fn get(&self, format: Format) -> Option<&FormatSpeed> {
        self.rows.iter().find(|row| row.format == format)
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that `serialize_with` calls for"
)]
fn as_nanos<S: serde::Serializer>(time: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {:>10} {:>9} {:>12} {:>12}",
            "format", "size", "of JSON", "write", "read"
        )?;
        for row in &self.rows {
            write!(
                f,
                "\n{:<12} {:>10} {:>8.1}% {:>12} {:>12}",
                row.format.name(),
                format_bytes(row.bytes),
                100.0 * row.ratio,
                format!("{:.1?}", row.write),
                format!("{:.1?}", row.read),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_gets_a_row_with_its_size() {
        let value: Vec<u32> = (0..3000).collect();
        let options = BenchOptions::default().rounds(1);
        let report = benchmark_with(&value, &options).unwrap();
        assert_eq!(report.rounds, 1);
        assert_eq!(report.rows.len(), Format::ALL.len());
        for row in &report.rows {
            let size = Serializer::new(row.format).to_vec(&value).unwrap().len();
            assert_eq!(row.bytes, size as u64);
        }
        let table = report.to_string();
        assert_eq!(table.lines().count(), 1 + Format::ALL.len(), "{table}");
        let json = serde_json::to_value(&report).unwrap();
        assert!(json["rows"][0]["write_ns"].is_u64(), "{json}");
    }

    #[test]
    fn time_bounds_the_rounds_but_one_is_always_done() {
        let options = BenchOptions::default()
            .formats([Format::Json])
            .rounds(usize::MAX)
            .max_time(Duration::ZERO);
        let report = benchmark_with(&vec![1u8], &options).unwrap();
        assert_eq!(report.rounds, 1);
        assert!(report.get(Format::JsonPretty).is_none());
    }

    #[test]
    fn the_median_of_an_even_count_is_the_upper_one() {
        let times = [4u64, 1, 3, 2].map(Duration::from_millis).to_vec();
        assert_eq!(median(times), Duration::from_millis(3));
    }
}
