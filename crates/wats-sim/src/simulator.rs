//! The handle of a running server and the builder that starts it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::access::Access;
use crate::api::{effects, process, product, production, report};
use crate::call::Call;
use crate::counters::Counters;
use crate::fault::Fault;
use crate::product_shape;
use crate::query::Query;
use crate::shared::Shared;
use crate::store::{Processing, StoredReport};

/// The token a server accepts unless told otherwise: `demo:demo` in base64.
pub const DEFAULT_TOKEN: &str = "ZGVtbzpkZW1v";

/// A running WATS server.
///
/// It stops when [`shutdown`](Self::shutdown) is called or the value is dropped. It runs on the
/// tokio runtime that started it.
///
/// ```
/// # async fn doc() -> Result<(), wats_sim::Error> {
/// use wats_sim::Simulator;
///
/// let sim = Simulator::builder().products(100).start().await?;
/// println!("serving at {} for the token {}", sim.base_url(), sim.token());
/// // … let a client loose on it …
/// println!("{}", sim.counters());
/// sim.shutdown().await;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doc()).unwrap();
/// ```
pub struct Simulator {
    pub(crate) base_url: String,
    pub(crate) token: String,
    pub(crate) ca_pem: Option<String>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) running: Mutex<Option<JoinHandle<()>>>,
}

impl Simulator {
    /// Where a client of this machine finds the server, such as `http://127.0.0.1:40123` or `https://127.0.0.1:40123`; no
    /// slash at the end. The certificate is also valid for `localhost`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token the server was started with, to be sent as `Authorization: Basic <token>`.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The certificate authority a client must trust, as PEM; `None` without TLS.
    pub fn ca_certificate_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// What the server has seen so far.
    pub fn counters(&self) -> Counters {
        self.shared.meter.snapshot()
    }

    /// Starts counting anew; open connections stay counted as live.
    pub fn reset_counters(&self) {
        self.shared.meter.reset();
        self.shared.arrivals.reset();
    }

    /// The product as `GET /api/Product/{partNumber}` answers it.
    pub fn product(&self, part_number: &str) -> Option<Value> {
        self.shared
            .store
            .read(|state| product::by_number(state, part_number).cloned())
    }

    /// The unit with this serial number as it was saved.
    pub fn unit(&self, serial_number: &str) -> Option<Value> {
        self.shared
            .store
            .read(|state| production::unit(state, serial_number).cloned())
    }

    /// The batch with this number as it was saved.
    pub fn batch(&self, batch_number: &str) -> Option<Value> {
        self.shared
            .store
            .read(|state| production::batch(state, batch_number).cloned())
    }

    /// Puts a product into the server as it is, over the one with its part number; members the
    /// server makes (ids, empty lists) are added where they are missing. `false` if the value has no
    /// text `partNumber` or the server is full: then nothing changed.
    pub fn put_product(&self, product: Value) -> bool {
        let Value::Object(mut product) = product else {
            return false;
        };
        let Some(part_number) = product.get("partNumber").and_then(Value::as_str) else {
            return false;
        };
        let part_number = part_number.to_owned();
        let done = self.shared.store.change(|change| {
            let known = product::by_number(change, &part_number);
            if let Some(id) = known.and_then(|known| known.get("productId")) {
                product.entry("productId").or_insert_with(|| id.clone());
            }
            product_shape::complete(&mut product);
            product::store(change, Value::Object(product))
        });
        done.is_ok()
    }

    /// Adds a process, or replaces the one with the same `code`. Members as in `GET /api/App/Processes`; those that are
    /// missing make it a test operation in use (`"state": 1`). Reports may then use the code.
    pub fn put_process(&self, process: Value) {
        // A server that is full of processes keeps those it has.
        let _ = self
            .shared
            .store
            .change(|change| process::put(change, process));
    }

    /// The report with this id as WSJF, if one was stored.
    pub fn report(&self, id: &str) -> Option<Value> {
        serde_json::from_slice(&self.stored(id)?.wsjf).ok()
    }

    /// The report with this id, byte for byte as it was received, WSJF or WSXF.
    pub fn report_bytes(&self, id: &str) -> Option<Bytes> {
        let report = self.stored(id)?;
        Some(report.wsxf.as_ref().unwrap_or(&report.wsjf).clone())
    }

