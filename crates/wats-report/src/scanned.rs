//! Texts that tell units apart, as scanners and copies give them: with line ends, marks and characters that nobody sees.
//! Two texts that look the same are two units ever after.
//!
//! One table says which characters are meant. The builder and the linter, queries, and [`clean_scanned`] go by it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// What is wrong with a character in the text that tells a unit apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It ends or divides a text.
    Control,
    /// It shows nothing.
    Invisible,
    /// It shows nothing, but some scripts write names with it.
    Joiner,
    /// A blank other than the usual one.
    Blank,
    /// It looks like another.
    LookAlike,
}

use Class::{Blank, Control, Invisible, Joiner, LookAlike};

/// The characters of each class, in their order, and what they are in words.
#[rustfmt::skip]
const TABLE: &[(char, char, Class, &str)] = &[
    ('\0', '\0', Control, "the character NUL"),
    ('\u{1}', '\u{8}', Control, "a control character"),
    ('\t', '\t', Control, "a tab"),
    ('\n', '\r', Control, "a line end"),
    ('\u{e}', '\u{1f}', Control, "a control character"),
    ('\u{7f}', '\u{84}', Control, "a control character"),
    ('\u{85}', '\u{85}', Control, "a line end"),
    ('\u{86}', '\u{9f}', Control, "a control character"),
    ('\u{a0}', '\u{a0}', Blank, "a no-break blank"),
    ('\u{ad}', '\u{ad}', Invisible, "a soft hyphen"),
    ('\u{300}', '\u{34e}', LookAlike, "a combining mark, which also stands in one character with its letter,"),
    ('\u{34f}', '\u{34f}', Invisible, "an invisible joiner"),
    ('\u{350}', '\u{36f}', LookAlike, "a combining mark, which also stands in one character with its letter,"),
    ('\u{61c}', '\u{61c}', Invisible, "a mark of writing direction"),
    ('\u{115f}', '\u{1160}', Invisible, "an invisible filler"),
    ('\u{1680}', '\u{1680}', Blank, "an unusual blank"),
    ('\u{17b4}', '\u{17b5}', Invisible, "an invisible vowel"),
    ('\u{180b}', '\u{180f}', Invisible, "a variation selector"),
    ('\u{1ab0}', '\u{1aff}', LookAlike, "a combining mark"),
    ('\u{1dc0}', '\u{1dff}', LookAlike, "a combining mark"),
    ('\u{2000}', '\u{200a}', Blank, "an unusual blank"),
    ('\u{200b}', '\u{200b}', Invisible, "a blank without width"),
    ('\u{200c}', '\u{200d}', Joiner, "a joiner without width"),
    ('\u{200e}', '\u{200f}', Invisible, "a mark of writing direction"),
    ('\u{2010}', '\u{2015}', LookAlike, "a dash that is not the usual `-`"),
    ('\u{2028}', '\u{2029}', Control, "a line end"),
    ('\u{202a}', '\u{202e}', Invisible, "a mark of writing direction"),
    ('\u{202f}', '\u{202f}', Blank, "a no-break blank"),
    ('\u{2043}', '\u{2043}', LookAlike, "a dash that is not the usual `-`"),
    ('\u{205f}', '\u{205f}', Blank, "an unusual blank"),
    ('\u{2060}', '\u{2065}', Invisible, "an invisible operator or joiner"),
    ('\u{2066}', '\u{206f}', Invisible, "a mark of writing direction"),
    ('\u{20d0}', '\u{20ff}', LookAlike, "a combining mark"),
    ('\u{2212}', '\u{2212}', LookAlike, "a minus sign that is not the usual `-`"),
    ('\u{2800}', '\u{2800}', Blank, "an unusual blank"),
    ('\u{2e3a}', '\u{2e3b}', LookAlike, "a dash that is not the usual `-`"),
    ('\u{3000}', '\u{3000}', Blank, "a wide blank"),
    ('\u{3164}', '\u{3164}', Invisible, "an invisible filler"),
    ('\u{fdd0}', '\u{fdef}', Invisible, "no character at all"),
    ('\u{fe00}', '\u{fe0f}', Invisible, "a variation selector"),
    ('\u{fe20}', '\u{fe2f}', LookAlike, "a combining mark"),
    ('\u{fe58}', '\u{fe58}', LookAlike, "a dash that is not the usual `-`"),
    ('\u{fe63}', '\u{fe63}', LookAlike, "a dash that is not the usual `-`"),
    ('\u{feff}', '\u{feff}', Invisible, "a byte order mark"),
    ('\u{ff01}', '\u{ff5e}', LookAlike, "a wide letter, digit or sign"),
    ('\u{ffa0}', '\u{ffa0}', Invisible, "an invisible filler"),
    ('\u{fff0}', '\u{fffb}', Invisible, "an invisible mark"),
    ('\u{fffc}', '\u{fffd}', LookAlike, "the sign for a character that could not be read"),
    ('\u{13430}', '\u{13440}', Invisible, "an invisible mark"),
    ('\u{16fe4}', '\u{16fe4}', Invisible, "an invisible filler"),
    ('\u{1bc9d}', '\u{1bc9e}', Invisible, "an invisible mark"),
    ('\u{1bca0}', '\u{1bca3}', Invisible, "an invisible mark"),
    ('\u{1d159}', '\u{1d159}', Invisible, "an invisible mark"),
    ('\u{1d173}', '\u{1d17a}', Invisible, "an invisible mark"),
    ('\u{1d400}', '\u{1d7ff}', LookAlike, "a letter or digit of mathematics"),
    ('\u{e0000}', '\u{e0fff}', Invisible, "an invisible tag"),
];

