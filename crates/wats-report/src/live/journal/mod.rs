//! The journal of a report in progress: a file that each step is appended to as it happens, so that what was measured
//! survives the program.
//!
//! Here is the writing. `record` is the format, `replay` makes a report of records, and `recover` looks for the journals of
//! programs that are gone.
//!
//! A record goes to the operating system with one write and no buffer of ours, so a program that is killed loses
//! nothing of what was added. The file is locked for as long as the report is in progress; the lock goes with the program.

mod record;
mod recover;
mod replay;

use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::ZonedDateTime;
use uuid::Uuid;

pub(super) use record::Change;
pub use recover::{Recovered, recover};
pub use replay::{End, Torn};

use super::tree::{At, Tree};
use crate::builder::ReportBuilder;
use crate::error::{Error, Result};
use record::Writer;

/// The end of the names of journals.
const SUFFIX: &str = ".wats-journal";
/// How much is written at once when the report is written anew.
const PIECE: usize = 64 << 10;

/// How a journal is written. Default: each record is given to the operating system, which survives `kill -9` and a crash of
/// the program; a power cut may take what the system has not written to the disk yet, usually the last half minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct JournalOptions {
    sync_each: Option<NonZeroU32>,
}

impl JournalOptions {
    /// Has the disk confirm every so many records, so that a power cut takes no more than these. It costs what the disk
    /// takes: often some milliseconds. 0 is never.
    #[must_use]
    pub fn sync_each(mut self, records: u32) -> Self {
        self.sync_each = NonZeroU32::new(records);
        self
    }
}

/// The file of a journal; locked for as long as it is open.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    path: PathBuf,
}

/// Closing the file is not enough: a process that another thread has just begun has it too, until it becomes its own program.
impl Drop for JournalFile {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Journal {
    at: JournalFile,
    options: JournalOptions,
    unsynced: u32,
    writer: Writer,
    /// The records that are written next; its room is kept.
    text: Vec<u8>,
    behind: Option<Behind>,
    failure: Option<String>,
}

/// Something could not be written. All is written anew, after twice as many changes each time that fails.
#[derive(Debug)]
struct Behind {
    wait: u64,
    next: u64,
}

impl Journal {
    /// Makes the file, with all that is known so far.
    pub(super) fn create(
        dir: &Path,
        id: Uuid,
        options: JournalOptions,
        header: &ReportBuilder,
        start: &ZonedDateTime,
        tree: &Tree,
        now: Duration,
    ) -> Result<Self> {
        let failed = |source| Error::Journal {
            what: format!("the journal cannot be written in `{}`", dir.display()),
            source,
        };
        fs::create_dir_all(dir).map_err(failed)?;
        // A report may be in progress twice under one id.
        let unique = Uuid::new_v4().simple().to_string();
        let name = format!("{id}-{unique}{SUFFIX}");
        // It has its name only when it is locked and has a header, so nobody takes it for one that was left.
        let first = dir.join(format!("{name}.new"));
        let file = File::options().write(true).create_new(true).open(&first);
        let mut journal = Self {
            at: JournalFile {
                file: file.map_err(failed)?,
                path: dir.join(name),
            },
            options,
            unsynced: 0,
            writer: Writer::default(),
            text: Vec::new(),
            behind: None,
            failure: None,
        };
        let made = journal.begin(&first, header, start, tree, now);
        if made.is_err() {
            let _ = fs::remove_file(&first);
        }
        made.map_err(failed)?;
        Ok(journal)
    }

    fn begin(
        &mut self,
        first: &Path,
        header: &ReportBuilder,
        start: &ZonedDateTime,
        tree: &Tree,
        now: Duration,
    ) -> io::Result<()> {
        self.at.file.try_lock().map_err(io::Error::from)?;
        self.write_all_of(header, start, tree, now)?;
        self.at.file.sync_all()?;
        fs::rename(first, &self.at.path)?;
        // So that the name, too, survives a power cut; not every system can do it.
        if let Some(dir) = self.at.path.parent()
            && let Ok(dir) = File::open(dir)
        {
            let _ = dir.sync_all();
        }
        Ok(())
    }

