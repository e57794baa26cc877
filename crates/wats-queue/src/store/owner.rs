//! Who is alive: each open queue holds a lock on a file of its own, and the system frees it when the process ends, however it
//! ends. Whoever can take that lock knows that its owner is gone.
//!
//! A process that is stopped but not ended keeps its lock. Beside the lock stands a file whose number its owner raises from
//! time to time; when it has not moved for long by the clock of who looks, its leases go to others, and what it says of them
//! later is void.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::files;
use crate::error::{Error, Result};

/// This queue's own file, locked until it is dropped.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) token: String,
    folder: PathBuf,
    lock: Option<File>,
    beats: u64,
}

impl Owner {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let folder = folder.join("owners");
        files::make_folder(&folder)?;
        let token = format!("{:032x}", fastrand::u128(..));
        let path = folder.join(&token);
        let lock = files::open_or_make(&path)?;
        lock.lock()
            .map_err(|error| Error::io("locking", &path, &error))?;
        Ok(Self {
            token,
            folder,
            lock: Some(lock),
            beats: 0,
        })
    }

    /// A sign of life. That it cannot be given is no reason to stop.
    pub(super) fn beat(&mut self) {
        self.beats += 1;
        let _ = fs::write(beat_file(&self.folder, &self.token), self.beats.to_string());
    }

    /// Whether the files are still those of this queue's folder.
    pub(super) fn is_in_place(&self) -> bool {
        self.folder.join(&self.token).exists()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            // Deleted before it is unlocked, so that it is never seen without an owner. Where an open file cannot be deleted, the
            // next one to look does it.
            let _ = fs::remove_file(self.folder.join(&self.token));
            let _ = fs::remove_file(beat_file(&self.folder, &self.token));
            drop(lock);
            let _ = fs::remove_file(self.folder.join(&self.token));
        }
    }
}

fn beat_file(folder: &Path, token: &str) -> PathBuf {
    folder.join(format!("{token}-beat"))
}

/// What is seen of others.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The last number of each, and when it was first seen.
    beats: HashMap<String, (String, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Alive,
    Ended,
    Stalled,
}

impl Others {
    /// Whether an owner is alive, at this time of the monotonic clock.
    pub(super) fn look(&mut self, queue: &Path, token: &str, now: i64, stalled_after: i64) -> Life {
        let folder = queue.join("owners");
        let path = folder.join(token);
        // A token comes from the database: only what we make is a file name.
        let ours = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Ok(file) = File::options().read(true).write(true).open(&path) else {
            return if ours && path.exists() {
                Life::Alive
            } else {
                Life::Ended
            };
        };
        match file.try_lock() {
            Ok(()) => {
                drop(file);
                let _ = fs::remove_file(&path);
                let _ = fs::remove_file(beat_file(&folder, token));
                self.beats.remove(token);
                Life::Ended
            }
            Err(fs::TryLockError::Error(_)) => Life::Alive,
            Err(fs::TryLockError::WouldBlock) => {
                let beat = fs::read_to_string(beat_file(&folder, token)).unwrap_or_default();
                let seen = self
                    .beats
                    .entry(token.to_owned())
                    .or_insert_with(|| (beat.clone(), now));
                if seen.0 != beat {
                    *seen = (beat, now);
                }
                if now.saturating_sub(seen.1) >= stalled_after {
                    Life::Stalled
                } else {
                    Life::Alive
                }
            }
        }
    }

    /// Forgets all but these.
    pub(super) fn keep(&mut self, tokens: &[String]) {
        self.beats.retain(|token, _| tokens.contains(token));
    }
}

/// How many owners are alive, this one among them; and whether files of ended ones were found and removed.
pub(super) fn count(queue: &Path, own: &str) -> (u32, bool) {
    let folder = queue.join("owners");
    let (mut alive, mut ended) = (1, false);
    let mut others = Others::default();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == own || name.ends_with("-beat") {
            continue;
        }
        match others.look(queue, &name, 0, i64::MAX) {
            Life::Ended => ended = true,
            _ => alive += 1,
        }
    }
    (alive, ended)
}
