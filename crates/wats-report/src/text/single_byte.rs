//! XML of one byte a character, as older programs on Windows write it.

/// What Windows-1252 has at 0x80 to 0x9f. Where it has nothing, the control characters of ISO 8859-1 stand.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text, if its declaration says that it is ISO 8859-1 or Windows-1252, of which the first is a part.
pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let declaration = bytes.get(..bytes.len().min(200))?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = String::from_utf8_lossy(declaration.get(..end)?).to_ascii_lowercase();
    let (_, encoding) = declaration.strip_prefix("<?xml")?.split_once("encoding")?;
    let encoding = encoding.trim_start().strip_prefix('=')?.trim_start();
    let encoding = encoding.split(['"', '\'']).nth(1)?;
    if !["iso-8859-1", "latin1", "windows-1252", "cp1252"].contains(&encoding) {
        return None;
    }
    let character = |byte: &u8| match byte.checked_sub(0x80) {
        Some(high) => WINDOWS.get(usize::from(high)).copied(),
        None => None,
    };
    let text = bytes.iter();
    Some(
        text.map(|byte| character(byte).unwrap_or(char::from(*byte)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn only_what_is_declared_is_read() {
        let text = |encoding: &str| {
            let mut text = format!("<?xml version='1.0' encoding={encoding}?>").into_bytes();
            text.extend(b"<a>5 \x80 \xe6\xf8\xe5 \xb0C</a>");
            text
        };
        for encoding in ["'ISO-8859-1'", "\"windows-1252\"", "'latin1'"] {
            let read = decoded(&text(encoding)).unwrap();
            assert!(read.ends_with("<a>5 € æøå °C</a>"), "{read}");
        }
        for encoding in ["'UTF-8'", "'iso-8859-15'", "''", ""] {
            assert_eq!(decoded(&text(encoding)), None, "{encoding}");
        }
        for text in [b"".as_slice(), b"<a>\xe6</a>", b"<?xml encoding='latin1'"] {
            assert_eq!(decoded(text), None);
        }
    }
}
