//! Files, folders and standard input, and the reports in them.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use wats::bytes::Bytes;
use wats::report::{Finding, Report, ReportFormat, ReportText, lint};

use super::foreign::{Foreign, From};
use super::kind::in_place_of_report;
use super::stdin;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Longer input than this is not taken into memory.
const LONGEST: u64 = 1 << 30;

/// A report of more bytes than this is large: what is made of it in memory takes a multiple of that.
pub(crate) const LARGE: u64 = 16 << 20;

/// How the names of files with reports end, in folders.
const ENDINGS: &[&str] = &["json", "jsonl", "wsjf", "xml", "wsxf"];

/// A file, or standard input.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What it is called in tables and remarks.
    pub(crate) name: String,
    /// `None` for standard input.
    path: Option<PathBuf>,
}

/// The reports of a source.
pub(crate) enum Contents {
    /// As they stand there.
    Texts(Vec<ReportText>),
    /// Made of the file of another program.
    Models(Vec<Report>),
}

/// The files that are meant: those that are named, and those in folders whose names end as those of reports do, in their
/// order. `-` is standard input.
pub(crate) fn sources(
    paths: &[PathBuf],
    foreign: &Foreign,
    context: &Context,
) -> Outcome<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        if path != Path::new("-") && path.is_dir() {
            found.extend(within(path, foreign, context)?);
        } else {
            found.push(Source::of(path)?);
        }
    }
    if found.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            "there are no reports in the folder",
        ));
    }
    Ok(found)
}

/// The reports of a folder, but not of those below it.
fn within(folder: &Path, foreign: &Foreign, context: &Context) -> Outcome<Vec<Source>> {
    let wrong = |error: &io::Error| Failure::io(folder.display(), error);
    let mut paths = Vec::new();
    let mut others = 0_usize;
    for entry in std::fs::read_dir(folder).map_err(|error| wrong(&error))? {
        let path = entry.map_err(|error| wrong(&error))?.path();
        let ends = path
            .extension()
            .is_some_and(|end| ENDINGS.iter().any(|known| end.eq_ignore_ascii_case(known)));
        // Those that begin with a full stop are not whole yet, or belong to the system, such as `._report.json` of macOS.
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_file() && !hidden && (ends || foreign.is_other()) {
            paths.push(path);
        } else {
            others += 1;
        }
    }
    if others > 0 {
        context.output.remark(&format!(
            "{}: {others} others are passed over; files with reports end in .{}, and do not begin with a full stop",
            folder.display(),
            ENDINGS.join(", .")
        ));
    }
    paths.sort();
    Ok(paths.iter().map(|path| Source::file(path)).collect())
}

impl Source {
    /// A file, or standard input for `-`, which this takes.
    pub(crate) fn of(path: &Path) -> Outcome<Self> {
        if path != Path::new("-") {
            return Ok(Self::file(path));
        }
        stdin::take("the reports")?;
        Ok(Self {
            name: "-".to_owned(),
            path: None,
        })
    }

