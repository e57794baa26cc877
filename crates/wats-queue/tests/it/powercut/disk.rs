//! What a disk may hold after the power went.
//!
//! What was synced is there. Of each 512-byte sector that was written since, the disk has any version between the synced one and
//! the newest: it writes sectors whole, in any order, and never an older one after a newer one. Names are journalled: of the
//! changes since the last sync of a folder a first part is there. So are sizes, for each file by itself, and truncations are
//! sizes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::log::Event;

const SECTOR: usize = 512;

/// How what was not synced is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Each sector by itself.
    Sectors,
    /// Each page of 4 KiB by itself.
    Pages,
    /// All files at one moment.
    Moment,
    /// Nothing of it.
    Nothing,
    /// All of it.
    Everything,
}

impl Mode {
    pub(super) const ALL: [Self; 5] = [
        Self::Sectors,
        Self::Pages,
        Self::Moment,
        Self::Nothing,
        Self::Everything,
    ];
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

#[derive(Debug, Default)]
struct File {
    /// What is surely there.
    synced: Vec<u8>,
    /// What came since, with when.
    pending: Vec<(usize, Change)>,
}

#[derive(Debug, Clone)]
enum Name {
    File(PathBuf, usize),
    Folder(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
}

/// A disk, as a process sees it and as it may be.
#[derive(Debug)]
pub(super) struct Disk {
    files: Vec<File>,
    /// What the process sees.
    seen: HashMap<PathBuf, usize>,
    /// The names that were there at the start, and every change of one.
    at_start: BTreeMap<PathBuf, Option<usize>>,
    names: Vec<(usize, Name)>,
    /// How many of these changes are surely there.
    surely: usize,
    now: usize,
}

impl Disk {
    /// With what is in the folder `before`.
    pub(super) fn new(before: &Path) -> Self {
        let mut disk = Self {
            files: Vec::new(),
            seen: HashMap::new(),
            at_start: BTreeMap::new(),
            names: Vec::new(),
            surely: 0,
            now: 0,
        };
        disk.load(before, Path::new(""));
        disk
    }

