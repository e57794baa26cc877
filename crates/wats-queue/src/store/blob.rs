//! Large bodies, as files that are named by their hash: `blobs/ab/<sha256>`. The file and what names it are on disk before the
//! row that refers to it, and it goes after that row: a crash leaves a file too many, never one too few.
//!
//! Names are given and taken away under the gate, so that nobody deletes what another process has just begun to refer to.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files;
use crate::error::{Error, Result};
use crate::item::Sha256;

/// A large body on its way into the queue: written and synced, without its name yet. Deleted when it is dropped before.
#[derive(Debug)]
pub(crate) struct TempBody {
    path: PathBuf,
    pub(crate) sha256: Sha256,
    pub(crate) len: u64,
}

impl Drop for TempBody {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes a body of unknown length to a file of the queue.
pub(crate) struct TempWriter {
    file: File,
    body: TempBody,
    hash: ring::digest::Context,
}

impl std::fmt::Debug for TempWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TempWriter").field(&self.body).finish()
    }
}

impl TempWriter {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let blobs = folder.join("blobs");
        files::make_folder(&blobs)?;
        let path = blobs.join(format!("tmp-{:032x}", fastrand::u128(..)));
        Ok(Self {
            file: files::open_or_make(&path)?,
            body: TempBody {
                path,
                sha256: Sha256([0; 32]),
                len: 0,
            },
            hash: ring::digest::Context::new(&ring::digest::SHA256),
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|error| Error::io("writing", &self.body.path, &error))?;
        self.hash.update(bytes);
        self.body.len += bytes.len() as u64;
        Ok(())
    }

    /// Its bytes are on disk when this returns; its name is not.
    pub(crate) fn finish(self) -> Result<TempBody> {
        let Self {
            file,
            mut body,
            hash,
        } = self;
        file.sync_all()
            .map_err(|error| Error::io("syncing", &body.path, &error))?;
        drop(file);
        body.sha256 = Sha256::from_digest(&hash.finish());
        Ok(body)
    }
}

/// Where a body of this hash is.
pub(crate) fn path_of(folder: &Path, sha256: &Sha256) -> PathBuf {
    let name = sha256.to_string();
    let first = name.get(..2).unwrap_or_default();
    folder.join("blobs").join(first).join(&name)
}

/// Gives a body its name. Under the gate.
pub(super) fn keep(folder: &Path, body: &TempBody, sync: bool) -> Result<()> {
    let path = path_of(folder, &body.sha256);
    if let Some(parent) = path.parent() {
        if !parent.exists() {
            files::make_folder(parent)?;
            if sync {
                files::sync_folder(&folder.join("blobs"))?;
            }
        }
        super::fail::point("blob.rename")?;
        files::rename(&body.path, &path)?;
        if sync {
            files::sync_folder(parent)?;
        }
        super::fail::point("blob.named")?;
    }
    Ok(())
}

/// The name of a body is on disk when this returns.
pub(super) fn sync_name(folder: &Path, sha256: &Sha256) -> Result<()> {
    files::sync_folder(&folder.join("blobs"))?;
    let path = path_of(folder, sha256);
    path.parent().map_or(Ok(()), files::sync_folder)
}

/// All files below `blobs`, with whether each has its name.
pub(super) fn all(folder: &Path) -> Vec<(PathBuf, Option<Sha256>)> {
    let mut found = Vec::new();
    let blobs = folder.join("blobs");
    for entry in fs::read_dir(&blobs).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            for file in fs::read_dir(&path).into_iter().flatten().flatten() {
                let name = file.file_name().to_string_lossy().parse().ok();
                found.push((file.path(), name));
            }
        } else {
            found.push((path, None));
        }
    }
    found
}

/// Whether nobody is writing this file any more.
pub(super) fn is_old(path: &Path) -> bool {
    let age = fs::metadata(path)
        .and_then(|meta| meta.modified())
        .map(|at| at.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > Duration::from_secs(3600))
}
