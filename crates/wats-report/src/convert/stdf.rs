//! STDF V4, as testers of semiconductors write it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime};

use uuid::Uuid;

use super::records::{
    Fields, Lot, Partial, Records, Stations, functional, lot, parametric, stations, summary,
};
use super::{Defaults, Header, cut, finished, info, name_of};
use crate::builder::{Outcome, Sequence};
use crate::content_id::ContentId;
use crate::error::{Error, Result};
use crate::{MeasurementLimits, MiscInfo, Report};

/// The reports of an STDF V4 file, of either byte order and not compressed: one for each part, in the order in which the
/// parts were finished.
///
/// Each test of a part is a step.
///
/// # Errors
/// [`Error::Data`] when the bytes are no STDF V4, or are not whole: what [`stdf_parts`] reads and tells. [`Error::Report`]
/// when the server would not take a report, with what is wrong with it.
pub fn stdf(bytes: &[u8], defaults: &Defaults) -> Result<Vec<Report>> {
    let StdfParts { reports, left_out } = stdf_parts(bytes, defaults)?;
    if left_out.is_empty() {
        return Ok(reports);
    }
    let what = left_out.join("; ");
    Err(Error::Data(format!("the STDF file is not whole: {what}")))
}

/// What an STDF file has, from [`stdf_parts`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StdfParts {
    /// A report for each part that was finished, in the order in which they were.
    pub reports: Vec<Report>,
    /// What is in none of them, such as parts that were begun and not finished, of which the file does not say which they
    /// are. At most 1000 are told, and how many more there are.
    pub left_out: Vec<String>,
}

/// As [`stdf`], for a file of a test program that is still running or that was stopped: the parts that were finished, and
/// what else there is. The id of a part is made of the bytes up to its end, so the whole file gives the same ids.
///
/// # Errors
/// [`Error::Data`] when the bytes are no STDF V4, [`Error::Report`] when the server would not take a report, with what is
/// wrong with it.
pub fn stdf_parts(bytes: &[u8], defaults: &Defaults) -> Result<StdfParts> {
    let wrong = |why: String| Error::Data(format!("the bytes are no STDF V4: {why}"));
    // The names of tests may come after the parts that were tested.
    let mut names = HashMap::new();
    let mut records = Records::of(bytes).map_err(wrong)?;
    while let Ok(Some((kind, fields))) = records.next() {
        if kind == (10, 30) {
            summary(fields, &mut names);
        }
    }
    let mut file = File {
        defaults,
        names,
        lot: Lot::default(),
        stations: Stations::default(),
        tests: HashMap::new(),
        open: BTreeMap::new(),
        left_out: LeftOut::default(),
    };
    let mut reports = Vec::new();
    let (mut id, mut counted) = (ContentId::default(), 0);
    let mut records = Records::of(bytes).map_err(wrong)?;
    loop {
        match records.next() {
            Ok(Some((kind, fields))) => {
                if let Some(part) = file.record(kind, fields) {
                    let so_far = records.so_far();
                    id.add(so_far.get(counted..).unwrap_or_default());
                    counted = so_far.len();
                    reports.push(file.report(&part, id.id())?);
                }
            }
            Ok(None) => break,
            Err(end) => {
                file.left_out.add(|| end);
                break;
            }
        }
    }
    let File {
        open, mut left_out, ..
    } = file;
    for (place, part) in &open {
        left_out.unfinished(*place, part);
    }
    let left_out = left_out.told();
    Ok(StdfParts { reports, left_out })
}

/// What is in no report.
#[derive(Default)]
struct LeftOut {
    told: Vec<String>,
    more: usize,
}

impl LeftOut {
    /// No more are told, whatever the file.
    const MOST: usize = 1_000;

    fn add(&mut self, what: impl FnOnce() -> String) {
        if self.told.len() < Self::MOST {
            self.told.push(what());
        } else {
            self.more += 1;
        }
    }

    fn unfinished(&mut self, (head, site): (u8, u8), part: &Part) {
        let tests = part.steps.len();
        self.add(|| {
            format!(
                "a part at head {head}, site {site} is begun and not finished; it has {tests} tests"
            )
        });
    }

    fn told(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("and {} more", self.more));
        }
        self.told
    }
}

/// What the first record of a test says for all that follow.
#[derive(Debug, Default, Clone)]
struct Test {
    name: String,
    unit: String,
    low: Option<f64>,
    high: Option<f64>,
}

/// A part: what was tested of it so far, and how it ended.
#[derive(Debug, Default)]
struct Part {
    site: u8,
    steps: Vec<Step>,
    failed: Option<bool>,
    is_aborted: bool,
    hard_bin: u16,
    soft_bin: u16,
    millis: u32,
    id: String,
    text: String,
}

#[derive(Debug)]
struct Step {
    name: String,
    passed: bool,
    is_skipped: bool,
    /// Numbers with their unit and limits; a functional test has none.
    values: Vec<f64>,
    unit: String,
    limits: Option<MeasurementLimits>,
}

