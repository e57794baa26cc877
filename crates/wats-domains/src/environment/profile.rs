//! Which profile of which configuration file there is.

use std::env;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Lookup, Settings, file, variable};
use crate::error::{Error, Result};

/// The profile that is used when none is named.
const DEFAULT: &str = "default";

/// Longer files are no configuration.
const LONGEST_FILE: u64 = 1 << 20;

/// What was found, and where it was looked for in words.
pub(super) struct Found {
    pub(super) settings: Option<Settings>,
    pub(super) place: String,
}

pub(super) fn read(lookup: Lookup<'_>) -> Result<Found> {
    let wanted = variable(lookup, "WATS_PROFILE")?;
    let named = variable(lookup, "WATS_CONFIG")?.map(PathBuf::from);
    let must_be = named.is_some() || wanted.is_some();
    let Some(path) = named.or_else(|| place(env::consts::OS, lookup)) else {
        return match wanted {
            None => Ok(Found {
                settings: None,
                place: "no configuration file, as there is no home directory".to_owned(),
            }),
            Some(_) => Err(Error::Config(
                "WATS_PROFILE names a profile, but there is no home directory to look for the configuration file in; name the \
                 file with WATS_CONFIG"
                    .to_owned(),
            )),
        };
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    let Some(text) = text_of(&path, must_be)? else {
        return Ok(Found {
            settings: None,
            place: format!("there is no {}", path.display()),
        });
    };
    let path: Arc<Path> = path.into();
    let mut profiles = file::profiles(&text, &path)?;
    let name = wanted.as_deref().unwrap_or(DEFAULT);
    if let Some(at) = profiles.iter().position(|(own, _)| own == name) {
        return Ok(Found {
            settings: Some(profiles.swap_remove(at).1),
            place: format!("the profile `{name}` in {}", path.display()),
        });
    }
    let names: Vec<_> = profiles
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let there = match names.len() {
        0 => "it has none".to_owned(),
        _ => format!("it has {}", names.join(", ")),
    };
    let place = format!("{} has no profile `{name}`: {there}", path.display());
    match wanted {
        Some(_) => Err(Error::Config(format!(
            "{place}; name one of its profiles with WATS_PROFILE, or add a line [{name}] and the settings below it"
        ))),
        None => Ok(Found {
            settings: None,
            place,
        }),
    }
}

/// The names of all profiles of a file; none when it is not there.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let Some(text) = text_of(path, false)? else {
        return Ok(Vec::new());
    };
    let profiles = file::profiles(&text, &Arc::from(path))?;
    Ok(profiles.into_iter().map(|(name, _)| name).collect())
}

/// Where the file is unless the environment names another one.
pub(super) fn place(os: &str, lookup: Lookup<'_>) -> Option<PathBuf> {
    let directory = |name| {
        let path = PathBuf::from(lookup(name)?);
        // The specification of XDG_CONFIG_HOME has programs pass over relative ones.
        path.has_root().then_some(path)
    };
    let folder = match os {
        "windows" => directory("APPDATA")?,
        "macos" => directory("HOME")?
            .join("Library")
            .join("Application Support"),
        _ => directory("XDG_CONFIG_HOME").or_else(|| Some(directory("HOME")?.join(".config")))?,
    };
    Some(folder.join("wats").join("config.toml"))
}

fn text_of(path: &Path, must_be: bool) -> Result<Option<String>> {
    let problem =
        |why: &str| Error::Config(format!("the configuration file {} {why}", path.display()));
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == ErrorKind::NotFound && !must_be => return Ok(None),
        Err(error) => {
            return Err(problem(&format!(
                "cannot be read: {error}; WATS_CONFIG names another one"
            )));
        }
        Ok(_) if bytes.len() as u64 > LONGEST_FILE => return Err(problem("is larger than 1 MiB")),
        Ok(_) => {}
    }
    let text = String::from_utf8(bytes).map_err(|_| problem("is not UTF-8; save it as UTF-8"))?;
    Ok(Some(text))
}
