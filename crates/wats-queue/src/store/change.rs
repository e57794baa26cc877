//! What people decide about items: send again, discard; and what a later look says of those that are unconfirmed.

use rusqlite::params;

use super::errors::Sql as _;
use super::{Store, Write, row};
use crate::error::{Error, Result};
use crate::item::{Ended, Fault, Item, Key, Past, State};

/// What became of an item that its receiver had taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// It was processed. The item becomes a receipt.
    Stored,
    /// Its receiver has set it aside. The body is kept.
    Quarantined(Fault),
    /// Its receiver does not have it: it is sent again.
    Lost,
}

impl Store {
    /// Writes down that nothing is unconfirmed, if that is so.
    pub(crate) fn note_all_confirmed(&mut self) -> Result<()> {
        if self.read(|read| Ok(read.flow()?.all_confirmed))? {
            return Ok(());
        }
        self.write(false, |write| {
            let some = write.one("SELECT 1 FROM item WHERE state = 6 LIMIT 1", |_| Ok(()))?;
            write.flow.all_confirmed = some.is_none();
            Ok(())
        })
    }
}

impl Write<'_> {
    /// All items of a key that are set aside are sent again, and those that wait go at once.
    pub(crate) fn retry(&mut self, key: &Key) -> Result<u64> {
        let items = self.of_key(key)?;
        let Some(last) = items.last() else {
            return Err(Error::Unknown(*key));
        };
        let mut changed = 0;
        for item in &items {
            let again = matches!(
                item.state,
                State::Parked | State::Quarantined | State::Waiting | State::Held
            );
            if !again {
                continue;
            }
            if item.state.is_set_aside() && self.has_newer(item)? {
                self.end(item.seq, Ended::Replaced, "a newer version is there")?;
                continue;
            }
            let state = if !item.state.is_set_aside() {
                State::Ready
            } else if self.others_hold_up(item)? {
                State::Behind
            } else {
                State::Ready
            };
            self.set_state(item.seq, state, None)?;
            self.tx
                .execute(
                    "UPDATE item SET tries = 0, suspect_tries = 0, failed_since = 0, failed_at = 0, \
                     fault = NULL, reference = '' WHERE seq = ?",
                    [item.seq],
                )
                .at(self.context)?;
            changed += 1;
        }
        if changed == 0 {
            return Err(Error::WrongState {
                key: *key,
                state: last.state,
                why: "only what is parked, quarantined, waiting or held can be sent again",
            });
        }
        Ok(changed)
    }

    /// Whether an item that comes back has to wait for another one of its lane.
    fn others_hold_up(&self, item: &Item) -> Result<bool> {
        let last = if self.options.strict_lanes { 7 } else { 4 };
        self.tx
            .prepare_cached("SELECT 1 FROM item WHERE lane = ? AND state <= ? AND state <> 1 AND seq <> ? LIMIT 1")
            .and_then(|mut statement| statement.exists(params![item.lane, last, item.seq]))
            .at(self.context)
    }

    /// All items of a key that nobody has leased end here.
    pub(crate) fn discard(&mut self, key: &Key, why: &str) -> Result<Vec<Past>> {
        let items = self.of_key(key)?;
        if items.is_empty() {
            return Err(Error::Unknown(*key));
        }
        if items.iter().any(|item| item.state == State::Leased) {
            return Err(Error::WrongState {
                key: *key,
                state: State::Leased,
                why: "it is being sent; try again when that has ended",
            });
        }
        let mut ended = Vec::new();
        for item in items {
            ended.extend(self.end(item.seq, Ended::Discarded, why)?);
        }
        Ok(ended)
    }

    /// What a later look says of an item.
    pub(crate) fn confirm(
        &mut self,
        seq: i64,
        confirmation: Confirmation,
    ) -> Result<Option<(Item, Option<Past>)>> {
        let Some(whole) = row::item(self.tx, self.context, seq)? else {
            return Ok(None);
        };
        let item = whole.item;
        if item.state != State::Unconfirmed {
            return Ok(None);
        }
        let mut past = None;
        match confirmation {
            Confirmation::Stored => {
                let reference: String = self
                    .tx
                    .query_row("SELECT reference FROM item WHERE seq = ?", [seq], |row| {
                        row.get(0)
                    })
                    .at(self.context)?;
                past = self.end(seq, Ended::Sent, &reference)?;
            }
            Confirmation::Quarantined(fault) => {
                self.set_state(seq, State::Quarantined, Some(fault))?;
                if self.has_newer(&item)? {
                    past = self.end(seq, Ended::Replaced, "a newer version is there")?;
                }
            }
            Confirmation::Lost if self.has_newer(&item)? => {
                past = self.end(seq, Ended::Replaced, "a newer version is there")?;
            }
            Confirmation::Lost => {
                let state = if self.others_hold_up(&item)? {
                    State::Behind
                } else {
                    State::Ready
                };
                let fault = Fault::new("lost", "its receiver does not have it; it is sent again");
                self.set_state(seq, state, Some(fault))?;
            }
        }
        Ok(Some((item, past)))
    }

    /// The open items of a key, oldest first.
    fn of_key(&self, key: &Key) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {} FROM item WHERE key = ? ORDER BY seq",
            row::COLUMNS
        );
        let mut statement = self.tx.prepare_cached(&sql).at(self.context)?;
        let rows = statement
            .query_map([&key.0[..]], row::read)
            .at(self.context)?;
        rows.map(|row| row.map(|whole| whole.item).at(self.context))
            .collect()
    }
}
