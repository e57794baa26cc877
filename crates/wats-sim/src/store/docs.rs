//! Tables of documents: JSON by key, in the order of the keys.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use super::Limits;

/// All tables; a table is there once it is written to.
#[derive(Debug)]
pub(super) struct Docs {
    tables: BTreeMap<String, BTreeMap<String, Arc<Value>>>,
    limits: Limits,
}

/// What a document was before a change.
#[derive(Debug)]
pub(super) struct Undo {
    pub(super) table: String,
    pub(super) key: String,
    before: Option<Arc<Value>>,
}

impl Docs {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            tables: BTreeMap::new(),
            limits,
        }
    }

    pub(super) fn get(&self, table: &str, key: &str) -> Option<&Arc<Value>> {
        self.tables.get(table)?.get(key)
    }

    pub(super) fn rows(&self, table: &str) -> impl Iterator<Item = (&str, &Arc<Value>)> {
        let rows = self.tables.get(table).into_iter().flatten();
        rows.map(|(key, doc)| (key.as_str(), doc))
    }

    /// The rows whose keys begin with this.
    pub(super) fn under(
        &self,
        table: &str,
        start: &str,
    ) -> impl Iterator<Item = (&str, &Arc<Value>)> + use<'_> {
        let from = (Bound::Included(start), Bound::Unbounded);
        let rows = self
            .tables
            .get(table)
            .map(|rows| rows.range::<str, _>(from));
        let start = start.to_owned();
        rows.into_iter()
            .flatten()
            .map(|(key, doc)| (key.as_str(), doc))
            .take_while(move |(key, _)| key.starts_with(&start))
    }

    /// Puts a document; the error says that the table is full.
    pub(super) fn put(&mut self, table: &str, key: &str, doc: Arc<Value>) -> Result<Undo, String> {
        if !self.tables.contains_key(table) {
            self.tables.insert(table.to_owned(), BTreeMap::new());
        }
        let limit = if matches!(table, "product" | "product.number") {
            self.limits.products
        } else {
            self.limits.documents
        };
        let Some(rows) = self.tables.get_mut(table) else {
            return Err(format!("There is no table {table}."));
        };
        if rows.len() >= limit && !rows.contains_key(key) {
            return Err(format!(
                "The server keeps at most {limit} documents of the kind '{table}'."
            ));
        }
        let before = rows.insert(key.to_owned(), doc);
        Ok(undo(table, key, before))
    }

    pub(super) fn remove(&mut self, table: &str, key: &str) -> Option<Undo> {
        let before = self.tables.get_mut(table)?.remove(key)?;
        Some(undo(table, key, Some(before)))
    }

    /// Takes changes back, the last first.
    pub(super) fn take_back(&mut self, changes: Vec<Undo>) {
        for Undo { table, key, before } in changes.into_iter().rev() {
            let rows = self.tables.entry(table).or_default();
            match before {
                Some(doc) => rows.insert(key, doc),
                None => rows.remove(&key),
            };
        }
    }
}

fn undo(table: &str, key: &str, before: Option<Arc<Value>>) -> Undo {
    Undo {
        table: table.to_owned(),
        key: key.to_owned(),
        before,
    }
}
