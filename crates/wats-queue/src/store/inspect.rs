//! What a folder is like, for whoever wants to know before a queue is opened in it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{database, files, network, open, space};
use crate::error::{Error, Result};

/// So many writes are measured.
const WRITES: usize = 5;

/// What a folder is like; from [`Queue::inspect`](crate::Queue::inspect).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderFacts {
    /// The file system, if it is one of a network, where one process at most may have a queue open.
    pub network: Option<String>,
    /// Bytes that are free on its disk; `None` where the system does not tell.
    pub free: Option<u64>,
    /// Bytes below which a queue takes nothing, unless it has another bound.
    pub least_free: Option<u64>,
    /// How long a write of 4 KiB takes that is synced, in the middle of five; `None` when the disk is full.
    pub sync: Option<Duration>,
    /// Whether users other than its own may read it; `None` where the system has no such rights.
    pub others_may_read: Option<bool>,
}

/// Whether a folder has a queue, or had one.
pub(crate) fn is_in(folder: &Path) -> bool {
    database(folder).exists() || folder.join("made").exists()
}

pub(crate) fn inspect(folder: &Path) -> Result<FolderFacts> {
    let folder = &folder
        .canonicalize()
        .map_err(|error| Error::io("opening", folder, &error))?;
    open::probe(folder)?;
    let free = space::free(folder);
    Ok(FolderFacts {
        network: network::name(folder),
        free: free.map(|free| free.available),
        least_free: free.map(space::usual),
        sync: sync_time(folder)?,
        others_may_read: others_may_read(folder),
    })
}

fn sync_time(folder: &Path) -> Result<Option<Duration>> {
    let path = folder.join(format!("probe-{:016x}", fastrand::u64(..)));
    let measured = (|| {
        let mut file = files::open_or_make(&path)?;
        let mut times = Vec::new();
        for _ in 0..WRITES {
            let began = Instant::now();
            file.write_all(&[b'x'; 4096])
                .and_then(|()| file.sync_data())
                .map_err(|error| Error::io("writing", &path, &error))?;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        Ok(times.get(WRITES / 2).copied())
    })();
    let _ = fs::remove_file(&path);
    match measured {
        Err(error) if Error::is_full(&error) => Ok(None),
        measured => measured,
    }
}

fn others_may_read(folder: &Path) -> Option<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = fs::metadata(folder).ok()?;
        Some(meta.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}
