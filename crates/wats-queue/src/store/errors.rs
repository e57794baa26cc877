//! Errors of SQLite as errors of the queue.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::error::{Error, Result};

/// Of which queue.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) folder: Arc<Path>,
    pub(super) file: PathBuf,
}

impl Context {
    pub(super) fn damaged(&self, problem: impl Into<String>) -> Error {
        Error::Damaged {
            file: self.file.clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn database(&self, problem: impl Into<String>) -> Error {
        Error::Database {
            folder: self.folder.to_path_buf(),
            problem: problem.into(),
        }
    }

    fn of(&self, error: &rusqlite::Error) -> Error {
        let io = |kind| Error::Io {
            doing: "using",
            path: self.file.clone(),
            problem: error.to_string(),
            kind,
        };
        let said = || self.damaged(format!("{SAYS}{error}"));
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                // SQLITE_IOERR_SHMSIZE is what a full disk looks like to the index of the log.
                _ if failure.extended_code == 4874 => self.full(),
                ErrorCode::DiskFull => self.full(),
                // Our statements never change and never break a rule of the tables: then these are not ours any more.
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch => said(),
                _ if failure.extended_code == 1 => said(),
                ErrorCode::ReadOnly => io(std::io::ErrorKind::ReadOnlyFilesystem),
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => io(std::io::ErrorKind::Other),
                _ => self.database(error.to_string()),
            },
            rusqlite::Error::SqlInputError { .. } => said(),
            // A value of another type or length than we ever write.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => {
                self.damaged(format!("it has a value that is never written: {error}"))
            }
            other => self.database(other.to_string()),
        }
    }

    fn full(&self) -> Error {
        Error::DiskFull {
            folder: self.folder.to_path_buf(),
        }
    }
}

/// How what SQLite found begins; the rest was found here.
pub(super) const SAYS: &str = "SQLite says: ";

pub(super) trait Sql<T> {
    fn at(self, context: &Context) -> Result<T>;
}

impl<T> Sql<T> for rusqlite::Result<T> {
    fn at(self, context: &Context) -> Result<T> {
        self.map_err(|error| context.of(&error))
    }
}

/// Whether a transaction in which this happened must not be committed.
pub(crate) fn breaks(error: &Error) -> bool {
    matches!(
        error,
        Error::Io { .. } | Error::DiskFull { .. } | Error::Damaged { .. } | Error::Database { .. }
    )
}
