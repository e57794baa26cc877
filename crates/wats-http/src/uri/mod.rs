//! Addresses as people and servers write them, read into what `http` takes: of servers, of proxies, of redirects.
//!
//! [`http::Uri`] has neither relative addresses nor user names, and takes no other spelling than the one that is sent.
//! Here the spellings are read that programs agree on (the URL Standard of the WHATWG): any case, white space around it,
//! `\` for `/`, `..` between slashes, characters that want escaping, default ports, short IPv4 addresses. Letters beyond
//! ASCII in a host are not: to turn them into the punycode that is looked up takes tables of all of Unicode.
//!
//! [`Address`] is an address of HTTP, alone or as seen from another one. [`Authority`] is what stands between the slashes
//! and the path, for addresses of other schemes. [`without_login`] is for texts that are shown, readable or not.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What cannot stand in a path as it is.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// What cannot stand in a query as it is.
const IN_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\'');

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It begins neither with `http:` nor with `https:`.
    Scheme,
    NoHost,
    Host,
    NotAscii,
    Ipv4,
    Ipv6,
    Port,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "it must start with http:// or https://",
            Self::NoHost => "it names no host",
            Self::Host => "its host has characters that no host has",
            Self::NotAscii => {
                "its host has letters beyond ASCII; write it in punycode, such as xn--bcher-kva.example"
            }
            Self::Ipv4 => "invalid IPv4 address",
            Self::Ipv6 => {
                "invalid IPv6 address; it stands in brackets, and without a zone (`%eth0`), which is of one machine only"
            }
            Self::Port => "invalid port number; the highest is 65535",
        })
    }
}

/// What stands between the slashes and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// What stands before the `@`, as it is written; `None` when that is nothing.
    pub(crate) login: Option<String>,
    /// In lower case; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// Reads `[user[:password]@]host[:port]`.
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let (login, rest) = text.rsplit_once('@').unwrap_or(("", text));
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or(Unreadable::Ipv6)?;
                let address: Ipv6Addr = address.parse().map_err(|_| Unreadable::Ipv6)?;
                let port = match port.strip_prefix(':') {
                    None if !port.is_empty() => return Err(Unreadable::Ipv6),
                    port => port.unwrap_or_default(),
                };
                (address.to_string(), port)
            }
            None if rest.parse::<Ipv6Addr>().is_ok() => return Err(Unreadable::Ipv6),
            None => {
                let (name, port) = rest.split_once(':').unwrap_or((rest, ""));
                (host(name)?, port)
            }
        };
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            "" => None,
            _ if !digits => return Err(Unreadable::Port),
            port => Some(port.parse().map_err(|_| Unreadable::Port)?),
        };
        Ok(Self {
            login: (!matches!(login, "" | ":")).then(|| login.to_owned()),
            host,
            port,
        })
    }
}

/// A host as it is looked up: decoded, in lower case, and an IPv4 address as four numbers.
pub(crate) fn host(text: &str) -> Result<String, Unreadable> {
    let decoded = percent_decode_str(text).decode_utf8();
    let mut host = decoded.map_err(|_| Unreadable::Host)?.into_owned();
    host.make_ascii_lowercase();
    if host.is_empty() {
        return Err(Unreadable::NoHost);
    }
    if !host.is_ascii() {
        return Err(Unreadable::NotAscii);
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    if !host.bytes().all(legal) {
        return Err(Unreadable::Host);
    }
    let bare = host.strip_suffix('.').unwrap_or(&host);
    let last = bare.rsplit('.').next().unwrap_or_default();
    let all_digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    // No name ends in a number, so that nobody takes an address for one.
    if all_digits || (last.starts_with("0x") && number(last).is_some()) {
        return Ok(ipv4(bare).ok_or(Unreadable::Ipv4)?.to_string());
    }
    Ok(host)
}

/// One to four numbers, the last of which fills what is left.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut numbers = text.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let last = numbers.pop()?;
    let room = u32::try_from(numbers.len())
        .ok()
        .and_then(|before| 4_u32.checked_sub(before))
        .filter(|room| *room > 0)?;
    if u64::from(last) >= 1 << (8 * room) {
        return None;
    }
    let mut address = last;
    for (number, shift) in numbers.into_iter().zip([24, 16, 8]) {
        address |= u32::from(u8::try_from(number).ok()?) << shift;
    }
    Some(address.into())
}

/// A number as the C library reads it: `0x` begins a hexadecimal one, `0` an octal one.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x'] => return Some(0),
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

