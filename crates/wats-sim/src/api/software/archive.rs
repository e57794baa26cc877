//! What is uploaded: the files of a zip archive, read with bounds before anything of it is kept.

use std::io::{Cursor, Read as _};

use bytes::Bytes;
use zip::ZipArchive;

use crate::answer::Answer;
use crate::call::invalid;
use crate::odata::parse_time;

/// Most files and folders of one archive.
const MAX_ENTRIES: usize = 10_000;
/// Most bytes of all files of one archive, unpacked.
const MAX_BYTES: u64 = 256 << 20;
/// Most folders within one another.
pub(super) const MAX_DEPTH: usize = 32;
/// Most characters of the name of a folder or file.
const MAX_NAME: usize = 255;

/// One file.
pub(super) struct Entry {
    /// The names of its folders, the outermost first.
    pub(super) folders: Vec<String>,
    pub(super) name: String,
    pub(super) data: Vec<u8>,
    /// When it was changed last, if the archive says so.
    pub(super) modified: Option<String>,
}

/// The files of an archive. It is refused as a whole if a path leads out of it, a file is in no folder, or it is too large.
pub(super) fn read(zip: &Bytes) -> Result<Vec<Entry>, Answer> {
    let broken =
        |problem: &dyn std::fmt::Display| invalid(format!("the file is no zip archive: {problem}"));
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|problem| broken(&problem))?;
    if archive.len() > MAX_ENTRIES {
        return Err(invalid(format!(
            "an archive has at most {MAX_ENTRIES} entries"
        )));
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut left = MAX_BYTES;
    for place in 0..archive.len() {
        let mut file = archive
            .by_index(place)
            .map_err(|problem| broken(&problem))?;
        let path = file
            .name()
            .map_err(|problem| broken(&problem))?
            .replace('\\', "/");
        if file.is_symlink() {
            return Err(invalid(format!("'{path}' is a link")));
        }
        let is_folder = file.is_dir() || path.ends_with('/');
        let mut folders: Vec<String> = path
            .trim_end_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect();
        if folders.len() > MAX_DEPTH || !folders.iter().all(|name| is_name(name)) {
            return Err(invalid(format!(
                "the path '{path}' is not one of an archive"
            )));
        }
        if is_folder {
            continue;
        }
        let name = folders.pop().unwrap_or_default();
        if folders.is_empty() {
            return Err(invalid(format!("'{path}' is in no folder")));
        }
        if !seen.insert(path.to_lowercase()) {
            return Err(invalid(format!("'{path}' is there twice")));
        }
        let mut data = Vec::new();
        // What an archive says of its lengths need not be true.
        let read = file.by_ref().take(left + 1).read_to_end(&mut data);
        read.map_err(|problem| broken(&problem))?;
        left = left.checked_sub(data.len() as u64).ok_or_else(|| {
            invalid(format!(
                "an archive has at most {MAX_BYTES} bytes, unpacked"
            ))
        })?;
        let modified = file.last_modified().and_then(|time| {
            // The text of a time that is none, such as that of a 31st of February, is not read back.
            let text = format!("{time}Z").replace(' ', "T");
            parse_time(&text).map(|_| text)
        });
        entries.push(Entry {
            folders,
            name,
            data,
            modified,
        });
    }
    Ok(entries)
}

/// Whether a folder or file may have this name on any system.
pub(super) fn is_name(name: &str) -> bool {
    let is_odd = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    !name.trim().is_empty()
        && name != "."
        && name != ".."
        && name.chars().count() <= MAX_NAME
        && !name.contains(is_odd)
}