struct File<'d> {
    defaults: &'d Defaults,
    names: HashMap<u32, String>,
    lot: Lot,
    stations: Stations,
    tests: HashMap<u32, Test>,
    /// Parts by head and site.
    open: BTreeMap<(u8, u8), Part>,
    left_out: LeftOut,
}

impl File<'_> {
    /// Takes a record; gives the part that it finishes. What cannot be put to a part is told.
    fn record(&mut self, kind: (u8, u8), mut fields: Fields<'_>) -> Option<Part> {
        match kind {
            (1, 10) => self.lot = lot(fields),
            (1, 80) => self.stations = stations(fields),
            (5, 10) => {
                let (head, site) = place(&mut fields);
                let part = Part {
                    site,
                    ..Part::default()
                };
                if let Some(before) = self.open.insert((head, site), part) {
                    self.left_out.unfinished((head, site), &before);
                }
            }
            (5, 20) => {
                let (head, site) = place(&mut fields);
                let begun = self.open.remove(&(head, site));
                let is_begun = begun.is_some();
                let mut part = begun.unwrap_or_default();
                finish(&mut part, fields);
                if is_begun {
                    return Some(part);
                }
                let id = cut(&part.id, 100);
                self.left_out.add(|| {
                    format!("a part `{id}` at head {head}, site {site} is finished and not begun")
                });
            }
            (15, 10) => self.test(fields, Kind::One),
            (15, 15) => self.test(fields, Kind::Multiple),
            (15, 20) => self.test(fields, Kind::Functional),
            _ => {}
        }
        None
    }

    fn test(&mut self, mut fields: Fields<'_>, kind: Kind) {
        let number = fields.long().unwrap_or_default();
        let (head, site) = place(&mut fields);
        let flags = fields.byte().unwrap_or_default();
        let is_set = |bit: u8| flags & (1 << bit) != 0;
        let (values, test, edges) = match kind {
            Kind::Functional => (Vec::new(), functional(fields), 0),
            Kind::One => {
                let edges = fields.byte().unwrap_or_default();
                let value = fields.real();
                (value.into_iter().collect(), parametric(fields, None), edges)
            }
            Kind::Multiple => {
                let edges = fields.byte().unwrap_or_default();
                let pins = usize::from(fields.short().unwrap_or_default());
                let count = fields.short().unwrap_or_default();
                fields.skip(pins.div_ceil(2));
                let values = (0..count).map_while(|_| fields.real()).collect();
                (values, parametric(fields, Some(pins)), edges)
            }
        };
        let test = self.known(number, test);
        let step = Step {
            name: test.name,
            passed: !is_set(7),
            is_skipped: is_set(4),
            values: if is_set(1) { Vec::new() } else { values },
            unit: self.defaults.unit(&test.unit),
            limits: limits(test.low, test.high, edges),
        };
        match self.open.get_mut(&(head, site)) {
            Some(part) => part.steps.push(step),
            None => self.left_out.add(|| {
                format!(
                    "test {number} is of a part at head {head}, site {site}, which is not begun"
                )
            }),
        }
    }

    /// A test with what its first record said, where this one says nothing.
    fn known(&mut self, number: u32, said: Partial) -> Test {
        let first = self.tests.entry(number).or_insert_with(|| Test {
            low: said.low.or(None),
            high: said.high.or(None),
            ..Test::default()
        });
        if first.name.is_empty() {
            let name = if said.name.is_empty() {
                self.names.get(&number).cloned().unwrap_or_default()
            } else {
                said.name.clone()
            };
            first.name = if name.is_empty() {
                format!("Test {number}")
            } else {
                name_of(&name)
            };
        }
        if first.unit.is_empty() {
            first.unit.clone_from(&said.unit);
        }
        let name = if said.name.is_empty() {
            first.name.clone()
        } else {
            name_of(&said.name)
        };
        let unit = if said.unit.is_empty() {
            first.unit.clone()
        } else {
            said.unit
        };
        Test {
            name,
            unit,
            low: said.low.or(first.low),
            high: said.high.or(first.high),
        }
    }

    fn report(&self, part: &Part, id: Uuid) -> Result<Report> {
        let lot = &self.lot;
        let serial_number = match (lot.id.as_str(), part.id.as_str()) {
            (_, "") => String::new(),
            ("", id) => id.to_owned(),
            (lot, id) => format!("{lot}-{id}"),
        };
        let station = match lot.node.as_str() {
            "" if lot.station_number > 0 => format!("Tester {}", lot.station_number),
            node => node.to_owned(),
        };
        let header = Header {
            part_number: lot.part_type.clone(),
            serial_number,
            station,
            operator: lot.operator.clone(),
            start: moment(lot.start, self.defaults),
            ..Header::default()
        };
        let mut report = header
            .builder(self.defaults, id.as_bytes())
            .execution_time(Duration::from_millis(part.millis.into()))
            .socket(part.site.into());
        for (set, text) in [
            (Set::Batch, &lot.id),
            (Set::Fixture, &self.stations.load_board),
            (Set::Software, &lot.job),
            (Set::Version, &lot.job_revision),
            (Set::Comment, &part.text),
        ] {
            if text.is_empty() {
                continue;
            }
            report = match set {
                Set::Batch => report.batch(cut(text, 100)),
                Set::Fixture => report.fixture(cut(text, 100)),
                Set::Software => report.software(cut(text, 500)),
                Set::Version => report.software_version(cut(text, 30)),
                Set::Comment => report.comment(super::comment_of(text)),
            };
        }
        for (name, bin) in [("Hard bin", part.hard_bin), ("Soft bin", part.soft_bin)] {
            // 65535 says that there is none.
            if let Ok(bin) = i16::try_from(bin) {
                report = report.misc_info(MiscInfo::new(name).number(bin.into()));
            }
        }
        for (name, text) in [
            ("Sublot", &lot.sublot),
            ("Temperature", &lot.temperature),
            ("Probe card", &self.stations.card),
        ] {
            report = info(report, name, text);
        }
        report = report.steps(|root| part.steps.iter().for_each(|step| step.add(root)));
        finished(match (part.is_aborted, part.failed) {
            (true, _) => report.outcome(Outcome::Terminated),
            (_, Some(true)) => report.outcome(Outcome::Failed),
            (_, Some(false)) => report.outcome(Outcome::Passed),
            (_, None) => report,
        })
    }
}

