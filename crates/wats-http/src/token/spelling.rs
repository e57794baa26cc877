//! Finds a text in another one however its characters are spelled there: as they are, percent-encoded, escaped as in
//! JSON and program text, or as HTML entities, each character its own way and in either case of its digits.
//!
//! Whoever echoes a token encodes it for the place it goes to, and does so again when that place is itself encoded:
//! `%252B`, `\\u002b` and `&amp;#43;` are a `+` as well.
//!
//! A search takes time in proportion to the length of the text, times that of what is looked for in the worst case, which a
//! text only is when both repeat themselves.

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

/// Texts of so many characters may have been broken into lines, as base64 is.
const FOLDED: usize = 16;

/// A text to be found.
#[derive(Clone)]
pub(super) struct Needle {
    /// Its characters, or its bytes when it is looked for in hexadecimal.
    characters: Vec<char>,
    /// Only where no letter or digit stands next to it.
    as_word: bool,
    hexadecimal: bool,
}

impl Needle {
    /// A text in any spelling; perhaps only as a whole word.
    pub(super) fn new(text: &str, as_word: bool) -> Self {
        Self {
            characters: text.chars().collect(),
            as_word,
            hexadecimal: false,
        }
    }

    /// Bytes in hexadecimal, in either case, with or without something between them.
    pub(super) fn hex(bytes: &[u8]) -> Self {
        Self {
            characters: bytes.iter().copied().map(char::from).collect(),
            as_word: false,
            hexadecimal: true,
        }
    }

    /// The bytes that it may begin with, beside those of an escape.
    fn first_bytes(&self) -> impl Iterator<Item = u8> {
        let first = self.characters.first().copied().unwrap_or_default();
        let mut utf8 = [0; 4];
        let plain = first.encode_utf8(&mut utf8).as_bytes()[0];
        let digit = char::from_digit(u32::from(first) >> 4 & 15, 16).unwrap_or_default();
        let firsts = if self.hexadecimal {
            [digit, digit.to_ascii_uppercase()].map(|digit| digit as u8)
        } else if first == ' ' {
            [plain, b'+']
        } else {
            [plain; 2]
        };
        firsts.into_iter()
    }

    /// What stands at a place of the text.
    fn look(&self, text: &[u8], at: usize) -> Match {
        let here = &text[at..];
        if self.hexadecimal {
            return hexadecimal(here, &self.characters);
        }
        let found = spelled(here, &self.characters);
        if self.as_word && is_in_word(text, at, found) {
            return Match::Other;
        }
        found
    }
}

/// What a place in the text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    /// What was looked for, in so many bytes.
    Full(usize),
    /// The start of it, and there the text ends.
    Start,
    Other,
}

/// Where any of the needles first stands in `text` at or after `from`; the longest of those that begin there.
pub(super) fn find(text: &str, needles: &[Vec<Needle>], from: usize) -> Option<Range<usize>> {
    places(text, needles, from).find_map(|(at, needles)| {
        let whole = |needle: &Needle| match needle.look(text.as_bytes(), at) {
            Match::Full(length) => Some(length),
            Match::Start | Match::Other => None,
        };
        let longest = needles.iter().flatten().filter_map(whole).max()?;
        Some(at..at + longest)
    })
}

/// Where the end of `text` may be the start of a needle, if it may.
pub(super) fn find_cut(text: &str, needles: &[Vec<Needle>]) -> Option<usize> {
    places(text, needles, 0).find_map(|(at, needles)| {
        let is_start = |needle: &Needle| needle.look(text.as_bytes(), at) == Match::Start;
        needles.iter().flatten().any(is_start).then_some(at)
    })
}