/// An address of HTTP, in the one spelling that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    pub(crate) authority: Authority,
    /// Begins with `/`.
    pub(crate) path: String,
    /// What stands behind `?`.
    pub(crate) query: Option<String>,
    pub(crate) has_fragment: bool,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = clean(text);
        let (scheme, rest) = scheme(&text).ok_or(Unreadable::Scheme)?;
        Self::behind(is_tls(&scheme)?, rest)
    }

    /// What `text` means to somebody who is here.
    pub(crate) fn join(&self, text: &str) -> Result<Self, Unreadable> {
        let text = clean(text);
        let mut rest = &*text;
        if let Some((scheme, after)) = scheme(&text) {
            let tls = is_tls(&scheme)?;
            // `https:x` means `x` for somebody who is at `https://…`.
            if tls != self.tls || slashes(after) > 1 {
                return Self::behind(tls, after);
            }
            rest = after;
        }
        if slashes(rest) > 1 {
            return Self::behind(self.tls, rest);
        }
        let (path, query, has_fragment) = parts(rest);
        let here = self.path.rfind('/').map_or(0, |at| at + 1);
        let (path, query) = match (path, query) {
            ("", None) => (self.path.clone(), self.query.clone()),
            ("", query) => (self.path.clone(), query),
            (path, query) if slashes(path) > 0 => (resolve("", &path[1..]), query),
            (path, query) => (resolve(&self.path[..here], path), query),
        };
        Ok(Self {
            path,
            query,
            has_fragment,
            ..self.clone()
        })
    }

    /// What stands behind the colon of the scheme: any slashes, the server, and where on it.
    fn behind(tls: bool, text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches(is_slash);
        let end = text.find(['/', '\\', '?', '#']).unwrap_or(text.len());
        let (authority, rest) = text.split_at(end);
        let (path, query, has_fragment) = parts(rest);
        let mut authority = Authority::parse(authority)?;
        authority.port = authority.port.filter(|port| *port != default_port(tls));
        Ok(Self {
            tls,
            authority,
            path: resolve("", path.strip_prefix(is_slash).unwrap_or(path)),
            query,
            has_fragment,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.authority.port.unwrap_or(default_port(self.tls))
    }

    /// Path and query as they are sent.
    pub(crate) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn is_tls(scheme: &str) -> Result<bool, Unreadable> {
    match scheme {
        "https" => Ok(true),
        "http" => Ok(false),
        _ => Err(Unreadable::Scheme),
    }
}

fn is_slash(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn slashes(text: &str) -> usize {
    text.chars().take_while(|c| is_slash(*c)).count()
}

/// The text without what no address has: white space around it, tabs and line ends anywhere.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c <= ' ');
    if text.contains(['\t', '\n', '\r']) {
        return text.replace(['\t', '\n', '\r'], "").into();
    }
    text.into()
}

/// The scheme in lower case, and what stands behind its colon.
pub(crate) fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(legal);
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Path, query (escaped) and whether a fragment follows.
fn parts(text: &str) -> (&str, Option<String>, bool) {
    let (text, fragment) = text
        .split_once('#')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let (path, query) = text
        .split_once('?')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let escaped = query.map(|query| utf8_percent_encode(query, IN_QUERY).to_string());
    (path, escaped, fragment.is_some())
}

/// Walks `steps` from the folder `from`, which ends with a slash or is nothing (RFC 3986, section 5.2.4).
fn resolve(from: &str, steps: &str) -> String {
    let mut path = from.strip_suffix('/').unwrap_or(from).to_owned();
    let mut ends_with_folder = false;
    for step in steps.split(is_slash) {
        ends_with_folder = true;
        match dots(step) {
            Some(1) => {}
            Some(2) => path.truncate(path.rfind('/').unwrap_or_default()),
            _ => {
                path.push('/');
                path.extend(utf8_percent_encode(step, IN_PATH));
                ends_with_folder = false;
            }
        }
    }
    if ends_with_folder {
        path.push('/');
    }
    path
}

/// How many dots a segment is made of: one or two mean a step to another folder, and most servers take `%2e` for a dot.
pub(crate) fn dots(mut segment: &str) -> Option<usize> {
    let mut dots = 0;
    while let Some(rest) = ["%2e", "%2E", "."]
        .iter()
        .find_map(|dot| segment.strip_prefix(dot))
    {
        (dots, segment) = (dots + 1, rest);
    }
    (segment.is_empty() && (dots == 1 || dots == 2)).then_some(dots)
}

/// The same without a user name and password, wherever any program would see some; `None` where none would.
///
/// It must not matter whether the text can be read: one that cannot may hold a password as well.
pub(crate) fn without_login(text: &str) -> Option<String> {
    let text = clean(text);
    let end_of_scheme = text
        .find([':', '/', '\\', '?', '#'])
        .filter(|at| text[*at..].starts_with(':'))
        .map_or(0, |at| at + 1);
    let (scheme, rest) = text.split_at(end_of_scheme);
    let slashes = slashes(rest);
    if scheme.is_empty() && slashes < 2 {
        return None;
    }
    // Slashes and backslashes are of one byte.
    let rest = &rest[slashes..];
    let authority = &rest[..rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())];
    let login = match authority.rfind('@') {
        None if slashes > 0 && Authority::parse(authority).is_ok() => None,
        // A password with a slash in it, or no address at all.
        None => rest.rfind('@'),
        at => at,
    };
    let between = if slashes > 0 { "//" } else { "" };
    login.map(|at| format!("{scheme}{between}{}", &rest[at + 1..]))
}
