//! How a server is to run, and its start.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::access::{Access, Tokens};
use crate::api::{self, effects, process, product, system};
use crate::arrivals::Arrivals;
use crate::backend::Backend;
#[cfg(feature = "record")]
use crate::backend::proxy::Proxy;
use crate::backend::replay::Replay;
use crate::clock::Clock;
use crate::counters::Meter;
use crate::fault::FaultQueue;
use crate::log::{Listener, RequestLog, RequestRecord};
use crate::report_rules::ReportRules;
use crate::server::{self, Server};
use crate::settings::{SERVER_NAME, Settings};
use crate::shared::Shared;
use crate::simulator::{DEFAULT_TOKEN, Simulator};
use crate::store::{Limits, Store};
use crate::{Error, demo, seed, tls};

impl Simulator {
    /// All routes of a WATS server that the simulator has: method and path, parameters in braces.
    pub fn routes() -> Vec<(&'static str, &'static str)> {
        let of_server = api::routes().all().filter(|route| route.is_of_server());
        of_server
            .map(|route| (route.method, route.template))
            .collect()
    }

    /// A builder with the defaults: any free port, plain TCP, no latency, no products.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// How to run a [`Simulator`].
#[derive(Clone)]
pub struct Builder {
    host: IpAddr,
    port: u16,
    tls: bool,
    http1_only: bool,
    token: String,
    token_valid_for: Option<Duration>,
    accesses: Vec<Access>,
    rate_limit: Option<(usize, Duration)>,
    seed: u64,
    products: usize,
    demo: Option<SystemTime>,
    max_connections: usize,
    limits: Limits,
    #[cfg(feature = "data")]
    data: Option<std::path::PathBuf>,
    source: Source,
    settings: Settings,
    listener: Option<Listener>,
}

/// Who is to answer.
#[derive(Clone)]
enum Source {
    Own,
    #[cfg(feature = "record")]
    Proxy {
        url: String,
        authority: Option<String>,
        archive: std::path::PathBuf,
    },
    Replay(std::path::PathBuf),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            tls: false,
            http1_only: false,
            token: DEFAULT_TOKEN.to_owned(),
            token_valid_for: None,
            accesses: Vec::new(),
            rate_limit: None,
            seed: 0,
            products: 0,
            demo: None,
            max_connections: 10_000,
            limits: Limits {
                products: 100_000,
                documents: 100_000,
                reports: 100_000,
            },
            #[cfg(feature = "data")]
            data: None,
            source: Source::Own,
            settings: Settings {
                latency: Duration::ZERO,
                max_body: 100 * 1024 * 1024,
                rules: ReportRules::default(),
                gzip: true,
                gzip_requests: false,
                max_headers: usize::MAX,
            },
            listener: None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("host", &self.host)
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

    /// The address to listen on. With another than the loopback address, whoever reaches this machine sees the status page and
    /// may try tokens; `0.0.0.0` is what a container needs. Default: 127.0.0.1.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The port. Default: 0, any free one.
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

    /// Accepts one more token.
    pub fn access(mut self, access: Access) -> Self {
        self.accesses.push(access);
        self
    }

    /// Lets in at most `requests` of each token within any `per`; others get 429 with `Retry-After`. A WATS server
    /// has such a limit, said to be 500 a minute. Default: none.
    pub fn rate_limit(mut self, requests: usize, per: Duration) -> Self {
        self.rate_limit = Some((requests, per));
        self
    }

    /// What the chance of faults is drawn from. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Seed this many products, `PART-0000`, `PART-0001`, …, each with the revisions `A` and `B`.
    /// Default: none.
    pub fn products(mut self, count: usize) -> Self {
        self.products = count;
        self
    }

    /// Begin with a small factory: three products, about 300 units, and 1 000 reports of the last 30 days, of which about
    /// one test in twenty failed; the same each time but for the times. A server that has reports in its folder stays as it is.
    /// Default: none.
    ///
    /// ```
    /// # async fn doc() -> Result<(), wats_sim::Error> {
    /// let sim = wats_sim::Simulator::builder().seed_demo().start().await?;
    /// assert!(sim.product("DEMO-PCBA-100").is_some());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doc()).unwrap();
    /// ```
    pub fn seed_demo(self) -> Self {
        self.seed_demo_until(SystemTime::now())
    }

