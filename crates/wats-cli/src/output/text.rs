//! What of a text may be shown on a terminal, and how wide it is there.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text on one line and without what would steer the terminal: data of others may hold anything.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let harmless = |c: char| match c {
        '\n' => '↵',
        '\t' => ' ',
        c if steers(c) => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().filter(|c| *c != '\r').map(harmless).collect())
}

/// As [`shown`], but on as many lines as it has.
pub(crate) fn shown_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(shown).collect();
    lines.join("\n")
}

/// Control characters, and those that turn the direction of what follows.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The start of a text that takes at most so many columns, with `…` where something was left out.
pub(crate) fn fitted(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let mut start = String::new();
    for c in text.chars() {
        let wide = match c {
            // Makes the character before it wide.
            '\u{fe0f}' => 1,
            c => c.width().unwrap_or(1),
        };
        if used + wide > most.saturating_sub(1) {
            break;
        }
        used += wide;
        start.push(c);
    }
    if most > 0 {
        start.push('…');
    }
    Cow::Owned(start)
}

/// A text as lines of at most so many columns, broken between words where that can be.
pub(crate) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let wide = width(word.trim_end());
        if used > 0 && used + wide > most {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > most && used > 0 {
                // A space that has no room is not needed.
                if c == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            used += wide;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_marks_are_cut_where_they_end() {
        for (text, most, cut) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("漢字漢", 4, "漢…"),
            ("漢字", 4, "漢字"),
            ("e\u{301}e\u{301}x", 2, "e\u{301}…"),
            // The first is wide by the mark that follows it.
            (
                "\u{2764}\u{fe0f}\u{2764}\u{fe0f}x",
                4,
                "\u{2764}\u{fe0f}\u{2764}…",
            ),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(fitted(text, most), cut, "{text} in {most}");
            assert!(width(cut) <= most);
        }
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        for (text, most, lines) in [
            ("", 5, &[""][..]),
            ("one two", 7, &["one two"]),
            ("one two", 6, &["one", "two"]),
            ("one two three", 8, &["one two", "three"]),
            ("onetwothree", 4, &["onet", "woth", "ree"]),
            ("a onetwothree", 4, &["a", "onet", "woth", "ree"]),
            ("漢字漢字", 5, &["漢字", "漢字"]),
            ("abc", 1, &["a", "b", "c"]),
        ] {
            assert_eq!(wrapped(text, most), lines, "{text} in {most}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\r\nc\td"), "a\u{fffd}[31mb↵c d");
        assert_eq!(shown("\u{202e}x\u{9b}"), "\u{fffd}x\u{fffd}");
        assert!(matches!(shown("Grün"), Cow::Borrowed(_)));
    }
}
