//! The folder that is watched, on disk: what lies in it, and how files move on. `work`, `done` and `failed` are folders in it, so
//! that moving is renaming, which happens or does not.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::looks::Seen;

/// Longer files are no reports.
const LONGEST: u64 = 1 << 30;

/// So many files are looked at in one pass.
const MOST: usize = 100_000;

/// Ends of names that say that a file is still being written.
const UNFINISHED: [&str; 6] = ["~", ".tmp", ".part", ".partial", ".filepart", ".crdownload"];

/// A folder into which others drop reports.
#[derive(Debug)]
pub(super) struct Folder {
    dropped: PathBuf,
    work: PathBuf,
    done: PathBuf,
    failed: PathBuf,
    /// What is added to the name of a file that is ready.
    ready_suffix: Option<OsString>,
    /// Locked while this program has the folder.
    lock: Option<File>,
}

/// What is read of a file.
pub(super) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It is not as it was when it was looked at.
    Changed,
    /// It is longer than any report.
    TooLong,
}

impl Folder {
    pub(super) fn new(dropped: PathBuf, ready_suffix: Option<OsString>) -> Self {
        Self {
            work: dropped.join("work"),
            done: dropped.join("done"),
            failed: dropped.join("failed"),
            dropped,
            ready_suffix,
            lock: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.dropped
    }

    /// Makes the folders in it; it must be there itself. One program at a time has it, where locks work.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        fs::read_dir(&self.dropped)?;
        for inner in [&self.work, &self.done, &self.failed] {
            match fs::create_dir(inner) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        if self.lock.is_none() {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            let file = options.open(self.work.join(".lock"))?;
            match file.try_lock() {
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(io::Error::new(
                        io::ErrorKind::ResourceBusy,
                        "another program watches it",
                    ));
                }
                // Some file systems of a network have no locks.
                _ => self.lock = Some(file),
            }
        }
        Ok(())
    }

    /// Gives the folder up, as when it has gone away.
    pub(super) fn leave(&mut self) {
        self.lock = None;
    }

    /// Files that may be reports, by name.
    pub(super) fn dropped(&self) -> io::Result<Vec<(OsString, Seen)>> {
        list(&self.dropped, |name| !self.is_marker(name))
    }

    /// Files that were taken, and not brought to their end.
    pub(super) fn in_work(&self) -> io::Result<Vec<(OsString, Seen)>> {
        list(&self.work, |_| true)
    }

    fn is_marker(&self, name: &OsStr) -> bool {
        let Some(suffix) = &self.ready_suffix else {
            return false;
        };
        name.as_encoded_bytes().ends_with(suffix.as_encoded_bytes())
    }

    /// Whether whoever wrote the file says that it is ready; `None` where nobody does.
    pub(super) fn is_marked(&self, name: &OsStr) -> Option<bool> {
        let marker = self.marker(name)?;
        Some(marker.exists())
    }

    fn marker(&self, name: &OsStr) -> Option<PathBuf> {
        let suffix = self.ready_suffix.as_ref()?;
        let mut marker = name.to_owned();
        marker.push(suffix);
        Some(self.dropped.join(marker))
    }

    /// What a program that ended left of the files that it had taken.
    pub(super) fn tidy(&self) -> io::Result<()> {
        for (name, _) in self.in_work()? {
            // One that is there again has a marker of its own.
            if !self.dropped.join(&name).exists() {
                self.unmark(&name);
            }
        }
        Ok(())
    }

    fn unmark(&self, name: &OsStr) {
        if let Some(marker) = self.marker(name) {
            // Without its file it means nothing.
            let _ = fs::remove_file(marker);
        }
    }

    pub(super) fn read_dropped(&self, name: &OsStr, seen: Seen) -> io::Result<Content> {
        let mut options = File::options();
        options.read(true);
        // Where whoever writes it keeps it open, it cannot be opened so.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
        read(&options.open(self.dropped.join(name))?, seen)
    }

    pub(super) fn read_work(&self, name: &OsStr, seen: Seen) -> io::Result<Content> {
        read(&File::open(self.work.join(name))?, seen)
    }

