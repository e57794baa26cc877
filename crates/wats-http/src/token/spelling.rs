//! Finds a text in another one however its characters are spelled there: as they are, percent-encoded, escaped as in
//! JSON and program text, or as HTML entities, each character its own way and in either case of its digits.
//!
//! Whoever echoes a token encodes it for the place it goes to, and does so again when that place is itself encoded:
//! `%252B`, `\\u002b` and `&amp;#43;` are a `+` as well.
//!
//! A search takes time in proportion to the length of the text, times that of the token in the worst case, which a text
//! only is when token and text repeat themselves.

use std::ops::Range;

/// The entities of ASCII characters that have a name (HTML Living Standard, section 13.5).
const ENTITIES: [(&[u8], u8); 38] = [
    (b"amp", b'&'),
    (b"apos", b'\''),
    (b"ast", b'*'),
    (b"bsol", b'\\'),
    (b"colon", b':'),
    (b"comma", b','),
    (b"commat", b'@'),
    (b"dollar", b'$'),
    (b"equals", b'='),
    (b"excl", b'!'),
    (b"grave", b'`'),
    (b"gt", b'>'),
    (b"GT", b'>'),
    (b"Hat", b'^'),
    (b"lbrace", b'{'),
    (b"lbrack", b'['),
    (b"lcub", b'{'),
    (b"lowbar", b'_'),
    (b"lpar", b'('),
    (b"lsqb", b'['),
    (b"lt", b'<'),
    (b"LT", b'<'),
    (b"num", b'#'),
    (b"percnt", b'%'),
    (b"period", b'.'),
    (b"plus", b'+'),
    (b"quest", b'?'),
    (b"quot", b'"'),
    (b"QUOT", b'"'),
    (b"rbrace", b'}'),
    (b"rbrack", b']'),
    (b"rcub", b'}'),
    (b"rpar", b')'),
    (b"rsqb", b']'),
    (b"semi", b';'),
    (b"sol", b'/'),
    (b"verbar", b'|'),
    (b"vert", b'|'),
];

/// No escape that was cut through is longer, unless it was encoded many times.
const LONGEST_CUT: usize = 16;

/// What a place in the text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// What was looked for, in so many bytes.
    Whole(usize),
    /// The start of it, and there the text ends.
    Start,
    Other,
}

/// Where `secret` first stands in `text` at or after `from`.
pub(super) fn find(text: &str, secret: &str, from: usize) -> Option<Range<usize>> {
    places(text, secret, from).find_map(|(at, found)| match found {
        Found::Whole(length) => Some(at..at + length),
        Found::Start | Found::Other => None,
    })
}

/// Where the end of `text` may be the start of `secret`, if it may.
pub(super) fn find_cut(text: &str, secret: &str) -> Option<usize> {
    places(text, secret, 0).find_map(|(at, found)| (found == Found::Start).then_some(at))
}

/// What each place holds that could hold anything; all are character boundaries, because what stands there is ASCII.
fn places<'a>(
    text: &'a str,
    secret: &'a str,
    from: usize,
) -> impl Iterator<Item = (usize, Found)> + 'a {
    let (text, secret) = (text.as_bytes(), secret.as_bytes());
    let first = secret.first().copied();
    let starts = move |byte: u8| Some(byte) == first || matches!(byte, b'%' | b'\\' | b'&');
    (from..text.len())
        .filter(move |at| starts(text[*at]))
        .map(move |at| (at, look(&text[at..], secret)))
}

fn look(text: &[u8], secret: &[u8]) -> Found {
    // First as it is: its own characters may look like an escape.
    if text.starts_with(secret) {
        return Found::Whole(secret.len());
    }
    let mut at = 0;
    for wanted in secret {
        match character(&text[at..], *wanted) {
            Found::Whole(length) => at += length,
            other => return other,
        }
    }
    Found::Whole(at)
}

/// One character in any of its spellings.
fn character(text: &[u8], wanted: u8) -> Found {
    let escape = match text {
        [] => return Found::Start,
        [b'%', rest @ ..] => percent(rest, wanted),
        [b'\\', rest @ ..] => backslash(rest, wanted),
        [b'&', rest @ ..] => entity(rest, wanted),
        _ => None,
    };
    match escape {
        Some(rest) => Found::Whole(text.len() - rest.len()),
        None if text[0] == wanted => Found::Whole(1),
        None if is_cut(text) => Found::Start,
        None => Found::Other,
    }
}

/// Whether this looks like an escape that was cut through.
fn is_cut(text: &[u8]) -> bool {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"\\#{;".contains(byte);
    matches!(text, [b'%' | b'\\' | b'&', rest @ ..]
        if text.len() <= LONGEST_CUT && rest.iter().all(goes_on))
}

/// What follows a percent sign: `2B`, or `252B` when it is encoded twice. Gives what is left.
fn percent(mut text: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        if let Some(rest) = number(text, 16, 2, wanted) {
            return Some(rest);
        }
        text = text.strip_prefix(b"25")?;
    }
}

