//! HTTP: processor time per request, requests per second, cold starts, connections, allocations.
//!
//! The server is a child process on one thread; every client runs on a current-thread runtime, so its figure is its
//! own work and not the wake-ups between threads. `server` is the child, `clients` the contestants.

mod clients;
pub(super) mod server;

use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Result, cpu, memory};
pub(super) use clients::reqwest_client;
use clients::{Get, Legacy, Ours, Reqwest, Target};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A protocol with its name in row ids.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Http1,
    TlsHttp2,
}

impl Protocol {
    const ALL: [Self; 2] = [Self::Http1, Self::TlsHttp2];

    fn id(self) -> &'static str {
        match self {
            Self::Http1 => "h1",
            Self::TlsHttp2 => "tls_h2",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Http1 => "plain",
            Self::TlsHttp2 => "tls",
        }
    }
}

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    for concurrency in [1, 10, 100] {
        for protocol in Protocol::ALL {
            rows.push(load(ctx, concurrency, protocol));
        }
    }
    rows.extend(Protocol::ALL.map(|protocol| cold(ctx, protocol)));
    rows.push(cap(ctx));
    rows.extend(Protocol::ALL.map(allocations));
    rows
}

/// A started server and what a client must know of it.
struct Host {
    server: Server,
    target: Target,
}

impl Host {
    fn start(protocol: Protocol, delay_ms: &str) -> Result<Self> {
        let mut server = Server::start(server::NAME, &[protocol.argument(), delay_ms])?;
        let ca_pem = match protocol {
            Protocol::Http1 => None,
            Protocol::TlsHttp2 => Some(serde_json::from_str(&server.ask("ca")?)?),
        };
        let target = Target {
            base_url: server.address().to_owned(),
            ca_pem,
            keep_all_idle: true,
        };
        Ok(Self { server, target })
    }
}

fn current_thread() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

/// A client that is warm, with its runtime and its server.
struct Loaded<C> {
    client: C,
    runtime: Runtime,
    _host: Host,
}

fn load(ctx: &Context, concurrency: usize, protocol: Protocol) -> RowSpec {
    let id = format!("http.get.{concurrency}.{}", protocol.id());
    let row = RowSpec::new(&format!("{id}.cpu"))
        .unit("µs/request")
        .lower_is_better()
        .and(&format!("{id}.rps"))
        .unit("requests/s")
        .higher_is_better()
        .note(&format!(
            "1.1 KB JSON, {concurrency} at a time, client on one thread"
        ));
    let row = with_load::<Ours>(row, ctx, concurrency, protocol, true);
    let row = with_load::<Legacy>(row, ctx, concurrency, protocol, false);
    with_load::<Reqwest>(row, ctx, concurrency, protocol, false)
}

