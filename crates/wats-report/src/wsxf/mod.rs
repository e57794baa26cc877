//! Reports as XML (WSXF, WATS Standard XML Format), read into the models and written from them.
//!
//! [`read`] takes a file of any number of reports; [`write()`] makes one of a report, [`write_all`] one of several. What a
//! report has that WSXF has no place for is told by [`Written::losses`]; what WSXF has that WSJF has no place for is kept
//! in the extra member `wsxf` of its object and written back.
//!
//! # Layout
//! `table` says what stands for what, once for both ways, and `form` how values are spelt. `element` reads and writes XML
//! within bounds. `reading` makes the object of WSJF that an element is, `writing` the element that an object is, `report`
//! a whole report of either; `repair` puts failures and files to their units, `free_data` knows the forms of arrays. `loss` compares what was written with
//! what was asked.

pub(crate) mod element;
mod form;
mod free_data;
mod loss;
mod reading;
mod repair;
mod report;
mod split;
mod table;
mod writing;

pub use loss::{Loss, MAX_LOSSES};
pub use split::{split, with_id};

use serde_json::{Map, Value};

use crate::Report;
use crate::content_id::id_of;
use crate::error::{Error, Result};
use crate::text::{WSXF, kind_of, not_utf8, place, without_mark};

use element::{Element, Problem};
use loss::Comparison;

/// Longest text that [`read`] takes, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// What begins a file of reports.
const BEGIN: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Reports \
    xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">";
const END: &str = "</Reports>";

/// Reports as a WSXF text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The text.
    pub xml: String,
    /// What of the reports it does not hold; at most [`MAX_LOSSES`] of each report.
    pub losses: Vec<Loss>,
}

