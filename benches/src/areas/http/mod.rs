//! HTTP: processor time per request, requests per second, cold starts, connections, allocations.
//!
//! The server is a child process on one thread; every client runs on a current-thread runtime, so its figure is its
//! own work and not the wake-ups between threads. `server` is the child, `clients` the candidates; `instructions`
//! counts what no load of the machine can change.

mod clients;
pub(super) mod instructions;
pub(super) mod server;

use crate::python::Driver;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Result, cpu, memory};
pub(super) use clients::reqwest_client;
use clients::{Get, Legacy, Ours, Reqwest, Target};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A protocol with its name in row ids.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Http1,
    TlsHttp1,
    TlsHttp2,
}

impl Protocol {
    const ALL: [Self; 3] = [Self::Http1, Self::TlsHttp1, Self::TlsHttp2];

    fn id(self) -> &'static str {
        match self {
            Self::Http1 => "h1",
            Self::TlsHttp1 => "tls_h1",
            Self::TlsHttp2 => "tls_h2",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Http1 => "plain",
            Self::TlsHttp1 => "tls-http1",
            Self::TlsHttp2 => "tls",
        }
    }
}

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    for concurrency in CONCURRENCIES {
        for protocol in Protocol::ALL {
            rows.push(load(ctx, concurrency, protocol));
        }
    }
    rows.push(mean(ctx));
    rows.extend(Protocol::ALL.map(|protocol| cold(ctx, protocol)));
    rows.push(warm(ctx));
    rows.push(warm_instructions());
    rows.push(cap(ctx));
    rows.extend(Protocol::ALL.map(allocations));
    rows.extend(Protocol::ALL.map(instructions));
    rows
}

/// How many requests at a time the load rows keep going.
const CONCURRENCIES: [usize; 3] = [1, 10, 100];

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
            Protocol::TlsHttp1 | Protocol::TlsHttp2 => {
                Some(serde_json::from_str(&server.ask("ca")?)?)
            }
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
    let row = with_load::<Reqwest>(row, ctx, concurrency, protocol, false);
    with_httpx(row, ctx, concurrency, protocol)
}

/// httpx, the client under the Python peer, when the run has an interpreter.
fn with_httpx(row: RowSpec, ctx: &Context, concurrency: usize, protocol: Protocol) -> RowSpec {
    let Some(interpreter) = ctx.peer_interpreter().map(Path::to_owned) else {
        return row;
    };
    let set_up = move || {
        let host = Host::start(protocol, "0")?;
        let ca = match &host.target.ca_pem {
            None => None,
            Some(pem) => {
                let file = tempfile::NamedTempFile::new()?;
                std::fs::write(file.path(), pem)?;
                Some(file)
            }
        };
        let ca_file = ca
            .as_ref()
            .map_or("-".to_owned(), |file| file.path().display().to_string());
        let script = include_str!("../../../python/http_get.py");
        let arguments = [
            host.target.base_url.clone(),
            ca_file,
            concurrency.to_string(),
        ];
        let driver = Driver::start(&interpreter, script, &arguments)?;
        Ok((driver, host, ca))
    };
    let pace = ctx.pace().clone();
    row.peer_with("httpx", set_up, move |(driver, ..)| {
        driver.round(pace.round(), 2)
    })
}

/// The geometric mean of all load rows, measured in one go: every case gets a ninth of the round.
fn mean(ctx: &Context) -> RowSpec {
    let row = RowSpec::new("http.get.mean.cpu")
        .unit("µs/request")
        .lower_is_better()
        .note("geometric mean over h1, tls_h1 and tls_h2 at 1, 10 and 100 at a time");
    let row = with_mean::<Ours>(row, ctx, true);
    let row = with_mean::<Legacy>(row, ctx, false);
    with_mean::<Reqwest>(row, ctx, false)
}