    /// Takes a file into `work`. Says whether it is still as it was; `None` where an older one of this name has to be brought
    /// to its end first.
    pub(super) fn take(&self, name: &OsStr, seen: Seen) -> io::Result<Option<bool>> {
        let to = self.work.join(name);
        if fs::symlink_metadata(&to).is_ok() {
            return Ok(None);
        }
        fs::rename(self.dropped.join(name), &to)?;
        self.unmark(name);
        Ok(Some(self.is_as_it_was(name, seen)?))
    }

    /// Whether a file in `work` was not written to since.
    pub(super) fn is_as_it_was(&self, name: &OsStr, seen: Seen) -> io::Result<bool> {
        Ok(Seen::of(&fs::metadata(self.work.join(name))?) == seen)
    }

    /// Its reports are in the queue. Gives where it is now.
    pub(super) fn finish(&self, name: &OsStr) -> io::Result<PathBuf> {
        let to = free(&self.done, name);
        fs::rename(self.work.join(name), &to)?;
        Ok(to)
    }

    /// It is no report that the server would take; why stands beside it. Gives where it is now.
    pub(super) fn fail(&self, name: &OsStr, why: &str) -> io::Result<PathBuf> {
        let to = free(&self.failed, name);
        let mut beside = to.clone().into_os_string();
        beside.push(".why.json");
        fs::write(beside, why)?;
        fs::rename(self.work.join(name), &to)?;
        Ok(to)
    }
}

impl Seen {
    fn of(meta: &fs::Metadata) -> Self {
        Self {
            length: meta.len(),
            modified: meta.modified().ok(),
        }
    }
}

fn list(folder: &Path, wanted: impl Fn(&OsStr) -> bool) -> io::Result<Vec<(OsString, Seen)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_unfinished(&name) || !wanted(&name) {
            continue;
        }
        // Renamed or deleted meanwhile. What is no file, a link for instance, is nothing that could be moved.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_file() {
            found.push((name, Seen::of(&meta)));
        }
        if found.len() >= MOST {
            break;
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end))
}

fn read(mut file: &File, seen: Seen) -> io::Result<Content> {
    if seen.length > LONGEST {
        return Ok(Content::TooLong);
    }
    let mut bytes = Vec::new();
    let mut part = file.by_ref().take(seen.length + 1);
    part.read_to_end(&mut bytes)?;
    if bytes.len() as u64 != seen.length || Seen::of(&file.metadata()?) != seen {
        return Ok(Content::Changed);
    }
    Ok(Content::Whole(bytes))
}

/// A path of this name in a folder that is not taken: with a number where need be.
fn free(folder: &Path, name: &OsStr) -> PathBuf {
    let mut path = folder.join(name);
    let whole = Path::new(name);
    let mut number = 0_u64;
    while fs::symlink_metadata(&path).is_ok() {
        number += 1;
        let mut next = whole.file_stem().unwrap_or(name).to_owned();
        next.push(format!("-{number}"));
        if let Some(end) = whole.extension() {
            next.push(".");
            next.push(end);
        }
        path = folder.join(next);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_unfinished_files_are_passed_over() {
        for name in [
            "a.tmp",
            "a.TMP",
            "a.json.part",
            "a.json~",
            ".a.json",
            "a.crdownload",
        ] {
            assert!(is_unfinished(OsStr::new(name)), "{name}");
        }
        for name in ["a.json", "part", "tmp.json", "a.xml"] {
            assert!(!is_unfinished(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn files_of_one_name_are_kept_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        for expected in ["a.b.json", "a.b-1.json", "a.b-2.json"] {
            let path = free(folder.path(), OsStr::new("a.b.json"));
            assert_eq!(path, folder.path().join(expected));
            fs::write(path, "").unwrap();
        }
        fs::write(folder.path().join("x"), "").unwrap();
        assert_eq!(
            free(folder.path(), OsStr::new("x")),
            folder.path().join("x-1")
        );
    }
}