    /// As [`seed_demo`](Self::seed_demo), of the 30 days up to this moment, which must not be in the future.
    pub fn seed_demo_until(mut self, until: SystemTime) -> Self {
        self.demo = Some(until);
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

    /// How many documents of each other kind to keep: units, assets, users and so on; one more is answered with 507. Default:
    /// 100 000.
    pub fn max_documents(mut self, documents: usize) -> Self {
        self.limits.documents = documents;
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

    /// Keeps the state in this folder: it begins with what the folder holds, and each change is written there before it is
    /// answered. Default: the state ends with the server.
    #[cfg(feature = "data")]
    pub fn data(mut self, folder: impl Into<std::path::PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// Stands before the real server at `url` and archives what it answers, without tokens and other secrets. Requests are handed
    /// on with their own token; that of this server has no meaning then. For [`replay`](Self::replay).
    #[cfg(feature = "record")]
    pub fn record(
        mut self,
        url: impl Into<String>,
        archive: impl Into<std::path::PathBuf>,
    ) -> Self {
        self.source = Source::Proxy {
            url: url.into(),
            authority: None,
            archive: archive.into(),
        };
        self
    }

    /// The only certificate authority, as PEM, that is trusted where the server of [`record`](Self::record), which comes before,
    /// speaks TLS. Default: those that the system trusts.
    #[cfg(feature = "record")]
    pub fn record_ca(mut self, pem: impl Into<String>) -> Self {
        if let Source::Proxy { authority, .. } = &mut self.source {
            *authority = Some(pem.into());
        }
        self
    }

    /// Answers what the server answered when the archive was recorded. Requests are alike if method, path, query and body are;
    /// they get their answers in the order in which they came, and the last one again and again. Tokens are not checked.
    pub fn replay(mut self, archive: impl Into<std::path::PathBuf>) -> Self {
        self.source = Source::Replay(archive.into());
        self
    }

    /// Hears of each request once it is answered, or cut. It must not block: it is called by the task of the connection.
    pub fn on_request(mut self, listener: impl Fn(&RequestRecord) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] if the port is taken, [`Error::Certificate`] if TLS cannot be set up,
    /// [`Error::Option`] if an option cannot work, [`Error::Data`] if the folder for the state cannot be used,
    /// [`Error::Archive`] if there is nothing to record from or to replay.
    pub async fn start(self) -> Result<Simulator, Error> {
        if self.products > self.limits.products {
            let problem = "more products to seed than the server may keep";
            return Err(Error::Option {
                option: "products",
                problem,
            });
        }
        let tls = if self.tls {
            Some(tls::make(self.http1_only, self.host)?)
        } else {
            None
        };
        let address = SocketAddr::new(self.host, self.port);
        let (listener, address) = server::listen(address)
            .await
            .map_err(|source| Error::Listen { address, source })?;

        let clock = Clock::default();
        #[cfg(feature = "data")]
        let store = self.store(clock.clone())?;
        #[cfg(not(feature = "data"))]
        let store = Store::new(self.limits, clock.clone());
        let backend = self.backend()?;
        // Room was checked above, and what is seeded is complete.
        let _ = store.change(|change| {
            if process::none(change) {
                system::clients::seed(change, SERVER_NAME)?;
                for process in seed::processes() {
                    process::put(change, process)?;
                }
            }
            for index in 0..self.products {
                if product::by_number(change, &seed::part_number(index)).is_none() {
                    product::store(change, seed::product(index))?;
                }
            }
            // What the state of an earlier server had received and not processed.
            change.reports_mut().hold(false, clock.now());
            effects::settle(change);
            Ok(())
        });
        if let Some(until) = self.demo {
            demo(&store, until)?;
        }
        let mut first = Access::new(self.token.clone());
        if let Some(time) = self.token_valid_for {
            first = first.valid_for(time);
        }
        let accesses = std::iter::once(first).chain(self.accesses).collect();
        let shared = Arc::new(Shared {
            backend,
            store,
            faults: FaultQueue::new(self.seed),
            clock,
            settings: self.settings,
            tokens: Tokens::new(self.token.clone(), accesses, self.rate_limit),
            meter: Arc::new(Meter::default()),
            arrivals: Arrivals::default(),
            log: RequestLog::new(self.listener),
        });
        let (acceptor, ca_pem) = tls.map(|tls| (tls.acceptor, tls.ca_pem)).unzip();
        let stop = watch::Sender::new(false);
        let server = Server {
            shared: Arc::clone(&shared),
            tls: acceptor,
            http1_only: self.http1_only,
            max_connections: self.max_connections,
            stop: stop.subscribe(),
        };
        let running = tokio::spawn(server::run(server, listener));
        let scheme = if self.tls { "https" } else { "http" };
        Ok(Simulator {
            base_url: format!("{scheme}://{address}"),
            token: self.token,
            ca_pem,
            shared,
            stop,
            running: Mutex::new(Some(running)),
        })
    }

    fn backend(&self) -> Result<Backend, Error> {
        match &self.source {
            Source::Own => Ok(Backend::Own),
            #[cfg(feature = "record")]
            Source::Proxy {
                url,
                authority,
                archive,
            } => Proxy::open(url, authority.as_deref(), archive, self.settings.max_body)
                .map(Backend::Proxy)
                .map_err(|problem| Error::Archive {
                    what: "record",
                    problem,
                }),
            Source::Replay(archive) => {
                Replay::open(archive)
                    .map(Backend::Replay)
                    .map_err(|problem| Error::Archive {
                        what: "replay",
                        problem: format!("{}: {problem}", archive.display()),
                    })
            }
        }
    }

    #[cfg(feature = "data")]
    fn store(&self, clock: Clock) -> Result<Store, Error> {
        let Some(folder) = &self.data else {
            return Ok(Store::new(self.limits, clock));
        };
        Store::open(self.limits, clock, folder).map_err(|problem| Error::Data {
            folder: folder.clone(),
            problem,
        })
    }
}

/// Fills a server with the demo factory, up to a moment.
fn demo(store: &Store, until: SystemTime) -> Result<(), Error> {
    // Reports before 1971 are of clocks that are not set.
    const EARLIEST: Timestamp = Timestamp::constant(31_536_000, 0);
    let until = Timestamp::try_from(until).ok();
    let until = until.filter(|until| (EARLIEST..=Timestamp::now()).contains(until));
    let seeded = until.and_then(|until| demo::seed(store, until).ok());
    seeded.ok_or(Error::Option {
        option: "seed_demo",
        problem: "its time is in the future or before 1971, or the server may not keep as much",
    })
}
