//! What the server keeps: processes, products, units, batches, reports. All in memory, all bounded.
//!
//! Each kind has its own lock, held for the moment of reading or changing; parsing and answering
//! happen outside.

mod reports;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::seed;
use reports::Reports;

pub(crate) use reports::{NewReport, StoredReport};

/// How much a server keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) products: usize,
    pub(crate) reports: usize,
}

/// The state of one server.
#[derive(Debug)]
pub(crate) struct Store {
    processes: Mutex<Vec<Value>>,
    products: Mutex<Products>,
    units: Mutex<ByKey>,
    batches: Mutex<ByKey>,
    reports: Mutex<Reports>,
}

impl Store {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            processes: Mutex::new(seed::processes()),
            products: Mutex::new(Products {
                limit: limits.products,
                ..Products::default()
            }),
            units: Mutex::new(ByKey::new(limits.products)),
            batches: Mutex::new(ByKey::new(limits.products)),
            reports: Mutex::new(Reports::new(limits.reports)),
        }
    }

    pub(crate) fn processes(&self) -> Vec<Value> {
        lock(&self.processes).clone()
    }

    /// Adds a process, or replaces the one with the same code. Members that are missing get the values of a test operation
    /// in use, so that it is listed.
    pub(crate) fn put_process(&self, process: Value) {
        let process = seed::complete_process(process);
        let mut processes = lock(&self.processes);
        let code = process.get("code").cloned();
        match processes
            .iter_mut()
            .find(|known| known.get("code") == code.as_ref())
        {
            Some(known) => *known = process,
            None => processes.push(process),
        }
    }

    /// The process with this code.
    pub(crate) fn process(&self, code: i64) -> Option<Value> {
        let has_code = |process: &&Value| process.get("code").and_then(Value::as_i64) == Some(code);
        lock(&self.processes).iter().find(has_code).cloned()
    }

    pub(crate) fn product(&self, part_number: &str) -> Option<Value> {
        lock(&self.products).get(part_number).cloned()
    }

    /// Looks at or changes the products as one step.
    pub(crate) fn with_products<T>(&self, work: impl FnOnce(&mut Products) -> T) -> T {
        work(&mut lock(&self.products))
    }

    /// Looks at or changes the units, by serial number, as one step.
    pub(crate) fn with_units<T>(&self, work: impl FnOnce(&mut ByKey) -> T) -> T {
        work(&mut lock(&self.units))
    }

    /// Looks at or changes the batches, by batch number, as one step.
    pub(crate) fn with_batches<T>(&self, work: impl FnOnce(&mut ByKey) -> T) -> T {
        work(&mut lock(&self.batches))
    }

    /// Looks at or changes the reports as one step.
    pub(crate) fn with_reports<T>(&self, work: impl FnOnce(&mut Reports) -> T) -> T {
        work(&mut lock(&self.reports))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Items by their key, as many as there may be products.
#[derive(Debug, Clone)]
pub(crate) struct ByKey {
    items: BTreeMap<String, Arc<Value>>,
    limit: usize,
}

impl ByKey {
    fn new(limit: usize) -> Self {
        Self {
            items: BTreeMap::new(),
            limit,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.items.get(key).map(AsRef::as_ref)
    }

    /// Puts an item in place of that of its key; the error is for the client.
    pub(crate) fn put(&mut self, key: String, item: Value) -> Result<(), String> {
        if !self.items.contains_key(&key) && self.items.len() >= self.limit {
            return Err(format!("The server keeps at most {} of them.", self.limit));
        }
        self.items.insert(key, Arc::new(item));
        Ok(())
    }
}

/// Products by part number, with their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Products {
    by_number: BTreeMap<String, Arc<Value>>,
    number_of_id: HashMap<String, String>,
    limit: usize,
}

impl Products {
    pub(crate) fn get(&self, part_number: &str) -> Option<&Value> {
        self.by_number.get(part_number).map(AsRef::as_ref)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Value> {
        self.get(self.number_of_id.get(id)?)
    }

    /// All products by part number.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.by_number.values().map(AsRef::as_ref)
    }

    /// Stores a complete product in place of the one with its id; the error is for the client.
    pub(crate) fn put(&mut self, product: Value) -> Result<(), String> {
        let text = |name: &str| product.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(number), Some(id)) = (text("partNumber"), text("productId")) else {
            return Err("a product needs partNumber and productId".to_owned());
        };
        let known = self.by_number.contains_key(&number) || self.number_of_id.contains_key(&id);
        if !known && self.by_number.len() >= self.limit {
            return Err(format!("The server keeps at most {} products.", self.limit));
        }
        if let Some(old_number) = self.number_of_id.insert(id, number.clone())
            && old_number != number
        {
            self.by_number.remove(&old_number);
        }
        self.by_number.insert(number, Arc::new(product));
        Ok(())
    }
}
