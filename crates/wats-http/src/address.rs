//! Addresses: the base URL as users write it, and path and query as servers must receive them.
//!
//! Every value is percent-encoded down to the unreserved characters of RFC 3986, section 2.3, so a part number such
//! as `A/B?x=1#2 %2F'ø` reaches the server as that very string and never as another route.

use http::HeaderValue;
use http::uri::Authority;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::uri::{Address, Unreadable, dots};

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether [`ClientBuilder::base_url`](crate::ClientBuilder::base_url) can be this text, for programs that take it from
/// somewhere and want to name the place.
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) with what is wrong; it does not show the text.
pub fn check_base_url(text: &str) -> Result<()> {
    BaseUrl::parse(text).map(drop)
}

/// Where the server is: scheme, host, port and an optional path below which it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) tls: bool,
    /// Host as dialled and verified, an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `host[:port]` as sent in `Host` and `:authority`.
    pub(crate) authority: String,
    /// The same as a part of an address; `None` if no address can have it.
    pub(crate) uri_authority: Option<Authority>,
    /// The same, ready to be sent.
    pub(crate) host_header: HeaderValue,
    /// Path prefix without a trailing slash; empty for a server at the root.
    prefix: String,
}

impl BaseUrl {
    /// Reads `https://host[:port][/sub/path]`; a trailing `/` is taken off.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::config(
                "the base URL is empty; set it to the address of the server, such as https://server.example",
            ));
        }
        // No message shows the text: it may hold a password, or be the token put in the wrong place.
        let address = Address::parse(text).map_err(|why| match why {
            Unreadable::Scheme => Error::config(
                "the base URL is not an address of HTTP; it must start with http:// or https://, such as https://server.example",
            ),
            why => Error::config(format!("the base URL cannot be read: {why}")),
        })?;
        if address.authority.login.is_some() {
            return Err(Error::config(
                "the base URL contains a user name or password; pass the token with token(..) instead",
            ));
        }
        if address.query.is_some() || address.has_fragment {
            return Err(Error::config(
                "the base URL has a query or fragment; leave out all from `?` or `#` on",
            ));
        }
        let mut base = Self::origin(&address)?;
        let prefix = address.path.trim_end_matches('/');
        prefix.clone_into(&mut base.prefix);
        Ok(base)
    }

    /// Whether it is on this computer, so that nothing goes over a network.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The server of an address, without its path.
    pub(crate) fn origin(address: &Address) -> Result<Self> {
        let host = &address.authority.host;
        let mut authority = host.clone();
        if host.contains(':') {
            authority = format!("[{host}]");
        }
        if let Some(port) = address.authority.port {
            authority = format!("{authority}:{port}");
        }
        let host_header = HeaderValue::from_str(&authority).map_err(|source| {
            Error::config(format!("`{authority}` cannot be sent as a host")).source(source)
        })?;
        Ok(Self {
            tls: address.tls,
            host: host.clone(),
            port: address.port(),
            uri_authority: Authority::try_from(authority.as_str()).ok(),
            authority,
            host_header,
            prefix: String::new(),
        })
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The whole address of a path, for people.
    pub(crate) fn display(&self, path_and_query: &str) -> String {
        format!("{}://{}{path_and_query}", self.scheme(), self.authority)
    }

    /// Fills `{name}` in `template` from `params` and appends the query.
    pub(crate) fn target(
        &self,
        template: &str,
        params: &[(&str, String)],
        query: &[(&str, String)],
    ) -> Result<String> {
        let mut target = String::with_capacity(self.prefix.len() + template.len() + 64);
        target.push_str(&self.prefix);
        write_target(&mut target, template, params, query)?;
        Ok(target)
    }

    /// The target of a path and query that are sent as they are, or of an address on this server.
    pub(crate) fn literal(&self, text: &str) -> Result<String> {
        let (prefix, rest) = if text.starts_with('/') {
            (self.prefix.as_str(), text)
        } else {
            ("", self.behind_origin(text)?)
        };
        if rest.starts_with("//") {
            return Err(Error::request(
                "the path begins with `//`, which in an address means another server",
            ));
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if path.split('/').any(is_dots) {
            return Err(Error::request(format!(
                "the path `{path}` has a `.` or `..` between slashes, which servers read as a folder step"
            )));
        }
        check_escaped("path", path, false)?;
        let mut target = format!("{prefix}{path}");
        if target.is_empty() {
            target.push('/');
        }
        if let Some(query) = query {
            check_escaped("query", query, true)?;
            target.push('?');
            target.push_str(query);
        }
        Ok(target)
    }

    /// What stands behind the origin of an address, if that is this server's.
    fn behind_origin<'a>(&self, text: &'a str) -> Result<&'a str> {
        let Some((scheme, behind)) = text.split_once("://") else {
            return Err(Error::request(
                "the path does not begin with `/`, and is no address with a scheme either",
            ));
        };
        let host_ends = behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len());
        let (origin, rest) = text.split_at(scheme.len() + 3 + host_ends);
        // What is wrong with it is told without its words, which may hold a password.
        let other = Self::parse(origin)
            .map_err(|error| Error::request("the address cannot be read").source(error))?;
        let is_own = other.tls == self.tls
            && other.port == self.port
            && other.host.eq_ignore_ascii_case(&self.host);
        if !is_own {
            return Err(Error::request(format!(
                "the address is on {}, and this client's server is {}",
                other.display(""),
                self.display("")
            )));
        }
        Ok(rest)
    }
}