/// Reads the reports of a WSXF text, UTF-8 or UTF-16 with its mark.
///
/// It takes what other programs write: words in any case, attributes as elements of text and the other way about, text
/// where a number belongs, which then is as it is in WSJF. A report without an id gets one that is made of its bytes, so
/// that it is the same whenever it is read. [`lint`](crate::lint()) tells what is wrong with what was read.
///
/// ```
/// use wats_report::{lint, wsxf};
///
/// let text = br#"<Reports xmlns="http://wats.virinco.com/schemas/WATS/Report/wsxf"><Report type="UUT" PN="P-1" SN="S-1"
///     Result="Passed" Start="2026-01-30T22:01:41+01:00"><Process Code="10" /></Report></Reports>"#;
/// let reports = wsxf::read(text)?;
/// assert_eq!(reports[0].part_number.as_deref(), Some("P-1"));
/// assert!(!lint(&reports[0]).is_empty());
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// # Errors
/// [`Error::Data`] when the text is no WSXF, is longer than [`MAX_BYTES`] or nests deeper than the models; it says what
/// is wrong at which line.
pub fn read(text: &[u8]) -> Result<Vec<Report>> {
    let wrong = |problem: String| Error::Data(format!("the text is not a WSXF report: {problem}"));
    if text.len() > MAX_BYTES {
        return Err(wrong(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let text = decoded(text).map_err(wrong)?;
    let bytes = text.as_bytes();
    match bytes.trim_ascii_start() {
        [b'<', ..] => {}
        [b'{', ..] => return Err(wrong("it is JSON, which is WSJF".to_owned())),
        _ => return Err(wrong("it is no XML: it does not begin with `<`".to_owned())),
    }
    let mut reports = Vec::new();
    let each = |element: Element<'_>| {
        if element.name != "Report" {
            return Err(Problem::new(
                element.at.start,
                format_args!("`{:.80}` stands where only `Report` does", element.name),
            ));
        }
        reports.push(report(element, bytes)?);
        Ok(())
    };
    let begins = |root_element: &Element<'_>, namespace: &str| root(&root_element.name, namespace);
    element::read(&text, begins, each).map_err(|problem| {
        let at = place(bytes, problem.at);
        wrong(format!("{}, {at}", problem.what))
    })?;
    if reports.is_empty() {
        return Err(wrong("there is no `Report` in it".to_owned()));
    }
    Ok(reports)
}

/// The text without its mark, as UTF-8. It may be UTF-16 with a mark, or of the code page that it declares.
pub(crate) fn decoded(text: &[u8]) -> Result<std::borrow::Cow<'_, str>, String> {
    if let Some(text) = crate::text::of_utf16(text) {
        return text.map(Into::into);
    }
    let bytes = without_mark(text);
    if let Some(what) = kind_of(bytes) {
        return Err(what.to_owned());
    }
    std::str::from_utf8(bytes)
        .map(Into::into)
        .or_else(|problem| {
            let text = crate::text::single_byte::decoded(bytes);
            text.map(Into::into).ok_or_else(|| not_utf8(bytes, problem))
        })
}

/// Whether an element can begin the document.
fn root(name: &str, namespace: &str) -> Result<(), String> {
    match (name, namespace) {
        ("Reports", WSXF) => Ok(()),
        ("Reports", "") => Err(format!(
            "its `Reports` has no namespace, where WSXF has {WSXF}"
        )),
        ("Reports", other) => Err(format!(
            "its `Reports` is of the namespace `{other:.80}`, where WSXF has {WSXF}; other programs, such as TestStand, \
             have an element of this name, too"
        )),
        (other, _) => Err(format!(
            "it begins with `{other:.80}`, where WSXF has `Reports`"
        )),
    }
}

/// A report, with an id if it has none.
fn report(element: Element<'_>, text: &[u8]) -> Result<Report, Problem> {
    let at = element.at.clone();
    let mut members = report::read(element)?;
    let has_id = members
        .get("id")
        .and_then(Value::as_str)
        .is_some_and(|id| !id.trim().is_empty());
    if !has_id {
        let id = id_of(text.get(at.clone()).unwrap_or_default());
        members.insert("id".to_owned(), id.to_string().into());
    }
    serde_json::from_value(members.into()).map_err(|problem| Problem::new(at.start, problem))
}

/// A report as a WSXF text. What it cannot hold is told, not refused.
///
/// ```
/// use wats_report::{MeasurementLimits, Station, Unit, UutReport, wsxf};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))
///     .build()?;
/// let written = wsxf::write(report.report())?;
/// assert!(written.losses.is_empty());
/// assert_eq!(wsxf::read(written.xml.as_bytes())?, [report.into_report()]);
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// # Errors
/// [`Error::Data`] when a file of it cannot be read, or it nests deeper than reports do.
pub fn write(report: &Report) -> Result<Written> {
    write_all([report])
}

/// Several reports as one WSXF text. Client programs keep many in a file; the server takes one at a time.
///
/// # Errors
/// Those of [`write()`].
pub fn write_all<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Result<Written> {
    let mut written = Written {
        xml: BEGIN.to_owned(),
        losses: Vec::new(),
    };
    for report in reports {
        let members = members(report)?;
        let element = report::write(&members);
        if depth(&element) >= element::MAX_DEPTH {
            return Err(Error::Data(format!(
                "the report cannot be written as WSXF: it nests deeper than {} elements",
                element::MAX_DEPTH
            )));
        }
        element.write(&mut written.xml);
        let back = report::read(element).map_err(|problem| Error::Data(problem.what))?;
        written.losses.append(&mut Comparison::of(&members, &back));
    }
    written.xml.push_str(END);
    Ok(written)
}

/// The members of a report as WSJF has them.
fn members(report: &Report) -> Result<Map<String, Value>> {
    let what = |problem: &dyn std::fmt::Display| {
        Error::Data(format!("the report cannot be written as WSXF: {problem}"))
    };
    if !is_shallow(report) {
        return Err(what(&"its sequences nest too deep"));
    }
    match serde_json::to_value(report) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(what(&"it is no object")),
        Err(problem) => Err(what(&problem)),
    }
}

/// Whether the steps nest no deeper than can be written. A stack of our own: any depth must not end the thread.
fn is_shallow(report: &Report) -> bool {
    let mut open: Vec<(&crate::Step, usize)> = report.root.iter().map(|root| (root, 1)).collect();
    while let Some((step, depth)) = open.pop() {
        if depth > element::MAX_DEPTH {
            return false;
        }
        open.extend(step.steps().iter().map(|inner| (inner, depth + 1)));
    }
    true
}

/// How deep an element nests, itself included.
fn depth(element: &Element<'_>) -> usize {
    1 + element.children.iter().map(depth).max().unwrap_or_default()
}