/// What follows a backslash: `u002B`, `x2b`, `u{2b}` or the character itself, after further backslashes.
fn backslash(mut text: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        let escape = match text {
            [b'u', b'{', rest @ ..] => {
                (1..=6).find_map(|n| number(rest, 16, n, wanted)?.strip_prefix(b"}"))
            }
            [b'u' | b'U', rest @ ..] => number(rest, 16, 4, wanted),
            [b'x' | b'X', rest @ ..] => number(rest, 16, 2, wanted),
            _ => None,
        };
        if escape.is_some() {
            return escape;
        }
        match text {
            // `\n` is no `n`.
            [own, rest @ ..] if *own == wanted && !own.is_ascii_alphanumeric() => {
                return Some(rest);
            }
            [b'\\', rest @ ..] => text = rest,
            _ => return None,
        }
    }
}

/// What follows an ampersand: `#x2B;`, `#43;` or `plus;`, after any number of `amp;`.
fn entity(mut text: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        let decimal = match text {
            [b'#', b'x' | b'X', rest @ ..] => {
                (1..=6).find_map(|n| number(rest, 16, n, wanted)?.strip_prefix(b";"))
            }
            [b'#', rest @ ..] => {
                (1..=7).find_map(|n| number(rest, 10, n, wanted)?.strip_prefix(b";"))
            }
            _ => ENTITIES.iter().find_map(|(name, character)| {
                let rest = text.strip_prefix(*name)?.strip_prefix(b";")?;
                (*character == wanted).then_some(rest)
            }),
        };
        if decimal.is_some() {
            return decimal;
        }
        text = text.strip_prefix(b"amp;")?;
    }
}

/// Reads `wanted` as a number of exactly so many digits. Gives what is left.
fn number(text: &[u8], radix: u32, digits: usize, wanted: u8) -> Option<&[u8]> {
    let (number, rest) = text.split_at_checked(digits)?;
    let mut value = 0_u32;
    for digit in number {
        value = value * radix + char::from(*digit).to_digit(radix)?;
    }
    (value == u32::from(wanted)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A character in the spelling of this number.
    fn spelled(c: char, spelling: u8) -> String {
        let n = c as u32;
        match spelling % 12 {
            0..=2 => c.to_string(),
            3 => format!("%{n:02X}"),
            4 => format!("%{n:02x}"),
            5 => format!("%2525{n:02x}"),
            6 => format!("\\u{n:04x}"),
            7 => format!("\\\\u{n:04X}"),
            8 => format!("\\x{n:02x}"),
            9 => format!("&#x{n:X};"),
            10 => format!("&amp;#{n};"),
            _ => format!("&#x00{n:02x};"),
        }
    }

    #[test]
    fn every_spelling_of_a_character() {
        for text in [
            "+",
            "%2B",
            "%2b",
            "%252B",
            "\\u002B",
            "\\u002b",
            "\\\\u002b",
            "\\x2B",
            "\\u{2b}",
            "\\+",
            "&#43;",
            "&#043;",
            "&#x2B;",
            "&#X2b;",
            "&amp;#43;",
            "&plus;",
            "&amp;plus;",
        ] {
            let whole = format!("got a{text}b.");
            assert_eq!(find(&whole, "a+b", 0), Some(4..whole.len() - 1), "{text}");
        }
        for text in [
            "%2C", "%2", "\\u02B", "&#43", "&#44;", "&minus;", "%25", "\\", "&amp;",
        ] {
            assert_eq!(find(&format!("a{text}b."), "a+b", 0), None, "{text}");
        }
        assert_eq!(find("a\\nb", "anb", 0), None);
        // Own characters that look like escapes, and a sign before what might belong to it.
        assert_eq!(find("x%2Bx", "%2Bx", 0), Some(1..5));
        assert_eq!(find("%cafe", "cafe", 0), Some(1..5));
    }

    proptest! {
        #[test]
        fn a_token_is_found_in_any_mixture_of_spellings_whole_and_cut(
            token in "[A-Za-z0-9+/=._~-]{4,40}",
            spellings in proptest::collection::vec(any::<u8>(), 40),
            before in "[ €!]{0,5}",
            after in "[ €!]{0,5}",
            cut in any::<prop::sample::Index>(),
        ) {
            let echo: String = token.chars().zip(spellings).map(|(c, s)| spelled(c, s)).collect();
            let text = format!("{before}{echo}{after}");
            prop_assert_eq!(find(&text, &token, 0), Some(before.len()..before.len() + echo.len()));
            let cut = cut.index(echo.len());
            let text = format!("{before}{}", &echo[..cut]);
            let expected = (cut > 0).then_some(before.len());
            prop_assert_eq!(find(&text, &token, 0), None);
            prop_assert_eq!(find_cut(&text, &token), expected);
        }

        #[test]
        fn any_token_is_found_as_it_is_and_in_a_url(token in "[!-~]{1,40}", before in "\\PC{0,20}") {
            let whole = format!("{before}{token}");
            prop_assert!(find(&whole, &token, 0).is_some());
            let escaped = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
            prop_assume!(!token.contains("%25"));
            let whole = format!("{before}{escaped}");
            prop_assert!(find(&whole, &token, 0).is_some());
        }

        #[test]
        fn no_text_panics(text in "[a%\\\\&#x;u{}2B5é]{0,60}", secret in "[a+%&\\\\]{1,6}") {
            let _ = (find(&text, &secret, 0), find_cut(&text, &secret));
        }
    }
}
