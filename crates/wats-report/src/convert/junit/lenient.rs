//! What some producers write that no XML may have: numbers of characters that are none, and namespaces where there are none.

use std::borrow::Cow;

use crate::wsxf::element::Element;

/// The text with references to characters that are none as U+FFFD. Two that are the halves of a character are that one.
pub(super) fn with_characters(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut rest = text;
    let mut kept = text;
    while let Some(at) = rest.find("&#") {
        let reference = &rest[at..];
        rest = &rest[at + 2..];
        let Some((number, after)) = number(reference) else {
            continue;
        };
        if number != 0 && char::from_u32(number).is_some() {
            continue;
        }
        let (character, after) = match pair(number, after) {
            Some((character, after)) => (character, after),
            None => (char::REPLACEMENT_CHARACTER, after),
        };
        mended.push_str(&kept[..kept.len() - reference.len()]);
        mended.push(character);
        (rest, kept) = (after, after);
    }
    if kept.len() == text.len() {
        return text.into();
    }
    mended.push_str(kept);
    mended.into()
}

/// The number of a reference, and what follows it.
fn number(reference: &str) -> Option<(u32, &str)> {
    let digits = reference.strip_prefix("&#")?;
    // More digits than any character has.
    let end = digits.bytes().take(12).position(|byte| byte == b';')?;
    let (digits, after) = (&digits[..end], &digits[end + 1..]);
    let number = match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    Some((number.ok()?, after))
}

/// The character of which the reference is the first half, if the second follows.
fn pair(high: u32, after: &str) -> Option<(char, &str)> {
    let (low, after) = number(after)?;
    let halves = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    match char::decode_utf16(halves).next()?.ok()? {
        character if character > '\u{ffff}' => Some((character, after)),
        _ => None,
    }
}

/// The element and all in it by their names alone, whatever the namespace; it nests no deeper than what read it allows.
pub(super) fn without_namespaces(mut element: Element<'_>) -> Element<'_> {
    if let Some((_, local)) = element.name.rsplit_once('}') {
        element.name = Cow::Owned(local.to_owned());
    }
    let children = std::mem::take(&mut element.children);
    element.children = children.into_iter().map(without_namespaces).collect();
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_are_none() {
        for (text, mended) in [
            ("a&#0;b&#x0;", "a\u{fffd}b\u{fffd}"),
            ("&#55357;&#56832;!", "😀!"),
            ("&#xD83D;&#xDE00;", "😀"),
            ("&#xD83D;x&#xD83D;", "\u{fffd}x\u{fffd}"),
            ("&#56832;&#55357;", "\u{fffd}\u{fffd}"),
            ("&#x110000;", "\u{fffd}"),
            ("&#0;&#10;&amp;", "\u{fffd}&#10;&amp;"),
        ] {
            assert_eq!(with_characters(text), mended, "{text}");
        }
        for text in [
            "",
            "&#",
            "&#;",
            "&#x;",
            "&#1234567890123;",
            "&#10; ø &#xe6;",
            "&#ø;",
            "&#x1b;",
        ] {
            assert!(matches!(with_characters(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
