//! Keys whose bytes in each format are made when the program is compiled.

/// A key or symbol that is known at compile time. Made by the macros, in constants.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The plain text.
    name: &'static str,
    /// `,"name":`
    pub(crate) json: &'static [u8],
    /// The text as MessagePack.
    #[cfg_attr(
        not(feature = "msgpack"),
        allow(dead_code, reason = "read by one of the formats")
    )]
    pub(crate) pack: &'static [u8],
}

impl Key {
    /// The plain text.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Puts a key together; for the macros.
    #[doc(hidden)]
    pub const fn new(name: &'static str, json: &'static str, pack: &'static [u8]) -> Self {
        assert!(
            is_plain(name),
            "a key must be of printable ASCII without quotes and backslashes"
        );
        Self {
            name,
            json: json.as_bytes(),
            pack,
        }
    }
}

/// Whether JSON writes the text as it stands.
const fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(bytes[at], b' '..=b'~') || matches!(bytes[at], b'"' | b'\\') {
            return false;
        }
        at += 1;
    }
    bytes.len() < 256
}

/// The length of a text as MessagePack.
#[doc(hidden)]
pub const fn pack_len(text: &str) -> usize {
    text.len() + if text.len() < 32 { 1 } else { 2 }
}

/// A text as MessagePack; `N` is its [`pack_len`].
#[doc(hidden)]
pub const fn pack<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    let mut out = [0; N];
    let head = if bytes.len() < 32 {
        out[0] = 0xa0 | bytes.len() as u8;
        1
    } else {
        out[0] = 0xd9;
        out[1] = bytes.len() as u8;
        2
    };
    let mut at = 0;
    while at < bytes.len() {
        out[head + at] = bytes[at];
        at += 1;
    }
    out
}

/// A [`Key`] in a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! __fast_key {
    ($name:literal) => {
        const {
            const PACK: [u8; $crate::fast::key::pack_len($name)] = $crate::fast::key::pack($name);
            $crate::fast::Key::new($name, concat!(",\"", $name, "\":"), &PACK)
        }
    };
}