/// Appends path and query as they are sent below the base URL.
pub(crate) fn write_target(
    target: &mut String,
    template: &str,
    params: &[(&str, String)],
    query: &[(&str, String)],
) -> Result<()> {
    if !template.starts_with('/') {
        return Err(Error::request(format!(
            "the path template `{template}` does not begin with `/`"
        )));
    }
    // No value can make one of a segment that is none: those that could are refused below.
    let may_have_dots = |pair: &[u8]| matches!(pair, b"/." | b"/%");
    if template.as_bytes().windows(2).any(may_have_dots) && template.split('/').any(is_dots) {
        return Err(Error::request(format!(
            "the path template `{template}` has a `.` or `..` between slashes, which servers read as a folder step"
        )));
    }
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        push_literal(target, template, before)?;
        let (name, after) = after.split_once('}').ok_or_else(|| {
            Error::request(format!(
                "the path template `{template}` has a `{{` without `}}`"
            ))
        })?;
        let value = params
            .iter()
            .find_map(|(key, value)| (*key == name).then_some(value.as_str()))
            .ok_or_else(|| Error::request(format!("the path parameter `{name}` is missing")))?;
        push_segment(target, name, value)?;
        rest = after;
    }
    push_literal(target, template, rest)?;
    for (i, (key, value)) in query.iter().enumerate() {
        target.push(if i == 0 { '?' } else { '&' });
        push_pair(target, key, value);
    }
    Ok(())
}

/// The longest path with its query that is sent, in bytes: what the crate `http` has for an address. Servers take less.
const LONGEST: usize = 65_534;

