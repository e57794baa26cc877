//! What the server keeps: documents by table and key, and reports. All in memory, all bounded.
//!
//! - here: [`Store`], one lock over all of it, so that what a request changes in several places is seen at once or not at all,
//! - `docs`: the tables of documents,
//! - `reports`: reports on their way in, and those stored,
//! - `disk`, `rows`: the same in a folder, where there is one: a change is written before it is answered.
//!
//! Parsing and answering happen outside of the lock where they can.

#[cfg(feature = "data")]
mod disk;
mod docs;
mod reports;
#[cfg(feature = "data")]
mod rows;

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::Clock;
use docs::{Docs, Undo};
use reports::Reports;

pub(crate) use reports::{NewReport, Processing, StoredReport};

/// How much a server keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) products: usize,
    /// In each other table of documents.
    pub(crate) documents: usize,
    pub(crate) reports: usize,
}

/// The state of one server.
#[derive(Debug)]
pub(crate) struct Store {
    state: RwLock<State>,
    #[cfg(feature = "data")]
    disk: Option<disk::Disk>,
}

/// What is kept, to look at.
#[derive(Debug)]
pub(crate) struct State {
    docs: Docs,
    clock: Clock,
    pub(crate) reports: Reports,
}

impl Store {
    pub(crate) fn new(limits: Limits, clock: Clock) -> Self {
        Self {
            state: RwLock::new(State {
                docs: Docs::new(limits),
                clock,
                reports: Reports::new(limits.reports),
            }),
            #[cfg(feature = "data")]
            disk: None,
        }
    }

    /// A store with what the folder holds, which writes there what changes; the error says why not.
    #[cfg(feature = "data")]
    pub(crate) fn open(
        limits: Limits,
        clock: Clock,
        folder: &std::path::Path,
    ) -> Result<Self, String> {
        let mut store = Self::new(limits, clock);
        let state = store
            .state
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        store.disk = Some(disk::Disk::open(
            folder,
            &mut state.docs,
            &mut state.reports,
        )?);
        Ok(store)
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state as one step: if the work answers an error, no document is changed.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Answer>,
    ) -> Result<T, Answer> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut change = Change {
            state: &mut state,
            undo: Vec::new(),
        };
        let done = work(&mut change);
        let Change { state, undo } = change;
        #[cfg(feature = "data")]
        let done = done.and_then(|done| self.save(state, &undo).map(|()| done));
        #[cfg(not(feature = "data"))]
        drop(state.reports.take_changed());
        if done.is_err() {
            state.docs.take_back(undo);
        }
        done
    }

    /// Writes what changed to the folder, if there is one.
    #[cfg(feature = "data")]
    fn save(&self, state: &mut State, changes: &[Undo]) -> Result<(), Answer> {
        let reports = state.reports.take_changed();
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        disk.save(changes, &reports, state).map_err(|problem| {
            // Written with the next change, if that can be.
            state.reports.put_back_changed(reports);
            let message = format!("The change cannot be written: {problem}");
            Answer::message(StatusCode::INTERNAL_SERVER_ERROR, message)
        })
    }

    /// A document.
    pub(crate) fn get(&self, table: &str, key: &str) -> Option<Arc<Value>> {
        self.read(|state| state.docs.get(table, key).cloned())
    }

    /// All documents of a table, by key.
    pub(crate) fn all(&self, table: &str) -> Vec<Arc<Value>> {
        self.read(|state| {
            state
                .docs
                .rows(table)
                .map(|(_, doc)| Arc::clone(doc))
                .collect()
        })
    }
}

impl State {
    /// The time as the server has it.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A document.
    pub(crate) fn get(&self, table: &str, key: &str) -> Option<&Value> {
        self.docs.get(table, key).map(AsRef::as_ref)
    }

    /// The documents of a table, by key.
    pub(crate) fn rows(&self, table: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.docs.rows(table).map(|(key, doc)| (key, doc.as_ref()))
    }

    /// The documents of a table whose keys begin with this, by key.
    pub(crate) fn under(
        &self,
        table: &str,
        start: &str,
    ) -> impl Iterator<Item = (&str, &Value)> + use<'_> {
        let rows = self.docs.under(table, start);
        rows.map(|(key, doc)| (key, doc.as_ref()))
    }

    /// The keys of a table that begin with this.
    pub(crate) fn keys_under(&self, table: &str, start: &str) -> Vec<String> {
        let rows = self.docs.under(table, start);
        rows.map(|(key, _)| key.to_owned()).collect()
    }

    /// The first document of a table, by key, that fits.
    pub(crate) fn find(&self, table: &str, fits: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.rows(table).map(|(_, doc)| doc).find(|doc| fits(doc))
    }
}

/// What is kept, to change: documents through the methods here, reports directly.
pub(crate) struct Change<'a> {
    state: &'a mut State,
    undo: Vec<Undo>,
}

impl Deref for Change<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}

impl Change<'_> {
    /// Puts a document in place of that of its key; the error is for the client.
    pub(crate) fn put(&mut self, table: &str, key: &str, doc: Value) -> Result<(), Answer> {
        let undo = self.state.docs.put(table, key, Arc::new(doc));
        self.undo.push(undo.map_err(full)?);
        Ok(())
    }

    /// Removes a document; whether there was one.
    pub(crate) fn remove(&mut self, table: &str, key: &str) -> bool {
        let undo = self.state.docs.remove(table, key);
        let was = undo.is_some();
        self.undo.extend(undo);
        was
    }

    /// The next number of a sequence, 1 for the first.
    pub(crate) fn next(&mut self, sequence: &str) -> Result<u64, Answer> {
        let last = self.get("sequence", sequence).and_then(Value::as_u64);
        let next = last.unwrap_or(0) + 1;
        self.put("sequence", sequence, json!(next))?;
        Ok(next)
    }

    /// The reports. What is done to them stays done.
    pub(crate) fn reports_mut(&mut self) -> &mut Reports {
        &mut self.state.reports
    }
}

/// 507 with these words.
pub(crate) fn full(words: String) -> Answer {
    Answer::message(StatusCode::INSUFFICIENT_STORAGE, words)
}
