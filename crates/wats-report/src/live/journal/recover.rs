//! Finds the journals that were left.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::replay::{End, Replay, Torn};
use super::{JournalFile, SUFFIX};
use crate::builder::UutReport;
use crate::error::{Error, Result};

/// A report that was left in a journal. Its file stays locked, so that no other program takes it, until this is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recovered {
    /// The report: as it was finished, or terminated with all that was measured; or why the journal gives none.
    /// It is not checked. It has the id that it would have had, so submitting it again overwrites and never doubles it.
    pub report: Result<UutReport>,
    /// How it ended.
    pub end: End,
    /// What could not be read.
    pub torn: Option<Torn>,
    journal: Left,
}

/// The file that was left.
#[derive(Debug)]
enum Left {
    Locked(JournalFile),
    /// It could not be opened, locked or read.
    Unreadable(PathBuf),
}

impl Recovered {
    /// The file.
    pub fn path(&self) -> &Path {
        match &self.journal {
            Left::Locked(file) => &file.path,
            Left::Unreadable(path) => path,
        }
    }

    /// Removes the file: the report is submitted. Without this the next [`recover`] finds it again.
    ///
    /// # Errors
    /// [`Error::Journal`] when it cannot be removed, or could not be read.
    pub fn done(self) -> Result<()> {
        match self.journal {
            Left::Locked(file) => file.remove(),
            Left::Unreadable(path) => Err(Error::Journal {
                what: format!("the journal `{}` stays", path.display()),
                source: io::Error::other("it could not be read"),
            }),
        }
    }
}

/// The reports in the journals of a folder, of programs that are gone: killed, crashed, without power, or ended before
/// [`done`](crate::live::RunningReport::done) was called. Those of reports in progress, of this or another program, are left
/// alone, and so are those that another program recovers right now. A file that cannot be read keeps none of the others
/// back: its [`Recovered::report`] is the error.
///
/// ```
/// use wats_report::live::{End, recover};
/// use wats_report::{MeasurementLimits, Station, Unit, UutReport};
///
/// let dir = tempfile::tempdir()?;
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::start(unit, 100);
/// report.station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" }).operator("Kari");
/// report.journal(dir.path())?;
/// report.numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))?;
/// assert!(recover(dir.path())?.is_empty()); // it is in progress
/// drop(report);
///
/// for left in recover(dir.path())? {
///     let report = left.report.as_ref().expect("it can be read");
///     assert_eq!(report.report().result.as_ref().unwrap().to_string(), "Terminated");
///     // Submit it, then:
///     left.done()?;
/// }
/// assert!(recover(dir.path())?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Journal`] when the folder cannot be read. One that does not exist has no journals.
pub fn recover(dir: impl AsRef<Path>) -> Result<Vec<Recovered>> {
    let dir = dir.as_ref();
    let failed = |path: &Path, source| Error::Journal {
        what: format!("`{}` cannot be read", path.display()),
        source,
    };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(dir, error))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(dir, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(SUFFIX)) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        match one(path.clone()) {
            Ok(found) => all.extend(found),
            Err(error) => all.push(Recovered {
                report: Err(failed(&path, error)),
                end: End::Lost,
                torn: None,
                journal: Left::Unreadable(path),
            }),
        }
    }
    Ok(all)
}

/// What is in a file, unless somebody else has it.
fn one(path: PathBuf) -> io::Result<Option<Recovered>> {
    let file = match File::options().read(true).write(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    // Somebody may have recovered and removed it since it was opened.
    if !path.try_exists()? {
        return Ok(None);
    }
    let mut replay = Replay::read(BufReader::new(&file), file.metadata()?.len())?;
    let torn = std::mem::take(&mut replay.torn);
    let (report, end) = match replay.report() {
        Ok((report, end)) => (Ok(report), end),
        Err(why) => {
            let why = format!("the journal `{}` gives no report: {why}", path.display());
            (Err(Error::Data(why)), End::Lost)
        }
    };
    Ok(Some(Recovered {
        report,
        end,
        torn: (torn != Torn::default()).then_some(torn),
        journal: Left::Locked(JournalFile { file, path }),
    }))
}