/// Refuses a target that is too long, by the name of the parameter that is to blame.
pub(crate) fn fits(
    target: String,
    params: &[(&'static str, String)],
    query: &[(&'static str, String)],
) -> Result<String> {
    if target.len() <= LONGEST {
        return Ok(target);
    }
    let longest = params
        .iter()
        .chain(query)
        .max_by_key(|(_, value)| value.len());
    let (name, value) = longest.map_or(("", 0), |(name, value)| (*name, value.len()));
    Err(Error::request(format!(
        "the address has {} bytes and may have {LONGEST}; the parameter `{name}` alone has {value}, so ask for less at a time",
        target.len()
    )))
}

/// What RFC 3986, section 3.3, has in a path, by its ASCII code. The rest is cut off, refused or changed on the way.
const IN_PATHS: [bool; 128] = {
    let marks = b"/-._~%!$&'()*+,;=:@";
    let mut table = [false; 128];
    let mut code = 0;
    while code < 128 {
        table[code] = (code as u8).is_ascii_alphanumeric();
        code += 1;
    }
    let mut i = 0;
    while i < marks.len() {
        table[marks[i] as usize] = true;
        i += 1;
    }
    table
};

/// Appends a part of a path that stands there as it is sent.
fn push_literal(target: &mut String, template: &str, literal: &str) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii() && IN_PATHS[usize::from(byte)];
    if !literal.bytes().all(legal)
        && let Some(illegal) = literal
            .chars()
            .find(|c| u8::try_from(*c).map_or(true, |b| !legal(b)))
    {
        return Err(Error::request(format!(
            "the path template `{template}` has {illegal:?}, which no path has; give values with path(..) and query(..), which escape them"
        )));
    }
    target.push_str(literal);
    Ok(())
}

/// Appends a pair of a query.
pub(crate) fn push_pair(target: &mut String, key: &str, value: &str) {
    // OData option names begin with `$`, which is legal in a query and which some servers want unescaped.
    if let Some(option) = key.strip_prefix('$') {
        target.push('$');
        target.extend(utf8_percent_encode(option, ESCAPED));
    } else {
        target.extend(utf8_percent_encode(key, ESCAPED));
    }
    target.push('=');
    target.extend(utf8_percent_encode(value, ESCAPED));
}

/// Whether a part of an address can be sent as it is (RFC 3986, sections 3.3 and 3.4).
fn check_escaped(part: &str, text: &str, question_marks: bool) -> Result<()> {
    let legal =
        |c: char| c.is_ascii() && IN_PATHS[usize::from(c as u8)] || question_marks && c == '?';
    if let Some(illegal) = text.chars().find(|c| !legal(*c)) {
        return Err(Error::request(format!(
            "the {part} has {illegal:?}, which must be escaped: values of the query are by query(..), a segment of the path by encoded(..)"
        )));
    }
    for behind in text.split('%').skip(1) {
        let digits = behind.as_bytes().get(..2);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(Error::request(format!(
                "the {part} has a `%` that escapes nothing; as a sign of its own it is `%25`"
            )));
        }
    }
    Ok(())
}

/// Whether a segment means a step to another folder.
fn is_dots(segment: &str) -> bool {
    dots(segment).is_some()
}

fn push_segment(target: &mut String, name: &str, value: &str) -> Result<()> {
    // An empty segment names another route, and servers resolve dot segments even when they are escaped.
    if value.is_empty() {
        return Err(Error::request(format!(
            "the path parameter `{name}` is empty"
        )));
    }
    // Some decode `%2F` first, and then take a step out of `a%2F..`.
    if value.split(['/', '\\']).any(is_dots) {
        return Err(Error::request(format!(
            "the path parameter `{name}` is `{value}`, which servers read as a folder step; look it up with a filter instead"
        )));
    }
    target.extend(utf8_percent_encode(value, ESCAPED));
    Ok(())
}

/// `text` escaped as one segment of a path, or as a value in a query.
///
/// A segment that is empty, `.` or `..` is not made harmless by escaping; paths with the latter two are refused.
///
/// ```
/// assert_eq!(wats_http::encoded("A/B #1"), "A%2FB%20%231");
/// ```
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// How long `text` is once it is escaped for a query; lets callers keep a URL below a server's limit.
///
/// ```
/// assert_eq!(wats_http::encoded_len("a b'ø"), 1 + 3 + 1 + 3 + 6);
/// ```
pub fn encoded_len(text: &str) -> usize {
    utf8_percent_encode(text, ESCAPED).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn base_urls_as_people_write_them() {
        for text in [
            "https://a.b",
            "https://a.b/",
            "https://A.B//",
            " https://a.b:443/ ",
        ] {
            let url = base(text);
            assert_eq!(
                (url.prefix.as_str(), url.authority.as_str(), url.port),
                ("", "a.b", 443),
                "{text}"
            );
        }
        assert_eq!(
            base("http://h:8080/sub/path/")
                .target("/api/App/Version", &[], &[])
                .unwrap(),
            "/sub/path/api/App/Version"
        );
        let v6 = base("http://[::1]:81");
        assert_eq!(
            (v6.host.as_str(), v6.authority.as_str(), v6.port),
            ("::1", "[::1]:81", 81)
        );
    }

    #[test]
    fn unusable_base_urls_say_what_to_do() {
        for (text, news) in [
            ("", "is empty"),
            ("server.example.com", "must start with http"),
            ("server.example.com:8080", "must start with http"),
            ("ftp://x", "must start with http"),
            ("https://server.example:99999", "invalid port number"),
            ("HTTPS://server.example:8o8o", "invalid port number"),
            ("http://[fe80::1%25eth0]/", "without a zone"),
            ("http://[fe80::1%eth0]/", "without a zone"),
            ("http://exa mple/", "cannot be read"),
            ("https://x?y=1", "query or fragment"),
        ] {
            let error = BaseUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(news), "{text}: {error}");
        }
        for text in [
            "https://user:hunter2@x",
            "https://u:hunter2@x:99999",
            "u:hunter2@x",
            "hunter2",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(!format!("{error:#}{error:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn path_parameters_cannot_become_another_route() {
        let url = base("http://h");
        let target =
            |value: &str| url.target("/api/Product/{pn}", &[("pn", value.to_owned())], &[]);
        assert_eq!(
            target("A/B?x=1#2 %2F'ø").unwrap(),
            "/api/Product/A%2FB%3Fx%3D1%232%20%252F%27%C3%B8"
        );
        // `%2e%2e` is escaped once more, but some decode twice.
        for bad in ["", ".", "..", "%2e%2E", "a/../b", "..\\b", "a/."] {
            assert!(target(bad).is_err(), "{bad:?}");
        }
        for good in ["...", "a..b", "%2e.x", "a/b", ".a"] {
            assert!(target(good).is_ok(), "{good:?}");
        }
        assert!(
            url.target("/api/{other}", &[("pn", "x".into())], &[])
                .unwrap_err()
                .to_string()
                .contains("other")
        );
        assert!(url.target("/api/{open", &[], &[]).is_err());
    }

    #[test]
    fn templates_that_would_be_sent_otherwise_are_refused() {
        let url = base("http://h/sub");
        let outcome = |template: &str| {
            let params = [("dot", ".x".to_owned()), ("v", "v".to_owned())];
            let target = url.target(template, &params, &[("q", "1".into())]);
            target.map_err(|error| {
                assert_eq!(error.kind(), crate::ErrorKind::Request);
                error.to_string()
            })
        };
        for (template, news) in [
            ("", "begin with `/`"),
            ("api/x", "begin with `/`"),
            ("http://other/x", "begin with `/`"),
            ("/x?y=1", "'?'"),
            ("/x#y", "'#'"),
            ("/x y", "' '"),
            ("/x\r\ny", "'\\r'"),
            ("/x\\y", "'\\\\'"),
            ("/ø", "'ø'"),
            ("/x}", "'}'"),
            ("/{v}?x", "'?'"),
            ("/..", "folder step"),
            ("/a/../x", "folder step"),
            ("/a/%2e%2E/x", "folder step"),
            ("/./x", "folder step"),
        ] {
            let error = outcome(template).unwrap_err();
            assert!(error.contains(news), "{template}: {error}");
        }
        for (template, target) in [
            ("/", "/sub/?q=1"),
            ("/a/.{v}", "/sub/a/.v?q=1"),
            ("/a/{dot}.", "/sub/a/.x.?q=1"),
            ("/a/{v}.json;p=1/%41", "/sub/a/v.json;p=1/%41?q=1"),
        ] {
            assert_eq!(outcome(template).unwrap(), target, "{template}");
        }
    }

    #[test]
    fn literal_paths_are_sent_as_they_are_or_refused() {
        let url = base("https://H.example/sub");
        for (text, target) in [
            ("/api/x", "/sub/api/x"),
            ("/", "/sub/"),
            (
                "/a%2Fb;v=1/...?x=/?&$top=1",
                "/sub/a%2Fb;v=1/...?x=/?&$top=1",
            ),
            ("/a?", "/sub/a?"),
            (
                "/a?next=https://other.example/",
                "/sub/a?next=https://other.example/",
            ),
            ("https://h.example/sub/api/x?y=1", "/sub/api/x?y=1"),
            ("HTTPS://H.EXAMPLE:443/x", "/x"),
            ("https://h.example", "/"),
            ("https://h.example?x=1", "/?x=1"),
        ] {
            assert_eq!(url.literal(text).unwrap(), target, "{text}");
            assert!(target.parse::<http::Uri>().is_ok(), "{target}");
        }
        for (text, why) in [
            ("", "begin with `/`"),
            ("api/x", "begin with `/`"),
            ("?x", "begin with `/`"),
            ("//other.example/x", "another server"),
            ("https://h.example//other.example/x", "another server"),
            ("http://h.example/x", "is on http://h.example"),
            ("https://h.example:8443/x", "is on https://h.example:8443"),
            ("https://other.example/x", "is on https://other.example"),
            ("https://h.example.other/x", "is on https://h.example.other"),
            ("https://h.example\\@other.example/x", "'\\\\'"),
            ("https://h.example@other.example/x", "cannot be read"),
            ("ftp://h.example/x", "cannot be read"),
            ("/a/../x", "folder step"),
            ("/a/%2e%2E", "folder step"),
            ("/.?x", "folder step"),
            ("https://h.example/./x", "folder step"),
            ("/a#b", "'#'"),
            ("/a?b#c", "'#'"),
            ("/a b", "' '"),
            ("/a?b c", "' '"),
            ("/a\r\nHost: x", "'\\r'"),
            ("/a?b\n", "'\\n'"),
            ("/a\0", "'\\0'"),
            ("/ø", "'ø'"),
            ("/{id}", "'{'"),
            ("/100%", "`%`"),
            ("/a?b=%2", "`%`"),
            ("/a?b=%2g", "`%`"),
        ] {
            let error = url.literal(text).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Request);
            let told = error.to_string();
            assert!(told.contains(why), "{text}: {told}");
        }
        for text in ["https://u:hunter2@h.example/", "https://u:hunter2@x:99999/"] {
            let error = url.literal(text).unwrap_err();
            assert!(!format!("{error:#}{error:?}").contains("hunter2"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_target_is_on_this_server_or_refused(text in any::<String>(), path in "/[!-~]{0,20}") {
            let url = base("http://h");
            for text in [text, path.clone(), format!("http://h{path}")] {
                if let Ok(target) = url.literal(&text) {
                    let uri: http::Uri = target.parse().unwrap();
                    prop_assert!(uri.authority().is_none() && !target.starts_with("//"), "{}", target);
                    prop_assert_eq!(uri.path_and_query().unwrap().as_str(), target);
                }
            }
        }

        #[test]
        fn any_value_survives_path_and_query(value in "\\PC{1,40}", other in any::<String>()) {
            prop_assume!(!value.split(['/', '\\']).any(is_dots));
            let url = base("http://h");
            let target = url.target("/api/{v}/x", &[("v", value.clone())], &[("$filter", other.clone()), ("b&=", "1".into())]).unwrap();
            let (path, query) = target.split_once('?').unwrap();
            let segments: Vec<_> = path.split('/').collect();
            prop_assert_eq!(segments.len(), 4);
            prop_assert_eq!(percent_decode_str(segments[2]).decode_utf8().unwrap(), value);
            let parts: Vec<_> = query.split('&').collect();
            prop_assert_eq!(parts.len(), 2);
            prop_assert_eq!(percent_decode_str(parts[0].strip_prefix("$filter=").unwrap()).decode_utf8().unwrap(), other.clone());
            prop_assert_eq!(encoded_len(&other), parts[0].len() - "$filter=".len());
            prop_assert!(target.parse::<http::Uri>().is_ok());
        }

        #[test]
        fn no_base_url_panics(text in any::<String>()) {
            let _ = BaseUrl::parse(&text);
        }
    }
}
