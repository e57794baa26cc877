//! The folder that is watched, on disk: what lies in it, and how files move on. `work`, `done` and `failed` are folders in it, so
//! that moving is renaming, which happens or does not.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::looks::Seen;

/// Most bytes of a name; file systems take 255.
const LONGEST_NAME: usize = 255;

/// What the name of a failed file has at its end for the file that says why.
const WHY: &str = ".why.json";

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
        for inner in self.inner() {
            match fs::create_dir(inner) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if inner.is_file() => {
                    return Err(io::Error::new(
                        io::ErrorKind::NotADirectory,
                        format!("{} is a file, and has to be a folder", inner.display()),
                    ));
                }
                _ => {}
            }
        }
        let lock = self.work.join(".lock");
        // Another folder may be in its place.
        if self.lock.as_ref().is_some_and(|file| !is_at(file, &lock)) {
            self.lock = None;
        }
        if self.lock.is_none() {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            let file = options.open(lock)?;
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

    fn inner(&self) -> [&Path; 3] {
        [&self.work, &self.done, &self.failed]
    }

    /// Whether files of another folder would be taken for files that were dropped, or lie among those that were taken.
    pub(super) fn holds_files_of(&self, other: &Path) -> bool {
        let other = real(other);
        let mut own = self.inner().into_iter().chain([self.path()]);
        own.any(|folder| real(folder) == other)
    }

    /// Gives the folder up, as when it has gone away.
    pub(super) fn leave(&mut self) {
        self.lock = None;
    }

    /// Files that may be reports, by name.
    pub(super) fn dropped(&self) -> io::Result<Vec<(OsString, Seen)>> {
        list(&self.dropped, &|name| !self.is_marker(name))
    }

    /// Files that were taken, and not brought to their end.
    pub(super) fn in_work(&self) -> io::Result<Vec<(OsString, Seen)>> {
        list(&self.work, &|_| true)
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
        let to = free(&self.done, name, "");
        fs::rename(self.work.join(name), &to)?;
        Ok(to)
    }

    /// It is no report that the server would take; why stands beside it. Gives where it is now.
    pub(super) fn fail(&self, name: &OsStr, why: &str) -> io::Result<PathBuf> {
        let to = free(&self.failed, name, WHY);
        let beside = with_end(&to, WHY);
        // A new one: nothing is overwritten, and no link is followed.
        let mut file = File::options().write(true).create_new(true).open(&beside)?;
        let moved = file
            .write_all(why.as_bytes())
            .and_then(|()| fs::rename(self.work.join(name), &to));
        if moved.is_err() {
            let _ = fs::remove_file(beside);
        }
        moved.map(|()| to)
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

fn list(folder: &Path, wanted: &dyn Fn(&OsStr) -> bool) -> io::Result<Vec<(OsString, Seen)>> {
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

fn read(file: &File, seen: Seen) -> io::Result<Content> {
    if seen.length > LONGEST {
        return Ok(Content::TooLong);
    }
    let mut bytes = Vec::new();
    let mut part = file.take(seen.length + 1);
    part.read_to_end(&mut bytes)?;
    if bytes.len() as u64 != seen.length || Seen::of(&file.metadata()?) != seen {
        return Ok(Content::Changed);
    }
    Ok(Content::Whole(bytes))
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (fs::canonicalize(there), path.strip_prefix(there)) {
            // An empty rest would put a separator at the end.
            return found.components().chain(rest.components()).collect();
        }
    }
    path
}

/// Whether a file that is open is still the one at this path.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    }
    // Elsewhere a folder with a file that is open cannot be deleted.
    #[cfg(not(unix))]
    {
        let _ = (open, there);
        true
    }
}

/// A path of this name in a folder that is not taken, nor is that with this at its end: with a number where need be, and without
/// the last letters of what is too long for them.
fn free(folder: &Path, name: &OsStr, end: &str) -> PathBuf {
    let numbered = |number: u64| {
        let mark = match number {
            0 => String::new(),
            number => format!("-{number}"),
        };
        folder.join(marked(name, &mark, end))
    };
    let is_taken = |number: u64| {
        let path = numbered(number);
        fs::symlink_metadata(&path).is_ok() || fs::symlink_metadata(with_end(&path, end)).is_ok()
    };
    if !is_taken(0) {
        return numbered(0);
    }
    // A station may give all its files one name: a free number is found without trying all before it.
    let (mut taken, mut free) = (0, 1);
    while is_taken(free) {
        taken = free;
        free *= 2;
    }
    while taken + 1 < free {
        let middle = taken.midpoint(free);
        if is_taken(middle) {
            taken = middle;
        } else {
            free = middle;
        }
    }
    numbered(free)
}

/// A name with a mark before its extension, short enough for something at its end.
fn marked(name: &OsStr, mark: &str, end: &str) -> OsString {
    let whole = Path::new(name);
    let stem = whole.file_stem().unwrap_or(name);
    let mut rest = OsString::from(mark);
    if let Some(extension) = whole.extension() {
        rest.push(".");
        rest.push(extension);
    }
    let room = LONGEST_NAME.saturating_sub(end.len());
    if stem.len() + rest.len() <= room {
        let mut marked = stem.to_owned();
        marked.push(rest);
        return marked;
    }
    // Of a long extension little is left, too.
    let rest = rest.to_string_lossy();
    let rest = start_of(&rest, room / 2);
    let stem = stem.to_string_lossy();
    let stem = start_of(&stem, room - rest.len());
    format!("{stem}{rest}").into()
}

/// The start of a text that has at most so many bytes.
fn start_of(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut longer = path.to_owned().into_os_string();
    longer.push(end);
    longer.into()
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
        for end in UNFINISHED {
            assert!(is_unfinished(OsStr::new(&format!("a.json{end}"))), "{end}");
        }
        for name in ["a.json", "part", "tmp.json", "a.xml"] {
            assert!(!is_unfinished(OsStr::new(name)), "{name}");
        }
    }

    /// What a look tells of a file.
    fn look(path: &Path) -> Seen {
        Seen::of(&fs::metadata(path).unwrap())
    }

    #[test]
    fn a_file_is_read_as_it_was_seen_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "whole").unwrap();
        let seen = look(&path);
        let read_as = |seen| read(&File::open(&path).unwrap(), seen).unwrap();
        assert!(matches!(read_as(seen), Content::Whole(bytes) if bytes == b"whole"));
        let earlier = seen.modified.unwrap() - std::time::Duration::from_secs(1);
        for other in [
            Seen { length: 4, ..seen },
            Seen { length: 6, ..seen },
            Seen {
                modified: Some(earlier),
                ..seen
            },
        ] {
            assert!(matches!(read_as(other), Content::Changed), "{other:?}");
        }
        let long = Seen {
            length: LONGEST + 1,
            ..seen
        };
        assert!(matches!(read_as(long), Content::TooLong));
    }

    #[test]
    fn a_file_that_was_written_to_since_it_was_seen_is_known_when_it_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(place.path().to_owned(), None);
        folder.enter().unwrap();
        let (name, path) = (OsStr::new("a.json"), place.path().join("a.json"));
        fs::write(&path, "first").unwrap();
        let seen = look(&path);
        fs::write(&path, "the second").unwrap();
        assert_eq!(folder.take(name, seen).unwrap(), Some(false));
        let seen = look(&place.path().join("work/a.json"));
        assert!(folder.is_as_it_was(name, seen).unwrap());
        // Whoever had it open writes on.
        fs::write(place.path().join("work/a.json"), "the second, and more").unwrap();
        assert!(!folder.is_as_it_was(name, seen).unwrap());
        // The next of its name waits.
        fs::write(&path, "third").unwrap();
        assert_eq!(folder.take(name, look(&path)).unwrap(), None);
    }

    #[test]
    fn files_of_one_name_are_kept_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let name = OsStr::new("a.b.json");
        for number in 0..40 {
            let path = free(folder.path(), name, "");
            let expected = match number {
                0 => "a.b.json".to_owned(),
                number => format!("a.b-{number}.json"),
            };
            assert_eq!(path, folder.path().join(expected));
            fs::write(path, "").unwrap();
        }
        fs::write(folder.path().join("x"), "").unwrap();
        assert_eq!(
            free(folder.path(), OsStr::new("x"), ""),
            folder.path().join("x-1")
        );
        // One whose reason would have a name that is taken is taken, too.
        fs::write(folder.path().join("y.json.why.json"), "").unwrap();
        assert_eq!(
            free(folder.path(), OsStr::new("y.json"), WHY),
            folder.path().join("y-1.json")
        );
    }

    #[test]
    fn long_names_have_room_for_what_is_put_at_their_end() {
        for (name, last) in [
            (format!("{}.json", "a".repeat(250)), ".json"),
            (format!("{}.json", "ø".repeat(125)), ".json"),
            ("b".repeat(255), ""),
            (format!("c.{}", "d".repeat(253)), "ddd"),
        ] {
            for (mark, end) in [
                ("", ""),
                ("-1", ""),
                ("", WHY),
                ("-18446744073709551615", WHY),
            ] {
                let marked = marked(OsStr::new(&name), mark, end);
                let text = marked.to_str().unwrap();
                assert!(text.len() + end.len() <= LONGEST_NAME, "{text}");
                assert!(text.chars().next() == name.chars().next(), "{text}");
                assert!(text.ends_with(last) && text.contains(mark), "{text}");
            }
        }
        assert_eq!(marked(OsStr::new("short.json"), "", WHY), "short.json");
    }
}