    /// Why something could not be written, if it is so; cleared when all is written.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub(super) fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    /// Appends a change, which the tree has already undergone.
    pub(super) fn add(
        &mut self,
        change: &Change<'_>,
        header: &ReportBuilder,
        start: &ZonedDateTime,
        tree: &Tree,
        now: Duration,
    ) {
        if let Some(behind) = &mut self.behind {
            behind.wait = behind.wait.saturating_sub(1);
            // When the report has ended, its steps are no longer here.
            let ended = matches!(change, Change::Finished | Change::Aborted(_));
            if behind.wait == 0 && !ended {
                self.rewrite(header, start, tree, now);
            }
            return;
        }
        self.text.clear();
        if let Err(error) = self.writer.add(&mut self.text, now, change, header, start) {
            self.failure = Some(error);
            return;
        }
        let written = self
            .at
            .file
            .write_all(&self.text)
            .and_then(|()| self.sync());
        if let Err(error) = written {
            self.failed(&error);
        }
        if self.text.capacity() > PIECE {
            self.text = Vec::new();
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let Some(each) = self.options.sync_each else {
            return Ok(());
        };
        self.unsynced += 1;
        if self.unsynced >= each.get() {
            self.unsynced = 0;
            self.at.file.sync_data()?;
        }
        Ok(())
    }

    fn failed(&mut self, error: &io::Error) {
        let next = self
            .behind
            .as_ref()
            .map_or(1, |behind| behind.next.saturating_mul(2));
        self.behind = Some(Behind { wait: next, next });
        self.failure = Some(error.to_string());
    }

    /// Writes the whole report anew, behind what is there.
    pub(super) fn rewrite(
        &mut self,
        header: &ReportBuilder,
        start: &ZonedDateTime,
        tree: &Tree,
        now: Duration,
    ) {
        match self.write_all_of(header, start, tree, now) {
            Ok(()) => (self.behind, self.failure) = (None, None),
            Err(error) => self.failed(&error),
        }
    }

    fn write_all_of(
        &mut self,
        header: &ReportBuilder,
        start: &ZonedDateTime,
        tree: &Tree,
        now: Duration,
    ) -> io::Result<()> {
        let Self {
            at, writer, text, ..
        } = self;
        let file = &mut at.file;
        text.clear();
        // What was written last may be torn; an empty line is no record.
        text.push(b'\n');
        Writer::anew(text);
        let mut add = |now: Duration, change: &Change<'_>| {
            // A step that cannot be written is left out; the others are not.
            let _ = writer.add(text, now, change, header, start);
            if text.len() >= PIECE {
                file.write_all(text)?;
                text.clear();
            }
            io::Result::Ok(())
        };
        add(Duration::ZERO, &Change::Header)?;
        for (number, node) in tree.nodes.iter().enumerate() {
            if let Some(at) = node.at
                && let Some(step) = tree.step(at)
            {
                add(node.opened, &Change::Open(at, node.kind, number, step))?;
            }
        }
        for (number, node) in tree.nodes.iter().enumerate() {
            let mut inner = node.inner().peekable();
            for (index, step) in node.steps.iter().enumerate() {
                if inner.next_if_eq(&index).is_some() {
                    continue;
                }
                let at = At {
                    node: number,
                    index,
                };
                let half_done = node.half_done.contains(&index);
                add(now, &Change::Step(at, half_done, step))?;
            }
        }
        for (number, node) in tree.nodes.iter().enumerate() {
            if let Some((ended, ending)) = &node.ended {
                add(*ended, &Change::End(number, ending))?;
            }
        }
        self.at.file.write_all(&self.text)?;
        self.text = Vec::new();
        Ok(())
    }

