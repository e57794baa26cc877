//! What becomes of a leased item: the plan says it, this writes it down.

use rusqlite::params;

use super::errors::Sql as _;
use super::receipt::{self, Insert};
use super::take::Lease;
use super::{Write, fail, row};
use crate::error::Result;
use crate::item::{Ended, Fault, Item, Past, State};
use crate::plan::{self, Change, Facts, Next, Reason, Verdict};

/// What a settle did.
#[derive(Debug, Clone)]
pub(crate) enum Settled {
    /// The lease was no longer valid: nothing changed.
    Void,
    Done(Box<Effect>),
}

/// What a settle changed.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) item: Item,
    /// Where it is now; none when it has ended.
    pub(crate) state: Option<State>,
    pub(crate) ended: Option<Past>,
    pub(crate) paused: Option<Reason>,
    pub(crate) resumed: Option<Reason>,
    /// Another item that is set aside.
    pub(crate) parked_too: Option<Item>,
}

impl Write<'_> {
    /// Writes down what a delivery came to. A lease that is not the item's newest changes nothing.
    pub(crate) fn settle(&mut self, lease: Lease, verdict: Verdict) -> Result<Settled> {
        let Some(whole) = row::item(self.tx, self.context, lease.seq)? else {
            return Ok(Settled::Void);
        };
        let ours = whole.item.state == State::Leased
            && whole.item.fence == lease.fence
            && whole.owner.as_deref() == Some(self.owner);
        if !ours {
            return Ok(Settled::Void);
        }
        let facts = Facts {
            seq: lease.seq,
            tries: whole.item.tries,
            suspect_tries: whole.suspect_tries,
            failed_since: whole.failed_since,
            failed_at: whole.failed_at,
            credential: lease.credential,
            sent_last_minute: match verdict {
                Verdict::Throttled { .. } => self.sent_since(self.now.saturating_sub(60_000))?,
                _ => 0,
            },
        };
        let mut random = |most: i64| fastrand::i64(0..=most.max(0));
        let change = plan::settle(verdict, facts, &mut self.flow, self.now, &mut random);
        let Change {
            next,
            park,
            paused,
            resumed,
        } = change;
        let (state, ended) = self.apply(&whole, next)?;
        let parked_too = match park {
            Some((seq, fault)) => self.park_forbidden(seq, fault)?,
            None => None,
        };
        fail::point("settle.done")?;
        Ok(Settled::Done(Box::new(Effect {
            item: whole.item,
            state,
            ended,
            paused,
            resumed,
            parked_too,
        })))
    }

    fn sent_since(&self, since: i64) -> Result<i64> {
        self.tx
            .prepare_cached("SELECT count(*) FROM receipt WHERE ended_at > ?")
            .and_then(|mut statement| statement.query_row([since], |row| row.get(0)))
            .at(self.context)
    }

    fn apply(&mut self, whole: &row::Whole, next: Next) -> Result<(Option<State>, Option<Past>)> {
        let seq = whole.item.seq;
        match next {
            Next::Sent { reference } => {
                let past = self.end(seq, Ended::Sent, &reference)?;
                return Ok((None, past));
            }
            Next::Unconfirmed { reference } => {
                self.tx
                    .execute(
                        "UPDATE item SET state = ?, owner = NULL, reference = ?, not_before = ? WHERE seq = ?",
                        params![State::Unconfirmed.number(), reference, self.now, seq],
                    )
                    .at(self.context)?;
                self.lift(&whole.item.lane)?;
            }
            Next::Ready => self.set_state(seq, State::Ready, None)?,
            Next::Waiting {
                wait,
                suspect,
                fault,
            } => {
                self.wait(seq, State::Waiting, wait, fault)?;
                let since = if whole.failed_since == 0 {
                    self.now
                } else {
                    whole.failed_since
                };
                self.tx
                    .prepare_cached(
                        "UPDATE item SET tries = tries + 1, suspect_tries = suspect_tries + ?, \
                         failed_since = ?, failed_at = ? WHERE seq = ?",
                    )
                    .and_then(|mut statement| {
                        statement.execute(params![i64::from(suspect), since, self.now, seq])
                    })
                    .at(self.context)?;
            }
            Next::Held { wait, fault } => self.wait(seq, State::Held, wait, fault)?,
            Next::Parked(fault) => self.set_aside(&whole.item, State::Parked, fault)?,
            Next::Quarantined(fault) => self.set_aside(&whole.item, State::Quarantined, fault)?,
        }
        // What makes way for a newer version has ended.
        let now = row::item(self.tx, self.context, seq)?;
        Ok((now.map(|whole| whole.item.state), None))
    }

    /// An item is set aside, unless a newer version of it is there already: then it has been mended.
    fn set_aside(&mut self, item: &Item, state: State, fault: Fault) -> Result<()> {
        self.set_state(item.seq, state, Some(fault))?;
        if self.has_newer(item)? {
            self.end(item.seq, Ended::Replaced, "a newer version is there")?;
        }
        self.lift(&item.lane)
    }

    /// Whether a newer version is open, or was sent.
    pub(super) fn has_newer(&self, item: &Item) -> Result<bool> {
        let sql = "SELECT 1 FROM item WHERE key = ?1 AND seq > ?2 UNION ALL \
                   SELECT 1 FROM receipt WHERE key = ?1 AND seq > ?2 AND ended = ?3 LIMIT 1";
        self.tx
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.exists(params![&item.key.0[..], item.seq, Ended::Sent.number()])
            })
            .at(self.context)
    }

    fn wait(&mut self, seq: i64, state: State, wait: i64, fault: Fault) -> Result<()> {
        self.set_state(seq, state, Some(fault))?;
        self.tx
            .prepare_cached("UPDATE item SET not_before = ?, wait = ? WHERE seq = ?")
            .and_then(|mut statement| {
                statement.execute(params![self.now.saturating_add(wait), wait, seq])
            })
            .at(self.context)?;
        Ok(())
    }

    /// The one item that was forbidden, when another one was not. Unless somebody has it leased again.
    fn park_forbidden(&mut self, seq: i64, fault: Fault) -> Result<Option<Item>> {
        let Some(whole) = row::item(self.tx, self.context, seq)? else {
            return Ok(None);
        };
        if whole.item.state != State::Ready {
            return Ok(None);
        }
        self.set_aside(&whole.item, State::Parked, fault)?;
        Ok(Some(whole.item))
    }

    /// Parks an item for something that was found here.
    pub(super) fn park(&mut self, seq: i64, fault: Fault) -> Result<()> {
        let Some(whole) = row::item(self.tx, self.context, seq)? else {
            return Ok(());
        };
        self.set_state(seq, State::Parked, Some(fault))?;
        self.lift(&whole.item.lane)
    }

    pub(super) fn set_state(&self, seq: i64, state: State, fault: Option<Fault>) -> Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE item SET state = ?, owner = NULL, not_before = 0, wait = 0, \
                 fault = coalesce(?, fault) WHERE seq = ?",
            )
            .and_then(|mut statement| {
                statement.execute(params![state.number(), fault.map(row::fault_text), seq])
            })
            .at(self.context)?;
        Ok(())
    }

    /// An item ends: it becomes a receipt, its body goes, and the next one of its lane is ready.
    pub(super) fn end(&mut self, seq: i64, ended: Ended, note: &str) -> Result<Option<Past>> {
        let Some(whole) = row::item(self.tx, self.context, seq)? else {
            return Ok(None);
        };
        let item = whole.item;
        let mut note = note.to_owned();
        if note.len() > 1024 {
            let at = (0..=1024).rev().find(|at| note.is_char_boundary(*at));
            note.truncate(at.unwrap_or(0));
        }
        let past = Past {
            seq,
            key: item.key,
            sha256: item.sha256,
            len: item.len,
            enqueued_at: item.enqueued_at,
            ended_at: self.now,
            ended,
            tries: item.tries,
            note,
        };
        receipt::write(self.tx, Insert::OrReplace, &past).at(self.context)?;
        fail::point("end.receipt")?;
        for sql in [
            "DELETE FROM item WHERE seq = ?",
            "DELETE FROM body WHERE seq = ?",
        ] {
            self.tx
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([seq]))
                .at(self.context)?;
        }
        if whole.in_file {
            self.unneeded.push(item.sha256);
        }
        self.lift(&item.lane)?;
        Ok(Some(past))
    }

    /// Whether an item that is set aside holds its lane up may have been another way when those of the lane came.
    pub(super) fn set_strictness(&mut self) -> Result<()> {
        let strict = self.options.strict_lanes;
        if self.flow.strict_lanes == strict {
            return Ok(());
        }
        self.flow.strict_lanes = strict;
        if strict {
            let sql = "UPDATE item SET state = 1 WHERE state = 0 AND EXISTS (SELECT 1 FROM item AS other \
                       WHERE other.lane = item.lane AND other.state IN (5, 6, 7) AND other.seq < item.seq)";
            self.tx.execute(sql, []).at(self.context)?;
            return Ok(());
        }
        let held: Vec<String> = self
            .tx
            .prepare("SELECT DISTINCT lane FROM item WHERE state = 1")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .at(self.context)?;
        held.iter().try_for_each(|lane| self.lift(lane))
    }

    /// The oldest of a lane that waited for another one is ready, if nothing holds the lane up.
    pub(super) fn lift(&self, lane: &str) -> Result<()> {
        let strict = self.options.strict_lanes;
        let sql = "SELECT 1 FROM item WHERE lane = ?1 AND \
                   (state IN (0, 2, 3, 4) OR (?2 AND state IN (5, 6, 7))) LIMIT 1";
        let held_up = self
            .tx
            .prepare_cached(sql)
            .and_then(|mut statement| statement.exists(params![lane, strict]))
            .at(self.context)?;
        if held_up {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "UPDATE item SET state = 0 WHERE seq = \
                 (SELECT seq FROM item WHERE lane = ? AND state = 1 ORDER BY seq LIMIT 1)",
            )
            .and_then(|mut statement| statement.execute([lane]))
            .at(self.context)?;
        Ok(())
    }
}