fn with_mean<C: Get>(row: RowSpec, ctx: &Context, subject: bool) -> RowSpec {
    let set_up = || {
        let mut cases = Vec::new();
        for protocol in Protocol::ALL {
            let host = Host::start(protocol, "0")?;
            let (client, runtime) = (C::new(&host.target)?, current_thread()?);
            drive(&runtime, &client, 100, Duration::from_millis(30))?;
            cases.push(Loaded {
                client,
                runtime,
                _host: host,
            });
        }
        Ok(cases)
    };
    let pace = ctx.pace().clone();
    let round = move |cases: &mut Vec<Loaded<C>>| {
        let length = pace.round() / 9;
        let mut logarithms = 0.0;
        for case in cases {
            for concurrency in CONCURRENCIES {
                let [cpu, _] = drive(&case.runtime, &case.client, concurrency, length)?;
                logarithms += cpu.ln();
            }
        }
        Ok((logarithms / 9.0).exp())
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
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

/// The first twenty calls after `warm(20)` beside twenty pooled ones: what is left of the cold start.
fn warm(ctx: &Context) -> RowSpec {
    let clients = ctx.scale(3, 20);
    let set_up = || Ok((Host::start(Protocol::TlsHttp1, "0")?, current_thread()?));
    RowSpec::new("http.warm.first_20.cpu")
        .unit("µs/request")
        .lower_is_better()
        .and("http.warm.pooled_20.cpu")
        .unit("µs/request")
        .lower_is_better()
        .note("TLS over HTTP/1.1, 20 at a time: the first ones after warm(20), and the same calls again")
        .subject_with(Ours::NAME, set_up, move |(host, runtime)| {
            let twenty = async |client: &Ours| {
                let calls = (0..20).map(|_| client.get());
                futures_util::future::try_join_all(calls).await
            };
            let mut spent = [0.0; 2];
            for _ in 0..clients {
                let client = Ours::new(&host.target)?;
                runtime.block_on(client.warm(20))?;
                for spent in &mut spent {
                    let (outcome, cpu) = cpu::timed(|| runtime.block_on(twenty(&client)));
                    outcome?;
                    *spent += cpu.as_secs_f64() * 1e6 / 20.0 / f64::from(clients);
                }
            }
            Ok(spent)
        })
}

/// The same in instructions: what of it is the client's own, and not the kernel's or that of a server that is slower with
/// the first request of a connection.
fn warm_instructions() -> RowSpec {
    let set_up = || Host::start(Protocol::TlsHttp1, "0");
    RowSpec::new("http.warm.first_20.instructions")
        .unit("instructions")
        .lower_is_better()
        .and("http.warm.pooled_20.instructions")
        .unit("instructions")
        .lower_is_better()
        .note("each of the first 20 requests after warm(20), and of those that follow, as valgrind counts")
        .most_rounds(3)
        .subject_with(Ours::NAME, set_up, |host| {
            instructions::after_warm(&host.target)
        })
}

fn cap(ctx: &Context) -> RowSpec {
    let row = RowSpec::new("http.cap")
        .unit("connections")
        .lower_is_better()
        .and("http.cap.opened")
        .unit("connections")
        .lower_is_better()
        .and("http.cap.left")
        .unit("connections")
        .lower_is_better()
        .note("300 tasks, at most 100 connections and 20 idle wanted, 5 ms per answer: most at a time, opened in all, and left a second later, as the server counts")
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
        // Made inside the runtime, whose clock it needs; the client's own tasks go on meanwhile.
        runtime.block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
        let answer = host.server.ask("peak")?;
        let counts: Vec<f64> = answer
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        Ok(counts)
    };
    if subject {
        row.subject_with(C::NAME, set_up, round)
    } else {
        row.peer_with(C::NAME, set_up, round)
    }
}

fn instructions(protocol: Protocol) -> RowSpec {
    let row = RowSpec::new(&format!("http.instructions_per_get.{}", protocol.id()))
        .unit("instructions")
        .lower_is_better()
        .note("a pooled GET of 1.1 KB, one at a time, as valgrind counts")
        .once();
    let row = with_instructions::<Ours>(row, protocol, true);
    let row = with_instructions::<Legacy>(row, protocol, false);
    with_instructions::<Reqwest>(row, protocol, false)
}

fn with_instructions<C: Get>(row: RowSpec, protocol: Protocol, subject: bool) -> RowSpec {
    let set_up = move || Host::start(protocol, "0");
    let round = |host: &mut Host| instructions::per_request::<C>(&host.target);
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
