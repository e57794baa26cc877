//! The server that the tour runs against: a simulator over plain HTTP and another over TLS, or the user's server.

use std::fmt;

use wats::{CacheOptions, ClassOptions, ProductQuery, TlsConfig, Wats, WatsBuilder};
use wats_sim::{Counters, Simulator};

use crate::Outcome;
use crate::args::Args;

/// How many products the parts work on.
const PRODUCTS: usize = 100;

/// A server and a client for it.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) wats: Wats,
    sim: Option<Simulator>,
}

/// Everything the parts need.
#[derive(Debug)]
pub(crate) struct Stage {
    /// HTTP/1.1 when simulated; what the server offers otherwise.
    pub(crate) main: Side,
    /// HTTP/2; only simulated.
    pub(crate) http2: Option<Side>,
}

impl Stage {
    pub(crate) async fn set(args: &Args) -> Outcome<Self> {
        if let (Some(base_url), Some(token)) = (&args.base_url, &args.token) {
            let mut builder = builder().base_url(base_url).token(token);
            if let Some(path) = &args.ca {
                let pem = std::fs::read_to_string(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                let tls = TlsConfig::default().add_ca_pem(&pem)?;
                builder = builder.http(|client| client.tls(tls));
            }
            return Ok(Self {
                main: Side {
                    wats: builder.build()?,
                    sim: None,
                },
                http2: None,
            });
        }
        Ok(Self {
            main: Side::simulated(args, false).await?,
            http2: Some(Side::simulated(args, true).await?),
        })
    }

    /// The part numbers that the parts on products read: those of the simulator, or the first ones of a real server.
    pub(crate) async fn part_numbers(&self) -> Outcome<Vec<String>> {
        let query = ProductQuery::default().top(PRODUCTS as u32);
        let products = self.main.wats.product().query(&query).await?;
        let numbers: Vec<String> = products
            .iter()
            .take(PRODUCTS)
            .map(|p| p.part_number().to_owned())
            .collect();
        if numbers.is_empty() {
            return Err(
                "the server has no products to read; add some or run the tour without --base-url"
                    .into(),
            );
        }
        Ok(numbers)
    }
}

/// The parts read the same products in several ways, to compare how long that takes; so they are not kept.
fn builder() -> WatsBuilder {
    let kept = CacheOptions::off().processes(ClassOptions::default());
    Wats::builder().cache(kept)
}

impl Side {
    async fn simulated(args: &Args, tls: bool) -> Outcome<Self> {
        let sim = Simulator::builder()
            .latency(args.latency())
            .products(PRODUCTS)
            .tls(tls)
            .start()
            .await?;
        // The simulator has no budget of requests per minute.
        let mut builder = builder()
            .base_url(sim.base_url())
            .token(sim.token())
            .rate_limit(None);
        if let Some(pem) = sim.ca_certificate_pem() {
            let tls = TlsConfig::default().only_ca_pem(pem)?;
            builder = builder.http(|client| client.tls(tls));
        }
        Ok(Self {
            wats: builder.build()?,
            sim: Some(sim),
        })
    }

    pub(crate) fn simulator(&self) -> Option<&Simulator> {
        self.sim.as_ref()
    }

    /// What the server has counted so far; only simulators tell.
    pub(crate) fn counters(&self) -> Option<Counters> {
        self.sim.as_ref().map(Simulator::counters)
    }

    /// How many requests the server answered since `before`; only simulators tell.
    pub(crate) fn calls_since(&self, before: Option<&Counters>) -> Option<u64> {
        Some(self.counters()?.total_requests() - before?.total_requests())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.http2 {
            None => write!(f, "WATS server {}", self.main.wats.http().base_url()),
            Some(http2) => write!(
                f,
                "simulated WATS servers {} and {}",
                self.main.wats.http().base_url(),
                http2.wats.http().base_url(),
            ),
        }
    }
}
