//! What stands on the server, as far as a load wants to know.

use std::time::Duration;

use wats_cache::Loaded;

use crate::envelope::{Envelope, Foreign, Tags};
use crate::error::{Error, Result};
use crate::link::Value;
use crate::tier::codec::ValueCodec;

/// Entries seem to be from the future by that much where another server has taken over.
const AHEAD: u64 = 1_000_000;

/// The answer of `read.lua`.
#[derive(Debug)]
pub(super) struct Answer {
    /// Time of the server in µs.
    pub(super) now: u64,
    pub(super) what: What,
    bytes: Vec<u8>,
    /// Where the entry begins, if there is one.
    entry: Option<usize>,
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
        let Value::BulkString(bytes) = value else {
            return Err(Error::Protocol("an entry"));
        };
        Self::parse(bytes).ok_or(Error::Protocol("an entry"))
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let (what, rest) = bytes.split_first()?;
        let (seconds, rest) = number_until(rest, b'.')?;
        let (micros, rest) = number_until(rest, b';')?;
        let (left, rest) = number_until(rest, b';')?;
        let entry = bytes.len() - rest.len();
        Some(Self {
            now: seconds.saturating_mul(1_000_000).saturating_add(micros),
            what: match what.to_ascii_uppercase() {
                b'S' => What::Serve,
                b'L' => What::Lead,
                b'W' => What::Wait(Duration::from_millis(left)),
                b'F' => What::HoldBack,
                _ => return None,
            },
            entry: what.is_ascii_uppercase().then_some(entry),
            bytes,
        })
    }

    pub(super) fn entry(&self) -> Option<&[u8]> {
        self.bytes.get(self.entry?..)
    }
}

/// A number that ends with this byte, and what comes behind it. One below zero is none: a lease that has just ended.
fn number_until(bytes: &[u8], end: u8) -> Option<(u64, &[u8])> {
    let length = bytes.iter().position(|byte| *byte == end)?;
    let (digits, rest) = bytes.split_at_checked(length)?;
    let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((u64::try_from(number).unwrap_or(0), rest.get(1..)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_any_bytes_for_an_entry() {
        let read = |text: &[u8]| Answer::read(Value::BulkString(text.to_vec()));
        let wait = |millis| What::Wait(Duration::from_millis(millis));
        for (text, what, now, entry) in [
            (&b"S7.000005;0;"[..], What::Serve, 7_000_005, Some(&b""[..])),
            (
                b"S1796009986.287876;0;a;.\xff;",
                What::Serve,
                1_796_009_986_287_876,
                Some(b"a;.\xff;"),
            ),
            (b"l0.1;0;", What::Lead, 1, None),
            (b"w1.2;3000;", wait(3000), 1_000_002, None),
            (b"W1.2;-2;x", wait(0), 1_000_002, Some(b"x")),
            (b"f1.2;9;", What::HoldBack, 1_000_002, None),
        ] {
            let answer = read(text).unwrap();
            assert_eq!(
                (answer.what, answer.now, answer.entry()),
                (what, now, entry)
            );
        }
        for text in [
            &b""[..],
            b"S",
            b"S1",
            b"S1.2",
            b"S1.2;3",
            b"X1.2;3;",
            b"Sx.2;3;",
            b"S1.2;;",
            b"S1.99999999999999999999;3;",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(Answer::read(Value::Nil).is_err());
    }
}
