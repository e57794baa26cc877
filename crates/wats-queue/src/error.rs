//! What can go wrong, in words that say what, where, and what to do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::item::{Key, State};

/// The outcome of an operation of a queue.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation of a queue failed. What failed has changed nothing, unless the variant says otherwise.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The queue takes nothing more for now; what it has stays.
    #[error(
        "the queue is full: {what} ({limit} at most); send or discard items, raise the bound, or free disk space"
    )]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// The bound, in items or bytes.
        limit: u64,
    },
    /// The disk has no room, though the bounds allowed it.
    #[error("no room on the disk of {folder}: free disk space; what was accepted stays")]
    DiskFull {
        /// The folder of the queue.
        folder: PathBuf,
    },
    /// The folder cannot be used as it is.
    #[error("{folder} cannot hold a queue: {problem}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it, and what helps.
        problem: String,
    },
    /// The folder belongs to the items of another target.
    #[error(
        "{folder} holds items for {found}, not for {wanted}: use a folder for each server and account"
    )]
    OtherTarget {
        /// The folder.
        folder: PathBuf,
        /// What it was made for.
        found: String,
        /// What it was opened for.
        wanted: String,
    },
    /// A newer version of this crate has made the queue.
    #[error(
        "{folder} has format {found}, made by version {made_by}; this version knows formats up to {known}: update the program"
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known here.
        known: i64,
        /// The version of the crate that made it.
        made_by: String,
    },
    /// A file of the queue is damaged. The queue sets it aside and goes on with what can be read.
    #[error("{file} is damaged: {problem}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        problem: String,
    },
    /// The system refused a file operation.
    #[error("{doing} {path}: {problem}")]
    Io {
        /// What was tried, such as `writing`.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's error.
        problem: String,
        /// Its kind.
        kind: std::io::ErrorKind,
    },
    /// The database refused; its settings or its state are not what they have to be.
    #[error("the database of {folder}: {problem}")]
    Database {
        /// The folder of the queue.
        folder: PathBuf,
        /// The error of SQLite, or which setting did not hold.
        problem: String,
    },
    /// What was given cannot be stored.
    #[error("{what} is not possible: {why}")]
    Invalid {
        /// What was given.
        what: &'static str,
        /// Why not, and what is.
        why: String,
    },
    /// No item of this key is in the queue.
    #[error("no item {0} is in the queue")]
    Unknown(Key),
    /// The item is in a state in which this cannot be done.
    #[error("item {key} is {state}: {why}")]
    WrongState {
        /// Its key.
        key: Key,
        /// Its state.
        state: State,
        /// What can be done instead.
        why: &'static str,
    },
    /// There was no room within the time to wait.
    #[error("the queue was full for {0:?}; see `WhenFull`")]
    StillFull(Duration),
    /// The drain needs a runtime.
    #[error("no tokio runtime here: call `drain` within one, or use `drain_on` with an executor")]
    NoRuntime,
    /// The files of the queue were removed or replaced while it was open, again and again.
    #[error(
        "the files in {0} were removed or replaced while the queue was open: nothing else may touch them"
    )]
    Gone(PathBuf),
    /// The queue was closed, or its thread has ended.
    #[error("the queue of {0} is closed")]
    Closed(PathBuf),
}

impl Error {
    /// Of a file operation.
    pub(crate) fn io(doing: &'static str, path: impl AsRef<Path>, error: &std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        if is_full(error) {
            let folder = path.parent().unwrap_or(&path).to_path_buf();
            return Self::DiskFull { folder };
        }
        Self::Io {
            doing,
            path,
            problem: error.to_string(),
            kind: error.kind(),
        }
    }

    /// Whether room has to be made first.
    pub fn is_full(&self) -> bool {
        matches!(
            self,
            Self::Full { .. } | Self::DiskFull { .. } | Self::StillFull(_)
        )
    }

    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}
