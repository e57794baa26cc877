//! Two stations in two processes on one Redis, against a simulated server: one call instead of two, a write that crosses, and
//! a Redis that is killed. Needs a `redis-server`, or another program by `REDIS_SERVER`.
//!
//! ```text
//! cargo run -p wats --features redis --example stations
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wats::redis::Shared;
use wats::{Read, Wats};
use wats_sim::Simulator;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const NUMBER: &str = "PART-0001";
const GET: &str = "GET /api/Product/{partNumber}";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [word, url, token, redis] if word == "station" => station(url, token, redis).await,
        _ => factory().await,
    }
}

/// What a station does: it reads and renames a product as it is told, line by line.
async fn station(url: &str, token: &str, redis: &str) -> Result<()> {
    let shared = Shared::builder(redis).build()?;
    let wats = Wats::builder()
        .base_url(url)
        .token(token)
        .shared(&shared)
        .build()?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let begin = Instant::now();
        let said = match line.split_once(' ') {
            None if line == "connect" => {
                while !shared.is_trusted() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                "is connected".to_owned()
            }
            None => {
                let product = wats.product().get(NUMBER).await?;
                format!("reads {:?}", product.name.as_deref().unwrap_or_default())
            }
            Some((_, name)) => {
                let product = wats.product().get(NUMBER).read(Read::Origin).await?;
                let mut product = (*product).clone();
                product.name = Some(name.to_owned());
                wats.product().save(&product).await?;
                format!("names it {name:?}")
            }
        };
        println!("{said} in {:.2} ms", begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}

/// A station, as the factory sees it.
struct Station {
    name: &'static str,
    process: Child,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Station {
    fn start(name: &'static str, sim: &Simulator, redis: &str) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["station", sim.base_url(), sim.token(), redis])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let told = process.stdin.take().ok_or("no way to tell a station")?;
        let says = process.stdout.take().ok_or("no way to hear a station")?;
        let says = BufReader::new(says).lines();
        Ok(Self {
            name,
            process,
            told,
            says,
        })
    }

    /// Has it do something, and shows what it says.
    fn tell(&mut self, what: &str) -> Result<String> {
        writeln!(self.told, "{what}")?;
        let said = self.says.next().ok_or("a station has ended")??;
        println!("  {} {said}", self.name);
        Ok(said)
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The Redis; it ends with this value, or with Ctrl-C.
struct Redis(Arc<Mutex<Child>>);

impl Redis {
    fn new(process: Child) -> Self {
        let process = Arc::new(Mutex::new(process));
        let stopped = Arc::clone(&process);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                end(&stopped);
                println!("  stopped");
                // The stations end with what tells them.
                std::process::exit(130);
            }
        });
        Self(process)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        end(&self.0);
    }
}

fn end(process: &Mutex<Child>) {
    let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = process.kill();
    let _ = process.wait();
}

fn start_redis() -> Result<Option<(Redis, String)>> {
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let process = Command::new(&program)
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--port",
            &port.to_string(),
        ])
        .stdout(Stdio::null())
        .spawn();
    let Ok(process) = process else {
        println!("SKIPPED: there is no `{program}` (Debian: apt-get install redis-server)");
        return Ok(None);
    };
    let redis = Redis::new(process);
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(20) {
            return Err("the redis-server does not answer".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(Some((redis, format!("redis://127.0.0.1:{port}"))))
}

async fn factory() -> Result<()> {
    let Some((redis, address)) = start_redis()? else {
        return Ok(());
    };
    let sim = Simulator::builder()
        .products(3)
        .latency(Duration::from_millis(50))
        .start()
        .await?;
    let mut one = Station::start("station 1", &sim, &address)?;
    let mut other = Station::start("station 2", &sim, &address)?;
    // The simulator has threads of its own; this one may wait.
    one.tell("connect")?;
    other.tell("connect")?;

    println!("Both read the same, which takes the server 50 ms:");
    one.tell("read")?;
    other.tell("read")?;
    other.tell("read")?;
    println!("  calls to the server: {}", sim.counters().requests_to(GET));

    println!("One changes it:");
    one.tell("name changed")?;
    let begin = Instant::now();
    while !other.tell("read")?.contains("changed") {
        if begin.elapsed() > Duration::from_secs(2) {
            return Err("the change was not seen within the bound".into());
        }
    }

    println!("The Redis is killed:");
    drop(redis);
    one.tell("read")?;
    one.tell("name alone")?;
    one.tell("read")?;
    std::thread::sleep(Duration::from_secs(2));
    other.tell("read")?;
    println!("  no call has failed");
    Ok(())
}
