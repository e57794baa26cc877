//! Leasing items, and taking back the leases of who has ended.

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};

use super::errors::Sql as _;
use super::owner::Life;
use super::{Write, blob, fail, row};
use crate::error::Result;
use crate::item::{Body, Class, Fault, Item, State};
use crate::plan::Admit;

/// What a drain asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) most: u32,
    /// How many backfill items this owner may have leased at a time.
    pub(crate) most_backfill: u32,
    /// Names the credential that it would send with.
    pub(crate) credential: i64,
    /// Whether that one was refused here already, and nothing was sent with it since.
    pub(crate) refused: bool,
}

impl Wanted {
    /// The credential, if it may be another than the one that a pause is for.
    pub(crate) fn fresh(&self) -> Option<i64> {
        (!self.refused).then_some(self.credential)
    }
}

/// One lease: what settles names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) seq: i64,
    pub(crate) fence: i64,
    pub(crate) credential: i64,
}

/// An item that is leased, with its body. Whether a body that is a file is intact has still to be checked.
#[derive(Debug, Clone)]
pub(crate) struct Leased {
    pub(crate) lease: Lease,
    pub(crate) item: Item,
    pub(crate) body: Body,
}

/// One time in so many, backfill comes first.
const BACKFILL_FIRST: u32 = 8;

