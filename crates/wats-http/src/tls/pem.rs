//! PEM as it comes: bytes, of which only the lines between the markers are ASCII (RFC 7468, section 2).
//!
//! Around them stand comments in whatever encoding, before them a byte order mark, and PowerShell's `>` writes all of it
//! in UTF-16. Lines may be indented, as in YAML, and end in any way.

/// The same in the form that every reader of PEM takes.
pub(super) fn plain(bytes: &[u8]) -> Vec<u8> {
    let units = |of: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| of(*pair));
        let characters =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        characters.collect::<String>().into_bytes()
    };
    let decoded;
    let bytes = match bytes {
        [0xff, 0xfe, rest @ ..] => {
            decoded = units(u16::from_le_bytes, rest);
            &decoded
        }
        [0xfe, 0xff, rest @ ..] => {
            decoded = units(u16::from_be_bytes, rest);
            &decoded
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        other => other,
    };
    let mut plain = Vec::with_capacity(bytes.len() + 1);
    for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
        plain.extend_from_slice(line.trim_ascii());
        plain.push(b'\n');
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_a_line_is_the_same() {
        let utf16 = |order: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
            std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(order)
                .collect()
        };
        for bytes in [
            b"-----BEGIN X-----\nabc\n".to_vec(),
            b"\xef\xbb\xbf  -----BEGIN X-----  \rabc\r".to_vec(),
            utf16(u16::to_le_bytes, "-----BEGIN X-----\n\tabc\n"),
            utf16(u16::to_be_bytes, "-----BEGIN X-----\nabc\n"),
        ] {
            assert_eq!(plain(&bytes), b"-----BEGIN X-----\nabc\n\n", "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>(), mark in 0_usize..4) {
            let mark: &[u8] = [&b""[..], b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"][mark];
            let _ = plain(&[mark, &bytes].concat());
        }
    }
}
