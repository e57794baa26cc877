//! The log of `strace` as events: what changed a disk, and what the process said.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// What is asked of strace; not every system has all of these.
pub(super) const TRACED: &str = "trace=?open,?openat,?creat,?write,?pwrite64,?writev,?pwritev,?pwritev2,?fsync,?fdatasync,\
     ?sync_file_range,?rename,?renameat,?renameat2,?unlink,?unlinkat,?ftruncate,?truncate,?mkdir,\
     ?mkdirat,?rmdir,?lseek,?fallocate,?link,?linkat,?symlink,?copy_file_range,?sendfile,?sync,\
     ?syncfs";

/// What happened, in the order in which it ended.
#[derive(Debug)]
pub(super) enum Event {
    /// A file was opened that may be new.
    Open {
        path: PathBuf,
        create: bool,
        truncate: bool,
    },
    Write {
        path: PathBuf,
        at: u64,
        data: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        len: u64,
    },
    /// Of a file or a folder. What was written after `began` need not be synced.
    Sync {
        path: PathBuf,
        began: usize,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    Folder {
        path: PathBuf,
    },
    /// Written to its standard output.
    Said(String),
}

/// The events of a log that are about this folder.
pub(super) fn read(log: &Path, folder: &Path) -> Vec<Event> {
    let folder = folder.canonicalize().unwrap();
    let mut reader = Reader {
        folder,
        events: Vec::new(),
        offsets: HashMap::new(),
        begun: HashMap::new(),
    };
    let mut lines = BufReader::new(File::open(log).unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        reader.line(line.trim_end());
        line.clear();
    }
    reader.events
}

struct Reader {
    folder: PathBuf,
    events: Vec<Event>,
    /// Where the next `write` of a descriptor goes.
    offsets: HashMap<String, u64>,
    /// Calls of each thread that have begun and not ended, with how many events there were.
    begun: HashMap<String, (String, usize)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let Some((thread, call)) = line.split_once(' ') else {
            return;
        };
        let call = call.trim_start();
        if let Some(first) = call.strip_suffix("<unfinished ...>") {
            let began = self.events.len();
            self.begun
                .insert(thread.to_owned(), (first.to_owned(), began));
        } else if call.starts_with("<... ") {
            let Some((first, began)) = self.begun.remove(thread) else {
                return;
            };
            let Some((_, rest)) = call.split_once(" resumed>") else {
                return;
            };
            self.call(&format!("{first}{rest}"), began);
        } else {
            self.call(call, self.events.len());
        }
    }

    fn call(&mut self, call: &str, began: usize) {
        let Some((name, rest)) = call.split_once('(') else {
            return;
        };
        let Some((arguments, result)) = rest.rsplit_once(") ").and_then(|(arguments, result)| {
            Some((arguments, result.trim_start().strip_prefix("= ")?))
        }) else {
            return;
        };
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let arguments = split(arguments);
        let argument = |at: usize| arguments.get(at).map_or("", |text| text.as_str());
        match name {
            "open" | "creat" => self.open(argument(0), argument(1), result, name == "creat"),
            "openat" => self.open(argument(1), argument(2), result, false),
            "write" => self.write(argument(0), argument(1), result),
            "pwrite64" => {
                let at = argument(3).parse().unwrap();
                if let Some(path) = self.ours(&named(argument(0))) {
                    let mut data = text(argument(1));
                    data.truncate(leading(result) as usize);
                    self.events.push(Event::Write { path, at, data });
                }
            }
            "lseek" => {
                self.offsets
                    .insert(descriptor(argument(0)), leading(result));
            }
            "fsync" | "fdatasync" => {
                if let Some(path) = self.ours(&named(argument(0))) {
                    self.events.push(Event::Sync { path, began });
                }
            }
            "ftruncate" => {
                if let Some(path) = self.ours(&named(argument(0))) {
                    let len = argument(1).parse().unwrap();
                    self.events.push(Event::Truncate { path, len });
                }
            }
            "rename" => self.rename(argument(0), argument(1)),
            "renameat" | "renameat2" => self.rename(argument(1), argument(3)),
            "unlink" | "rmdir" => self.unlink(argument(0)),
            "unlinkat" => self.unlink(argument(1)),
            "mkdir" => self.folder(argument(0)),
            "mkdirat" => self.folder(argument(1)),
            // Of files of ours these would be missing in the model.
            other => {
                let ours = arguments
                    .iter()
                    .any(|argument| self.ours(&named(argument)).is_some());
                assert!(!ours, "the model does not know {other}: {arguments:?}");
            }
        }
    }