    /// Takes in a report as if it were posted, WSJF or WSXF by its first character.
    ///
    /// # Errors
    ///
    /// What the server would have answered.
    pub fn load_report(&self, report: impl Into<Bytes>) -> Result<(), String> {
        let call = Call {
            server: &self.shared,
            store: &self.shared.store,
            settings: &self.shared.settings,
            headers: &HeaderMap::new(),
            params: Vec::new(),
            query: Query::default(),
            body: report.into(),
            processing: Processing::default(),
        };
        match report::load(&call) {
            Ok(_) => Ok(()),
            Err(answer) => Err(answer.words()),
        }
    }

    /// How far the report with this id has come: `R` received, `P` processed, `E` in quarantine, `I`
    /// in quarantine for good. `None` if no such report came.
    pub fn report_state(&self, id: &str) -> Option<String> {
        let state = self.state_of(id)?;
        state
            .get("State")
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    /// How often a report with this id was received: with 200, whatever became of the answer.
    pub fn receive_count(&self, id: &str) -> u64 {
        let state = self.state_of(id);
        let count = state.as_ref().and_then(|state| state.get("ReceiveCount"));
        count.and_then(Value::as_u64).unwrap_or(0)
    }

    /// Most requests that came with this token, as it stands after `Basic`, within any time of this length, since the server
    /// started or [`reset_counters`](Self::reset_counters). Those that were refused count, too; of each token the last 100 000
    /// are known.
    pub fn most_requests_within(&self, time: Duration, token: &str) -> usize {
        self.shared.arrivals.most_within(time, token)
    }

    fn state_of(&self, id: &str) -> Option<Value> {
        let id = Uuid::try_parse(id).ok()?;
        effects::settle_due(&self.shared.store);
        self.shared.store.read(|state| state.reports.state(&id))
    }

    /// From now on reports are received, and answered with 200, but not processed: they cannot be
    /// read until [`release_reports`](Self::release_reports).
    pub fn hold_reports(&self) {
        self.hold(true);
    }

    /// Processes the reports that were held back, in the order in which they came, and those to come
    /// at once.
    pub fn release_reports(&self) {
        self.hold(false);
    }

    fn hold(&self, held: bool) {
        // Holding and its effects do not fail.
        let _ = self.shared.store.change(|change| {
            change.reports_mut().hold(held, self.shared.clock.now());
            effects::settle(change);
            Ok(())
        });
    }

    fn stored(&self, id: &str) -> Option<Arc<StoredReport>> {
        let id = Uuid::try_parse(id).ok()?;
        effects::settle_due(&self.shared.store);
        self.shared.store.read(|state| state.reports.get(&id))
    }

    /// Scripts a failure for the next request that fits; see [`Fault`].
    pub fn inject(&self, fault: Fault) {
        self.shared.faults.push(fault);
    }

    /// Puts the server's clock ahead by this much, or back: it shows in the `Date` of answers, in the times the server notes,
    /// and in what it takes for the future.
    pub fn set_clock_skew(&self, skew: SignedDuration) {
        self.shared.clock.set_skew(skew);
    }

    /// How many requests are still to fail; faults without end do not count. A test that ends with some left has not met them all.
    pub fn pending_faults(&self) -> usize {
        self.shared.faults.pending()
    }

    /// Forgets the faults still to come.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// From now on accepts this token too, or for something else than before.
    pub fn grant(&self, access: Access) {
        self.shared.tokens.grant(access);
    }

    /// From now on accepts this token no more; whether it was accepted.
    pub fn revoke(&self, token: &str) -> bool {
        self.shared.tokens.revoke(token)
    }

    /// From now on accepts only this token, as when a token has expired and a new one was made.
    /// [`token`](Self::token) keeps answering the first.
    pub fn replace_token(&self, token: impl Into<String>) {
        self.shared.tokens.replace(token.into());
    }

    /// Stops accepting, lets running requests finish for up to 5 s, closes all connections. The port
    /// is free when this returns. A second call does nothing.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(running) = running {
            // The only failure is a panic or an abort of the task, and either has stopped it.
            let _ = running.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(running) = running {
            // The task owns the listener and all connections.
            running.abort();
        }
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
