//! Files and folders: made, synced, renamed, with what systems differ in.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};

/// Makes a file that only its user may read, if there is none. One that is there is not opened: closing it would free the locks
/// that SQLite holds on it for other handles of this process.
pub(super) fn make_file(path: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("making", path, &error))
        }
        _ => Ok(()),
    }
}

/// Makes a folder with those above it, and has their names on disk.
pub(super) fn make_folder_for_good(path: &Path) -> Result<()> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|folder| !folder.exists())
        .collect();
    make_folder(path)?;
    for folder in missing {
        if let Some(parent) = folder.parent() {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            sync_folder(parent)?;
        }
    }
    Ok(())
}

/// Makes a folder that only its user may read. It may be there already.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| Error::io("making", path, &error))
}

/// Opens a file for reading and writing that only its user may read; makes it if need be.
pub(super) fn open_or_make(path: &Path) -> Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| Error::io("opening", path, &error))
}

/// What a folder names is on disk when this returns. On Windows there is no such call, and none is needed.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::io("syncing", path, &error))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// On Windows a scanner may have the file open for a moment: errors 5 and 32 are tried again for 400 ms.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    let again = |error: &io::Error| cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32));
    let mut left = 20;
    loop {
        match fs::rename(from, to) {
            Err(error) if left > 0 && again(&error) => {
                left -= 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome.map_err(|error| Error::io("renaming to", to, &error)),
        }
    }
}

/// Deletes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("deleting", path, &error))
        }
        _ => Ok(()),
    }
}

/// Which file this path leads to, so that one that was put in its place is noticed.
pub(super) fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let meta = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Ok((meta.dev(), meta.ino()))
    }
    // Elsewhere a file that is open can be neither renamed nor deleted.
    #[cfg(not(unix))]
    {
        let _ = meta;
        Ok((0, 0))
    }
}

/// Writes a file of this length that no file system can leave out.
pub(super) fn fill(path: &Path, length: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut random = fastrand::Rng::new();
    let mut chunk = vec![0; 64 << 10];
    let mut left = length;
    while left > 0 {
        random.fill(&mut chunk);
        let part = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(chunk.get(..part).unwrap_or_default())?;
        left -= part as u64;
    }
    file.sync_all()
}

/// The hash of a file, and its length.
pub(crate) fn hash(path: &Path) -> io::Result<(crate::item::Sha256, u64)> {
    let mut file = File::open(path)?;
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    let mut chunk = vec![0; 64 << 10];
    let mut length = 0;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => {
                hash.update(chunk.get(..read).unwrap_or_default());
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((crate::item::Sha256::from_digest(&hash.finish()), length))
}
