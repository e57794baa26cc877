//! How keys and values of a program are written for others.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use wats_codec::{Decode, Encode};

use crate::envelope::{Codec, Envelope, Foreign, Packed, pack, schema, unpack};

/// A key that other processes know, too: it is what its bytes are.
pub trait CacheKey: Hash + Eq + Clone + Send + Sync + 'static {
    /// The bytes of the key; those of different keys differ.
    fn to_bytes(&self) -> Cow<'_, [u8]>;

    /// The key of these bytes; `None` for bytes that no key has.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl CacheKey for String {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok()
    }
}

impl CacheKey for Arc<str> {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Into::into)
    }
}

impl CacheKey for Vec<u8> {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

impl CacheKey for Cow<'static, [u8]> {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Cow::Owned(bytes.to_vec()))
    }
}

/// As a decimal number.
impl CacheKey for u64 {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.to_string().into_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = std::str::from_utf8(bytes).ok()?.parse().ok()?;
        // One number has one form.
        (u64::to_bytes(&number) == bytes).then_some(number)
    }
}

type Pack<V> = dyn Fn(&V, usize) -> Option<Packed> + Send + Sync;
type Unpack<V> = dyn Fn(&Envelope<'_>, usize) -> Result<V, Foreign> + Send + Sync;

/// How values are written for others, and read.
///
/// It has a name and a version, from which the values are told apart: programs with different ones work side by side, and
/// none of them sees a value of another.
pub struct ValueCodec<V> {
    pub(super) schema: u64,
    pack: Arc<Pack<V>>,
    unpack: Arc<Unpack<V>>,
}

impl<V> Clone for ValueCodec<V> {
    fn clone(&self) -> Self {
        Self {
            schema: self.schema,
            pack: Arc::clone(&self.pack),
            unpack: Arc::clone(&self.unpack),
        }
    }
}

impl<V> fmt::Debug for ValueCodec<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueCodec")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl<V: 'static> ValueCodec<V> {
    /// A form of one's own. What `encode` gives `None` for is not shared; what `decode` gives `None` for is as good as absent.
    /// Bytes may come from anybody who can write to the server: `decode` must bound what it allocates.
    pub fn new(
        name: &str,
        version: u32,
        encode: impl Fn(&V) -> Option<Vec<u8>> + Send + Sync + 'static,
        decode: impl Fn(&[u8]) -> Option<V> + Send + Sync + 'static,
    ) -> Self {
        Self {
            schema: schema(name, version),
            pack: Arc::new(move |value: &V, most: usize| {
                let bytes = encode(value).filter(|bytes| bytes.len() <= most)?;
                Some(Packed {
                    codec: Codec::Json,
                    compressed: false,
                    bytes,
                })
            }),
            unpack: Arc::new(move |envelope: &Envelope<'_>, most: usize| {
                if envelope.compressed || envelope.payload.len() > most {
                    return Err(Foreign::Payload);
                }
                decode(envelope.payload).ok_or(Foreign::Payload)
            }),
        }
    }

    /// MessagePack. Raise the version when the type changes.
    pub fn message_pack(name: &str, version: u32) -> Self
    where
        V: Encode + Decode,
    {
        Self {
            schema: schema(name, version),
            pack: Arc::new(|value: &V, most: usize| pack(value, most)),
            unpack: Arc::new(unpack),
        }
    }

    pub(super) fn pack(&self, value: &V, most: usize) -> Option<Packed> {
        (self.pack)(value, most)
    }

    pub(super) fn unpack(&self, envelope: &Envelope<'_>, most: usize) -> Result<V, Foreign> {
        (self.unpack)(envelope, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_their_bytes(text in ".{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..40), number: u64) {
            prop_assert_eq!(String::from_bytes(&text.to_bytes()), Some(text));
            prop_assert_eq!(Vec::<u8>::from_bytes(&bytes.to_bytes()), Some(bytes.clone()));
            prop_assert_eq!(u64::from_bytes(&number.to_bytes()), Some(number));
            if let Some(read) = u64::from_bytes(&bytes) {
                prop_assert_eq!(&*read.to_bytes(), &*bytes);
            }
        }
    }

    #[test]
    fn name_and_version_tell_schemas_apart() {
        let schema = |name, version| ValueCodec::<u32>::message_pack(name, version).schema;
        let all = [
            schema("a", 1),
            schema("a", 2),
            schema("b", 1),
            schema("a\0\x01", 1),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }
}
