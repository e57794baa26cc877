//! The name of a file in the header `Content-Disposition` (RFC 6266).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The name in a `Content-Disposition` (RFC 6266): the one with an encoding, else the plain one. Of a path the last part
/// (section 4.3), so that who writes a file under its name writes to no other folder.
pub(super) fn file_name(value: &[u8]) -> Option<String> {
    let text: Cow<'_, str> = String::from_utf8_lossy(value);
    let parameter = |name: &str| {
        parameters(&text)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let encoded = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, escaped) = rest.split_once('\'')?;
        let utf8 = charset.eq_ignore_ascii_case("utf-8");
        let name = percent_decode_str(escaped).decode_utf8();
        name.ok().filter(|_| utf8).map(Cow::into_owned)
    });
    let path = encoded.or_else(|| parameter("filename"))?;
    let name = path.rsplit(['/', '\\']).next()?;
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

/// The parameters after the first `;`, without their quotes.
fn parameters(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = value.trim_start().strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, after) = value.split_once(';').unwrap_or((value, ""));
            (value.trim().to_owned(), after)
        };
        rest = after;
        Some((name.trim_matches([' ', ';']), value))
    })
}

/// A quoted text up to its end, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(disposition: &str) -> Option<String> {
        file_name(disposition.as_bytes())
    }

    #[test]
    fn names_of_files_in_all_their_writings() {
        for (disposition, expected) in [
            ("attachment; filename=a.png", Some("a.png")),
            (
                "attachment; filename=\"a; b=c.png\"; size=5",
                Some("a; b=c.png"),
            ),
            ("attachment; filename=\"a\\\"b\"", Some("a\"b")),
            (
                "attachment; filename=\"plain\"; filename*=UTF-8''%C3%B8.png",
                Some("ø.png"),
            ),
            ("attachment;FILENAME*=utf-8'en'x%20y", Some("x y")),
            ("attachment; filename*=latin1''x; filename=b", Some("b")),
            ("attachment; filename*=UTF-8''%C3", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"../../b.png\"", Some("b.png")),
            (
                "attachment; filename=\"C:\\\\Temp\\\\b.png\"",
                Some("b.png"),
            ),
            (
                "attachment; filename*=UTF-8''..%2F..%2Fb.png",
                Some("b.png"),
            ),
            ("attachment; filename=\"b/..\"", None),
            ("attachment", None),
        ] {
            assert_eq!(name(disposition).as_deref(), expected, "{disposition}");
        }
    }

    proptest! {
        #[test]
        fn no_disposition_panics(text in "[ -~]{0,40}|(attachment|;| |filename\\*?=|\"|\\\\|'|%|UTF-8|ø){0,12}") {
            let _ = name(&text);
        }
    }
}
