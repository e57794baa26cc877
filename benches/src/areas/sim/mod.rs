//! The simulator itself: how fast it answers, what it keeps and how soon it is there, so that it is never what bounds a row
//! of another area.
//!
//! It runs in a process of its own (the one of the scenarios) without latency; the client is bare hyper on one thread.

use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result, memory};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Connections of the client, each with one request at a time.
const CONNECTIONS: usize = 16;
/// Products that the server has beforehand.
const PRODUCTS: &str = "100";
/// Reports that are kept; a rate posts the same ids again.
const REPORTS: u64 = 10_000;
/// Steps of a report.
const STEPS: u32 = 10;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows: Vec<RowSpec> = Load::ALL.map(|load| rate(ctx, load)).into();
    rows.push(kept());
    rows.push(start());
    rows
}

/// What a client asks for again and again.
#[derive(Debug, Clone, Copy)]
enum Load {
    Version,
    Product,
    Submit,
}

impl Load {
    const ALL: [Self; 3] = [Self::Version, Self::Product, Self::Submit];

    fn id(self) -> &'static str {
        match self {
            Self::Version => "sim.version.rps",
            Self::Product => "sim.product.rps",
            Self::Submit => "sim.submit.rps",
        }
    }

    fn note(self) -> String {
        let what = match self {
            Self::Version => "the version of the server",
            Self::Product => "a product of 100",
            Self::Submit => "a report of 10 steps is posted, one of 10 000 ids",
        };
        format!("{what}; HTTP/1.1, {CONNECTIONS} connections of one client thread, no latency")
    }

    /// The request with this number.
    fn request(self, number: u64) -> (Method, String, String) {
        match self {
            Self::Version => (Method::GET, "/api/App/Version".to_owned(), String::new()),
            Self::Product => {
                let path = format!("/api/Product/PART-{:04}", number % 100);
                (Method::GET, path, String::new())
            }
            Self::Submit => {
                let body = report(number % REPORTS);
                (Method::POST, "/api/Report/WSJF".to_owned(), body)
            }
        }
    }
}

/// Requests per second.
fn rate(ctx: &Context, load: Load) -> RowSpec {
    let pace = ctx.pace().clone();
    RowSpec::new(load.id())
        .unit("requests/s")
        .higher_is_better()
        .note(&load.note())
        .subject_with(
            "wats-sim",
            move || {
                let mut stage = Stage::set()?;
                stage.drive(load, Until::Time(Duration::from_millis(50)))?;
                Ok(stage)
            },
            move |stage| {
                let start = Instant::now();
                let done = stage.drive(load, Until::Time(pace.round()))?;
                Ok(done as f64 / start.elapsed().as_secs_f64())
            },
        )
}

/// Memory with many reports.
fn kept() -> RowSpec {
    RowSpec::new("sim.reports_10000.peak")
        .unit("bytes")
        .note("most resident memory of the process since its start, after 10 000 reports of 10 steps were posted")
        .once()
        .subject("wats-sim", || {
            let mut stage = Stage::set()?;
            stage.drive(Load::Submit, Until::Requests(REPORTS))?;
            memory::resident_peak(stage.sim.id())
                .ok_or_else(|| Error::from("this system does not tell the peak of a process"))
        })
}

/// From the start of the process to its first answer.
fn start() -> RowSpec {
    RowSpec::new("sim.start")
        .unit("ms")
        .note("from the start of the process, with an empty state, to its first answer")
        .subject("wats-sim", || {
            let start = Instant::now();
            let mut stage = Stage::set_with("0", 1)?;
            stage.drive(Load::Version, Until::Requests(1))?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        })
}

/// How long a client goes on.
#[derive(Debug, Clone, Copy)]
enum Until {
    Time(Duration),
    Requests(u64),
}

/// A simulator in a process of its own, and a client with open connections.
struct Stage {
    sim: Server,
    runtime: Runtime,
    connections: Vec<SendRequest<Full<Bytes>>>,
    authorization: String,
}

impl Stage {
    fn set() -> Result<Self> {
        Self::set_with(PRODUCTS, CONNECTIONS)
    }

    fn set_with(products: &str, connections: usize) -> Result<Self> {
        let mut sim = Server::start(super::scenario::sim::NAME, &["0", products])?;
        let authorization = format!("Basic {}", sim.ask("token")?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let address = sim.address().trim_start_matches("http://").to_owned();
        let connections = runtime.block_on(async {
            let mut opened = Vec::new();
            for _ in 0..connections {
                let stream = TcpStream::connect(&address).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                opened.push(sender);
            }
            Ok::<_, Error>(opened)
        })?;
        Ok(Self {
            sim,
            runtime,
            connections,
            authorization,
        })
    }

    /// Sends on all connections until it is enough; answers how many requests there were.
    fn drive(&mut self, load: Load, until: Until) -> Result<u64> {
        let host = self.sim.address().trim_start_matches("http://").to_owned();
        let begun = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        let mut tasks = JoinSet::<Result<_>>::new();
        let _inside = self.runtime.enter();
        for mut sender in self.connections.drain(..) {
            let (begun, host) = (Arc::clone(&begun), host.clone());
            let authorization = self.authorization.clone();
            tasks.spawn(async move {
                let mut done = 0_u64;
                loop {
                    let number = begun.fetch_add(1, Ordering::Relaxed);
                    let enough = match until {
                        Until::Time(length) => start.elapsed() >= length,
                        Until::Requests(most) => number >= most,
                    };
                    if enough {
                        return Ok((sender, done));
                    }
                    let (method, path, body) = load.request(number);
                    let request = Request::builder()
                        .method(method)
                        .uri(path)
                        .header(header::HOST, &host)
                        .header(header::AUTHORIZATION, &authorization)
                        .body(Full::new(Bytes::from(body)))?;
                    sender.ready().await?;
                    let response = sender.send_request(request).await?;
                    let status = response.status();
                    response.into_body().collect().await?;
                    if !status.is_success() {
                        return Err(format!("the simulator answered {status}").into());
                    }
                    done += 1;
                }
            });
        }
        self.runtime.block_on(async {
            let mut all = 0;
            while let Some(ended) = tasks.join_next().await {
                let (sender, done) = ended??;
                self.connections.push(sender);
                all += done;
            }
            Ok(all)
        })
    }
}

/// A passed report of ten numeric steps.
fn report(number: u64) -> String {
    let steps: Vec<String> = (1..=STEPS)
        .map(|step| {
            format!(
                r#"{{"id":{step},"group":"M","stepType":"ET_NLT","name":"Rail {step}","status":"P","numericMeas":[{{"compOp":"GELE","status":"P","unit":"V","value":5.{step},"lowLimit":4.5,"highLimit":6.5}}]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"type":"T","id":"00000000-0000-4000-8000-{number:012}","pn":"PART-0001","sn":"SN-{number:06}","rev":"A","processCode":100,"result":"P","machineName":"Bench","location":"Here","purpose":"Bench","start":"2026-01-30T22:01:41Z","uut":{{"user":"bench","execTime":1.5}},"root":{{"id":0,"group":"M","stepType":"SequenceCall","name":"Main","status":"P","seqCall":{{"path":"p","name":"main.seq","version":"1.0"}},"steps":[{}]}}}}"#,
        steps.join(",")
    )
}
