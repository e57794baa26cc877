//! A record of a journal: a line with the checksum of what follows, a blank, and a JSON object.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use jiff::ZonedDateTime;
use serde::{Deserialize, Serialize};
use wats_codec::{Format, Limits, Serializer};

use super::super::Abort;
use super::super::tree::{At, Ending, Kind};
use crate::builder::{DuplicateNames, NonFinitePolicy, ReportBuilder};
use crate::{Outcome, Report, ReportTime, Step};

/// Version of the format.
pub(super) const VERSION: u32 = 1;

/// What happened to a report in progress.
#[derive(Debug)]
pub(in super::super) enum Change<'a> {
    /// The header is another one.
    Header,
    /// A step is there, or there is more to say of it; whether it is open and has no result yet.
    Step(At, bool, &'a Step),
    /// A sequence or a loop was opened at this place, with this number and this step.
    Open(At, Kind, usize, &'a Step),
    /// A sequence or a loop has ended.
    End(usize, &'a Ending),
    /// The report was finished.
    Finished,
    /// The report was aborted.
    Aborted(&'a Abort),
}

/// A record as it is read: the members of one of the changes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    /// When it happened, in microseconds since the start.
    pub(super) t: u64,
    /// What was said before is void: the report follows anew.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) anew: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<Box<Header>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<(usize, Ending)>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) finished: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aborted: Option<Abort>,
    /// Node and index of a step.
    #[serde(skip_serializing)]
    pub(super) at: Option<(usize, usize)>,
    #[serde(skip_serializing)]
    pub(super) half_done: bool,
    #[serde(skip_serializing)]
    pub(super) open: Option<(Kind, usize)>,
    #[serde(skip_serializing)]
    pub(super) file: Option<AttachedFile>,
    #[serde(skip_serializing)]
    pub(super) step: Option<Step>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A file that is attached to a step, which is not copied into the journal.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AttachedFile {
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) changed: Option<u128>,
}

/// All of the builder but the steps.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) version: u32,
    report: Report,
    software: Option<String>,
    software_version: Option<String>,
    number_names: bool,
    leave_out: bool,
    outcome: Option<String>,
}

impl Header {
    fn of(builder: &ReportBuilder, start: &ZonedDateTime) -> Self {
        let start = builder.common.start.as_ref().unwrap_or(start);
        let mut report = builder.common.report.clone();
        report.start = Some(ReportTime::local(start));
        report.uut = Some(builder.uut.clone());
        let outcome = builder.outcome.map(crate::Status::from);
        Self {
            version: VERSION,
            report,
            software: builder.software.clone(),
            software_version: builder.software_version.clone(),
            number_names: builder.duplicate_names == DuplicateNames::Number,
            leave_out: builder.non_finite == NonFinitePolicy::LeaveOut,
            outcome: outcome.map(|status| status.as_str().to_owned()),
        }
    }

    /// The builder that it was.
    pub(super) fn into_builder(mut self) -> ReportBuilder {
        let unit = crate::Unit {
            part_number: "",
            serial_number: "",
            revision: "",
        };
        let mut builder = ReportBuilder::new(unit);
        builder.uut = self.report.uut.take().unwrap_or_default();
        if let Some(start) = self.report.start.take().and_then(|start| zoned(&start)) {
            builder.common.start = Ok(start);
        }
        builder.common.report = self.report;
        builder.software = self.software;
        builder.software_version = self.software_version;
        if self.number_names {
            builder.duplicate_names = DuplicateNames::Number;
        }
        if self.leave_out {
            builder.non_finite = NonFinitePolicy::LeaveOut;
        }
        builder.outcome = match self.outcome.as_deref() {
            Some("P") => Some(Outcome::Passed),
            Some("F") => Some(Outcome::Failed),
            Some("E") => Some(Outcome::Error),
            Some("T") => Some(Outcome::Terminated),
            _ => None,
        };
        builder
    }
}

/// The moment with its offset, which is all that a report says of its time zone.
fn zoned(time: &ReportTime) -> Option<ZonedDateTime> {
    let pieces = jiff::fmt::temporal::Pieces::parse(time.as_str()).ok()?;
    let zone = jiff::tz::TimeZone::fixed(pieces.to_numeric_offset()?);
    Some(time.timestamp().ok()?.to_zoned_datetime(zone))
}

/// Writes records; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Writer {
    step: Vec<u8>,
}

