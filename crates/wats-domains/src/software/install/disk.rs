//! The folder that a package is installed to. Nothing below it is followed out of it: what is a link where a package has a
//! file or a folder is an error. A program that puts a link there at the same moment is not guarded against.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::error::{Error, Result};

/// Something that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Data(format!("`{}`: {error}", path.display()))
}

/// The folder, which is created if there is none, as the system calls it: without links, and on Windows in the form that no
/// name is taken for anything else.
pub(super) fn open(folder: &Path) -> Result<PathBuf> {
    let opened = fs::create_dir_all(folder).and_then(|()| fs::canonicalize(folder));
    opened.map_err(|error| failed(folder, &error))
}

/// Whether a file is there already.
pub(super) fn has(root: &Path, names: &[String]) -> Result<bool> {
    let mut path = root.to_owned();
    for (depth, name) in names.iter().enumerate() {
        path.push(name);
        let wanted = if depth + 1 == names.len() {
            Kind::File
        } else {
            Kind::Folder
        };
        match kind(&path)? {
            None => return Ok(false),
            Some(kind) if kind != wanted => return Err(differs(&path, wanted)),
            Some(_) => {}
        }
    }
    Ok(true)
}

/// Creates the folders of a file and returns the last one.
pub(super) fn create_folders(root: &Path, names: &[String]) -> Result<PathBuf> {
    let mut path = root.to_owned();
    for name in names.iter().take(names.len().saturating_sub(1)) {
        path.push(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(failed(&path, &error));
            }
            _ if kind(&path)? == Some(Kind::Folder) => {}
            _ => return Err(differs(&path, Kind::Folder)),
        }
    }
    Ok(path)
}

fn kind(path: &Path) -> Result<Option<Kind>> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, &error)),
    };
    if found.is_symlink() {
        return Err(Error::Data(format!(
            "`{}` is a link, which is not followed and not replaced",
            path.display()
        )));
    }
    // On Windows a name with `~` may be the short one of another file.
    if cfg!(windows) && path.to_string_lossy().contains('~') {
        let real = fs::canonicalize(path).map_err(|error| failed(path, &error))?;
        let name = |path: &Path| {
            path.file_name()
                .map(|name| name.to_string_lossy().to_lowercase())
        };
        if name(&real) != name(path) {
            return Err(Error::Data(format!(
                "`{}` is another name of `{}`",
                path.display(),
                real.display()
            )));
        }
    }
    match found {
        found if found.is_file() => Ok(Some(Kind::File)),
        found if found.is_dir() => Ok(Some(Kind::Folder)),
        _ => Err(Error::Data(format!(
            "`{}` is neither a file nor a folder",
            path.display()
        ))),
    }
}

fn differs(path: &Path, wanted: Kind) -> Error {
    let (is, wanted) = match wanted {
        Kind::File => ("a folder", "a file"),
        Kind::Folder => ("a file", "a folder"),
    };
    Error::Data(format!(
        "`{}` is {is}, where {wanted} is to be",
        path.display()
    ))
}

/// A file that is being written, under a name of its own. It is deleted unless it is put in its place.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    is_placed: bool,
}

impl Partial {
    /// Begins one in a folder.
    pub(super) fn create(folder: &Path) -> Result<(Self, File)> {
        let path = folder.join(format!(".wats-{}.part", Uuid::new_v4().simple()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| failed(&path, &error))?;
        let is_placed = false;
        Ok((Self { path, is_placed }, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place, where it replaces what there is.
    pub(super) fn place(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target).map_err(|error| failed(target, &error))?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_placed {
            let _ = fs::remove_file(&self.path);
        }
    }
}
