//! All settings of a client in their order, each with where it comes from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{KEYS, Lookup, Origin, Setting, Settings, beside, profile, variable};
use crate::error::{Error, Result};

/// Keys whose values are secrets.
const SECRET: &str = "auth_token";

/// The settings of a client with where each comes from, for programs that have options of their own or show what they use.
/// [`WatsBuilder::from_env`](crate::WatsBuilder::from_env) tells the settings, their variables and the form of the file.
///
/// **What stands before what:** what is [set](Self::set), then variables, then the profile. A profile that is named
/// [here](Self::read) stands before variables, as whoever names one means it.
///
/// ```
/// # fn example() -> wats_domains::Result<()> {
/// use wats_domains::Config;
///
/// let config = Config::read(None, None)?.set("operator", "Kari", "--operator")?;
/// for entry in config.entries() {
///     println!("{entry}"); // operator = Kari (--operator)
/// }
/// let wats = config.builder()?.build()?;
/// # let _ = wats;
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct Config {
    pub(super) given: Settings,
    pub(super) variables: Settings,
    pub(super) profile: Settings,
    pub(super) profile_is_named: bool,
    /// Where there is a profile or none, in words.
    pub(super) place: String,
}

/// A setting that is used; `Display` is a line of it with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name in a profile, such as `base_url`.
    pub key: &'static str,
    /// Its value; `None` for a secret.
    pub value: Option<String>,
    /// Where it comes from, in words.
    pub origin: String,
}

impl fmt::Display for ConfigEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("(secret)");
        write!(f, "{} = {value} ({})", self.key, self.origin)
    }
}

/// Shows no value.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads variables and the profile: that of this name instead of `WATS_PROFILE`'s, in this file instead of
    /// `WATS_CONFIG`'s.
    ///
    /// # Errors
    /// As [`WatsBuilder::from_env`](crate::WatsBuilder::from_env) has them for variables and the file.
    pub fn read(profile: Option<&str>, file: Option<&Path>) -> Result<Self> {
        let lookup = |name: &str| match name {
            "WATS_PROFILE" if profile.is_some() => profile.map(OsString::from),
            "WATS_CONFIG" if file.is_some() => file.map(|path| path.as_os_str().to_owned()),
            _ => std::env::var_os(name),
        };
        let config = Self::of(&lookup)?;
        Ok(Self {
            profile_is_named: profile.is_some(),
            ..config
        })
    }

    pub(super) fn of(lookup: Lookup<'_>) -> Result<Self> {
        let variables = Settings::of_variables(lookup)?;
        let found = profile::read(lookup)?;
        Ok(Self {
            variables,
            profile: found.settings.unwrap_or_default(),
            place: found.place,
            ..Self::default()
        })
    }

    /// Sets a value before all others; `origin` names where it comes from in errors, such as `--base-url`.
    ///
    /// # Errors
    /// [`Error::Config`] when there is no such key; the value is checked by [`builder`](Self::builder).
    pub fn set(
        mut self,
        key: &str,
        value: impl Into<String>,
        origin: impl Into<String>,
    ) -> Result<Self> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            let keys = KEYS.join(", ");
            return Err(Error::Config(format!(
                "there is no setting `{key}`; the settings are {keys}"
            )));
        };
        let setting = Setting {
            text: value.into(),
            origin: Origin::Given(origin.into()),
        };
        self.given.by_key.retain(|(own, _)| *own != key);
        self.given.by_key.push((key, setting));
        Ok(self)
    }

    /// The settings that are used, in a fixed order. Of a token and a file with one, that is the one which is used.
    pub fn entries(&self) -> Vec<ConfigEntry> {
        let unused = match self.token() {
            Some((_, true)) => "auth_token",
            Some((_, false)) => "token_file",
            None => "",
        };
        let entry = |key| {
            let setting = match key {
                "auth_token" | "token_file" => self.token().map(|(setting, _)| setting),
                _ => self.get(key),
            };
            setting.map(|setting| ConfigEntry {
                key,
                value: (key != SECRET).then(|| setting.text.clone()),
                origin: setting.origin.to_string(),
            })
        };
        let used = KEYS.into_iter().filter(|key| *key != unused);
        used.filter_map(entry).collect()
    }

    /// Where the profile is, or why there is none, in words.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The folder of the queue that the setting `queue_dir` names, for programs that have one; in a profile it may stand
    /// beside the configuration file.
    pub fn queue_dir(&self) -> Option<PathBuf> {
        self.get("queue_dir").map(beside)
    }

    /// The path of the configuration file that is read unless another one is named; `None` without a home directory.
    pub fn file() -> Option<PathBuf> {
        let lookup = |name: &str| std::env::var_os(name);
        match variable(&lookup, "WATS_CONFIG") {
            Ok(Some(path)) => Some(path.into()),
            _ => profile::place(std::env::consts::OS, &lookup),
        }
    }

    /// The names of the profiles in this configuration file, in their order; none without a file, or when it is not there.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub fn profiles(file: Option<&Path>) -> Result<Vec<String>> {
        file.map_or_else(|| Ok(Vec::new()), profile::names)
    }

    /// The file with the token that is used, if others than its owner can read it: that with the token alone, or the
    /// configuration file that the token stands in. `None` where the system has no such rights.
    pub fn readable_by_others(&self) -> Option<PathBuf> {
        let (setting, is_file) = self.token()?;
        let path = match (&setting.origin, is_file) {
            (_, true) => super::beside(setting),
            (Origin::Line { file, .. }, false) => file.to_path_buf(),
            (Origin::Given(_) | Origin::Variable(_), false) => return None,
        };
        is_open(&path).then_some(path)
    }

    /// The places, the first before the others.
    fn places(&self) -> [&Settings; 3] {
        if self.profile_is_named {
            [&self.given, &self.profile, &self.variables]
        } else {
            [&self.given, &self.variables, &self.profile]
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.places().into_iter().find_map(|place| place.get(key))
    }

    /// The token that is used, and whether it is a file.
    pub(super) fn token(&self) -> Option<(&Setting, bool)> {
        self.places().into_iter().find_map(Settings::token)
    }
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_path: &Path) -> bool {
    false
}