impl Write<'_> {
    /// Leases what may be sent now.
    pub(crate) fn take(&mut self, wanted: Wanted) -> Result<Vec<Leased>> {
        self.wake_due()?;
        let leased: u32 = self
            .one("SELECT count(*) FROM item WHERE state = 2", |row| {
                row::small(row, 0)
            })?
            .unwrap_or(0);
        let probe = self.flow.pause.as_ref().and_then(|pause| pause.probe);
        let probe_is_leased = match probe {
            Some(seq) => row::item(self.tx, self.context, seq)?
                .is_some_and(|whole| whole.item.state == State::Leased),
            None => false,
        };
        let admit = self
            .flow
            .admit(self.now, leased, probe_is_leased, wanted.fresh());
        let Admit::Now { most, avoid, probe } = admit else {
            return Ok(Vec::new());
        };
        let mut taken = Vec::new();
        let most = most.min(wanted.most);
        // An item that turns out to be damaged is parked, and the next one is taken instead.
        while (taken.len() as u64) < u64::from(most) {
            let Some(seq) = self.choose(avoid, wanted.most_backfill)? else {
                break;
            };
            if let Some(leased) = self.lease(seq, wanted.credential)? {
                self.flow.leased(seq, probe, self.now);
                taken.push(leased);
                if self.flow.interval > 0 {
                    break;
                }
            }
        }
        fail::point("take.leased")?;
        Ok(taken)
    }

    /// What waited long enough is ready.
    fn wake_due(&mut self) -> Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE item SET state = 0, not_before = 0, wait = 0 \
                 WHERE state IN (3, 4) AND not_before <= ?",
            )
            .and_then(|mut statement| statement.execute([self.now]))
            .at(self.context)?;
        Ok(())
    }

    fn choose(&mut self, avoid: Option<i64>, most_backfill: u32) -> Result<Option<i64>> {
        let own: u32 = self
            .tx
            .prepare_cached("SELECT count(*) FROM item WHERE state = 2 AND owner = ? AND class = 1")
            .and_then(|mut statement| statement.query_row([self.owner], |row| row::small(row, 0)))
            .at(self.context)?;
        *self.takes = self.takes.wrapping_add(1);
        let order = if self.takes.is_multiple_of(BACKFILL_FIRST) {
            [Class::Backfill, Class::Live]
        } else {
            [Class::Live, Class::Backfill]
        };
        for class in order {
            if class == Class::Backfill && own >= most_backfill {
                continue;
            }
            let found = self
                .tx
                .prepare_cached(
                    "SELECT seq FROM item WHERE state = 0 AND class = ? AND seq <> ? ORDER BY seq LIMIT 1",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row(params![class as i64, avoid.unwrap_or(-1)], |row| row.get(0))
                        .optional()
                })
                .at(self.context)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Leases one item with its body, or parks it when it is not what was stored.
    fn lease(&mut self, seq: i64, credential: i64) -> Result<Option<Leased>> {
        let Some(whole) = row::item(self.tx, self.context, seq)? else {
            return Err(self
                .context
                .damaged("an index names an item that is not there"));
        };
        if !whole.is_intact() {
            let fault = Fault::new(
                "damaged",
                "what is stored beside its body is not as it was written",
            );
            self.park(seq, fault)?;
            return Ok(None);
        }
        let mut item = whole.item;
        let body = if whole.in_file {
            let path = blob::path_of(&self.context.folder, &item.sha256);
            if !path.exists() {
                let text = format!("the file of its body is missing: {}", path.display());
                self.park(seq, Fault::new("damaged", text))?;
                return Ok(None);
            }
            Body::File {
                path,
                len: item.len,
            }
        } else {
            let bytes: Option<Vec<u8>> = self
                .tx
                .prepare_cached("SELECT bytes FROM body WHERE seq = ?")
                .and_then(|mut statement| statement.query_row([seq], |row| row.get(0)).optional())
                .at(self.context)?;
            let Some(bytes) = bytes else {
                self.park(seq, Fault::new("damaged", "its body is missing"))?;
                return Ok(None);
            };
            Body::Bytes(Bytes::from(bytes))
        };
        item.fence = item.fence.saturating_add(1);
        item.state = State::Leased;
        self.tx
            .prepare_cached("UPDATE item SET state = 2, owner = ?, fence = ? WHERE seq = ?")
            .and_then(|mut statement| statement.execute(params![self.owner, item.fence, seq]))
            .at(self.context)?;
        Ok(Some(Leased {
            lease: Lease {
                seq,
                fence: item.fence,
                credential,
            },
            item,
            body,
        }))
    }

    /// The leases of owners that have ended are free.
    pub(crate) fn take_over_ended(&mut self) -> Result<()> {
        self.take_over(i64::MAX, 0)
    }

    /// The leases of owners that have ended, or gave no sign of life for so long, are free.
    pub(crate) fn take_over(&mut self, stalled_after: i64, monotonic: i64) -> Result<()> {
        let owners: Vec<String> = self
            .tx
            .prepare_cached("SELECT DISTINCT owner FROM item WHERE state = 2 AND owner <> ?")
            .and_then(|mut statement| {
                statement
                    .query_map([self.owner], |row| row.get(0))?
                    .collect()
            })
            .at(self.context)?;
        self.others.keep(&owners);
        for owner in owners {
            let life = self
                .others
                .look(&self.context.folder, &owner, monotonic, stalled_after);
            if life != Life::Alive {
                self.taken_over += self.free_leases(&owner)?;
            }
        }
        Ok(())
    }

    /// The leases of an owner are free, whatever became of it.
    pub(super) fn free_leases(&mut self, owner: &str) -> Result<u64> {
        let freed = self
            .tx
            .prepare_cached("UPDATE item SET state = 0, owner = NULL WHERE state = 2 AND owner = ?")
            .and_then(|mut statement| statement.execute([owner]))
            .at(self.context)?;
        Ok(freed as u64)
    }

    /// No wait lies further ahead than it is long.
    pub(crate) fn clamp_waits(&mut self) -> Result<()> {
        self.tx
            .execute(
                "UPDATE item SET not_before = ?1 + wait WHERE state IN (3, 4) AND not_before > ?1 + wait",
                [self.now],
            )
            .at(self.context)?;
        let now = self.now;
        self.flow.clamp_waits(now);
        self.tx
            .execute("UPDATE meta SET wall = max(wall, ?)", [now])
            .at(self.context)?;
        Ok(())
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        found: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.tx
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([], found).optional())
            .at(self.context)
    }
}