impl Writer {
    /// Adds a record to a text; on an error the text is as it was.
    pub(super) fn add(
        &mut self,
        text: &mut Vec<u8>,
        now: Duration,
        change: &Change<'_>,
        header: &ReportBuilder,
        start: &ZonedDateTime,
    ) -> Result<(), String> {
        let t = now.as_micros() as u64;
        let line = match change {
            Change::Step(at, half_done, step) => {
                let open = if *half_done {
                    "\"half_done\":true,"
                } else {
                    ""
                };
                return self.step(text, t, *at, open, step);
            }
            Change::Open(at, kind, number, step) => {
                let open = format!("\"open\":[\"{kind:?}\",{number}],");
                return self.step(text, t, *at, &open, step);
            }
            Change::Header => Line {
                header: Some(Box::new(Header::of(header, start))),
                ..Line::default()
            },
            Change::End(node, ending) => Line {
                end: Some((*node, (*ending).clone())),
                ..Line::default()
            },
            Change::Finished => Line {
                finished: true,
                ..Line::default()
            },
            Change::Aborted(abort) => Line {
                aborted: Some((*abort).clone()),
                ..Line::default()
            },
        };
        let json = serde_json::to_vec(&Line { t, ..line }).map_err(|error| error.to_string())?;
        sealed(text, |text| text.extend_from_slice(&json));
        Ok(())
    }

    /// The record after which the report follows anew.
    pub(super) fn anew(text: &mut Vec<u8>) {
        sealed(text, |text| text.extend_from_slice(b"{\"anew\":true}"));
    }

    fn step(
        &mut self,
        text: &mut Vec<u8>,
        t: u64,
        at: At,
        more: &str,
        step: &Step,
    ) -> Result<(), String> {
        let (step, file) = without_file(step);
        let file = match file {
            Some(file) => {
                let json = serde_json::to_string(&file).map_err(|error| error.to_string())?;
                format!("\"file\":{json},")
            }
            None => String::new(),
        };
        let codec = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
        codec
            .to_buffer(step.as_ref(), &mut self.step)
            .map_err(|error| format!("{error:#}"))?;
        let At { node, index } = at;
        let first = format!("{{\"t\":{t},\"at\":[{node},{index}],{more}{file}\"step\":");
        sealed(text, |text| {
            text.extend_from_slice(first.as_bytes());
            text.extend_from_slice(&self.step);
            text.push(b'}');
        });
        Ok(())
    }
}

/// A file is not copied into the journal; it is there whether the program lives or not.
fn without_file(step: &Step) -> (Cow<'_, Step>, Option<AttachedFile>) {
    let data = step.attachment.as_ref().and_then(|file| file.data.as_ref());
    let state = data.and_then(crate::Payload::file_state);
    let Some((path, length, changed)) = state.filter(|(path, ..)| path.to_str().is_some()) else {
        return (Cow::Borrowed(step), None);
    };
    let file = AttachedFile {
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        length,
        changed,
    };
    let mut step = step.clone();
    if let Some(attachment) = &mut step.attachment {
        attachment.data = None;
    }
    (Cow::Owned(step), Some(file))
}

/// A line: the checksum in 8 digits, a blank, what is written, a line end.
fn sealed(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = text.len();
    text.extend_from_slice(b"00000000 ");
    write(text);
    let sum = checksum(text.get(begin + 9..).unwrap_or_default());
    if let Some(place) = text.get_mut(begin..begin + 8) {
        place.copy_from_slice(format!("{sum:08x}").as_bytes());
    }
    text.push(b'\n');
}

/// What a line says, without its end; `None` if it is not whole.
pub(super) fn opened(line: &[u8]) -> Option<Line> {
    let (sum, rest) = line.split_at_checked(8)?;
    let json = rest.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if sum != checksum(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// CRC-32 as in Ethernet and ZIP (ISO 3309), four bytes at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = !0u32;
    let (words, rest) = bytes.as_chunks::<4>();
    let at = |table: usize, byte: u32| TABLES[table][(byte & 0xff) as usize];
    for word in words {
        sum ^= u32::from_le_bytes(*word);
        sum = at(3, sum) ^ at(2, sum >> 8) ^ at(1, sum >> 16) ^ at(0, sum >> 24);
    }
    for byte in rest {
        sum = at(0, sum ^ u32::from(*byte)) ^ (sum >> 8);
    }
    !sum
}

static TABLES: [[u32; 256]; 4] = tables();

const fn tables() -> [[u32; 256]; 4] {
    let mut tables = [[0; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut table = 1;
    while table < 4 {
        byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
        assert_eq!(
            checksum(b"The quick brown fox jumps over the lazy dog"),
            0x414f_a339
        );
    }

    #[test]
    fn what_is_torn_or_changed_is_no_record() {
        let mut text = Vec::new();
        sealed(&mut text, |text| {
            text.extend_from_slice(b"{\"t\":5,\"finished\":true}");
        });
        let line = text.strip_suffix(b"\n").unwrap();
        let read = opened(line).unwrap();
        assert!(read.finished && read.t == 5);
        for end in 0..line.len() {
            assert!(opened(&line[..end]).is_none(), "{end}");
        }
        for at in 0..line.len() {
            let mut other = line.to_vec();
            other[at] ^= 1;
            assert!(opened(&other).is_none(), "{at}");
        }
    }
}
