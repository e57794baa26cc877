//! What the environment says of a client: variables, and a profile of the configuration file (`profile`, whose form `file`
//! reads).
//!
//! Each setting has a key. `base_url` is the variable `WATS_BASE_URL` and the line `base_url = "…"` of a profile; a variable
//! stands before the profile. A setting remembers where it comes from, so that an error can name that, and is never
//! shown.

mod file;
mod profile;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wats_http::{Token, TokenProvider, check_base_url};

use crate::builder::{WatsBuilder, without_api};
use crate::error::{Error, Result};

/// The keys of all settings.
const KEYS: [&str; 8] = [
    "base_url",
    "auth_token",
    "token_file",
    "station_name",
    "station_location",
    "station_purpose",
    "process_code",
    "operator",
];

/// Where variables are looked up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What was found under a key. `Debug` does not show it, as it may be a token.
struct Setting {
    text: String,
    origin: Origin,
}

enum Origin {
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

/// What the environment says, as a configuration.
pub(crate) fn builder(lookup: Lookup<'_>) -> Result<WatsBuilder> {
    let variables = Settings::of_variables(lookup)?;
    let profile = profile::read(lookup)?;
    let of_profile = profile.settings.unwrap_or_default();
    let get = |key| variables.get(key).or_else(|| of_profile.get(key));
    let mut builder = WatsBuilder::default();
    builder.looked_in = Some(profile.place);
    if let Some(setting) = get("base_url") {
        check_base_url(without_api(&setting.text)).map_err(|error| setting.error(bare(&error)))?;
        builder = builder.base_url(&setting.text);
    }
    if let Some((setting, is_file)) = variables.token().or_else(|| of_profile.token()) {
        belongs(setting, get("base_url"), of_profile.get("base_url"))?;
        builder = if is_file {
            builder.token_provider(TokenProvider::file(beside(setting)))
        } else {
            Token::new(&setting.text).map_err(|error| setting.error(bare(&error)))?;
            builder.token(&setting.text)
        };
    }
    let text = |key| get(key).map(|setting| setting.text.clone());
    builder.defaults.name = text("station_name");
    builder.defaults.location = text("station_location");
    builder.defaults.purpose = text("station_purpose");
    builder.defaults.operator = text("operator");
    if let Some(setting) = get("process_code") {
        let code = setting.text.trim().parse().ok();
        let code = code.filter(|code| crate::station::PROCESS_CODES.contains(code));
        if code.is_none() {
            return Err(setting.error("it must be the code of a process, a number from 0 to 32767"));
        }
        builder.defaults.process_code = code;
    }
    Ok(builder)
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
        Origin::Variable(_) => PathBuf::from(&setting.text),
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
