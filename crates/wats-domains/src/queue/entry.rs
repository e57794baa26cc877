//! Reports as entries of a queue.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wats_queue::{BodyWriter, Class, Entry, Item, Key};
use wats_report::body::ReportBody;
use wats_report::text;

use super::Order;
use crate::error::{Error, Result};
use crate::report::{Report, ReportFormat, ReportText, Severity, StoredReport, lint};

const WSJF: &str = "wsjf";
const WSXF: &str = "wsxf";

/// A unit that is named by more bytes has no place in a queue.
const LONGEST_UNIT: usize = 512;

/// So many characters of a text are kept in labels.
const MOST: usize = 100;

/// How a report is put into a queue.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EnqueueOptions {
    /// Whether it is sent before or behind what is live.
    pub class: Class,
    /// Whether it is also taken when its findings say that the server would refuse it; `false` by default.
    pub unchecked: bool,
    /// Whether it is sent again although the same bytes were the last that were sent under its id; `false` by default.
    pub forced: bool,
}

impl EnqueueOptions {
    /// Sets whether it is sent before or behind what is live.
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Sets whether it is also taken when the server would refuse it.
    pub fn unchecked(mut self, unchecked: bool) -> Self {
        self.unchecked = unchecked;
        self
    }

    /// Sets whether it is sent again although the same bytes were sent before.
    pub fn forced(mut self, forced: bool) -> Self {
        self.forced = forced;
        self
    }
}

impl EnqueueOptions {
    /// An entry of a text for the [`Queue`](super::Queue) underneath, where there is no client; in the order of
    /// [`Order::Unit`]. The id is that of [`ReportText::with_id`], and the text the one that comes with it. What the server would
    /// refuse is not looked for: [`ReportText::lint`] does.
    ///
    /// # Errors
    /// [`Error::Data`] when the text is in a file that cannot be read.
    pub fn entry(&self, id: Uuid, text: &ReportText) -> Result<Entry> {
        let bytes = text.text.read()?;
        let described = Described::of_text(id, text.format, &bytes, Order::Unit);
        Ok(described.with_bytes(bytes, self))
    }
}

/// What is known of a report in a queue without reading its body; from [`Labels::of`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Labels {
    /// `T` or `R`: a test or a repair.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub report_type: String,
    /// Part number of the unit.
    #[serde(rename = "pn", skip_serializing_if = "String::is_empty")]
    pub part_number: String,
    /// Serial number of the unit.
    #[serde(rename = "sn", skip_serializing_if = "String::is_empty")]
    pub serial_number: String,
    /// Code of the process.
    #[serde(rename = "process", skip_serializing_if = "Option::is_none")]
    pub process_code: Option<i32>,
    /// The letter of its result.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// When it began.
    #[serde(with = "moment", skip_serializing_if = "Option::is_none")]
    pub start: Option<jiff::Timestamp>,
}

impl Labels {
    /// Those of an item of a queue of reports; all are empty where there are none.
    pub fn of(item: &Item) -> Self {
        serde_json::from_str(&item.labels).unwrap_or_default()
    }

    fn of_report(report: &Report) -> Self {
        let letter = |value: Option<serde_json::Value>| match value {
            Some(serde_json::Value::String(letter)) => cut(&letter),
            _ => String::new(),
        };
        let text = |text: &Option<String>| cut(text.as_deref().unwrap_or_default());
        let start = report.start_utc.as_ref().or(report.start.as_ref());
        Self {
            report_type: letter(serde_json::to_value(&report.report_type).ok()),
            part_number: text(&report.part_number),
            serial_number: text(&report.serial_number),
            process_code: report.process_code,
            result: letter(serde_json::to_value(&report.result).ok()),
            start: start.and_then(|start| start.timestamp().ok()),
        }
    }

    fn written(&self) -> String {
        // Escapes may make it longer than there is room for; then only what is needed for sending is kept.
        const ROOM: usize = 1024;
        let whole = serde_json::to_string(self).unwrap_or_default();
        if whole.len() <= ROOM {
            return whole;
        }
        let least = Self {
            start: self.start,
            ..Self::default()
        };
        serde_json::to_string(&least).unwrap_or_default()
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}

/// A moment as text.
mod moment {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(
        moment: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => to.collect_str(moment),
            None => to.serialize_none(),
        }
    }

    /// What cannot be read is not known.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

/// The key of a report, for the [`Queue`](super::Queue) underneath.
pub fn report_key(id: Uuid) -> Key {
    key(id)
}

/// The key of a report.
pub(super) fn key(id: Uuid) -> Key {
    Key(*id.as_bytes())
}

/// The id of an item's report.
pub fn report_id(item: &Item) -> Uuid {
    Uuid::from_bytes(item.key.0)
}

/// The form of an item's text.
pub(super) fn format(item: &Item) -> ReportFormat {
    match item.kind.as_str() {
        WSXF => ReportFormat::Wsxf,
        _ => ReportFormat::Wsjf,
    }
}

/// What a report is put into the queue as, but for its bytes.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) id: Uuid,
    format: ReportFormat,
    /// Reports of the same one are sent in order.
    unit: Option<String>,
    labels: Labels,
}

