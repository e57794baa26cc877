//! What the environment says of a client: variables, and a profile of the configuration file (`profile`, whose form `file`
//! reads); `config` puts them in order.
//!
//! Each setting has a key. `base_url` is the variable `WATS_BASE_URL` and the line `base_url = "…"` of a profile; a variable
//! stands before the profile. A setting remembers where it comes from, so that an error can name that, and is never
//! shown.

mod config;
mod file;
mod profile;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wats_http::{Token, check_base_url};

use crate::error::{Error, Result};
use crate::station::{PROCESS_CODES, StationDefaults};

pub use config::{Config, ConfigEntry};

/// The keys of all settings. `queue_dir` is for programs that have a queue; a client needs none.
const KEYS: [&str; 9] = [
    "base_url",
    "auth_token",
    "token_file",
    "station_name",
    "station_location",
    "station_purpose",
    "process_code",
    "operator",
    "queue_dir",
];

/// Where variables are looked up.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What was found under a key. `Debug` does not show it, as it may be a token.
struct Setting {
    text: String,
    origin: Origin,
}

enum Origin {
    /// What a program was told, by the name under which it was.
    Given(String),
    Variable(String),
    Line {
        file: Arc<Path>,
        line: usize,
        key: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Line { file, line, key } => {
                write!(f, "`{key}` in {}, line {line}", file.display())
            }
        }
    }
}

impl Setting {
    fn error(&self, why: impl fmt::Display) -> Error {
        Error::Config(format!("{}: {why}", self.origin))
    }
}

/// The settings of one place: the variables, or a profile.
#[derive(Default)]
struct Settings {
    by_key: Vec<(&'static str, Setting)>,
}

impl Settings {
    fn get(&self, key: &str) -> Option<&Setting> {
        let found = self.by_key.iter().find(|(own, _)| *own == key);
        found.map(|(_, setting)| setting)
    }

    fn of_variables(lookup: Lookup<'_>) -> Result<Self> {
        let mut settings = Self::default();
        for key in KEYS {
            let name = format!("WATS_{}", key.to_uppercase());
            if let Some(text) = variable(lookup, &name)? {
                let origin = Origin::Variable(name);
                settings.by_key.push((key, Setting { text, origin }));
            }
        }
        Ok(settings)
    }

    /// The token of this place, if it has one: its text before its file.
    fn token(&self) -> Option<(&Setting, bool)> {
        let text = self.get("auth_token").map(|setting| (setting, false));
        text.or_else(|| self.get("token_file").map(|setting| (setting, true)))
    }
}

/// A variable that is not set is none; one that is empty or no text is a mistake.
fn variable(lookup: Lookup<'_>, name: &str) -> Result<Option<String>> {
    let Some(value) = lookup(name) else {
        return Ok(None);
    };
    let problem = match value.into_string() {
        Ok(text) if !text.trim().is_empty() => return Ok(Some(text)),
        Ok(_) => "is empty; set it, or take it out of the environment",
        Err(_) => "is not valid Unicode",
    };
    Err(Error::Config(format!(
        "the environment variable {name} {problem}"
    )))
}

/// What the environment says, checked.
pub(crate) struct Environment {
    pub(crate) base_url: Option<String>,
    pub(crate) token: Option<TokenSource>,
    pub(crate) defaults: StationDefaults,
    /// Where there is a profile or none, in words.
    pub(crate) looked_in: String,
}

/// A token, or the file with it.
pub(crate) enum TokenSource {
    Text(String),
    File(PathBuf),
}

impl Environment {
    pub(crate) fn read(lookup: Lookup<'_>) -> Result<Self> {
        Self::check(&Config::of(lookup)?)
    }

    /// What a configuration says, checked.
    pub(crate) fn check(config: &Config) -> Result<Self> {
        let text = |key| config.get(key).map(|setting| setting.text.clone());
        if let Some(setting) = config.get("base_url") {
            let checked = check_base_url(without_api(&setting.text));
            checked.map_err(|error| setting.error(bare(&error)))?;
        }
        let token = match config.token() {
            None => None,
            Some((setting, is_file)) => {
                let of_profile = config.profile.get("base_url");
                belongs(setting, config.get("base_url"), of_profile)?;
                Some(if is_file {
                    TokenSource::File(beside(setting))
                } else {
                    Token::new(&setting.text).map_err(|error| setting.error(bare(&error)))?;
                    TokenSource::Text(setting.text.clone())
                })
            }
        };
        let process_code = config.get("process_code").map(|setting| {
            let code = setting.text.trim().parse().ok();
            code.filter(|code| PROCESS_CODES.contains(code))
                .ok_or_else(|| {
                    setting.error("it must be the code of a process, a number from 0 to 32767")
                })
        });
        Ok(Self {
            base_url: text("base_url"),
            token,
            defaults: StationDefaults {
                name: text("station_name"),
                location: text("station_location"),
                purpose: text("station_purpose"),
                process_code: process_code.transpose()?,
                operator: text("operator"),
            },
            looked_in: config.place.clone(),
        })
    }
}

/// The root of the server: people copy the address with `/api` at its end, which the paths of operations begin with.
pub(crate) fn without_api(url: &str) -> &str {
    let url = url.trim().trim_end_matches('/');
    let end = url.len().checked_sub("/api".len());
    match end.and_then(|at| url.split_at_checked(at)) {
        // A host may have that name, too.
        Some((root, end))
            if end.eq_ignore_ascii_case("/api") && root.trim_end_matches('/').contains("://") =>
        {
            root
        }
        _ => url,
    }
}

/// The token of a profile goes to the server of that profile and to no other.
fn belongs(
    token: &Setting,
    base_url: Option<&Setting>,
    of_profile: Option<&Setting>,
) -> Result<()> {
    let (Origin::Line { .. }, Some(base_url), Some(own)) = (&token.origin, base_url, of_profile)
    else {
        return Ok(());
    };
    let root = |setting: &Setting| without_api(&setting.text).to_ascii_lowercase();
    if root(base_url) == root(own) {
        return Ok(());
    }
    Err(Error::Config(format!(
        "the token is that of {}, but the address of the server is another one: {}; a token goes to the server of its profile \
         only: set WATS_AUTH_TOKEN or WATS_TOKEN_FILE as well, or name another profile with WATS_PROFILE",
        token.origin, base_url.origin
    )))
}

/// The file that a setting names: in a profile, one beside the configuration file.
fn beside(setting: &Setting) -> PathBuf {
    match &setting.origin {
        Origin::Line { file, .. } => file.parent().unwrap_or(file).join(&setting.text),
        Origin::Given(_) | Origin::Variable(_) => PathBuf::from(&setting.text),
    }
}

/// What an error of the transport says of a setting.
fn bare(error: &wats_http::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("invalid configuration: ") {
        Some(bare) => bare.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