/// What of a report a text is.
#[derive(Clone, Copy)]
enum Set {
    Batch,
    Fixture,
    Software,
    Version,
    Comment,
}

/// The kinds of records of tests: PTR, MPR and FTR.
#[derive(Clone, Copy)]
enum Kind {
    One,
    Multiple,
    Functional,
}

impl Step {
    fn add(&self, root: &mut Sequence) {
        if self.is_skipped {
            root.skipped(&*self.name);
            return;
        }
        let limits = || self.limits.unwrap_or_else(MeasurementLimits::log);
        match self.values.as_slice() {
            [] => {
                root.boolean(&*self.name, self.passed);
            }
            [value] => {
                let step = root.numeric(&*self.name, *value, &*self.unit, limits());
                step.overrule(self.passed);
            }
            values => {
                root.multi_numeric(&*self.name, |all| {
                    for (pin, value) in values.iter().enumerate() {
                        // Which of them failed is not said: the limits say it.
                        let one = all.add(format!("{}", pin + 1), *value, &*self.unit, limits());
                        if self.passed {
                            one.overrule(true);
                        }
                    }
                });
            }
        }
    }
}

/// The limits of a test; bits 6 and 7 say whether a value that is a limit passes.
fn limits(low: Option<f64>, high: Option<f64>, edges: u8) -> Option<MeasurementLimits> {
    let finite = |limit: &f64| limit.is_finite();
    let (passes_low, passes_high) = (edges & 0x40 != 0, edges & 0x80 != 0);
    Some(match (low.filter(finite), high.filter(finite)) {
        (Some(low), Some(high)) if low <= high => match (passes_low, passes_high) {
            (true, true) => MeasurementLimits::between(low..=high),
            (true, false) => MeasurementLimits::from_below(low..high),
            (false, true) => MeasurementLimits::above_to(low..=high),
            (false, false) => MeasurementLimits::strictly_between(low..high),
        },
        (Some(low), None) if passes_low => MeasurementLimits::at_least(low),
        (Some(low), None) => MeasurementLimits::greater_than(low),
        (None, Some(high)) if passes_high => MeasurementLimits::at_most(high),
        (None, Some(high)) => MeasurementLimits::less_than(high),
        _ => return None,
    })
}

/// Head and site.
fn place(fields: &mut Fields<'_>) -> (u8, u8) {
    let head = fields.byte().unwrap_or_default();
    (head, fields.byte().unwrap_or_default())
}

/// PRR, behind head and site.
fn finish(part: &mut Part, mut fields: Fields<'_>) {
    let flags = fields.byte().unwrap_or_default();
    let is_set = |bit: u8| flags & (1 << bit) != 0;
    part.is_aborted = is_set(2);
    part.failed = (!is_set(4)).then(|| is_set(3));
    let _tests = fields.short();
    part.hard_bin = fields.short().unwrap_or(u16::MAX);
    part.soft_bin = fields.short().unwrap_or(u16::MAX);
    fields.skip(4);
    part.millis = fields.long().unwrap_or_default();
    part.id = fields.text();
    part.text = fields.text();
}

/// Seconds since 1970; 0 says nothing.
fn moment(seconds: u32, defaults: &Defaults) -> Option<ZonedDateTime> {
    let at = Timestamp::from_second(seconds.into()).ok()?;
    (seconds > 0).then(|| defaults.moment(at))
}