impl Described {
    pub(super) fn of_report(
        id: Uuid,
        report: &Report,
        order: Order,
        options: &EnqueueOptions,
    ) -> Result<Self> {
        let findings = if options.unchecked {
            Vec::new()
        } else {
            lint(report)
        };
        let refused: Vec<_> = findings
            .into_iter()
            .filter(|finding| finding.severity() == Severity::Reject)
            .collect();
        if !refused.is_empty() {
            return Err(Error::Report(refused));
        }
        Ok(Self {
            id,
            format: ReportFormat::Wsjf,
            unit: unit(report, order),
            labels: Labels::of_report(report),
        })
    }

    /// A text, of which only so much is looked at as its place and its labels need. One that cannot be read as a report is
    /// taken, and waits for no other.
    pub(super) fn of_text(id: Uuid, format: ReportFormat, text: &[u8], order: Order) -> Self {
        let report = match format {
            ReportFormat::Wsjf => serde_json::from_slice(text).ok(),
            #[cfg(feature = "xml")]
            ReportFormat::Wsxf => of_xml(text),
            #[cfg(not(feature = "xml"))]
            ReportFormat::Wsxf => None,
        };
        let report: Report = report.unwrap_or_default();
        Self {
            id,
            format,
            unit: unit(&report, order),
            labels: Labels::of_report(&report),
        }
    }

    fn finish(self, entry: Entry, options: &EnqueueOptions) -> Entry {
        let kind = match self.format {
            ReportFormat::Wsjf => WSJF,
            ReportFormat::Wsxf => WSXF,
        };
        let entry = entry
            .kind(kind)
            .labels(self.labels.written())
            .class(options.class)
            .forced(options.forced);
        match self.unit {
            Some(unit) => entry.lane(unit),
            None => entry,
        }
    }

    pub(super) fn with_bytes(self, bytes: Bytes, options: &EnqueueOptions) -> Entry {
        let entry = Entry::new(key(self.id), bytes);
        self.finish(entry, options)
    }

    /// What is in a file, of which its place and its labels are read a piece at a time. WSXF is not looked into: it waits for no
    /// other. This blocks.
    pub(super) fn of_file(
        id: Uuid,
        format: ReportFormat,
        text: &StoredReport,
        order: Order,
    ) -> Result<Self> {
        let report = match format {
            // One that cannot be read as a report is taken, as one in memory.
            ReportFormat::Wsjf => text::outline_of_wsjf_in(text.reader()?).unwrap_or_default(),
            ReportFormat::Wsxf => Report::default(),
        };
        Ok(Self {
            id,
            format,
            unit: unit(&report, order),
            labels: Labels::of_report(&report),
        })
    }

    /// Writes the body where the queue keeps it, a piece at a time.
    pub(super) async fn with_body(
        self,
        body: ReportBody,
        mut writer: BodyWriter,
        options: &EnqueueOptions,
    ) -> Result<Entry> {
        let write = move || {
            body.write_to(&mut writer)
                .map_err(|error| Error::Data(format!("the report cannot be stored: {error}")))?;
            Ok((self, writer))
        };
        written(write, options).await
    }

    /// An entry of a text in a file: it is looked through and copied, a piece at a time.
    pub(super) async fn stored(
        (id, format, text): (Uuid, ReportFormat, StoredReport),
        order: Order,
        mut writer: BodyWriter,
        options: &EnqueueOptions,
    ) -> Result<Entry> {
        let write = move || {
            let described = Self::of_file(id, format, &text, order)?;
            text.write_to(&mut writer)?;
            Ok((described, writer))
        };
        written(write, options).await
    }
}

/// An entry whose body is written where the disk may take its time.
async fn written(
    write: impl FnOnce() -> Result<(Described, BodyWriter)> + Send + 'static,
    options: &EnqueueOptions,
) -> Result<Entry> {
    let write = move || {
        let (described, writer) = write()?;
        Ok::<_, Error>((described, writer.finish()?))
    };
    let written = tokio::task::spawn_blocking(write).await;
    let (described, written) = written
        .map_err(|stopped| Error::Data(format!("the report cannot be stored: {stopped}")))??;
    let entry = Entry::written(key(described.id), written);
    Ok(described.finish(entry, options))
}

#[cfg(feature = "xml")]
fn of_xml(text: &[u8]) -> Option<Report> {
    let mut reports = crate::report::wsxf::read(text).ok()?;
    reports.pop()
}

/// The unit of a report, where those of a unit wait for each other: a repair never comes before its test.
fn unit(report: &Report, order: Order) -> Option<String> {
    if order == Order::Report {
        return None;
    }
    let part = report.part_number.as_deref().unwrap_or_default();
    let serial = report.serial_number.as_deref().unwrap_or_default();
    if serial.is_empty() {
        return None;
    }
    // The server takes letters of both cases for the same.
    let unit = format!("{}\u{1f}{}", part.to_lowercase(), serial.to_lowercase());
    // What is too long belongs to no unit that the server would take.
    (unit.len() <= LONGEST_UNIT).then_some(unit)
}