fn look_up(c: char) -> Option<(Class, &'static str)> {
    let order = |&(from, to, _, _): &(char, char, Class, &str)| {
        if to < c {
            Ordering::Less
        } else if from > c {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    };
    // The last two of each plane.
    if u32::from(c) & 0xfffe == 0xfffe {
        return Some((Invisible, "no character at all"));
    }
    let at = TABLE.binary_search_by(order).ok()?;
    TABLE.get(at).map(|(_, _, class, words)| (*class, *words))
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It tells units, batches or equipment apart.
    Number,
    /// It names a person, place or station, in whatever script.
    Name,
}

/// A character that does not belong into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd {
    c: char,
    words: &'static str,
}

impl Odd {
    pub(crate) fn char(self) -> char {
        self.c
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (U+{:04X})", self.words, u32::from(self.c))
    }
}

/// Whether a text is of plain printed ASCII, as nearly all are.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..0x7f))
}

fn first(text: &str, wanted: impl Fn(Class) -> bool) -> Option<Odd> {
    if is_plain(text) {
        return None;
    }
    text.chars().find_map(|c| {
        let (class, words) = look_up(c)?;
        wanted(class).then_some(Odd { c, words })
    })
}

/// The first character that makes the text another's without anybody seeing it.
pub fn hidden(text: &str, kind: Kind) -> Option<Odd> {
    first(text, |class| match class {
        Control | Invisible => true,
        Joiner => kind == Kind::Number,
        Blank | LookAlike => false,
    })
}

/// The first character that looks like another.
pub(crate) fn misleading(text: &str) -> Option<Odd> {
    first(text, |class| matches!(class, Blank | LookAlike))
}

/// Whether there are blanks at the beginning or the end.
pub(crate) fn has_outer_blanks(text: &str) -> bool {
    text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)
}

/// Takes off a text what scanners, files and copies add to it, and tells what that was.
///
/// Blanks, line ends and control characters go at both ends; characters that show nothing (byte order marks, marks of
/// writing direction, soft hyphens, blanks without width, variation selectors) go wherever they are. Everything else
/// stays: a tab or another control character *within* may part two fields of a code, so which of them is meant is not
/// decided here, and building a report with it is refused.
///
/// ```
/// use wats_report::{Unit, UutReport, clean_scanned};
///
/// let cleaned = clean_scanned("\u{feff}SN-42\r\n");
/// assert_eq!(cleaned.text, "SN-42");
/// assert_eq!(cleaned.to_string(), "SN-42, without a byte order mark (U+FEFF), a line end (U+000D), a line end (U+000A)");
/// assert!(clean_scanned("SN-42").removed.is_empty());
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: &cleaned.text, revision: "A" };
/// let report = UutReport::builder(unit, 100);
/// # let _ = report;
/// ```
pub fn clean_scanned(text: &str) -> Cleaned<'_> {
    if is_plain(text) && !has_outer_blanks(text) {
        return Cleaned {
            text: Cow::Borrowed(text),
            removed: Vec::new(),
        };
    }
    let shows_nothing = |c: char| matches!(look_up(c), Some((Invisible | Joiner, _)));
    let is_outer = |c: char| {
        c.is_whitespace() || matches!(look_up(c), Some((Control | Blank | Invisible | Joiner, _)))
    };
    let inner = text.trim_matches(is_outer);
    let start = text.len() - text.trim_start_matches(is_outer).len();
    let mut removed: Vec<char> = text[..start].chars().collect();
    removed.extend(inner.chars().filter(|c| shows_nothing(*c)));
    // A text of such characters only is counted once.
    if !inner.is_empty() {
        removed.extend(text[start + inner.len()..].chars());
    }
    let text = if inner.chars().any(shows_nothing) {
        Cow::Owned(inner.chars().filter(|c| !shows_nothing(*c)).collect())
    } else {
        Cow::Borrowed(inner)
    };
    Cleaned { text, removed }
}

