//! What stands on the server, as far as a load wants to know.

use std::time::Duration;

use wats_cache::Loaded;

use crate::envelope::{Envelope, Foreign, Tags};
use crate::error::{Error, Result};
use crate::link::Value;
use crate::tier::codec::ValueCodec;
use crate::tier::tags::number;

/// Entries seem to be from the future by that much where another server has taken over.
const AHEAD: u64 = 1_000_000;

/// The answer of `read.lua`.
#[derive(Debug)]
pub(super) struct Answer {
    /// Time of the server in µs.
    pub(super) now: u64,
    pub(super) entry: Option<Vec<u8>>,
    pub(super) what: What,
}

/// What a load does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Takes the entry.
    Serve,
    /// Asks the origin for all.
    Lead,
    /// Waits for another process, no longer than that.
    Wait(Duration),
    /// Another process has failed, so long ago that the next one should wait as long.
    HoldBack,
}

impl Answer {
    pub(super) fn read(value: Value) -> Result<Self> {
        const NOT_UNDERSTOOD: Error = Error::Protocol("an entry");
        let Value::Array(parts) = value else {
            return Err(NOT_UNDERSTOOD);
        };
        let Ok([seconds, micros, entry, what, left]) = <[Value; 5]>::try_from(parts) else {
            return Err(NOT_UNDERSTOOD);
        };
        let (Some(seconds), Some(micros)) = (number(&seconds), number(&micros)) else {
            return Err(NOT_UNDERSTOOD);
        };
        let entry = match entry {
            Value::BulkString(bytes) => Some(bytes),
            Value::Nil => None,
            _ => return Err(NOT_UNDERSTOOD),
        };
        let Value::BulkString(what) = what else {
            return Err(NOT_UNDERSTOOD);
        };
        let left = Duration::from_millis(number(&left).unwrap_or(0));
        Ok(Self {
            now: seconds.saturating_mul(1_000_000).saturating_add(micros),
            entry,
            what: match what.as_slice() {
                b"serve" => What::Serve,
                b"lead" => What::Lead,
                b"wait" => What::Wait(left),
                b"failed" => What::HoldBack,
                _ => return Err(NOT_UNDERSTOOD),
            },
        })
    }
}

/// A value that stands on the server.
#[derive(Debug)]
pub(super) struct Found<V> {
    pub(super) value: V,
    pub(super) tags: Vec<u64>,
    pub(super) created: u64,
    /// How long it was to be fresh, and how much of that is over.
    pub(super) life: Duration,
    pub(super) age: Duration,
    /// For how long it is fresh still; zero if it is not.
    pub(super) fresh: Duration,
    /// For how long it may be served stale, from the end of that on.
    pub(super) reserve: Duration,
}

impl<V: 'static> Found<V> {
    pub(super) fn read(
        bytes: &[u8],
        now: u64,
        codec: &ValueCodec<V>,
        kind: &str,
        key: &[u8],
        most: usize,
    ) -> Result<Self, Foreign> {
        let envelope = Envelope::read(bytes, codec.schema, kind, key)?;
        let value = codec.unpack(&envelope, most)?;
        let (fresh_for, reserve_for) = (
            u64::from(envelope.fresh_for) * 1000,
            u64::from(envelope.reserve_for) * 1000,
        );
        let created = envelope.created;
        let (fresh, reserve) = if created > now.saturating_add(AHEAD) {
            // The clock went back: how old it is, nobody knows.
            (0, 0)
        } else {
            let age = now.saturating_sub(created);
            let late = age.saturating_sub(fresh_for);
            (
                fresh_for.saturating_sub(age),
                reserve_for.saturating_sub(late),
            )
        };
        Ok(Self {
            value,
            tags: envelope.tags.iter().collect(),
            created,
            life: Duration::from_micros(fresh_for),
            age: Duration::from_micros(now.saturating_sub(created)),
            fresh: Duration::from_micros(fresh),
            reserve: Duration::from_micros(reserve),
        })
    }

    /// As something loaded, with the time that is left.
    pub(super) fn into_loaded(self) -> Loaded<V> {
        Loaded::new(self.value)
            .ttl(self.fresh)
            .stale_for(self.reserve)
            .with_hashed_tags(self.tags)
    }

    /// As something that is not fresh, whatever it says.
    pub(super) fn into_stale(mut self) -> Loaded<V> {
        self.fresh = Duration::ZERO;
        self.into_loaded()
    }
}

/// The beginning of an entry, by which it is known again: what comes before its tags has checks of all of it.
pub(super) fn beginning(entry: &[u8]) -> &[u8] {
    const HEADER: usize = 48;
    entry.get(..HEADER).unwrap_or(entry)
}

/// The bytes of an entry; `None` if it cannot be written.
pub(super) fn write<V: 'static>(
    value: &V,
    codec: &ValueCodec<V>,
    (kind, key): (&str, &[u8]),
    created: u64,
    (fresh, reserve): (Duration, Duration),
    tags: &[u64],
    most: usize,
) -> Option<Vec<u8>> {
    let packed = codec.pack(value, most)?;
    let tags = crate::envelope::tag_bytes(tags.iter().copied())?;
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    Envelope {
        codec: packed.codec,
        negative: false,
        compressed: packed.compressed,
        schema: codec.schema,
        created,
        fresh_for: millis(fresh),
        reserve_for: millis(reserve),
        tags: Tags::of(&tags),
        payload: &packed.bytes,
    }
    .write(kind, key)
}