/// The places where a needle could begin; all are character boundaries.
fn places<'a>(
    text: &'a str,
    needles: &'a [Vec<Needle>],
    from: usize,
) -> impl Iterator<Item = (usize, &'a [Vec<Needle>])> + 'a {
    let mut begins = [false; 256];
    let escapes = b"%\\&".iter().copied();
    for byte in escapes.chain(needles.iter().flatten().flat_map(Needle::first_bytes)) {
        begins[usize::from(byte)] = true;
    }
    let text = text.as_bytes();
    (from..text.len())
        .filter(move |at| begins[usize::from(text[*at])])
        .map(move |at| (at, needles))
}

/// Whether what was found is a part of a longer word.
fn is_in_word(text: &[u8], at: usize, found: Match) -> bool {
    let of_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let after = match found {
        Match::Full(length) => text.get(at + length),
        Match::Start | Match::Other => None,
    };
    of_word(before) || of_word(after)
}

/// A text in any spelling, and the padding of base64 that may follow it.
fn spelled(text: &[u8], wanted: &[char]) -> Match {
    // First as it is: its own characters may look like an escape. Then by the shortest escapes and by the longest ones:
    // `%2525` is a `%` that was encoded twice, or one that was encoded once before a `25`.
    let found = match as_it_is(text, wanted) {
        Some(length) => Match::Full(length),
        None => match by_character(text, wanted, false) {
            Match::Other => by_character(text, wanted, true),
            found => found,
        },
    };
    let Match::Full(mut at) = found else {
        return found;
    };
    while let Match::Full(length) = character(&text[at..], '=', false) {
        at += length;
    }
    Match::Full(at)
}

fn by_character(text: &[u8], wanted: &[char], longest: bool) -> Match {
    let (mut at, mut before) = (0, 0);
    let may_be_folded = wanted.len() >= FOLDED;
    for (n, wanted) in wanted.iter().enumerate() {
        if n > 0 && may_be_folded && !wanted.is_whitespace() {
            at += line_break(&text[at..]);
        }
        match character(&text[at..], *wanted, longest) {
            Match::Full(length) => (before, at) = (at, at + length),
            // What was taken for a whole escape may be a longer one that was cut through.
            Match::Other if is_cut(&text[before..]) => return Match::Start,
            other => return other,
        }
    }
    Match::Full(at)
}

/// How long the line break is that stands here, with the blanks around it, as itself, escaped, or turned into a blank.
fn line_break(text: &[u8]) -> usize {
    const MOST: usize = 16;
    let mut rest = text;
    while text.len() - rest.len() < MOST {
        // Escaped once or several times.
        let backslashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        rest = match (backslashes, &rest[backslashes..]) {
            (0, [b' ' | b'\t' | b'\r' | b'\n', after @ ..])
            | (1.., [b'r' | b'n' | b't', after @ ..]) => after,
            _ => break,
        };
    }
    text.len() - rest.len()
}

fn as_it_is(text: &[u8], wanted: &[char]) -> Option<usize> {
    let mut rest = text;
    for wanted in wanted {
        rest = rest.strip_prefix(wanted.encode_utf8(&mut [0; 4]).as_bytes())?;
    }
    Some(text.len() - rest.len())
}

/// Bytes in hexadecimal: `2b41`, `2B-41`, `2b 41`.
fn hexadecimal(mut text: &[u8], wanted: &[char]) -> Match {
    let whole = text.len();
    for (n, byte) in wanted.iter().enumerate() {
        if let (1.., [b'-' | b':' | b' ' | b',', rest @ ..]) = (n, text) {
            text = rest;
        }
        if text.len() < 2 {
            let digit = char::from_digit(u32::from(*byte) >> 4 & 15, 16);
            let fits = |c: &u8| digit == Some(char::from(c.to_ascii_lowercase()));
            return match text.first() {
                Some(first) if !fits(first) => Match::Other,
                _ => Match::Start,
            };
        }
        match number(text, 16, 2, u32::from(*byte)) {
            Some(rest) => text = rest,
            None => return Match::Other,
        }
    }
    Match::Full(whole - text.len())
}

/// One character in any of its spellings.
fn character(text: &[u8], wanted: char, longest: bool) -> Match {
    let escape = match text {
        [] => return Match::Start,
        [b'%', rest @ ..] => percent(rest, wanted),
        [b'\\', rest @ ..] => backslash(rest, wanted),
        [b'&', rest @ ..] => entity(rest, wanted),
        // As forms are encoded.
        [b'+', rest @ ..] if wanted == ' ' => Some(rest),
        _ => None,
    };
    // A sign that is looked for may be the start of its own escape, which was cut through.
    let may_be_cut = matches!(wanted, '%' | '\\' | '&') && text.len() > 1 && is_cut(text);
    let plain = || {
        let plain = text.strip_prefix(wanted.encode_utf8(&mut [0; 4]).as_bytes());
        plain.filter(|_| !may_be_cut)
    };
    match escape
        .map(|rest| further(rest, wanted, longest))
        .or_else(plain)
    {
        Some(rest) => Match::Full(text.len() - rest.len()),
        None if is_cut(text) => Match::Start,
        None => Match::Other,
    }
}

/// What is left after the further encodings of a character that begins an escape itself.
fn further(mut text: &[u8], wanted: char, longest: bool) -> &[u8] {
    let again: &[u8] = match wanted {
        '%' => b"25",
        '&' => b"amp;",
        '\\' => b"\\",
        _ => return text,
    };
    while let (true, Some(rest)) = (longest, text.strip_prefix(again)) {
        text = rest;
    }
    text
}

/// Whether this looks like an escape that was cut through.
fn is_cut(text: &[u8]) -> bool {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"\\#{;%".contains(byte);
    matches!(text, [b'%' | b'\\' | b'&', rest @ ..]
        if text.len() <= LONGEST_CUT && rest.iter().all(goes_on))
}

/// What follows a percent sign: `2B`, `252B` when it is encoded twice, or for `é` `C3%A9`, on old servers `E9`. Gives what
/// is left.
fn percent(text: &[u8], wanted: char) -> Option<&[u8]> {
    let mut utf8 = [0; 4];
    let mut bytes = wanted.encode_utf8(&mut utf8).bytes();
    let first = percent_byte(text, bytes.next()?.into());
    let all = first.and_then(|rest| {
        bytes.try_fold(rest, |rest, byte| {
            percent_byte(rest.strip_prefix(b"%")?, byte.into())
        })
    });
    all.or_else(|| percent_byte(text, u32::from(wanted)).filter(|_| u32::from(wanted) <= 0xff))
}

fn percent_byte(mut text: &[u8], wanted: u32) -> Option<&[u8]> {
    loop {
        if let Some(rest) = number(text, 16, 2, wanted) {
            return Some(rest);
        }
        text = text.strip_prefix(b"25")?;
    }
}

/// What follows a backslash: `u002B`, `x2b`, `u{2b}` or the character itself, after further backslashes.
fn backslash(mut text: &[u8], wanted: char) -> Option<&[u8]> {
    let code = u32::from(wanted);
    loop {
        let escape = match text {
            [b'u', b'{', rest @ ..] => {
                (1..=6).find_map(|n| number(rest, 16, n, code)?.strip_prefix(b"}"))
            }
            [b'u' | b'U', rest @ ..] => number(rest, 16, 8, code)
                .filter(|_| text[0] == b'U')
                .or_else(|| units(rest, wanted)),
            [b'x' | b'X', rest @ ..] => number(rest, 16, 2, code),
            _ => None,
        };
        if escape.is_some() {
            return escape;
        }
        match text {
            // `\n` is no `n`.
            [own, rest @ ..] if u32::from(*own) == code && !own.is_ascii_alphanumeric() => {
                return Some(rest);
            }
            [b'\\', rest @ ..] => text = rest,
            _ => return None,
        }
    }
}

/// What follows `\u`: one number of UTF-16, or two with `\u` between them.
fn units(text: &[u8], wanted: char) -> Option<&[u8]> {
    let mut utf16 = [0; 2];
    let mut units = wanted.encode_utf16(&mut utf16).iter();
    let first = number(text, 16, 4, u32::from(*units.next()?))?;
    units.try_fold(first, |rest, unit| {
        let backslashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        let rest = rest[backslashes..].strip_prefix(b"u")?;
        number(rest, 16, 4, u32::from(*unit))
    })
}

/// What follows an ampersand: `#x2B;`, `#43;` or `plus;`, after any number of `amp;`.
fn entity(mut text: &[u8], wanted: char) -> Option<&[u8]> {
    let code = u32::from(wanted);
    loop {
        let decimal = match text {
            [b'#', b'x' | b'X', rest @ ..] => {
                (1..=6).find_map(|n| number(rest, 16, n, code)?.strip_prefix(b";"))
            }
            [b'#', rest @ ..] => {
                (1..=7).find_map(|n| number(rest, 10, n, code)?.strip_prefix(b";"))
            }
            _ => ENTITIES.iter().find_map(|(name, character)| {
                let rest = text.strip_prefix(*name)?.strip_prefix(b";")?;
                (char::from(*character) == wanted).then_some(rest)
            }),
        };
        if decimal.is_some() {
            return decimal;
        }
        text = text.strip_prefix(b"amp;")?;
    }
}

/// Reads `wanted` as a number of exactly so many digits. Gives what is left.
fn number(text: &[u8], radix: u32, digits: usize, wanted: u32) -> Option<&[u8]> {
    let (number, rest) = text.split_at_checked(digits)?;
    let mut value = 0_u32;
    for digit in number {
        value = value
            .checked_mul(radix)?
            .checked_add(char::from(*digit).to_digit(radix)?)?;
    }
    (value == wanted).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(text: &str, secret: &str, from: usize) -> Option<Range<usize>> {
        super::find(text, &[vec![Needle::new(secret, false)]], from)
    }

    fn find_cut(text: &str, secret: &str) -> Option<usize> {
        super::find_cut(text, &[vec![Needle::new(secret, false)]])
    }

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
            token in "[A-Za-z0-9+/=._~-]{3,39}[A-Za-z0-9]",
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
