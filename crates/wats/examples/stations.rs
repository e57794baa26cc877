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
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// The processes that this one has started. None is left when it ends, is interrupted, or is told to end.
static STARTED: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn started() -> MutexGuard<'static, Vec<Child>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of them; it ends with this value.
struct Started(u32);

impl Started {
    /// Starts it, and gives the ends of its streams.
    fn new(
        command: &mut Command,
    ) -> std::io::Result<(Self, Option<ChildStdin>, Option<ChildStdout>)> {
        // Ctrl-C of a terminal goes to a whole group. It is for this process, which ends the others.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Locked meanwhile, so that whoever ends them ends this one, too.
        let mut all = started();
        let mut process = command.spawn()?;
        let (told, says) = (process.stdin.take(), process.stdout.take());
        let this = Self(process.id());
        all.push(process);
        Ok((this, told, says))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let mut all = started();
        for process in all.extract_if(.., |process| process.id() == self.0) {
            end(process);
        }
    }
}

fn end(mut process: Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// Ends all of them on Ctrl-C, and on SIGTERM where there is one, with the exit codes that shells give.
fn watch() -> Result<()> {
    // From now on, not from when the task first runs.
    #[cfg(unix)]
    let (mut interrupted, mut told) = {
        use tokio::signal::unix::{SignalKind, signal};
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    #[cfg(windows)]
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    tokio::spawn(async move {
        #[cfg(unix)]
        let code = tokio::select! {
            _ = interrupted.recv() => 130,
            _ = told.recv() => 143,
        };
        #[cfg(windows)]
        let code = {
            interrupted.recv().await;
            130
        };
        // Locked to the end: who finds that a station has ended waits here, and does not end this process with an error.
        let mut all = started();
        all.drain(..).for_each(end);
        println!("  stopped");
        std::process::exit(code);
    });
    Ok(())
}

/// A station, as the factory sees it.
struct Station {
    name: &'static str,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
    _process: Started,
}

impl Station {
    fn start(name: &'static str, sim: &Simulator, redis: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["station", sim.base_url(), sim.token(), redis]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let (process, told, says) = Started::new(&mut command)?;
        Ok(Self {
            name,
            told: told.ok_or("no way to tell a station")?,
            says: BufReader::new(says.ok_or("no way to hear a station")?).lines(),
            _process: process,
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

/// A Redis that keeps nothing on disk, and where it is.
fn start_redis() -> Result<Option<(Started, String)>> {
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let port_text = port.to_string();
    let mut command = Command::new(&program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port_text]);
    let Ok((redis, ..)) = Started::new(command.stdout(Stdio::null())) else {
        println!("SKIPPED: there is no `{program}` (Debian: apt-get install redis-server)");
        return Ok(None);
    };
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
    watch()?;
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
