//! What a queue holds: keys, items, bodies, receipts.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What names an item at its receiver, such as the id of a report: 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 16]);

/// The SHA-256 of a body.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A text that names no key and no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not {0} hexadecimal digits")]
pub struct NotHex(usize);

macro_rules! hex {
    ($type:ident, $length:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $type {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $length];
                let digits = text.as_bytes();
                let digit = |at: usize| {
                    let digit = digits.get(at).and_then(|c| char::from(*c).to_digit(16));
                    digit.map(|digit| digit as u8)
                };
                let invalid = || NotHex($length * 2);
                if digits.len() != $length * 2 {
                    return Err(invalid());
                }
                for (at, byte) in bytes.iter_mut().enumerate() {
                    let (high, low) = (digit(at * 2), digit(at * 2 + 1));
                    *byte = high.zip(low).map(|(h, l)| h * 16 + l).ok_or_else(invalid)?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex!(Key, 16);
hex!(Sha256, 32);

impl Sha256 {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        Self::from_digest(&digest)
    }

    pub(crate) fn from_digest(digest: &ring::digest::Digest) -> Self {
        let mut whole = [0; 32];
        for (to, from) in whole.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(whole)
    }
}

/// What comes first: the items of now, or those that are caught up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Sent first.
    #[default]
    Live,
    /// Sent when nothing live waits, and one time in eight before it.
    Backfill,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// To be sent as soon as its place comes.
    Ready,
    /// An older item of its lane is open.
    Behind,
    /// A drain has it.
    Leased,
    /// It failed by itself and is tried again later.
    Waiting,
    /// Its receiver would not take it yet: its time lies in the future.
    Held,
    /// Set aside with the reason; somebody has to retry, replace or discard it.
    Parked,
    /// The receiver has it; whether it was processed is not known yet.
    Unconfirmed,
    /// The receiver has set it aside; somebody has to retry, replace or discard it.
    Quarantined,
}

impl State {
    pub(crate) const ALL: [Self; 8] = [
        Self::Ready,
        Self::Behind,
        Self::Leased,
        Self::Waiting,
        Self::Held,
        Self::Parked,
        Self::Unconfirmed,
        Self::Quarantined,
    ];

    pub(crate) const fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Whether somebody has to decide what becomes of it.
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Parked | Self::Quarantined)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Behind => "behind another of its lane",
            Self::Leased => "leased",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Parked => "parked",
            Self::Unconfirmed => "unconfirmed",
            Self::Quarantined => "quarantined",
        })
    }
}

/// A reason that is stored with an item: at most 4 KiB, what is longer is cut.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// A short name of what it is, such as `refused`.
    pub kind: String,
    /// For people.
    pub text: String,
    /// For programs: findings, a status; opaque here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Fault {
    /// A reason of a kind, with its text.
    pub fn new(kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            text: text.into(),
            detail: String::new(),
        }
    }

    /// With something for programs.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Within 4 KiB.
    pub(crate) fn shortened(mut self) -> Self {
        cut(&mut self.kind, 64);
        cut(&mut self.text, 1024);
        cut(&mut self.detail, 2900);
        self
    }
}

fn cut(text: &mut String, most: usize) {
    let at = (0..=most.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.truncate(at.unwrap_or(0));
}

/// An item of the queue, without its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// Its number: the order in which items came.
    pub seq: i64,
    /// What names it at its receiver.
    pub key: Key,
    /// Items of a lane are sent one after the other.
    pub lane: String,
    /// Live or backfill.
    pub class: Class,
    /// Where it stands.
    pub state: State,
    /// What its bytes are; opaque here.
    pub kind: String,
    /// Bytes of the body.
    pub len: u64,
    /// The hash of the body.
    pub sha256: Sha256,
    /// When it was stored, in milliseconds since 1970.
    pub enqueued_at: i64,
    /// Not sent before, in milliseconds since 1970; 0 for at once.
    pub not_before: i64,
    /// How often it failed by itself.
    pub tries: u32,
    /// Opaque words about it, for lists and events.
    pub labels: String,
    /// Why it is where it is.
    pub fault: Option<Fault>,
    /// Counts its leases; names one of them.
    pub fence: i64,
}

/// The bytes of an item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Body {
    /// In memory: up to 256 KiB.
    Bytes(Bytes),
    /// A file of the queue, to be read only.
    File {
        /// Where it is.
        path: PathBuf,
        /// How long it is.
        len: u64,
    },
}

impl Body {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes, a file read whole: this blocks.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn read(&self) -> std::io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File { path, .. } => std::fs::read(path).map(Bytes::from),
        }
    }
}

/// What a queue says of something it was given: it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// What names it.
    pub key: Key,
    /// Its number in the queue, of the item or of what was sent before.
    pub seq: i64,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// What was done.
    pub outcome: Stored,
}

/// What an enqueue has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// It is a new item.
    New,
    /// The newest open item of this key has the same bytes: nothing was stored.
    SameAsOpen,
    /// The same bytes were the last that were sent under this key, at this time (milliseconds since 1970).
    AlreadySent(i64),
}

/// How an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// Its receiver has it.
    Sent,
    /// A newer item of the same key took its place.
    Replaced,
    /// Somebody discarded it.
    Discarded,
    /// It was dropped for room, as the bounds said.
    Dropped,
}

impl Ended {
    pub(crate) const fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Sent, Self::Replaced, Self::Discarded, Self::Dropped]
            .into_iter()
            .find(|ended| ended.number() == number)
    }
}

/// What is kept of an item that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Past {
    /// Its number.
    pub seq: i64,
    /// What named it.
    pub key: Key,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// How many they were.
    pub len: u64,
    /// When it was stored, in milliseconds since 1970.
    pub enqueued_at: i64,
    /// When it ended, in milliseconds since 1970.
    pub ended_at: i64,
    /// How it ended.
    pub ended: Ended,
    /// How often it failed before.
    pub tries: u32,
    /// What its receiver called it, or why it was discarded.
    pub note: String,
}
