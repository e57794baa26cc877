//! The form in which a value stands on the server.
//!
//! Little-endian, 48 bytes, then the hashes of the tags and the payload:
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 1 | `W` |
//! | 1 | 1 | version of this form, 1 |
//! | 2 | 1 | codec in the low half, flags in the high one: 16 negative, 32 compressed |
//! | 3 | 1 | number of tags |
//! | 4 | 4 | length of the payload |
//! | 8 | 8 | schema: what type the value has, see [`schema`] |
//! | 16 | 8 | created: µs since 1970 on the server's clock, when the load *began* |
//! | 24 | 4 | fresh for so many ms |
//! | 28 | 4 | kept as a reserve for so many ms beyond that |
//! | 32 | 8 | check of kind and key |
//! | 40 | 8 | check of all the rest |
//! | 48 | 8 each | hashes of the tags |
//!
//! What is not exactly so is foreign: another version of the program wrote it, or it is damaged. It is a miss that is counted
//! by its cause, never an error, and never deleted.
//!
//! The checks are XXH3, which finds damage and mix-ups and no forgery: who may write to the server can forge anyway. So
//! reading stays within limits and panics on nothing.

mod foreign;
mod payload;

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

pub(crate) use self::foreign::{Foreign, ForeignCounters};
pub(crate) use self::payload::{Packed, pack, unpack};

const MAGIC: u8 = b'W';
const VERSION: u8 = 1;
const NEGATIVE: u8 = 16;
const COMPRESSED: u8 = 32;
const HEADER: usize = 48;
/// Where the check of all the rest stands.
const CHECK: std::ops::Range<usize> = 40..48;

/// How the payload was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Codec {
    /// No payload: a negative entry.
    None = 0,
    MessagePack = 1,
    Archive = 2,
    Json = 3,
}

impl Codec {
    fn read(byte: u8) -> Option<Self> {
        [Self::None, Self::MessagePack, Self::Archive, Self::Json]
            .into_iter()
            .find(|codec| *codec as u8 == byte)
    }
}

/// A value with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) codec: Codec,
    /// There is no value, and that is what is kept.
    pub(crate) negative: bool,
    /// The payload is in Zstandard.
    pub(crate) compressed: bool,
    pub(crate) schema: u64,
    /// µs since 1970 on the server's clock, when the load began.
    pub(crate) created: u64,
    /// In ms.
    pub(crate) fresh_for: u32,
    /// In ms, from the end of freshness on.
    pub(crate) reserve_for: u32,
    /// [`wats_cache::tag_hash`] of each.
    pub(crate) tags: Tags<'a>,
    pub(crate) payload: &'a [u8],
}

/// Hashes of tags: to be written, or as they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tags<'a>(&'a [u8]);

impl Tags<'_> {
    /// As many as can be written.
    pub(crate) const MOST: usize = u8::MAX as usize;

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0
            .chunks_exact(8)
            .filter_map(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
    }
}

/// The bytes of hashes, for [`Tags`]; `None` if there are more than [`Tags::MOST`].
pub(crate) fn tag_bytes(hashes: impl IntoIterator<Item = u64>) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = hashes.into_iter().flat_map(u64::to_le_bytes).collect();
    (bytes.len() <= Tags::MOST * 8).then_some(bytes)
}

