//! The handle of a running server and the builder that starts it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::access::{RateLimit, Token};
use crate::api::{effects, process, product, production};
use crate::counters::{Counters, Meter};
use crate::fault::{Fault, FaultQueue};
use crate::report_rules::ReportRules;
use crate::server::{self, Server};
use crate::service::Service;
use crate::settings::Settings;
use crate::store::{Limits, Store, StoredReport};
use crate::{Error, demo, product_shape, seed, tls};

/// The token a server accepts unless told otherwise: `demo:demo` in base64.
pub const DEFAULT_TOKEN: &str = "ZGVtbzpkZW1v";

/// Reports before 1971 are of clocks that are not set.
const EARLIEST_DEMO: Timestamp = Timestamp::constant(31_536_000, 0);

/// A running WATS server on 127.0.0.1.
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
    base_url: String,
    token: String,
    ca_pem: Option<String>,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Simulator {
    /// A builder with the defaults: any free port, plain TCP, no latency, no products.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where the server listens, such as `http://127.0.0.1:40123` or `https://127.0.0.1:40123`; no
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
        self.service.meter.snapshot()
    }

    /// Starts counting anew; open connections stay counted as live.
    pub fn reset_counters(&self) {
        self.service.meter.reset();
    }

    /// The product as `GET /api/Product/{partNumber}` answers it.
    pub fn product(&self, part_number: &str) -> Option<Value> {
        self.service
            .store
            .read(|state| product::by_number(state, part_number).cloned())
    }

    /// The unit with this serial number as it was saved.
    pub fn unit(&self, serial_number: &str) -> Option<Value> {
        self.service
            .store
            .read(|state| production::unit(state, serial_number).cloned())
    }

    /// The batch with this number as it was saved.
    pub fn batch(&self, batch_number: &str) -> Option<Value> {
        self.service
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
        let done = self.service.store.change(|change| {
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
            .service
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

    /// How far the report with this id has come: `R` received, `P` processed, `E` in quarantine, `I`
    /// in quarantine for good. `None` if no such report came.
    pub fn report_state(&self, id: &str) -> Option<String> {
        let id = Uuid::try_parse(id).ok()?;
        let state = self.service.store.read(|state| state.reports.state(&id))?;
        state
            .get("State")
            .and_then(Value::as_str)
            .map(str::to_owned)
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
        let _ = self.service.store.change(|change| {
            change.reports_mut().hold(held, Timestamp::now());
            effects::settle(change);
            Ok(())
        });
    }

    fn stored(&self, id: &str) -> Option<Arc<StoredReport>> {
        let id = Uuid::try_parse(id).ok()?;
        self.service.store.read(|state| state.reports.get(&id))
    }

    /// Scripts a failure for the next request that fits; see [`Fault`].
    pub fn inject(&self, fault: Fault) {
        self.service.faults.push(fault);
    }

    /// How many requests are still to fail. A test that ends with some left has not met them all.
    pub fn pending_faults(&self) -> usize {
        self.service.faults.pending()
    }

    /// Forgets the faults still to come.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// From now on accepts only this token, as when a token has expired and a new one was made.
    /// [`token`](Self::token) keeps answering the first.
    pub fn replace_token(&self, token: impl Into<String>) {
        self.service.token.replace(token.into());
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

/// How to run a [`Simulator`].
#[derive(Clone)]
pub struct Builder {
    port: u16,
    tls: bool,
    http1_only: bool,
    token: String,
    token_valid_for: Option<Duration>,
    rate_limit: Option<(usize, Duration)>,
    products: usize,
    demo: Option<Option<SystemTime>>,
    max_connections: usize,
    limits: Limits,
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            tls: false,
            http1_only: false,
            token: DEFAULT_TOKEN.to_owned(),
            token_valid_for: None,
            rate_limit: None,
            products: 0,
            demo: None,
            max_connections: 10_000,
            limits: Limits {
                products: 100_000,
                documents: 100_000,
                reports: 100_000,
            },
            settings: Settings {
                latency: Duration::ZERO,
                max_body: 100 * 1024 * 1024,
                rules: ReportRules::default(),
                gzip: true,
                gzip_requests: false,
                max_headers: usize::MAX,
            },
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("http1_only", &self.http1_only)
            .field("products", &self.products)
            .field("demo", &self.demo)
            .field("max_connections", &self.max_connections)
            .field("limits", &self.limits)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Time added to each request, once its body has arrived. Default: none.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// The port on 127.0.0.1. Default: 0, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Speak TLS with a certificate made at start, offering HTTP/2 and HTTP/1.1 by ALPN. Default: off.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Speak HTTP/1.1 only. Default: off, HTTP/2 is spoken with clients that begin with it.
    pub fn http1_only(mut self, http1_only: bool) -> Self {
        self.http1_only = http1_only;
        self
    }

    /// The token to accept, as it stands after `Basic`. Default: [`DEFAULT_TOKEN`].
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// How long the token is accepted from the start; later requests get 401 until
    /// [`Simulator::replace_token`] brings a new one. Default: for ever.
    pub fn token_valid_for(mut self, time: Duration) -> Self {
        self.token_valid_for = Some(time);
        self
    }

    /// Lets in at most `requests` within any `per`; others get 429 with `Retry-After`. A WATS server
    /// has such a limit per token, said to be 500 a minute. Default: none.
    pub fn rate_limit(mut self, requests: usize, per: Duration) -> Self {
        self.rate_limit = Some((requests, per));
        self
    }

    /// Seed this many products, `PART-0000`, `PART-0001`, …, each with the revisions `A` and `B`.
    /// Default: none.
    pub fn products(mut self, count: usize) -> Self {
        self.products = count;
        self
    }

    /// Begin with a small factory: three products, about 300 units, and 1 000 reports of the last 30 days, of which about
    /// one test in twenty failed; the same each time but for the times. Default: none.
    ///
    /// ```
    /// # async fn doc() -> Result<(), wats_sim::Error> {
    /// let sim = wats_sim::Simulator::builder().seed_demo().start().await?;
    /// assert!(sim.product("DEMO-PCBA-100").is_some());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doc()).unwrap();
    /// ```
    pub fn seed_demo(mut self) -> Self {
        self.demo = Some(None);
        self
    }

    /// As [`seed_demo`](Self::seed_demo), of the 30 days up to this moment, which must not be in the future.
    pub fn seed_demo_until(mut self, until: SystemTime) -> Self {
        self.demo = Some(Some(until));
        self
    }

    /// Which rules reports must keep. Default: [`ReportRules::Basic`].
    pub fn report_rules(mut self, rules: ReportRules) -> Self {
        self.settings.rules = rules;
        self
    }

    /// The largest request body in bytes; a larger one is answered with 413. Default: 100 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Gives at most this many headers in one answer, silently, also where `$top` asks for more, as a
    /// server with a cap of its own does. Default: what is asked for.
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.settings.max_headers = headers;
        self
    }

    /// How many reports to keep; one more is answered with 507. Default: 100 000.
    pub fn max_reports(mut self, reports: usize) -> Self {
        self.limits.reports = reports;
        self
    }

    /// How many products to keep; one more is answered with 507. Default: 100 000.
    pub fn max_products(mut self, products: usize) -> Self {
        self.limits.products = products;
        self
    }

    /// How many connections to hold open; one more is closed at once. Default: 10 000.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Compress answers of more than 1 KB for clients that accept gzip. Default: on.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.settings.gzip = gzip;
        self
    }

    /// Take bodies of requests that are packed with gzip, and say so in every answer (`Accept-Encoding`, RFC 7694).
    /// Default: off, as the real server is not known to take them; they are then read as they are.
    pub fn gzip_requests(mut self, gzip: bool) -> Self {
        self.settings.gzip_requests = gzip;
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] if the port is taken, [`Error::Certificate`] if TLS cannot be set up,
    /// [`Error::Option`] if an option cannot work.
    pub async fn start(self) -> Result<Simulator, Error> {
        if self.products > self.limits.products {
            let problem = "more products to seed than the server may keep";
            return Err(Error::Option {
                option: "products",
                problem,
            });
        }
        let tls = if self.tls {
            Some(tls::make(self.http1_only)?)
        } else {
            None
        };
        let (listener, port) = server::listen(self.port)
            .await
            .map_err(|source| Error::Listen {
                port: self.port,
                source,
            })?;

        let store = Store::new(self.limits);
        // Room was checked above, and what is seeded is complete.
        let _ = store.change(|change| {
            for process in seed::processes() {
                process::put(change, process)?;
            }
            for index in 0..self.products {
                product::store(change, seed::product(index))?;
            }
            Ok(())
        });
        if let Some(until) = self.demo {
            let now = Timestamp::now();
            let until = until.map_or(Ok(now), Timestamp::try_from);
            let until = until
                .ok()
                .filter(|until| *until <= now && *until > EARLIEST_DEMO);
            until
                .and_then(|until| demo::seed(&store, until).ok())
                .ok_or(Error::Option {
                    option: "seed_demo",
                    problem: "its time is in the future or before 1971, or the server may not keep as much",
                })?;
        }
        let service = Arc::new(Service {
            store,
            faults: FaultQueue::default(),
            settings: self.settings,
            token: Token::new(self.token.clone(), self.token_valid_for),
            rate_limit: self
                .rate_limit
                .map(|(requests, per)| RateLimit::new(requests, per)),
            meter: Arc::new(Meter::default()),
        });
        let (acceptor, ca_pem) = tls.map(|tls| (tls.acceptor, tls.ca_pem)).unzip();
        let stop = watch::Sender::new(false);
        let server = Server {
            service: Arc::clone(&service),
            tls: acceptor,
            http1_only: self.http1_only,
            max_connections: self.max_connections,
            stop: stop.subscribe(),
        };
        let running = tokio::spawn(server::run(server, listener));
        let scheme = if self.tls { "https" } else { "http" };
        Ok(Simulator {
            base_url: format!("{scheme}://127.0.0.1:{port}"),
            token: self.token,
            ca_pem,
            service,
            stop,
            running: Mutex::new(Some(running)),
        })
    }
}
