//! What the server keeps: processes, products, reports. All in memory, all bounded.
//!
//! Each kind has its own lock, held for the moment of reading or changing; parsing and answering
//! happen outside.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::seed;

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
            reports: Mutex::new(Reports {
                limit: limits.reports,
                ..Reports::default()
            }),
        }
    }

    pub(crate) fn processes(&self) -> Vec<Value> {
        lock(&self.processes).clone()
    }

    /// Adds a process, or replaces the one with the same code.
    pub(crate) fn put_process(&self, process: Value) {
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

    pub(crate) fn report(&self, id: &Uuid) -> Option<Arc<StoredReport>> {
        lock(&self.reports).by_id.get(id).cloned()
    }

    /// All reports, in no order.
    pub(crate) fn reports(&self) -> Vec<Arc<StoredReport>> {
        lock(&self.reports).by_id.values().cloned().collect()
    }

    pub(crate) fn put_report(&self, report: NewReport) -> Result<Arc<StoredReport>, String> {
        lock(&self.reports).put(report)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A report on its way into the store.
#[derive(Debug)]
pub(crate) struct NewReport {
    pub(crate) id: Uuid,
    pub(crate) bytes: Bytes,
    /// The header without the members the store adds.
    pub(crate) header: Map<String, Value>,
    /// Whose test runs are counted together.
    pub(crate) run_key: RunKey,
    pub(crate) passed: bool,
}

/// Serial number, part number, process code.
pub(crate) type RunKey = (String, String, i64);

/// A report as it was received, with its header.
#[derive(Debug)]
pub(crate) struct StoredReport {
    pub(crate) bytes: Bytes,
    pub(crate) header: Map<String, Value>,
    /// The order of processing, 1 for the first.
    pub(crate) time_stamp: u64,
    /// The number the server gave when it first saw the id.
    pub(crate) number: u64,
    run: u64,
    receive_count: u64,
}

#[derive(Debug, Default)]
struct Reports {
    by_id: HashMap<Uuid, Arc<StoredReport>>,
    runs: HashMap<RunKey, Runs>,
    last_time_stamp: u64,
    limit: usize,
}

#[derive(Debug, Default)]
struct Runs {
    count: u64,
    passed_in: Option<u64>,
}

impl Runs {
    /// Counts one more run; answers its number and the run that passed first.
    fn next(&mut self, passed: bool) -> (u64, Option<u64>) {
        self.count += 1;
        (self.count, self.seen(self.count, passed))
    }

    fn seen(&mut self, run: u64, passed: bool) -> Option<u64> {
        if passed {
            self.passed_in.get_or_insert(run);
        }
        self.passed_in
    }
}

impl Reports {
    fn put(&mut self, report: NewReport) -> Result<Arc<StoredReport>, String> {
        let known = self.by_id.get(&report.id).cloned();
        if known.is_none() && self.by_id.len() >= self.limit {
            return Err(format!(
                "The server keeps at most {} reports and drops none.",
                self.limit
            ));
        }
        self.last_time_stamp += 1;
        let receive_count = known.as_ref().map_or(0, |known| known.receive_count) + 1;
        let number = known
            .as_ref()
            .map_or(self.by_id.len() as u64 + 1, |known| known.number);
        // A repeated report keeps its run and adds no new key, so there are never more keys than
        // reports.
        let (run, passed_in) = match known {
            None => self
                .runs
                .entry(report.run_key)
                .or_default()
                .next(report.passed),
            Some(known) => {
                let runs = self.runs.get_mut(&report.run_key);
                (
                    known.run,
                    runs.and_then(|runs| runs.seen(known.run, report.passed)),
                )
            }
        };

        let mut header = report.header;
        header.insert("timeStamp".to_owned(), self.last_time_stamp.into());
        header.insert("receiveCount".to_owned(), receive_count.into());
        header.insert(
            "reportSize".to_owned(),
            report.bytes.len().div_ceil(1024).into(),
        );
        header.insert("run".to_owned(), run.into());
        header.insert("passedInRun".to_owned(), passed_in.into());
        let stored = Arc::new(StoredReport {
            bytes: report.bytes,
            header,
            time_stamp: self.last_time_stamp,
            number,
            run,
            receive_count,
        });
        self.by_id.insert(report.id, Arc::clone(&stored));
        Ok(stored)
    }
}