fn with_load<C: Get>(
    row: RowSpec,
    ctx: &Context,
    concurrency: usize,
    protocol: Protocol,
    subject: bool,
) -> RowSpec {
    let set_up = move || {
        let host = Host::start(protocol, "0")?;
        let (client, runtime) = (C::new(&host.target)?, current_thread()?);
        drive(&runtime, &client, concurrency, Duration::from_millis(30))?;
        Ok(Loaded {
            client,
            runtime,
            _host: host,
        })
    };
    let pace = ctx.pace().clone();
    let round = move |loaded: &mut Loaded<C>| {
        drive(&loaded.runtime, &loaded.client, concurrency, pace.round())
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}

/// Keeps `concurrency` requests going for this long: µs of processor time per request, and requests per second.
fn drive<C: Get>(
    runtime: &Runtime,
    client: &C,
    concurrency: usize,
    length: Duration,
) -> Result<[f64; 2]> {
    let start = Instant::now();
    let work = async {
        let mut tasks = JoinSet::<Result<u64>>::new();
        for _ in 0..concurrency {
            let client = client.clone();
            tasks.spawn(async move {
                let mut done = 0_u64;
                while done == 0 || start.elapsed() < length {
                    client.get().await?;
                    done += 1;
                }
                Ok(done)
            });
        }
        let mut requests = 0_u64;
        while let Some(done) = tasks.join_next().await {
            requests += done??;
        }
        Ok(requests)
    };
    let (requests, cpu): (Result<u64>, _) = cpu::timed(|| runtime.block_on(work));
    let requests = requests? as f64;
    Ok([
        cpu.as_secs_f64() * 1e6 / requests,
        requests / start.elapsed().as_secs_f64(),
    ])
}

fn cold(ctx: &Context, protocol: Protocol) -> RowSpec {
    let id = format!("http.cold.{}", protocol.id());
    let row = RowSpec::new(&id)
        .unit("µs")
        .lower_is_better()
        .and(&format!("{id}.cpu"))
        .unit("µs/request")
        .lower_is_better()
        .note("a client is made and sends its first request: connection, TLS without resumption, answer");
    let clients = ctx.scale(10, 50);
    let row = with_cold::<Ours>(row, protocol, clients, true);
    let row = with_cold::<Legacy>(row, protocol, clients, false);
    with_cold::<Reqwest>(row, protocol, clients, false)
}

fn with_cold<C: Get>(row: RowSpec, protocol: Protocol, clients: u32, subject: bool) -> RowSpec {
    let set_up = move || Ok((Host::start(protocol, "0")?, current_thread()?));
    let round = move |(host, runtime): &mut (Host, Runtime)| {
        let start = Instant::now();
        let work = async {
            for _ in 0..clients {
                C::new(&host.target)?.get().await?;
            }
            Ok(())
        };
        let (outcome, cpu): (Result<()>, _) = cpu::timed(|| runtime.block_on(work));
        outcome?;
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(clients);
        Ok([per_request(start.elapsed()), per_request(cpu)])
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}

fn cap(ctx: &Context) -> RowSpec {
    let row = RowSpec::new("http.cap")
        .unit("connections")
        .lower_is_better()
        .and("http.cap.opened")
        .unit("connections")
        .lower_is_better()
        .note("300 tasks, at most 100 connections and 20 idle wanted, 5 ms per answer: most at a time, and opened in all, as the server counts")
        .most_rounds(ctx.scale(1, 3));
    let length = Duration::from_millis(ctx.scale(300, 1000));
    let row = with_cap::<Ours>(row, length, true);
    let row = with_cap::<Legacy>(row, length, false);
    with_cap::<Reqwest>(row, length, false)
}

fn with_cap<C: Get>(row: RowSpec, length: Duration, subject: bool) -> RowSpec {
    let set_up = || {
        let mut host = Host::start(Protocol::Http1, "5")?;
        host.target.keep_all_idle = false;
        Ok(host)
    };
    let round = move |host: &mut Host| {
        host.server.ask("reset")?;
        let (client, runtime) = (C::new(&host.target)?, current_thread()?);
        drive(&runtime, &client, 300, length)?;
        let answer = host.server.ask("peak")?;
        let (peak, opened) = answer
            .split_once(' ')
            .ok_or("the server did not answer with two numbers")?;
        Ok([peak.parse::<f64>()?, opened.parse::<f64>()?])
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}

fn allocations(protocol: Protocol) -> RowSpec {
    let id = format!("http.allocs_per_get.{}", protocol.id());
    let row = RowSpec::new(&id)
        .unit("allocations")
        .lower_is_better()
        .and(&format!("{id}.bytes"))
        .unit("bytes")
        .lower_is_better()
        .note("a pooled GET of 1.1 KB, one at a time")
        .counts_memory()
        .most_rounds(3);
    let row = with_allocations::<Ours>(row, protocol, true);
    let row = with_allocations::<Legacy>(row, protocol, false);
    with_allocations::<Reqwest>(row, protocol, false)
}

fn with_allocations<C: Get>(row: RowSpec, protocol: Protocol, subject: bool) -> RowSpec {
    const REQUESTS: u32 = 500;
    let set_up = move || Host::start(protocol, "0");
    let round = |host: &mut Host| {
        let runtime = current_thread()?;
        let client = C::new(&host.target)?;
        let get = async |count: u32| -> Result<()> {
            for _ in 0..count {
                client.get().await?;
            }
            Ok(())
        };
        runtime.block_on(get(10))?;
        let (outcome, counted): (Result<()>, _) =
            memory::count(|| runtime.block_on(get(REQUESTS)))?;
        outcome?;
        let per_request = |total: u64| total as f64 / f64::from(REQUESTS);
        Ok([per_request(counted.allocations), per_request(counted.bytes)])
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}