impl<'a> Tags<'a> {
    /// From [`tag_bytes`].
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

/// The number of a type: its name, and the number of its version that the program gives.
pub(crate) fn schema(type_name: &str, version: u32) -> u64 {
    xxh3_64_with_seed(type_name.as_bytes(), u64::from(version))
}

/// The field of the entry's hash in which values of this schema stand.
pub(crate) fn field(schema: u64) -> String {
    format!("{schema:016x}")
}

/// The check of a key, so that an answer that belongs to another one is noticed.
fn key_check(kind: &str, key: &[u8]) -> u64 {
    // In one piece, because a hash that is fed piece by piece costs more to begin than short keys cost to hash.
    let mut all = Vec::with_capacity(kind.len() + key.len());
    all.extend_from_slice(kind.as_bytes());
    all.extend_from_slice(key);
    xxh3_64_with_seed(&all, kind.len() as u64)
}

fn check(bytes: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(bytes.get(..CHECK.start).unwrap_or_default());
    hash.update(bytes.get(CHECK.end..).unwrap_or_default());
    hash.digest()
}

impl<'a> Envelope<'a> {
    /// The bytes for this key; `None` if tags or payload are too many to be counted.
    pub(crate) fn write(&self, kind: &str, key: &[u8]) -> Option<Vec<u8>> {
        let tags = u8::try_from(self.tags.0.len() / 8).ok()?;
        let length = u32::try_from(self.payload.len()).ok()?;
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        let form =
            self.codec as u8 | flag(self.negative, NEGATIVE) | flag(self.compressed, COMPRESSED);
        let mut bytes = Vec::with_capacity(HEADER + self.tags.0.len() + self.payload.len());
        bytes.extend_from_slice(&[MAGIC, VERSION, form, tags]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.schema.to_le_bytes());
        bytes.extend_from_slice(&self.created.to_le_bytes());
        bytes.extend_from_slice(&self.fresh_for.to_le_bytes());
        bytes.extend_from_slice(&self.reserve_for.to_le_bytes());
        bytes.extend_from_slice(&key_check(kind, key).to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(self.tags.0);
        bytes.extend_from_slice(self.payload);
        let check = check(&bytes).to_le_bytes();
        bytes.get_mut(CHECK)?.copy_from_slice(&check);
        Some(bytes)
    }

    /// Reads what stands under this key.
    ///
    /// # Errors
    /// Why it is foreign.
    pub(crate) fn read(
        bytes: &'a [u8],
        schema: u64,
        kind: &str,
        key: &[u8],
    ) -> Result<Self, Foreign> {
        let [magic, version, form, tags] = *array(bytes, 0)?;
        if magic != MAGIC {
            return Err(Foreign::Magic);
        }
        if version != VERSION {
            return Err(Foreign::Version);
        }
        let length = u32::from_le_bytes(*array(bytes, 4)?);
        let tags_end = HEADER + usize::from(tags) * 8;
        let end = tags_end as u64 + u64::from(length);
        if bytes.len() as u64 != end {
            return Err(Foreign::Length);
        }
        if u64::from_le_bytes(*array(bytes, CHECK.start)?) != check(bytes) {
            return Err(Foreign::Check);
        }
        if u64::from_le_bytes(*array(bytes, 8)?) != schema {
            return Err(Foreign::Schema);
        }
        if u64::from_le_bytes(*array(bytes, 32)?) != key_check(kind, key) {
            return Err(Foreign::Key);
        }
        if form & !(0x0f | NEGATIVE | COMPRESSED) != 0 {
            return Err(Foreign::Flags);
        }
        let negative = form & NEGATIVE != 0;
        let codec = Codec::read(form & 0x0f).ok_or(Foreign::Codec)?;
        if negative != (codec == Codec::None) {
            return Err(Foreign::Codec);
        }
        Ok(Self {
            codec,
            negative,
            compressed: form & COMPRESSED != 0,
            schema,
            created: u64::from_le_bytes(*array(bytes, 16)?),
            fresh_for: u32::from_le_bytes(*array(bytes, 24)?),
            reserve_for: u32::from_le_bytes(*array(bytes, 28)?),
            tags: Tags(bytes.get(HEADER..tags_end).ok_or(Foreign::Length)?),
            payload: bytes.get(tags_end..).ok_or(Foreign::Length)?,
        })
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<&[u8; N], Foreign> {
    let rest = bytes.get(at..).and_then(|rest| rest.first_chunk());
    rest.ok_or(Foreign::Length)
}

/// What must hold of any bytes that stand on the server: they are read without a panic, and what is read is written to the
/// same bytes.
///
/// # Errors
/// What does not hold.
pub(crate) fn check_bytes(bytes: &[u8]) -> Result<(), &'static str> {
    let schema = array(bytes, 8).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mut fixed = bytes.to_vec();
    // With its checks put right the rest is reached, too.
    if let Some(place) = fixed.get_mut(32..40) {
        place.copy_from_slice(&key_check("k", b"key").to_le_bytes());
    }
    let right = check(&fixed).to_le_bytes();
    if let Some(place) = fixed.get_mut(CHECK) {
        place.copy_from_slice(&right);
    }
    for bytes in [bytes, &fixed] {
        let Ok(envelope) = Envelope::read(bytes, schema, "k", b"key") else {
            continue;
        };
        if envelope.write("k", b"key").as_deref() != Some(bytes) {
            return Err("what was read is written to other bytes");
        }
        if envelope.tags.iter().count() * 8 != envelope.tags.0.len() {
            return Err("a tag was lost");
        }
        let _ = unpack::<Vec<String>>(&envelope, 1 << 16);
        let _ = unpack::<std::collections::BTreeMap<String, f64>>(&envelope, 1 << 16);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
