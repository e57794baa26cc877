//! What is only looked at: lists, counts, receipts, and whether there is anything to take.

use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;

use super::errors::{Context, Sql as _};
use super::{blob, receipt, row};
use crate::error::Result;
use crate::item::{Body, Class, Item, Key, Past, Sha256, State};
use crate::plan::Flow;

/// A look at the queue.
pub(crate) struct Read<'a> {
    pub(super) db: &'a Connection,
    pub(super) context: &'a Context,
}

/// Which items of a queue.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Filter {
    pub(crate) states: Vec<State>,
    pub(crate) key: Option<Key>,
    pub(crate) class: Option<Class>,
    pub(crate) after: i64,
    pub(crate) most: Option<u32>,
}

impl Filter {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those that somebody has to decide about: parked ones, and those that their receiver has set aside.
    pub fn set_aside() -> Self {
        Self::all().state(State::Parked).state(State::Quarantined)
    }

    /// Also those in this state; in any if none is named.
    pub fn state(mut self, state: State) -> Self {
        self.states.push(state);
        self
    }

    /// Those of this key.
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Those of this class.
    pub fn class(mut self, class: Class) -> Self {
        self.class = Some(class);
        self
    }

    /// Those that came after this number: the last one of a page gives the next page.
    pub fn after(mut self, seq: i64) -> Self {
        self.after = seq;
        self
    }

    /// So many at most; 1000 if not set, and 10 000 at most.
    pub fn most(mut self, items: u32) -> Self {
        self.most = Some(items);
        self
    }
}

/// Whether there is anything to take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peek {
    pub(crate) ready: bool,
    /// When something that waits is due.
    pub(crate) due: Option<i64>,
    /// Whether others have leases.
    pub(crate) others_lease: bool,
}

/// Counts of the whole queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) counts: BTreeMap<(u8, u8), (u64, u64)>,
    pub(crate) oldest: Option<i64>,
    pub(crate) sent_last_minute: u64,
    pub(crate) sent_last_hour: u64,
    pub(crate) flow: Flow,
}

