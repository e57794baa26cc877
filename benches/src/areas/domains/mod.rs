//! The typed layer over the transport: what it keeps, what it joins, and what it adds.
//!
//! By hand is the same client of the transport with the same reading of answers. The server is the simulator in a
//! process of its own; each candidate runs on a current-thread runtime.

use super::scenario::sim;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Result, memory};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use wats_codec::{Format, Serializer};
use wats_domains::{CacheOptions, ClassOptions, Product, ProductQuery, ProductSummary, Wats};
use wats_http::http::Method;
use wats_http::{Call, Client, Idempotency, Operation};

const NUMBER: &str = "PART-0001";
const BY_HAND: &str = "by hand on the transport";

static GET: Operation = Operation::new(
    "product.get",
    Method::GET,
    "/api/Product/{partNumber}",
    Idempotency::Idempotent,
);

static QUERY: Operation = Operation::new(
    "product.query",
    Method::GET,
    "/api/Product/Query",
    Idempotency::Idempotent,
);

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![
        get_cached(ctx),
        get_coalesced(),
        list_each(),
        engine_allocations(),
        stale_after_write(),
    ]
}

/// A server with a client of each kind, and the runtime that they are used on.
struct Host {
    runtime: Runtime,
    api: Wats,
    client: Client,
    json: Serializer,
    _server: Server,
}

impl Host {
    fn start(latency: &str, kept: CacheOptions) -> Result<Self> {
        let mut server = Server::start(sim::NAME, &[latency, "2000"])?;
        let token = server.ask("token")?;
        let base_url = server.address().to_owned();
        let api = Wats::builder()
            .base_url(&base_url)
            .token(&token)
            .rate_limit(None)
            .cache(kept)
            .build()?;
        let client = Client::builder()
            .base_url(&base_url)
            .token(&token)
            .rate_limit(None)
            .build()?;
        Ok(Self {
            runtime: Builder::new_current_thread().enable_all().build()?,
            api,
            client,
            json: Serializer::new(Format::Json),
            _server: server,
        })
    }

    /// A product, read as the typed layer reads it.
    async fn by_hand(&self) -> Result<Product> {
        let call = Call::new(&GET).path("partNumber", NUMBER);
        let response = self.client.execute(call).await?;
        Ok(response.decode_with(|body| self.json.from_json(body))?)
    }
}

fn get_cached(ctx: &Context) -> RowSpec {
    let mut timer = ctx.timer();
    RowSpec::new("domains.get.cached")
        .unit("ns")
        .lower_is_better()
        .note("a product that is in memory, with checking the number and writing the key")
        .subject_with(
            "wats",
            || Host::start("0", CacheOptions::default()),
            move |host| {
                let products = host.api.product();
                Ok(host
                    .runtime
                    .block_on(timer.ns_per_op_async(async || products.get(NUMBER).await.is_ok())))
            },
        )
}

/// A thousand who want the same product at once.
fn get_coalesced() -> RowSpec {
    const CALLERS: usize = 1_000;
    RowSpec::new("domains.get.coalesced.1000")
        .unit("ms")
        .lower_is_better()
        .note("1000 ask for one product at once, which takes the server 5 ms")
        .subject_with(
            "wats",
            || Host::start("5", CacheOptions::default()),
            |host| {
                let products = host.api.product();
                products.refresh();
                host.runtime.block_on(async {
                    let start = Instant::now();
                    let reads = (0..CALLERS).map(|_| products.get(NUMBER));
                    black_box(try_join_all(reads).await?);
                    Ok(millis(start))
                })
            },
        )
        .peer_with(
            BY_HAND,
            || Host::start("5", CacheOptions::off()),
            |host| {
                host.runtime.block_on(async {
                    let start = Instant::now();
                    let reads = (0..CALLERS).map(|_| host.by_hand());
                    black_box(try_join_all(reads).await?);
                    Ok(millis(start))
                })
            },
        )
}

/// All products, page by page, against one list as long as the server gives.
fn list_each() -> RowSpec {
    RowSpec::new("domains.list.each")
        .unit("ms")
        .lower_is_better()
        .note("2000 products in pages of 1000; by hand with $skip, without a check of the order")
        .subject_with(
            "wats",
            || Host::start("0", CacheOptions::default()),
            |host| {
                let products = host.api.product();
                host.runtime.block_on(async {
                    let start = Instant::now();
                    let rows = products.query(&ProductQuery::default()).each();
                    let rows: Vec<ProductSummary> = rows.try_collect().await?;
                    all(rows.len())?;
                    Ok(millis(start))
                })
            },
        )
        .peer_with(
            BY_HAND,
            || Host::start("0", CacheOptions::off()),
            |host| {
                host.runtime.block_on(async {
                    let start = Instant::now();
                    let mut rows: Vec<ProductSummary> = Vec::new();
                    loop {
                        let call = Call::new(&QUERY)
                            .query("$top", 1_000)
                            .query("$skip", rows.len())
                            .query("$orderby", "partNumber");
                        let response = host.client.execute(call).await?;
                        let page: Vec<ProductSummary> =
                            response.decode_with(|body| host.json.from_json(body))?;
                        if page.is_empty() {
                            break;
                        }
                        rows.extend(page);
                    }
                    all(rows.len())?;
                    Ok(millis(start))
                })
            },
        )
}

fn all(rows: usize) -> Result<()> {
    match rows {
        2_000 => Ok(()),
        _ => Err(format!("{rows} products instead of 2000").into()),
    }
}

/// What an operation adds to the call underneath. The instructions of both stand in the check of the costs.
fn engine_allocations() -> RowSpec {
    const CALLS: u32 = 500;
    let round = |host: &mut Host, typed: bool| -> Result<f64> {
        let run = async |calls: u32| -> Result<()> {
            for _ in 0..calls {
                if typed {
                    black_box(host.api.product().get(NUMBER).await?);
                } else {
                    black_box(host.by_hand().await?);
                }
            }
            Ok(())
        };
        host.runtime.block_on(run(10))?;
        let (done, counted) = memory::count(|| host.runtime.block_on(run(CALLS)))?;
        done?;
        Ok(counted.allocations as f64 / f64::from(CALLS))
    };
    RowSpec::new("domains.engine.allocs")
        .unit("allocations")
        .lower_is_better()
        .note("a GET of a product that nothing keeps, read into the model")
        .counts_memory()
        .most_rounds(3)
        .subject_with(
            "wats",
            || Host::start("0", CacheOptions::off()),
            move |host| round(host, true),
        )
        .peer_with(
            BY_HAND,
            || Host::start("0", CacheOptions::off()),
            move |host| round(host, false),
        )
}

/// From the end of a write to the value of the read behind it.
fn stale_after_write() -> RowSpec {
    RowSpec::new("domains.stale_after_write")
        .unit("stale reads of 200")
        .lower_is_better()
        .note("a product is read from memory, saved with another name, and read again")
        .once()
        .subject_with(
            "wats",
            || {
                let class = ClassOptions::default().ttl(Duration::from_secs(3_600));
                Host::start("0", CacheOptions::off().products(class))
            },
            |host| {
                let products = host.api.product();
                host.runtime.block_on(async {
                    let mut stale = 0;
                    for turn in 0..200 {
                        let mut product = (*products.get(NUMBER).await?).clone();
                        let name = format!("turn {turn}");
                        product.name = Some(name.clone());
                        products.save(&product).await?;
                        let read = products.get(NUMBER).await?;
                        stale += u32::from(read.name.as_ref() != Some(&name));
                    }
                    Ok(f64::from(stale))
                })
            },
        )
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
