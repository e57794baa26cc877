//! Taking an item in: bounds, what is there of its key already, its lane, its body, its row.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};

use super::blob::{self, TempBody};
use super::errors::Sql as _;
use super::{Write, fail, row, space};
use crate::error::{Error, Result};
use crate::item::{Class, Ended, Fault, Key, Receipt, Sha256, State, Stored};
use crate::options::WhenFull;

/// An item on its way in.
#[derive(Debug)]
pub(crate) struct NewItem {
    pub(crate) key: Key,
    pub(crate) lane: Option<String>,
    pub(crate) class: Class,
    pub(crate) kind: String,
    pub(crate) labels: String,
    pub(crate) body: NewBody,
    /// Also if the same bytes were sent before.
    pub(crate) forced: bool,
    /// For an import: when it was stored at first, and why it was set aside.
    pub(crate) before: Option<(i64, Option<Fault>)>,
}

#[derive(Debug)]
pub(crate) enum NewBody {
    Bytes(Bytes, Sha256),
    /// Taken when it has its name: a further try finds the named file.
    File {
        body: Option<TempBody>,
        sha256: Sha256,
        len: u64,
    },
}

impl NewBody {
    pub(crate) fn file(body: TempBody) -> Self {
        Self::File {
            sha256: body.sha256,
            len: body.len,
            body: Some(body),
        }
    }

    pub(crate) fn sha256(&self) -> Sha256 {
        match self {
            Self::Bytes(_, sha256) | Self::File { sha256, .. } => *sha256,
        }
    }

    /// Bytes that are in memory.
    pub(crate) fn in_memory(&self) -> usize {
        match self {
            Self::Bytes(bytes, _) => bytes.len(),
            Self::File { .. } => 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes, _) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }
}

/// The most that an item may have beside its body.
const LONGEST_LANE: usize = 512;
const LONGEST_KIND: usize = 64;
const LONGEST_LABELS: usize = 1024;

impl NewItem {
    /// Refuses what would not fit.
    pub(crate) fn check(&self) -> Result<()> {
        let longest = [
            (
                "lane",
                self.lane.as_ref().map_or(0, String::len),
                LONGEST_LANE,
            ),
            ("kind", self.kind.len(), LONGEST_KIND),
            ("labels", self.labels.len(), LONGEST_LABELS),
        ];
        for (what, length, most) in longest {
            if length > most {
                return Err(Error::Invalid {
                    what,
                    why: format!("it has {length} bytes, and {most} fit"),
                });
            }
        }
        Ok(())
    }
}

