//! The form of the configuration file: profiles with settings, in the part of TOML that this needs.
//!
//! ```toml
//! [default]                              # a profile
//! base_url = "https://company.wats.com"  # texts in "…" or '…'
//! token_file = 'wats.token'
//! process_code = 100
//! ```
//!
//! What is read here means the same to any reader of TOML. Errors name the line, and show nothing of it: it may be a token.

use std::path::Path;
use std::sync::Arc;

use super::{KEYS, Origin, Setting, Settings};
use crate::error::{Error, Result};

/// All profiles of a file by their names.
pub(super) fn profiles(text: &str, file: &Arc<Path>) -> Result<Vec<(String, Settings)>> {
    let mut profiles: Vec<(String, Settings)> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let problem = |why: &str| {
            Error::Config(format!(
                "the configuration file {}, line {}: {why}",
                file.display(),
                number + 1
            ))
        };
        let content = line.trim_matches([' ', '\t']);
        if content.chars().any(|c| c.is_control() && c != '\t') {
            return Err(problem("it has a control character"));
        }
        if is_nothing(content) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            let name = header.split_once(']').filter(|(_, rest)| is_nothing(rest));
            let name = name.map(|(name, _)| name.trim_matches([' ', '\t']));
            let name = name.filter(|name| is_bare(name)).ok_or_else(|| {
                problem("a profile begins with its name in brackets, such as [default]; a name has letters, digits, - and _")
            })?;
            if profiles.iter().any(|(own, _)| own == name) {
                return Err(problem("there is a profile of this name above"));
            }
            profiles.push((name.to_owned(), Settings::default()));
            continue;
        }
        let (key, value) = content.split_once('=').ok_or_else(|| {
            problem("it is neither a profile, such as [default], nor a setting, such as base_url = \"https://company.wats.com\"")
        })?;
        let key = key.trim_matches([' ', '\t']);
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(problem(&format!(
                "its key is not known; the keys are {}",
                KEYS.join(", ")
            )));
        };
        let (_, settings) = profiles.last_mut().ok_or_else(|| {
            problem("settings stand below the name of a profile, such as [default]")
        })?;
        if settings.get(key).is_some() {
            return Err(problem(&format!("`{key}` is set above already")));
        }
        let text = value_of(value.trim_matches([' ', '\t']), key)
            .map_err(|why| problem(&format!("the value of `{key}` {why}")))?;
        if text.trim().is_empty() {
            return Err(problem(&format!(
                "the value of `{key}` is empty; set it, or take the line out"
            )));
        }
        let origin = Origin::Line {
            file: Arc::clone(file),
            line: number + 1,
            key,
        };
        settings.by_key.push((key, Setting { text, origin }));
    }
    Ok(profiles)
}

/// A comment, or not even that.
fn is_nothing(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    text.is_empty() || text.starts_with('#')
}

/// Whether it is a name without quotes.
fn is_bare(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(fits)
}

fn value_of(value: &str, key: &str) -> Result<String, &'static str> {
    const BEHIND: &str = "has something behind its end";
    if let Some(rest) = value.strip_prefix('\'') {
        let (text, rest) = rest
            .split_once('\'')
            .ok_or("has no quotation mark at its end")?;
        return if is_nothing(rest) {
            Ok(text.to_owned())
        } else {
            Err(BEHIND)
        };
    }
    if let Some(rest) = value.strip_prefix('"') {
        let (text, rest) = basic(rest)?;
        return if is_nothing(rest) {
            Ok(text)
        } else {
            Err(BEHIND)
        };
    }
    let number = value.split('#').next().unwrap_or_default();
    let number = number.trim_matches([' ', '\t']);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if key == "process_code" && is_number && (number == "0" || !number.starts_with('0')) {
        return Ok(number.to_owned());
    }
    Err("must stand in quotation marks, such as \"…\"")
}

/// A text up to its quotation mark, with what it escapes, and the rest.
fn basic(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok((value, rest.as_str())),
            '\\' => value.push(match rest.next() {
                Some('b') => '\u{8}',
                Some('t') => '\t',
                Some('n') => '\n',
                Some('f') => '\u{c}',
                Some('r') => '\r',
                Some(c @ ('"' | '\\')) => c,
                Some(c @ ('u' | 'U')) => {
                    let digits = if c == 'u' { 4 } else { 8 };
                    let digits: String = rest.by_ref().take(digits).collect();
                    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
                    let code = u32::from_str_radix(&digits, 16).ok().filter(|_| {
                        is_hex && digits.len() == if c == 'u' { 4 } else { 8 }
                    });
                    code.and_then(char::from_u32)
                        .ok_or("has a \\u that names no character")?
                }
                _ => {
                    return Err(
                        "has a \\ that escapes nothing; a path of Windows stands in '…', where \\ is itself",
                    );
                }
            }),
            c => value.push(c),
        }
    }
    Err("has no quotation mark at its end")
}