/// A text without what a scanner added to it; from [`clean_scanned`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleaned<'a> {
    /// What is left.
    pub text: Cow<'a, str>,
    /// What was taken off, in its order.
    pub removed: Vec<char>,
}

/// The text, and what was taken off it in words.
impl fmt::Display for Cleaned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        f.write_str(&self.text)?;
        for (n, &c) in self.removed.iter().take(SHOWN).enumerate() {
            let words = look_up(c).map_or("a blank", |(_, words)| words);
            let before = if n == 0 { ", without " } else { ", " };
            write!(f, "{before}{}", Odd { c, words })?;
        }
        match self.removed.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl From<Cleaned<'_>> for String {
    fn from(cleaned: Cleaned<'_>) -> Self {
        cleaned.text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{:?}", pair[1]);
        }
        assert!(TABLE.iter().all(|(from, to, ..)| from <= to));
    }

    #[test]
    fn every_control_and_every_unusual_blank_is_in_the_table() {
        for c in '\0'..=char::MAX {
            if c.is_control() || (c.is_whitespace() && c != ' ') {
                assert!(look_up(c).is_some(), "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn what_nobody_sees_and_what_looks_like_another_is_in_the_table() {
        for c in [
            '\u{13440}',
            '\u{16fe4}',
            '\u{1bc9d}',
            '\u{1d159}',
            '\u{fdd0}',
            '\u{fffe}',
            '\u{1ffff}',
            char::MAX,
        ] {
            assert!(
                hidden(&format!("SN42{c}"), Kind::Number).is_some(),
                "U+{:04X}",
                u32::from(c)
            );
        }
        for c in [
            '\u{2010}', '\u{2043}', '\u{2e3a}', '\u{fe58}', '\u{fe63}', '\u{ff0d}',
        ] {
            assert!(
                misleading(&format!("SN{c}42")).is_some(),
                "U+{:04X}",
                u32::from(c)
            );
        }
    }

    #[test]
    fn what_scanners_add_is_taken_off() {
        for (text, cleaned, removed) in [
            ("SN42", "SN42", 0),
            ("SN42\r", "SN42", 1),
            ("SN42\r\n", "SN42", 2),
            ("\tSN42 \u{a0}", "SN42", 3),
            ("\u{feff}SN42", "SN42", 1),
            ("SN42\0\0", "SN42", 2),
            ("S\u{200b}N\u{ad}4\u{202e}2\u{fe0f}", "SN42", 4),
            ("\u{2066}SN42\u{2069}", "SN42", 2),
            ("\u{85}SN42\u{2028}", "SN42", 2),
            ("SN 42", "SN 42", 0),
            // What may part two fields is not for us to join.
            ("01\u{1d}10", "01\u{1d}10", 0),
            ("A\tB\n", "A\tB", 1),
            (" \r\n\u{200b}", "", 4),
            ("", "", 0),
            ("ÆØ-Å", "ÆØ-Å", 0),
        ] {
            let got = clean_scanned(text);
            assert_eq!(
                (&*got.text, got.removed.len()),
                (cleaned, removed),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn cleaning_adds_nothing_and_is_done_once(text in "[ \\r\\tA-Zø\u{200b}\u{feff}\u{a0}\u{1d}]{0,12}") {
            let cleaned = clean_scanned(&text);
            prop_assert_eq!(cleaned.text.chars().count() + cleaned.removed.len(), text.chars().count());
            prop_assert!(clean_scanned(&cleaned.text).removed.is_empty());
            prop_assert!(!has_outer_blanks(&cleaned.text));
        }
    }
}
