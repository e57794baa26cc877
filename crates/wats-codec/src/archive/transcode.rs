//! Between archives and MessagePack, without recursion in what they hold.
//!
//! An archive is here what the two traits say, so that its reader and writer lead values of `serde` through here.

use super::kind;
use crate::fast::pack::{PackSink, PackSource};
use crate::fast::{Sink, Source};
use crate::{Error, Format, Position, Result};

/// An archive that is written.
pub(super) trait ToArchive: Sink {
    /// Writes bytes, which no other format of the fast path holds.
    fn bytes(&mut self, bytes: &[u8]);
}

/// An archive that is read.
pub(super) trait FromArchive<'t>: Source<'t> {
    /// The kind of the value that comes next.
    fn kind_byte(&self) -> u8;
    /// Reads bytes.
    fn bytes(&mut self) -> Option<&'t [u8]>;
    /// How many entries and items come, as written.
    fn entries_left(map: &Self::Map) -> usize;
    fn items_left(list: &Self::List) -> usize;
    /// What stopped the reading.
    fn fault(&mut self) -> Error;
}

/// Writes one value from MessagePack that is known to be well-formed to an archive.
pub(super) fn to_archive(packed: &[u8], sink: &mut impl ToArchive) -> Result<()> {
    enum Open {
        Map(usize),
        List(usize),
    }
    let mut source = PackSource::new(packed, usize::MAX);
    let mut open: Vec<Open> = Vec::new();
    loop {
        // What comes next in the innermost map or list.
        match open.last_mut() {
            None => {}
            Some(Open::Map(0)) => {
                sink.end_map();
                open.pop();
                if open.is_empty() {
                    return Ok(());
                }
                continue;
            }
            Some(Open::List(0)) => {
                sink.end_list();
                open.pop();
                if open.is_empty() {
                    return Ok(());
                }
                continue;
            }
            Some(Open::Map(left)) => {
                *left -= 1;
                let key = source.text(|key| sink.dynamic_key(key));
                key.ok_or_else(|| unwritable("keys of maps must be text"))?;
            }
            Some(Open::List(left)) => {
                *left -= 1;
                sink.item();
            }
        }
        match source.next_marker() {
            Some(0x80..=0x8f | 0xde | 0xdf) => {
                let map = source.begin_map().ok_or_else(broken)?;
                if !sink.begin_map(map.count()) {
                    return Ok(());
                }
                open.push(Open::Map(map.count()));
            }
            Some(0x90..=0x9f | 0xdc | 0xdd) => {
                let list = source.begin_list().ok_or_else(broken)?;
                if !sink.begin_list(list.count()) {
                    return Ok(());
                }
                open.push(Open::List(list.count()));
            }
            Some(marker) => {
                scalar(marker, &mut source, sink)?;
                if open.is_empty() {
                    return Ok(());
                }
            }
            None => return Err(broken()),
        }
    }
}

fn scalar(marker: u8, source: &mut PackSource<'_>, sink: &mut impl ToArchive) -> Result<()> {
    let done = match marker {
        0xc0 => source.null().then(|| sink.null()),
        0xc2 | 0xc3 => source.bool().map(|value| sink.bool(value)),
        0xc4..=0xc6 => source.bytes().map(|bytes| sink.bytes(bytes)),
        0xca | 0xcb => source.f64().map(|value| sink.f64(value)),
        0xa0..=0xbf | 0xd9..=0xdb => source.text(|text| sink.str(text)),
        0x00..=0x7f | 0xcc..=0xcf => source.u64().map(|value| sink.u64(value)),
        0xd0..=0xd3 | 0xe0..=0xff => source.i64().map(|value| sink.i64(value)),
        _ => return Err(unwritable("MessagePack extensions have no place in it")),
    };
    done.ok_or_else(broken)
}

fn unwritable(reason: &str) -> Error {
    Error::Unwritable {
        format: Format::Archive,
        reason: reason.into(),
        source: None,
    }
}

fn broken() -> Error {
    Error::syntax(Format::MessagePack, Position::Offset(0), "malformed")
}

/// Writes the value that comes next in an archive as MessagePack.
pub(super) fn to_msgpack<'t>(source: &mut impl FromArchive<'t>) -> Result<Vec<u8>> {
    let mut sink = PackSink::new(Vec::new(), usize::MAX);
    match copy(source, &mut sink) {
        Some(()) => sink.finish(),
        None => Err(source.fault()),
    }
}

fn copy<'t, S: FromArchive<'t>>(source: &mut S, sink: &mut PackSink) -> Option<()> {
    enum Open<M, L> {
        Map(M),
        List(L),
    }
    let mut open: Vec<Open<S::Map, S::List>> = Vec::new();
    loop {
        let ended = match open.last_mut() {
            None => false,
            Some(Open::Map(map)) => source.next_key(map, |key| sink.dynamic_key(key))?.is_none(),
            Some(Open::List(items)) => !source.next_item(items)?,
        };
        if ended {
            open.pop();
            if open.is_empty() {
                return Some(());
            }
            continue;
        }
        match source.kind_byte() {
            kind::NULL => source.null().then(|| sink.null())?,
            kind::FALSE | kind::TRUE => sink.bool(source.bool()?),
            kind::UNSIGNED => sink.u64(source.u64()?),
            kind::NEGATIVE => sink.i64(source.i64()?),
            kind::FLOAT | kind::DECIMAL => sink.f64(source.f64()?),
            kind::TEXT | kind::TIME | kind::EXACT_TIME | kind::UUID | kind::GUID => {
                source.text(|text| sink.str(text))?;
            }
            kind::BYTES => sink.bytes(source.bytes()?),
            kind::LIST => {
                let items = source.begin_list()?;
                sink.begin_list(S::items_left(&items));
                open.push(Open::List(items));
                continue;
            }
            kind::MAP => {
                let map = source.begin_map()?;
                sink.begin_map(S::entries_left(&map));
                open.push(Open::Map(map));
                continue;
            }
            _ => return None,
        }
        if open.is_empty() {
            return Some(());
        }
    }
}