impl Write<'_> {
    /// Stores an item. On disk after the commit.
    pub(crate) fn enqueue(&mut self, new: &mut NewItem) -> Result<Receipt> {
        let (key, sha256) = (new.key, new.body.sha256());
        let newest = self
            .tx
            .prepare_cached(
                "SELECT seq, sha256, lane FROM item WHERE key = ? ORDER BY seq DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                let found = |row: &rusqlite::Row<'_>| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row::sha256(row, 1)?,
                        row.get::<_, String>(2)?,
                    ))
                };
                statement.query_row([&key.0[..]], found).optional()
            })
            .at(self.context)?;
        let receipt = |seq, outcome| Receipt {
            key,
            seq,
            sha256,
            outcome,
        };
        if let Some((seq, same, _)) = &newest
            && *same == sha256
        {
            return Ok(receipt(*seq, Stored::SameAsOpen));
        }
        if newest.is_none()
            && !new.forced
            && let Some((seq, at)) = self.sent_last(&key, &sha256)?
        {
            return Ok(receipt(seq, Stored::AlreadySent(at)));
        }
        self.make_room(new.body.len())?;
        // What is open of this key decides: versions of one thing stay in order.
        let lane = match (newest, &new.lane) {
            (Some((_, _, lane)), _) => lane,
            (None, Some(lane)) => lane.clone(),
            (None, None) => key.to_string(),
        };
        self.replace_set_aside(&key, i64::MAX)?;
        let seq = self.insert(new, &lane)?;
        Ok(receipt(seq, Stored::New))
    }

    /// When these bytes were the last that were sent under this key.
    fn sent_last(&self, key: &Key, sha256: &Sha256) -> Result<Option<(i64, i64)>> {
        let sql = "SELECT seq, ended_at, sha256 FROM receipt WHERE key = ? AND ended = ? \
                   ORDER BY seq DESC LIMIT 1";
        let last = self
            .tx
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let found = |row: &rusqlite::Row<'_>| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row::sha256(row, 2)?,
                    ))
                };
                statement
                    .query_row(params![&key.0[..], Ended::Sent.number()], found)
                    .optional()
            })
            .at(self.context)?;
        Ok(last
            .filter(|(_, _, same)| same == sha256)
            .map(|(seq, at, _)| (seq, at)))
    }

    fn insert(&mut self, new: &mut NewItem, lane: &str) -> Result<i64> {
        let (len, sha256) = (new.body.len(), new.body.sha256());
        let in_file = matches!(new.body, NewBody::File { .. });
        if let NewBody::File { body, .. } = &mut new.body {
            if let Some(body) = body.take() {
                blob::keep(&self.context.folder, &body, self.options.sync_folders)?;
            } else if blob::path_of(&self.context.folder, &sha256).exists() {
                // Named by a try that failed, perhaps before its name was on disk.
                blob::sync_name(&self.context.folder, &sha256)?;
            } else {
                return Err(Error::Invalid {
                    what: "this body",
                    why: "its file was used by an enqueue that failed: give the body anew"
                        .to_owned(),
                });
            }
        }
        let (enqueued_at, fault) = new.before.clone().unwrap_or((self.now, None));
        let state = if fault.is_some() {
            State::Parked
        } else if self.is_held_up(lane)? {
            State::Behind
        } else {
            State::Ready
        };
        let seal = row::seal(&new.key, lane, &new.kind, len, &sha256);
        self.tx
            .prepare_cached(
                "INSERT INTO item (key, lane, class, state, kind, len, sha256, place, enqueued_at, \
                 not_before, wait, tries, suspect_tries, failed_since, failed_at, fence, labels, fault, seal) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, ?, ?, ?)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    &new.key.0[..],
                    lane,
                    new.class as i64,
                    state.number(),
                    new.kind,
                    len.cast_signed(),
                    &sha256.0[..],
                    i64::from(in_file),
                    enqueued_at,
                    new.labels,
                    fault.map(row::fault_text),
                    seal,
                ])
            })
            .at(self.context)?;
        let seq = self.tx.last_insert_rowid();
        fail::point("enqueue.row")?;
        if let NewBody::Bytes(bytes, _) = &new.body {
            self.tx
                .prepare_cached("INSERT INTO body (seq, bytes) VALUES (?, ?)")
                .and_then(|mut statement| statement.execute(params![seq, &bytes[..]]))
                .at(self.context)?;
        }
        fail::point("enqueue.body")?;
        Ok(seq)
    }

    /// Whether an item that enters this lane now has to wait for another one.
    pub(super) fn is_held_up(&self, lane: &str) -> Result<bool> {
        // Ready, behind, leased, waiting, held; with strict lanes all that are open.
        let last = if self.options.strict_lanes { 7 } else { 4 };
        self.tx
            .prepare_cached("SELECT 1 FROM item WHERE lane = ? AND state <= ? LIMIT 1")
            .and_then(|mut statement| statement.exists(params![lane, last]))
            .at(self.context)
    }

    /// Older versions that were set aside make way for one that is newer: that is how one is mended.
    pub(super) fn replace_set_aside(&mut self, key: &Key, before: i64) -> Result<()> {
        let older: Vec<i64> = self
            .tx
            .prepare_cached("SELECT seq FROM item WHERE key = ? AND state IN (?, ?) AND seq < ?")
            .and_then(|mut statement| {
                let (parked, quarantined) = (State::Parked.number(), State::Quarantined.number());
                statement
                    .query_map(params![&key.0[..], parked, quarantined, before], |row| {
                        row.get(0)
                    })?
                    .collect()
            })
            .at(self.context)?;
        for seq in older {
            self.end(seq, Ended::Replaced, "a newer version was enqueued")?;
        }
        Ok(())
    }

    /// Refuses what there is no room for, or makes room as the bounds say.
    fn make_room(&mut self, more: u64) -> Result<()> {
        let bounds = &self.options.bounds;
        if !self.ballast.is_there() && !self.ballast.fill(&self.context.folder) {
            return Err(Error::DiskFull {
                folder: self.context.folder.to_path_buf(),
            });
        }
        space::check(&self.context.folder, bounds.min_free, more)?;
        let (max_items, max_bytes) = (bounds.max_items, bounds.max_bytes);
        loop {
            let (items, bytes): (u64, u64) = self
                .tx
                .prepare_cached("SELECT items, bytes FROM meta")
                .and_then(|mut statement| {
                    statement.query_row([], |row| Ok((row::count(row, 0)?, row::count(row, 1)?)))
                })
                .at(self.context)?;
            let (what, limit) = if items >= max_items {
                ("items", max_items)
            } else if bytes.saturating_add(more) > max_bytes {
                ("bytes of bodies", max_bytes)
            } else {
                return Ok(());
            };
            let dropped = match &bounds.when_full {
                WhenFull::DropOldest(class, _) if self.may_drop && more <= max_bytes => {
                    self.drop_oldest(*class)?
                }
                _ => false,
            };
            if !dropped {
                return Err(Error::Full { what, limit });
            }
        }
    }

    /// Drops the oldest item of a class that nobody has leased. Says whether there was one.
    fn drop_oldest(&mut self, class: Class) -> Result<bool> {
        let leased = State::Leased.number();
        let oldest: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT seq FROM item WHERE class = ? AND state <> ? ORDER BY seq LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![class as i64, leased], |row| row.get(0))
                    .optional()
            })
            .at(self.context)?;
        let Some(seq) = oldest else { return Ok(false) };
        if let Some(past) = self.end(seq, Ended::Dropped, "there was no room")? {
            self.dropped.push(past);
        }
        Ok(true)
    }
}

/// A body that is a file before it is enqueued is written to the queue's own folder.
pub(crate) fn copied(folder: &Path, from: &Path) -> Result<TempBody> {
    use std::io::Read as _;
    let mut source =
        std::fs::File::open(from).map_err(|error| Error::io("reading", from, &error))?;
    let mut writer = blob::TempWriter::new(folder)?;
    let mut chunk = vec![0; 64 << 10];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return writer.finish(),
            Ok(read) => writer.write(chunk.get(..read).unwrap_or_default())?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("reading", from, &error)),
        }
    }
}