    /// The file alone, when nothing more is written.
    pub(super) fn into_file(self) -> JournalFile {
        self.at
    }
}

impl JournalFile {
    /// Removes the file; nobody needs it any more.
    pub(super) fn remove(self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Journal {
                what: format!("the journal `{}` cannot be removed", self.path.display()),
                source: error,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use crate::builder::{Sequence, UutReport};
    use crate::live::End;

    /// A disk that takes nothing for a while: what is missing is told, and written as soon as it can be.
    #[test]
    fn what_cannot_be_written_is_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let unit = crate::Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        };
        let header = UutReport::builder(unit, 100);
        let start = header.common.start.clone().unwrap();
        let mut tree = Tree::new(Vec::new(), 0);
        let (options, now) = (JournalOptions::default(), Duration::ZERO);
        let id = header.common.report.id.unwrap();
        let mut journal =
            Journal::create(dir.path(), id, options, &header, &start, &tree, now).unwrap();
        let path = journal.at.path.clone();
        let disk = |write| File::options().read(true).write(write).open(&path).unwrap();
        let mut steps = 0;
        let mut add = |journal: &mut Journal, tree: &mut Tree| {
            let mut made = Sequence::default();
            made.boolean(format!("step {steps}"), true);
            steps += 1;
            let root = &mut tree.nodes[Tree::ROOT];
            let index = root.steps.len();
            root.steps.extend(made.steps);
            let at = At {
                node: Tree::ROOT,
                index,
            };
            let change = Change::Step(at, false, tree.step(at).unwrap());
            journal.add(&change, &header, &start, tree, now);
        };
        add(&mut journal, &mut tree);
        assert_eq!(journal.failure(), None);
        // What is open for reading cannot be written. The lock goes with the file that was locked.
        let locked = std::mem::replace(&mut journal.at.file, disk(false));
        let end = std::io::Seek::stream_position(&mut &locked).unwrap();
        drop(locked);
        for _ in 0..20 {
            add(&mut journal, &mut tree);
            assert!(journal.failure().is_some());
        }
        // As a torn record.
        let mut whole = disk(true);
        std::io::Seek::seek(&mut whole, io::SeekFrom::Start(end)).unwrap();
        whole.write_all(b"01234567 {\"t\":").unwrap();
        journal.at.file = whole;
        // It is tried again after 1, 2, 4, 8, 16 changes.
        for _ in 0..16 {
            add(&mut journal, &mut tree);
        }
        assert_eq!(journal.failure(), None);
        add(&mut journal, &mut tree);
        drop(journal);
        let left = recover(dir.path()).unwrap().pop().unwrap();
        assert_eq!(left.end, End::Lost);
        assert_eq!(left.torn.as_ref().unwrap().records, 1);
        let report = left.report.as_ref().unwrap().report();
        let names: Vec<_> = report.steps().skip(1).map(crate::Step::name).collect();
        let all: Vec<_> = (0..38).map(|step| format!("step {step}")).collect();
        assert_eq!(names, all);
    }

    /// As a process has that was begun by another thread and is not its own program yet.
    #[test]
    fn a_copy_of_the_handle_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let unit = crate::Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        };
        let header = UutReport::builder(unit, 100);
        let start = header.common.start.clone().unwrap();
        let (options, now) = (JournalOptions::default(), Duration::ZERO);
        let id = header.common.report.id.unwrap();
        let tree = Tree::new(Vec::new(), 0);
        let journal =
            Journal::create(dir.path(), id, options, &header, &start, &tree, now).unwrap();
        let copy = journal.at.file.try_clone().unwrap();
        assert!(recover(dir.path()).unwrap().is_empty());
        drop(journal);
        assert_eq!(recover(dir.path()).unwrap().len(), 1);
        assert_eq!(recover(dir.path()).unwrap().len(), 1);
        drop(copy);
    }
}
