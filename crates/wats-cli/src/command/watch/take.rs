//! From the folder into the queue, pass by pass, on a thread that may block.
//!
//! A file is read in its place, moved to `work`, put into the queue, which is durable, and moved to `done`. Where it ends between
//! two of these, the next one goes on from there: reports have their ids in them, or are given ids that are made of their
//! bytes, so a queue finds that it has them.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc::Sender;
use wats::jiff::Timestamp;
use wats::queue::{EnqueueOptions, Queue};
use wats::uuid::Uuid;

use super::folder::{Content, Folder};
use super::looks::{Looks, Seen};
use crate::Outcome;
use crate::failure::{Failure, refused};
use crate::input::{Whole, whole};

/// What is told of the work.
#[derive(Debug)]
pub(super) enum Told {
    /// The reports of a file are in the queue.
    Queued {
        file: String,
        moved: String,
        ids: Vec<Uuid>,
    },
    /// A file is no report that the server would take.
    Failed {
        file: String,
        moved: String,
        why: Box<Failure>,
    },
    /// Something for people.
    Remark(String),
}

/// What was done in all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) files: u64,
    pub(super) reports: u64,
    pub(super) failed: u64,
    /// Files that the last pass left where they are, as they could not be moved or the queue takes nothing; the next pass
    /// tries again.
    pub(super) stuck: u64,
}

/// What became of a file in one pass.
enum Step {
    /// It is in `done` or `failed`.
    Ended,
    /// It may still be being written.
    NotYet,
    /// It could not be moved, or the queue takes nothing.
    Stuck(String),
}

pub(super) struct Taker {
    folder: Folder,
    queue: Queue,
    looks: Looks,
    pub(super) poll: Duration,
    /// Ends when nothing is left that may still be being written; one that changes for longer than this is left.
    pub(super) once: Option<Duration>,
    told: Sender<Told>,
    /// Set when it has to end.
    stopped: Arc<AtomicBool>,
    totals: Totals,
    /// Files of which it was told that they are stuck.
    complained: HashSet<OsString>,
    is_away: bool,
}

impl Taker {
    pub(super) fn new(
        folder: Folder,
        queue: Queue,
        looks: Looks,
        told: Sender<Told>,
        stopped: Arc<AtomicBool>,
    ) -> Self {
        Self {
            folder,
            queue,
            looks,
            poll: Duration::from_secs(1),
            once: None,
            told,
            stopped,
            totals: Totals::default(),
            complained: HashSet::new(),
            is_away: false,
        }
    }

