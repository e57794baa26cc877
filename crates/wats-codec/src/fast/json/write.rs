//! Writing compact JSON.

use serde::Serialize;

use crate::fast::{Key, Sink, sealed::Sealed};
use crate::float::text_of;
use crate::{Error, Limits, NonFinite, Result};

/// Writes what `serde_json` writes for the same value.
pub(crate) struct JsonSink {
    out: Vec<u8>,
    /// A map or list was begun and nothing written in it yet.
    open: bool,
    depth: usize,
    max_depth: usize,
    non_finite: NonFinite,
    fault: Option<Error>,
}

impl JsonSink {
    pub(crate) fn new(out: Vec<u8>, max_depth: usize, non_finite: NonFinite) -> Self {
        Self {
            out,
            open: false,
            depth: 0,
            max_depth,
            non_finite,
            fault: None,
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self.fault {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    #[inline]
    fn enter(&mut self) -> bool {
        if self.depth == self.max_depth {
            self.fault.get_or_insert(Error::TooDeep {
                limit: self.max_depth,
                at: None,
            });
            return false;
        }
        self.depth += 1;
        self.open = true;
        self.fault.is_none()
    }

    #[inline]
    fn leave(&mut self, open: u8, close: u8) {
        if self.open {
            self.out.push(open);
        }
        self.out.push(close);
        self.open = false;
        self.depth -= 1;
    }

    /// The separator before a key or item; it opens the map or list if it is the first.
    #[inline]
    fn separate(&mut self, open: u8) {
        self.out.push(if self.open { open } else { b',' });
        self.open = false;
    }

    /// A scalar exactly as `serde_json` writes it. Cannot fail: the sink is memory.
    #[inline]
    fn scalar<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Err(error) = value.serialize(&mut serde_json::Serializer::new(&mut self.out)) {
            self.fault.get_or_insert(Error::Io(error.into()));
        }
    }
}

impl Sealed for JsonSink {}

impl Sink for JsonSink {
    #[inline]
    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.out.extend_from_slice(text);
    }

    #[inline]
    fn u64(&mut self, value: u64) {
        match value {
            0..=9 => self.out.push(b'0' + value as u8),
            _ => self.scalar(&value),
        }
    }

    #[inline]
    fn i64(&mut self, value: i64) {
        match value {
            0..=9 => self.out.push(b'0' + value as u8),
            _ => self.scalar(&value),
        }
    }

    #[inline]
    fn f64(&mut self, value: f64) {
        if value.is_finite() {
            self.scalar(&value);
            return;
        }
        match self.non_finite {
            NonFinite::Text => self.str(text_of(value)),
            NonFinite::Error => {
                let value = text_of(value);
                self.fault.get_or_insert(Error::NonFinite { value });
            }
        }
    }

    #[inline]
    fn float(&mut self, value: f64) {
        if value.is_finite() {
            self.scalar(&value);
        } else {
            self.str(text_of(value));
        }
    }

    #[inline]
    fn str(&mut self, value: &str) {
        if is_plain(value.as_bytes()) {
            self.out.reserve(value.len() + 2);
            self.out.push(b'"');
            self.out.extend_from_slice(value.as_bytes());
            self.out.push(b'"');
        } else {
            self.scalar(value);
        }
    }

    #[inline]
    fn symbol(&mut self, key: &Key) {
        // `,"name":` without its ends.
        if let [_, quoted @ .., _] = key.json {
            self.out.extend_from_slice(quoted);
        }
    }

    #[inline]
    fn begin_map(&mut self, _entries: usize) -> bool {
        self.enter()
    }

    #[inline]
    fn counts_fields(_: &'static [Key]) -> bool {
        false
    }

    #[inline]
    fn key(&mut self, key: &Key, _index: usize) {
        let start = self.out.len();
        self.out.extend_from_slice(key.json);
        if self.open {
            self.open = false;
            if let Some(first) = self.out.get_mut(start) {
                *first = b'{';
            }
        }
    }

    #[inline]
    fn dynamic_key(&mut self, key: &str) {
        self.separate(b'{');
        self.str(key);
        self.out.push(b':');
    }

    #[inline]
    fn end_map(&mut self) {
        self.leave(b'{', b'}');
    }

    #[inline]
    fn begin_list(&mut self, _items: usize) -> bool {
        self.enter()
    }

    #[inline]
    fn item(&mut self) {
        self.separate(b'[');
    }

    #[inline]
    fn end_list(&mut self) {
        self.leave(b'[', b']');
    }

    fn serde<T: Serialize + ?Sized>(&mut self, value: &T) {
        let rest = Limits::default().max_depth(self.max_depth - self.depth);
        let written = crate::json::write(value, &mut self.out, false, &rest, self.non_finite);
        if let Err(error) = written {
            self.fault.get_or_insert(error);
        }
    }
}

/// Whether JSON writes the text as it stands. Without branches, for the compiler to vectorize.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let special = |found: u8, byte: &u8| {
        found | u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\')
    };
    text.iter().fold(0, special) == 0
}