    fn file(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            path: Some(path.to_owned()),
        }
    }

    /// Where the file is, unless it is standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = LONGEST + 1;
        let read = match &self.path {
            Some(path) => {
                std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
            }
            None => io::stdin().take(limit).read_to_end(&mut bytes),
        };
        let read = read.map_err(|error| Failure::io(&self.name, &error))?;
        if read as u64 > LONGEST {
            return Err(Failure::failed(format!(
                "{}: it has more than {} MiB",
                self.name,
                LONGEST >> 20
            )));
        }
        Ok(bytes)
    }

    /// The reports in it. A large one stays in its file.
    pub(crate) fn contents(&self, foreign: &Foreign, context: &Context) -> Outcome<Contents> {
        if foreign.is_other() {
            let reports = foreign.reports(&self.bytes()?, || context.config());
            return reports
                .map(Contents::Models)
                .map_err(|failure| failure.about(&self.name));
        }
        Ok(Contents::Texts(self.texts(foreign)?))
    }

    /// The texts of the reports in it, WSJF or WSXF.
    fn texts(&self, foreign: &Foreign) -> Outcome<Vec<ReportText>> {
        let (texts, bytes) = if let Some(path) = &self.path {
            // What is not there is told as such.
            let meta = std::fs::metadata(path);
            meta.map_err(|error| Failure::io(&self.name, &error))?;
            (ReportText::in_file(path), None)
        } else {
            let bytes = Bytes::from(self.bytes()?);
            (ReportText::all_of(bytes.clone()), Some(bytes))
        };
        let texts = texts.map_err(|error| {
            let bytes = bytes.or_else(|| self.bytes().ok().map(Bytes::from));
            let kind = bytes.as_deref().and_then(in_place_of_report);
            kind.map_or_else(|| Failure::from(error), Failure::failed)
                .about(&self.name)
        })?;
        let other = texts
            .iter()
            .find_map(|text| match (text.format, foreign.from) {
                (ReportFormat::Wsxf, Some(From::Wsjf)) => Some("WSXF"),
                (ReportFormat::Wsjf, Some(From::Wsxf)) => Some("WSJF"),
                _ => None,
            });
        match other {
            Some(is) => {
                Err(Failure::failed(format!("it is {is}, not what --from says")).about(&self.name))
            }
            None => Ok(texts),
        }
    }

    /// What the rules say of a text of this source, and in words what of it was not looked at. A large one of WSJF is read
    /// piece by piece.
    pub(crate) fn findings(&self, text: &ReportText) -> Outcome<(Vec<Finding>, Option<String>)> {
        if text.len() <= LARGE || text.format == ReportFormat::Wsxf {
            return Ok((lint(&self.model(text)?), None));
        }
        let looked = text.lint_in_pieces();
        let looked = looked.map_err(|error| Failure::from(error).about(&self.name))?;
        let left_out = match looked.not_looked_at {
            0 => String::new(),
            parts => format!(
                ", and {parts} of its {} steps have contents that are too large to be checked",
                looked.steps
            ),
        };
        let remark = format!(
            "{}: it has {} MiB and is checked piece by piece: its loops are not checked{left_out}",
            self.name,
            text.len() >> 20,
        );
        Ok((looked.findings, Some(remark)))
    }

    /// A text of this source as a model.
    pub(crate) fn model(&self, text: &ReportText) -> Outcome<Report> {
        let told = |failure: Failure| failure.about(&self.name);
        if text.len() > LONGEST {
            return Err(told(Failure::failed(format!(
                "it has more than {} MiB, which must be in memory for this",
                LONGEST >> 20
            ))));
        }
        let report = text.read().map_err(|error| told(error.into()))?;
        if is_known(&report) {
            return Ok(report);
        }
        let kind = text.bytes().and_then(|bytes| in_place_of_report(bytes));
        Err(told(Failure::failed(
            kind.unwrap_or("it has no member of a report"),
        )))
    }

    /// The reports in it, as models.
    pub(crate) fn models(&self, foreign: &Foreign, context: &Context) -> Outcome<Vec<Report>> {
        match self.contents(foreign, context)? {
            Contents::Models(reports) => Ok(reports),
            Contents::Texts(texts) => {
                let read = |text: ReportText| {
                    let mut report = self.model(&text)?;
                    if report.id.is_none()
                        && let Ok((id, _)) = text.with_id()
                    {
                        // That which it is submitted under.
                        report.id = Some(id);
                    }
                    Ok(report)
                };
                texts.into_iter().map(read).collect()
            }
        }
    }
}

/// Whether a document has anything that only reports have. It may have been given an id.
fn is_known(report: &Report) -> bool {
    let known = [
        "pn",
        "sn",
        "root",
        "uut",
        "uur",
        "machineName",
        "processCode",
    ];
    report.part_number.is_some()
        || report.serial_number.is_some()
        || report.root.is_some()
        || report.uut.is_some()
        || report.uur.is_some()
        || report.station.is_some()
        || report.process_code.is_some()
        || known.iter().any(|name| report.extra.get(name).is_some())
}