    /// Passes until it is told to end; `wake` is closed then.
    pub(super) fn run(mut self, wake: &Receiver<()>) -> Outcome<Totals> {
        let began = Instant::now();
        let mut is_first = true;
        loop {
            let pass = self.pass(began.elapsed(), is_first);
            match pass {
                Ok(open) => {
                    is_first = false;
                    if self.is_away {
                        self.is_away = false;
                        self.remark(format!("{} is there again", self.folder.path().display()));
                    }
                    if self.once.is_some() && open == 0 {
                        return Ok(self.totals);
                    }
                }
                Err(error) => {
                    let text = format!("{}: {error}", self.folder.path().display());
                    // What is a file does not become a folder by waiting.
                    if self.once.is_some() || error.kind() == io::ErrorKind::NotADirectory {
                        return Err(Failure::io(self.folder.path().display(), &error));
                    }
                    // Its files may be others when it is there again.
                    self.folder.leave();
                    is_first = true;
                    if !self.is_away {
                        self.is_away = true;
                        self.remark(format!("{text}; waiting for it"));
                    }
                }
            }
            match wake.recv_timeout(self.poll) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return Ok(self.totals),
            }
        }
    }

    /// One look at all files. Gives how many may still be being written; an error is that the folder is not there.
    fn pass(&mut self, now: Duration, is_first: bool) -> io::Result<u64> {
        self.folder.enter()?;
        if is_first {
            self.folder.tidy()?;
        }
        let mut open = 0;
        self.totals.stuck = 0;
        for (name, seen) in self.folder.in_work()? {
            open += self.step(&of_work(&name), now, |taker| taker.go_on(&name, seen, now))?;
        }
        let dropped = self.folder.dropped()?;
        let names: HashSet<&OsStr> = dropped.iter().map(|(name, _)| name.as_os_str()).collect();
        let is_there = |key: &OsStr| names.contains(key) || is_of_work(key);
        self.looks.keep_only(is_there);
        self.complained.retain(|key| is_there(key));
        for (name, seen) in &dropped {
            open += self.step(name, now, |taker| taker.take(name, *seen, now))?;
        }
        Ok(open)
    }

    /// Counts what becomes of a file: 1 if it may still be being written. An error is that the folder has gone.
    fn step(
        &mut self,
        key: &OsStr,
        now: Duration,
        step: impl FnOnce(&mut Self) -> io::Result<Step>,
    ) -> io::Result<u64> {
        if self.stopped.load(Ordering::SeqCst) {
            return Ok(0);
        }
        let stuck = match step(self) {
            Ok(Step::Ended) => {
                self.complained.remove(key);
                return Ok(0);
            }
            Ok(Step::NotYet) => match self.once {
                Some(longest) if self.looks.is_changing(key, now, longest) => {
                    "it is still being written to".to_owned()
                }
                _ => return Ok(1),
            },
            Ok(Step::Stuck(why)) => why,
            // Somebody has taken it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.folder.enter()?;
                return Ok(0);
            }
            Err(error) => {
                self.folder.enter()?;
                error.to_string()
            }
        };
        self.totals.stuck += 1;
        if self.complained.insert(key.to_owned()) {
            let file = key.to_string_lossy();
            self.remark(format!("{file}: {stuck}; it is tried again"));
        }
        Ok(0)
    }

    /// A file that was dropped.
    fn take(&mut self, name: &OsStr, seen: Seen, now: Duration) -> io::Result<Step> {
        let settled = self.looks.look(name, seen, now);
        let (is_ready, is_given_up) = match self.folder.is_marked(name) {
            Some(is_marked) => (is_marked, is_marked),
            None => (settled, self.looks.is_given_up(name, now)),
        };
        if !is_ready {
            // What nobody marks is nobody's, and need not be waited for.
            return Ok(match self.folder.is_marked(name) {
                Some(_) => Step::Ended,
                None => Step::NotYet,
            });
        }
        let reports = match self.folder.read_dropped(name, seen)? {
            Content::Changed => return Ok(Step::NotYet),
            Content::TooLong => Err(too_long()),
            Content::Whole(bytes) => reports(bytes),
        };
        if reports.is_err() && !is_given_up {
            return Ok(Step::NotYet);
        }
        match self.folder.take(name, seen)? {
            None => Ok(Step::Stuck(
                "an older file of this name is in work".to_owned(),
            )),
            Some(true) => {
                self.looks.forget(name);
                self.bring_to_its_end(name, seen, reports)
            }
            // Read anew from `work`.
            Some(false) => Ok(Step::NotYet),
        }
    }

    /// A file that is in `work`.
    fn go_on(&mut self, name: &OsStr, seen: Seen, now: Duration) -> io::Result<Step> {
        let key = of_work(name);
        self.looks.look(&key, seen, now);
        let reports = match self.folder.read_work(name, seen)? {
            Content::Changed => return Ok(Step::NotYet),
            Content::TooLong => Err(too_long()),
            Content::Whole(bytes) => reports(bytes),
        };
        if reports.is_err() && !self.looks.is_given_up(&key, now) {
            return Ok(Step::NotYet);
        }
        let step = self.bring_to_its_end(name, seen, reports)?;
        if matches!(step, Step::Ended) {
            self.looks.forget(&key);
        }
        Ok(step)
    }

    fn bring_to_its_end(
        &mut self,
        name: &OsStr,
        seen: Seen,
        reports: Outcome<Vec<Whole>>,
    ) -> io::Result<Step> {
        let file = name.to_string_lossy().into_owned();
        let shown = |path: std::path::PathBuf| path.display().to_string();
        match reports {
            Ok(reports) => {
                // All at once, so that they are synced together.
                let options = EnqueueOptions::default();
                let entries = reports
                    .iter()
                    .map(|report| options.entry(report.id, &report.text));
                let entries: Vec<_> = match entries.collect::<wats::Result<_>>() {
                    Ok(entries) => entries,
                    Err(error) => return Ok(Step::Stuck(error.to_string())),
                };
                let stored: Vec<_> = entries
                    .into_iter()
                    .map(|entry| self.queue.enqueue(entry))
                    .collect();
                for stored in stored {
                    if let Err(error) = stored.wait() {
                        return Ok(Step::Stuck(error.to_string()));
                    }
                }
                // Whoever still has it open may have written to it.
                if !self.folder.is_as_it_was(name, seen)? {
                    return Ok(Step::NotYet);
                }
                let moved = shown(self.folder.finish(name)?);
                let ids: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
                self.totals.files += 1;
                self.totals.reports += ids.len() as u64;
                self.tell(Told::Queued { file, moved, ids });
            }
            Err(why) => {
                let mut document = why.to_json();
                if let Some(members) = document.as_object_mut() {
                    members.insert("file".to_owned(), json!(file));
                    members.insert("at".to_owned(), json!(Timestamp::now().to_string()));
                }
                let moved = shown(self.folder.fail(name, &format!("{document:#}\n"))?);
                self.totals.failed += 1;
                let why = Box::new(why);
                self.tell(Told::Failed { file, moved, why });
            }
        }
        Ok(Step::Ended)
    }

    fn remark(&self, text: String) {
        self.tell(Told::Remark(text));
    }

    fn tell(&self, told: Told) {
        // Nobody hears any more when the program ends.
        let _ = self.told.blocking_send(told);
    }
}

/// The reports of a file, if the server would take all of them.
fn reports(bytes: Vec<u8>) -> Outcome<Vec<Whole>> {
    let mut found = whole(bytes)?;
    let many = found.len();
    for (at, report) in found.iter_mut().enumerate() {
        let Some(failure) = refused(std::mem::take(&mut report.findings)) else {
            continue;
        };
        return Err(match many {
            1 => failure,
            _ => failure.about(format!("report {} of {many}", at + 1)),
        });
    }
    Ok(found)
}

fn too_long() -> Failure {
    Failure::new(crate::exit::Exit::Refused, "the file is longer than 1 GiB")
}

/// Files in `work` are looked at apart from those of the same name that were dropped. No name of a file has a slash.
fn of_work(name: &OsStr) -> OsString {
    let mut key = OsString::from("work/");
    key.push(name);
    key
}

fn is_of_work(key: &OsStr) -> bool {
    key.as_encoded_bytes().starts_with(b"work/")
}