    /// Files in the folder, but for the index of SQLite's log, which is mapped and built anew.
    fn ours(&self, path: &Path) -> Option<PathBuf> {
        let inner = path.strip_prefix(&self.folder).ok()?;
        let name = inner.to_string_lossy();
        (!name.ends_with("-shm") && !name.ends_with(" (deleted)")).then(|| inner.to_path_buf())
    }

    fn path(&self, argument: &str) -> Option<PathBuf> {
        self.ours(&PathBuf::from(String::from_utf8(text(argument)).ok()?))
    }

    fn open(&mut self, path: &str, flags: &str, result: &str, creat: bool) {
        self.offsets.insert(descriptor(result), 0);
        assert!(!flags.contains("O_APPEND") || self.path(path).is_none());
        if let Some(path) = self.path(path).filter(|_| !flags.contains("O_DIRECTORY")) {
            self.events.push(Event::Open {
                path,
                create: creat || flags.contains("O_CREAT"),
                truncate: creat || flags.contains("O_TRUNC"),
            });
        }
    }

    fn write(&mut self, file: &str, data: &str, result: &str) {
        let mut data = text(data);
        data.truncate(leading(result) as usize);
        let descriptor = descriptor(file);
        if descriptor == "1" {
            let said = String::from_utf8_lossy(&data).into_owned();
            self.events.push(Event::Said(said));
            return;
        }
        let offset = self.offsets.entry(descriptor).or_default();
        let at = *offset;
        *offset += data.len() as u64;
        if let Some(path) = self.ours(&named(file)) {
            self.events.push(Event::Write { path, at, data });
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let (Some(from), Some(to)) = (self.path(from), self.path(to)) {
            self.events.push(Event::Rename { from, to });
        }
    }

    fn unlink(&mut self, path: &str) {
        if let Some(path) = self.path(path) {
            self.events.push(Event::Unlink { path });
        }
    }

    fn folder(&mut self, path: &str) {
        if let Some(path) = self.path(path) {
            self.events.push(Event::Folder { path });
        }
    }
}

/// Arguments; a comma within quotes or a path belongs to one.
fn split(arguments: &str) -> Vec<String> {
    let (mut found, mut current) = (Vec::new(), String::new());
    let (mut quoted, mut inside) = (false, false);
    for c in arguments.chars() {
        match c {
            '"' => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            ',' if !quoted && !inside => {
                found.push(std::mem::take(&mut current).trim().to_owned());
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    found.push(current.trim().to_owned());
    found
}

/// The bytes of a quoted text. One that is cut short would be a hole in the model.
fn text(quoted: &str) -> Vec<u8> {
    assert!(!quoted.ends_with("..."), "the log has cut a text short");
    unescaped(quoted.trim_matches('"'))
}

fn unescaped(text: &str) -> Vec<u8> {
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] == b'\\' && bytes.get(at + 1) == Some(&b'x') {
            let digits = std::str::from_utf8(&bytes[at + 2..at + 4]).unwrap();
            found.push(u8::from_str_radix(digits, 16).unwrap());
            at += 4;
        } else {
            found.push(bytes[at]);
            at += 1;
        }
    }
    found
}

/// The file of a descriptor, as in `5</tmp/x>`.
fn named(argument: &str) -> PathBuf {
    let inner = argument.split_once('<').map_or("", |(_, rest)| rest);
    let inner = inner.strip_suffix('>').unwrap_or(inner);
    PathBuf::from(String::from_utf8_lossy(&unescaped(inner)).into_owned())
}

fn descriptor(argument: &str) -> String {
    argument.chars().take_while(char::is_ascii_digit).collect()
}

fn leading(result: &str) -> u64 {
    descriptor(result).parse().unwrap_or(0)
}