impl Read<'_> {
    pub(crate) fn list(&self, filter: &Filter) -> Result<Vec<Item>> {
        let states: Vec<String> = filter
            .states
            .iter()
            .map(|state| state.number().to_string())
            .collect();
        let mut sql = format!("SELECT {} FROM item WHERE seq > ?1", row::COLUMNS);
        if !states.is_empty() {
            sql.push_str(" AND state IN (");
            sql.push_str(&states.join(","));
            sql.push(')');
        }
        // Left out where it is not asked for, so that the index of the keys is used where it is.
        if filter.key.is_some() {
            sql.push_str(" AND key = ?2");
        }
        if filter.class.is_some() {
            sql.push_str(" AND class = ?3");
        }
        sql.push_str(" AND ?2 IS ?2 AND ?3 IS ?3 ORDER BY seq LIMIT ?4");
        let key = filter.key.as_ref().map(|key| &key.0[..]);
        let class = filter.class.map(|class| class as i64);
        let most = filter.most.unwrap_or(1000).min(10_000);
        let mut statement = self.db.prepare_cached(&sql).at(self.context)?;
        let rows = statement
            .query_map(params![filter.after, key, class, most], row::read)
            .at(self.context)?;
        rows.map(|row| row.map(|whole| whole.item).at(self.context))
            .collect()
    }

    pub(crate) fn item(&self, seq: i64) -> Result<Option<Item>> {
        Ok(row::item(self.db, self.context, seq)?.map(|whole| whole.item))
    }

    /// The newest open item of a key.
    pub(crate) fn newest(&self, key: &Key) -> Result<Option<Item>> {
        let sql = format!(
            "SELECT {} FROM item WHERE key = ? ORDER BY seq DESC LIMIT 1",
            row::COLUMNS
        );
        let found = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([&key.0[..]], row::read).optional())
            .at(self.context)?;
        Ok(found.map(|whole| whole.item))
    }

    /// How the item of this number ended.
    pub(crate) fn receipt(&self, seq: i64) -> Result<Option<Past>> {
        self.past("SELECT * FROM receipt WHERE seq = ?", params![seq])
    }

    /// How the last item of this key ended.
    pub(crate) fn last_receipt(&self, key: &Key) -> Result<Option<Past>> {
        self.past(
            "SELECT * FROM receipt WHERE key = ? ORDER BY seq DESC LIMIT 1",
            params![&key.0[..]],
        )
    }

    fn past(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Option<Past>> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, receipt::read).optional())
            .at(self.context)
    }

    /// The body of an item that is there, as it is stored.
    pub(crate) fn body(&self, seq: i64) -> Result<Option<Body>> {
        let Some(whole) = row::item(self.db, self.context, seq)? else {
            return Ok(None);
        };
        if whole.in_file {
            let path = blob::path_of(&self.context.folder, &whole.item.sha256);
            return Ok(Some(Body::File {
                path,
                len: whole.item.len,
            }));
        }
        let bytes: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT bytes FROM body WHERE seq = ?")
            .and_then(|mut statement| statement.query_row([seq], |row| row.get(0)).optional())
            .at(self.context)?;
        Ok(bytes.map(|bytes| Body::Bytes(bytes.into())))
    }

    pub(crate) fn flow(&self) -> Result<Flow> {
        flow(self.db, self.context)
    }

    pub(crate) fn peek(&self, owner: &str) -> Result<Peek> {
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE state = 0), \
                   (SELECT min(not_before) FROM item WHERE state IN (3, 4)), \
                   EXISTS (SELECT 1 FROM item WHERE state = 2 AND owner <> ?)";
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row([owner], |row| {
                    Ok(Peek {
                        ready: row.get(0)?,
                        due: row.get(1)?,
                        others_lease: row.get(2)?,
                    })
                })
            })
            .at(self.context)
    }

    pub(crate) fn totals(&self, now: i64) -> Result<Totals> {
        let mut totals = Totals {
            flow: flow(self.db, self.context)?,
            ..Totals::default()
        };
        // Counted here and not by `GROUP BY`, which would sort a million rows in memory.
        let mut statement = self
            .db
            .prepare_cached("SELECT state, class, len FROM item")
            .at(self.context)?;
        let mut rows = statement.query([]).at(self.context)?;
        while let Some(row) = rows.next().at(self.context)? {
            let (state, class) = (row.get(0), row.get(1));
            // What is neither is damage, which the check finds.
            if let (Ok(state), Ok(class)) = (state, class) {
                let (items, bytes): &mut (u64, u64) =
                    totals.counts.entry((state, class)).or_default();
                *items += 1;
                *bytes += row::count(row, 2).unwrap_or(0);
            }
        }
        totals.oldest = self
            .db
            .query_row(
                "SELECT enqueued_at FROM item ORDER BY seq LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()
            .at(self.context)?;
        let sent = |since: i64| {
            self.db
                .prepare_cached("SELECT count(*) FROM receipt WHERE ended_at > ? AND ended = 0")
                .and_then(|mut statement| statement.query_row([since], |row| row::count(row, 0)))
                .at(self.context)
        };
        totals.sent_last_minute = sent(now.saturating_sub(60_000))?;
        totals.sent_last_hour = sent(now.saturating_sub(3_600_000))?;
        Ok(totals)
    }

    /// Items that their receiver has, and whose processing is not known yet, with what it calls them: those beyond a number.
    pub(crate) fn unconfirmed(&self, after: i64, most: u32) -> Result<Vec<(Item, String)>> {
        let sql = format!(
            "SELECT {}, reference FROM item WHERE state = 6 AND seq > ? ORDER BY seq LIMIT ?",
            row::COLUMNS
        );
        let mut statement = self.db.prepare_cached(&sql).at(self.context)?;
        let rows = statement
            .query_map(params![after, most], |row| {
                Ok((row::read(row)?.item, row.get("reference")?))
            })
            .at(self.context)?;
        rows.map(|row| row.at(self.context)).collect()
    }

    pub(super) fn refers_to(&self, sha256: &Sha256) -> Result<bool> {
        self.db
            .prepare_cached("SELECT 1 FROM item WHERE place = 1 AND sha256 = ? LIMIT 1")
            .and_then(|mut statement| statement.exists([&sha256.0[..]]))
            .at(self.context)
    }
}

/// What holds for the whole queue. What cannot be read is as at the start: it bounds waits, and no more.
pub(super) fn flow(db: &Connection, context: &Context) -> Result<Flow> {
    let text: String = db
        .prepare_cached("SELECT flow FROM meta")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .at(context)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
