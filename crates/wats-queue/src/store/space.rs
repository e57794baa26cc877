//! Room on the disk: how much is free, and the file that is deleted when even what empties the queue finds none.

use std::path::{Path, PathBuf};

use super::files;
use crate::error::{Error, Result};
use crate::options::MinFree;

/// A file that holds room.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    length: u64,
}

impl Ballast {
    pub(super) fn new(folder: &Path, length: u64) -> Self {
        Self {
            path: folder.join("ballast"),
            length,
        }
    }

    /// Whether it is whole.
    pub(super) fn is_there(&self) -> bool {
        self.length == 0
            || std::fs::metadata(&self.path).is_ok_and(|meta| meta.len() >= self.length)
    }

    /// Writes it, if there is room for it and as much again.
    pub(super) fn fill(&self, folder: &Path) -> bool {
        if self.is_there() {
            return true;
        }
        if free(folder).is_some_and(|free| free.available < self.length.saturating_mul(2)) {
            return false;
        }
        // Written beside its place: half of one is none.
        let new = self.path.with_extension("new");
        let whole =
            files::fill(&new, self.length).is_ok() && files::rename(&new, &self.path).is_ok();
        if !whole {
            let _ = files::remove(&new);
        }
        whole
    }

    /// Gives the room back. Says whether there was any.
    pub(super) fn give(&self) -> bool {
        let _ = files::remove(&self.path.with_extension("new"));
        self.length > 0 && std::fs::remove_file(&self.path).is_ok()
    }
}

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Free {
    pub(super) available: u64,
    pub(super) total: u64,
}

/// Nothing is known where the system does not tell.
pub(super) fn free(folder: &Path) -> Option<Free> {
    let stats = fs4::statvfs(folder).ok()?;
    Some(Free {
        available: stats.available_space(),
        total: stats.total_space(),
    })
}

/// How much stays free unless another bound is set.
pub(super) fn usual(free: Free) -> u64 {
    (256 << 20).max(free.total / 50)
}

/// Whether a disk has room for so many bytes more.
pub(super) fn check(folder: &Path, bounds: MinFree, more: u64) -> Result<()> {
    let Some(free) = free(folder) else {
        return Ok(());
    };
    let least = match bounds {
        MinFree::Usual => usual(free),
        MinFree::Bytes(bytes) => bytes,
    };
    if free.available < least.saturating_add(more) {
        return Err(Error::Full {
            what: "the disk has less free bytes than are to stay free",
            limit: least,
        });
    }
    Ok(())
}
