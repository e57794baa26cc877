//! From the folders and files that the server lists to the places that they get, before anything is written.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::name;
use crate::error::{Error, Result};
use crate::software::{
    FileAttributes, PackageContents, PackageFolder, PackageFolderFile, RepositoryFile,
};

/// Most folders within each other.
const DEEPEST: usize = 64;

/// A file and where it goes.
#[derive(Debug)]
pub(super) struct Planned {
    /// The names of its folders and its own.
    pub(super) names: Vec<String>,
    pub(super) file_id: Uuid,
    pub(super) size: Option<u64>,
    pub(super) attributes: FileAttributes,
    pub(super) file: RepositoryFile,
}

impl Planned {
    /// Its path within the package.
    pub(super) fn shown(&self) -> String {
        self.names.join("/")
    }
}

/// A folder, and the one that it is in by its place in the list.
struct Known<'a> {
    folder: &'a PackageFolder,
    parent: Option<usize>,
}

/// The files of a package in their places. Names that differ in case only are one where the file system thinks so.
///
/// # Errors
/// [`Error::Data`] for a name that is not allowed, places that collide, and what the server did not tell.
pub(super) fn plan(package: &PackageContents, folds_case: bool) -> Result<Vec<Planned>> {
    let Some(listed) = &package.folders else {
        return Err(Error::Data(
            "the server did not list the files of the package".to_owned(),
        ));
    };
    let (folders, files) = gather(listed);
    let mut places = Places {
        folds_case,
        taken: HashMap::new(),
    };
    let mut planned = Vec::with_capacity(files.len());
    for (at, place) in files {
        let mut names = path_of(&folders, at)?;
        let file = planned_file(place, &mut names)?;
        places.take(&file.names)?;
        planned.push(file);
    }
    Ok(planned)
}

/// All folders and files. Servers list a folder within its parent, beside it with the parent's id, or both.
fn gather(listed: &[PackageFolder]) -> (Vec<Known<'_>>, Vec<(usize, &PackageFolderFile)>) {
    let (mut folders, mut files) = (Vec::<Known<'_>>::new(), Vec::new());
    let (mut by_id, mut seen) = (HashMap::new(), HashSet::new());
    let mut rest: Vec<_> = listed.iter().rev().map(|folder| (folder, None)).collect();
    while let Some((folder, parent)) = rest.pop() {
        let known = folder.folder_id.and_then(|id| by_id.get(&id).copied());
        let at = known.unwrap_or(folders.len());
        match folders.get_mut(at) {
            Some(Known { parent: of_it, .. }) => *of_it = of_it.or(parent),
            None => folders.push(Known { folder, parent }),
        }
        if let Some(id) = folder.folder_id {
            by_id.insert(id, at);
        }
        let new = |file: &&PackageFolderFile| file.id.is_none_or(|id| seen.insert((at, id)));
        files.extend(
            folder
                .files
                .iter()
                .flatten()
                .filter(new)
                .map(|file| (at, file)),
        );
        rest.extend(
            folder
                .folders
                .iter()
                .flatten()
                .rev()
                .map(|inner| (inner, Some(at))),
        );
    }
    for (at, known) in folders.iter_mut().enumerate() {
        // An id that is not listed is that of the package's own root.
        let named = known
            .folder
            .parent_id
            .and_then(|id| by_id.get(&id).copied());
        known.parent = known.parent.or(named.filter(|parent| *parent != at));
    }
    (folders, files)
}

/// The names of the folders down to one.
fn path_of(folders: &[Known<'_>], at: usize) -> Result<Vec<String>> {
    let (mut names, mut next) = (Vec::new(), Some(at));
    while let Some(Known { folder, parent }) = next.map(|at| &folders[at]) {
        names.push(folder.name.clone().unwrap_or_default());
        if names.len() > DEEPEST {
            return Err(Error::Data(format!(
                "a folder of the package is within itself or more than {DEEPEST} others, such as {:.100?}",
                names[0]
            )));
        }
        next = *parent;
    }
    names.reverse();
    Ok(names)
}

fn planned_file(place: &PackageFolderFile, names: &mut Vec<String>) -> Result<Planned> {
    let file = place.file.clone().unwrap_or_default();
    names.push(file.name.clone().unwrap_or_default());
    for name in &*names {
        if let Some(wrong) = name::wrong(name) {
            let path = names.join("/");
            return Err(Error::Data(format!(
                "the package is not installed: of its file {path:.300?} the name {name:.100?} is not allowed: {wrong}"
            )));
        }
    }
    let wrong = |problem: &str| {
        let path = names.join("/");
        Error::Data(format!(
            "the package is not installed: its file {path:.300?} {problem}"
        ))
    };
    let Some(file_id) = place.file_id.or(file.file_id) else {
        return Err(wrong("has no id, by which it would be downloaded"));
    };
    if file.valid == Some(false) {
        return Err(wrong("is not whole on the server"));
    }
    // They may say that a file must stay.
    if place.extra.get("Attributes").is_some() {
        return Err(wrong("has attributes that are no number"));
    }
    let size = file.size.map(u64::try_from).transpose();
    let size = size.map_err(|_| wrong("has a negative size"))?;
    Ok(Planned {
        names: std::mem::take(names),
        file_id,
        size,
        attributes: place.attributes(),
        file,
    })
}

/// What is taken by files and folders, by the path as the file system compares it.
struct Places {
    folds_case: bool,
    /// The path in full, and whether it is a file's.
    taken: HashMap<String, (String, bool)>,
}

impl Places {
    /// Takes the places of a file and its folders.
    fn take(&mut self, names: &[String]) -> Result<()> {
        for depth in 1..=names.len() {
            let path = names[..depth].join("/");
            let key = if self.folds_case {
                // Both ways, as some letters have two of the other case.
                path.to_uppercase().to_lowercase()
            } else {
                path.clone()
            };
            let is_file = depth == names.len();
            match self.taken.get(&key) {
                None => {
                    self.taken.insert(key, (path, is_file));
                }
                // Files of one folder share it.
                Some((of, false)) if !is_file && *of == path => {}
                Some((of, _)) => return Err(collision(of, &path)),
            }
        }
        Ok(())
    }
}

fn collision(one: &str, other: &str) -> Error {
    Error::Data(format!(
        "the package is not installed: {one:.300?} and {other:.300?} are one place in this file system"
    ))
}