    fn load(&mut self, root: &Path, inner: &Path) {
        for entry in std::fs::read_dir(root.join(inner)).unwrap() {
            let entry = entry.unwrap();
            let path = inner.join(entry.file_name());
            if entry.path().is_dir() {
                self.at_start.insert(path.clone(), None);
                self.load(root, &path);
            } else {
                self.at_start.insert(path.clone(), Some(self.files.len()));
                self.seen.insert(path, self.files.len());
                self.files.push(File {
                    synced: std::fs::read(entry.path()).unwrap(),
                    pending: Vec::new(),
                });
            }
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        let now = self.now;
        self.now += 1;
        match event {
            Event::Open {
                path,
                create,
                truncate,
            } => {
                if let Some(at) = self.seen.get(path) {
                    if *truncate {
                        self.files[*at].pending.push((now, Change::Truncate(0)));
                    }
                } else if *create {
                    let at = self.files.len();
                    self.files.push(File::default());
                    self.seen.insert(path.clone(), at);
                    self.names.push((now, Name::File(path.clone(), at)));
                }
            }
            Event::Write { path, at, data } => {
                self.change(now, path, Change::Write(*at, data.clone()));
            }
            Event::Truncate { path, len } => self.change(now, path, Change::Truncate(*len)),
            Event::Sync { path, began } => self.sync(path, *began),
            Event::Rename { from, to } => {
                if let Some(at) = self.seen.remove(from) {
                    self.seen.insert(to.clone(), at);
                }
                let name = Name::Rename(from.clone(), to.clone());
                self.names.push((now, name));
            }
            Event::Unlink { path } => {
                self.seen.remove(path);
                self.names.push((now, Name::Unlink(path.clone())));
            }
            Event::Folder { path } => self.names.push((now, Name::Folder(path.clone()))),
            Event::Said(_) => {}
        }
    }

    fn change(&mut self, now: usize, path: &Path, change: Change) {
        // A file that has no name any more is nobody's.
        if let Some(at) = self.seen.get(path) {
            self.files[*at].pending.push((now, change));
        }
    }

    fn sync(&mut self, path: &Path, began: usize) {
        let Some(at) = self.seen.get(path) else {
            // A folder: its names are there, and by the order of the journal all that changed before.
            let of_folder = |name: &Name| match name {
                Name::File(name, _) | Name::Folder(name) | Name::Unlink(name) => {
                    name.parent() == Some(path)
                }
                Name::Rename(from, to) => from.parent() == Some(path) || to.parent() == Some(path),
            };
            let last = self
                .names
                .iter()
                .rposition(|(when, name)| *when < began && of_folder(name));
            self.surely = self.surely.max(last.map_or(0, |last| last + 1));
            return;
        };
        let file = &mut self.files[*at];
        let (done, pending) = std::mem::take(&mut file.pending)
            .into_iter()
            .partition(|(when, _)| *when < began);
        file.pending = pending;
        let done: Vec<(usize, Change)> = done;
        for (_, change) in done {
            change.apply(&mut file.synced);
        }
    }

    /// Writes one state that the disk may have to a folder.
    pub(super) fn write(&self, folder: &Path, mode: Mode, random: &mut fastrand::Rng) {
        let moment = match mode {
            Mode::Nothing => 0,
            Mode::Everything => usize::MAX,
            _ => random.usize(0..=self.now),
        };
        let names = match mode {
            Mode::Sectors | Mode::Pages => random.usize(self.surely..=self.names.len()),
            _ => {
                let until = self.names.iter().filter(|(when, _)| *when < moment).count();
                until.max(self.surely)
            }
        };
        let mut there = self.at_start.clone();
        for (_, name) in &self.names[..names] {
            match name {
                Name::File(path, at) => {
                    there.insert(path.clone(), Some(*at));
                }
                Name::Folder(path) => {
                    there.insert(path.clone(), None);
                }
                Name::Rename(from, to) => {
                    if let Some(at) = there.remove(from) {
                        there.insert(to.clone(), at);
                    }
                }
                Name::Unlink(path) => {
                    there.remove(path);
                }
            }
        }
        for (path, file) in there {
            let path = folder.join(path);
            match file {
                None => std::fs::create_dir_all(path).unwrap(),
                Some(at) => {
                    // A name may be there before that of its folder, which is then made by repair.
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    let content = self.files[at].content(mode, moment, random);
                    std::fs::write(path, content).unwrap();
                }
            }
        }
    }
}

impl Change {
    fn size_after(&self, size: usize) -> usize {
        match self {
            Self::Write(at, data) => size.max(*at as usize + data.len()),
            Self::Truncate(len) => *len as usize,
        }
    }

    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                let at = *at as usize;
                if content.len() < at + data.len() {
                    content.resize(at + data.len(), 0);
                }
                content[at..at + data.len()].copy_from_slice(data);
            }
            Self::Truncate(len) => content.resize(*len as usize, 0),
        }
    }
}

impl File {
    fn content(&self, mode: Mode, moment: usize, random: &mut fastrand::Rng) -> Vec<u8> {
        let unit = match mode {
            Mode::Sectors => SECTOR,
            Mode::Pages => 8 * SECTOR,
            _ => {
                let mut content = self.synced.clone();
                for (_, change) in self.pending.iter().filter(|(when, _)| *when < moment) {
                    change.apply(&mut content);
                }
                return content;
            }
        };
        // The size after a first part of the changes. A truncation is one of a size: it is there or not, and where it is not,
        // neither is what was written into the blocks that came after it.
        let sized = random.usize(0..=self.pending.len());
        let is_truncation = |change: &Change| matches!(change, Change::Truncate(_));
        let further = self.pending[sized..]
            .iter()
            .position(|(_, change)| is_truncation(change));
        let visible = &self.pending[..further.map_or(self.pending.len(), |at| sized + at)];
        let before = self.pending[..sized].iter();
        let size = before.fold(self.synced.len(), |size, (_, change)| {
            change.size_after(size)
        });
        let ends = visible.iter().map(|(_, change)| change.size_after(0));
        let longest = ends.max().unwrap_or(0);
        // For each unit a version of its own: after so many of the changes.
        let versions: Vec<usize> = (0..=longest / unit)
            .map(|_| random.usize(0..=visible.len()))
            .collect();
        let mut content = self.synced.clone();
        for (number, (_, change)) in visible.iter().enumerate() {
            let Change::Write(from, data) = change else {
                change.apply(&mut content);
                continue;
            };
            let (from, to) = (*from as usize, *from as usize + data.len());
            if content.len() < to {
                content.resize(to, 0);
            }
            let mut at = from;
            while at < to {
                let end = ((at / unit + 1) * unit).min(to);
                if versions[at / unit] > number {
                    content[at..end].copy_from_slice(&data[at - from..end - from]);
                }
                at = end;
            }
        }
        content.resize(size, 0);
        content
    }
}
