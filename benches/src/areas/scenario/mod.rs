//! Scenarios: whole jobs against the simulator, as a user would write them.
//!
//! The simulator takes 20 ms for each request and runs in a process of its own ([`sim`]). A round makes a new client,
//! lets it open its first connection, and then measures the job: its time, and on the server's side the calls and the
//! bytes on the wire. Each job has a further row for the peak of allocated memory.
//!
//! Who takes part: `ours` (as it should be used, and one call after another), `by_hand`, and the Python peer.

mod by_hand;
mod ours;
pub(in crate::areas) mod sim;

use crate::python::Driver;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Result, memory};
use by_hand::ByHand;
use ours::{OneByOne, Ours};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Products100,
    Reports1000,
    ProcessesSecondCall,
    Submit100,
    Transfer10Mb,
    Concurrent100,
}

impl Job {
    const ALL: [Self; 6] = [
        Self::Products100,
        Self::Reports1000,
        Self::ProcessesSecondCall,
        Self::Submit100,
        Self::Transfer10Mb,
        Self::Concurrent100,
    ];

    /// A report with so many numeric steps has about 10 MB.
    const STEPS_OF_10_MB: usize = 55_000;

    fn id(self) -> &'static str {
        match self {
            Self::Products100 => "products_100",
            Self::Reports1000 => "reports_1000",
            Self::ProcessesSecondCall => "processes_second_call",
            Self::Submit100 => "submit_100",
            Self::Transfer10Mb => "transfer_10mb",
            Self::Concurrent100 => "concurrent_100",
        }
    }

    fn note(self) -> &'static str {
        match self {
            Self::Products100 => "read 100 products by part number",
            Self::Reports1000 => "read the headers of 1000 reports",
            Self::ProcessesSecondCall => "ask for the processes again",
            Self::Submit100 => "build and submit 100 reports of 10 steps",
            Self::Transfer10Mb => "submit a report of 10 MB and read it back",
            Self::Concurrent100 => "100 reads of single products at the same time",
        }
    }

    /// How many results a run must have, at least.
    fn least(self) -> usize {
        match self {
            Self::Products100 | Self::Submit100 | Self::Concurrent100 => 100,
            Self::Reports1000 => 1000,
            Self::ProcessesSecondCall | Self::Transfer10Mb => 1,
        }
    }
}

/// One who does the jobs.
trait User: Sized + 'static {
    /// Name in the report.
    const NAME: &'static str;

    /// Makes a client; sends nothing.
    fn new(base_url: &str, token: &str) -> Result<Self>;

    /// What comes before the job and is not measured: at least the first connection.
    fn prepare(&self, job: Job) -> impl Future<Output = Result<()>>;

    /// Does the job and returns the number of results.
    fn run(&self, job: Job) -> impl Future<Output = Result<usize>>;
}

/// Part number of a seeded product.
fn part_number(number: usize) -> String {
    format!("PART-{number:04}")
}

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    Job::ALL
        .into_iter()
        .flat_map(|job| [timed(ctx, job), peak(job)])
        .collect()
}

/// A running simulator.
struct Stage {
    sim: Server,
    token: String,
    runtime: Runtime,
}

impl Stage {
    fn set(job: Job) -> Result<Self> {
        let mut sim = Server::start(sim::NAME, &["20", "200"])?;
        let token = sim.ask("token")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stage = Self {
            sim,
            token,
            runtime,
        };
        if job == Job::Reports1000 {
            stage.runtime.block_on(stage.user::<ByHand>()?.seed(1000))?;
        }
        Ok(stage)
    }

    fn user<U: User>(&self) -> Result<U> {
        U::new(self.sim.address(), &self.token)
    }

    /// Calls and bytes since the last reset.
    fn counters(&mut self) -> Result<[f64; 2]> {
        let answer = self.sim.ask("counters")?;
        let (calls, bytes) = answer
            .split_once(' ')
            .ok_or("the simulator did not answer with two numbers")?;
        Ok([calls.parse()?, bytes.parse()?])
    }
}

fn timed(ctx: &Context, job: Job) -> RowSpec {
    let id = format!("scenario.{}", job.id());
    let row = RowSpec::new(&id)
        .unit("ms")
        .lower_is_better()
        .and(&format!("{id}.calls"))
        .unit("calls")
        .lower_is_better()
        .and(&format!("{id}.bytes"))
        .unit("bytes")
        .lower_is_better()
        .note(job.note())
        .most_rounds(ctx.scale(2, 5));
    let row = with_timed::<Ours>(row, job, true);
    let row = with_timed::<OneByOne>(row, job, false);
    let row = with_timed::<ByHand>(row, job, false);
    with_python(row, ctx, job)
}

fn with_timed<U: User>(row: RowSpec, job: Job, subject: bool) -> RowSpec {
    let set_up = move || Stage::set(job);
    let round = move |stage: &mut Stage| {
        let user = stage.user::<U>()?;
        stage.runtime.block_on(user.prepare(job))?;
        stage.sim.ask("reset")?;
        let start = Instant::now();
        let results = stage.runtime.block_on(user.run(job))?;
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        check(job, results)?;
        let [calls, bytes] = stage.counters()?;
        Ok([milliseconds, calls, bytes])
    };
    if subject {
        row.subject_with(U::NAME, set_up, round)
    } else {
        row.peer_with(U::NAME, set_up, round)
    }
}

fn check(job: Job, results: usize) -> Result<()> {
    if results < job.least() {
        return Err(format!("{results} results instead of {}", job.least()).into());
    }
    Ok(())
}

/// The Python peer: no seconds make its driver prepare, any other number makes it do the job and tell its time.
fn with_python(row: RowSpec, ctx: &Context, job: Job) -> RowSpec {
    let Some(interpreter) = ctx.peer_interpreter().filter(|_| job != Job::Transfer10Mb) else {
        return row;
    };
    let interpreter = interpreter.to_owned();
    let set_up = move || {
        let stage = Stage::set(job)?;
        let arguments = [
            job.id().to_owned(),
            stage.sim.address().to_owned(),
            stage.token.clone(),
        ];
        let script = include_str!("../../../python/scenario.py");
        let driver = Driver::start(&interpreter, script, &arguments)?;
        Ok((stage, driver))
    };
    let round = |(stage, driver): &mut (Stage, Driver)| {
        driver.round(Duration::ZERO, 1)?;
        stage.sim.ask("reset")?;
        let time = driver.round(Duration::from_secs(1), 1)?;
        let [calls, bytes] = stage.counters()?;
        Ok([time[0], calls, bytes])
    };
    row.peer_with(crate::python::NAME, set_up, round)
}

fn peak(job: Job) -> RowSpec {
    let row = RowSpec::new(&format!("scenario.{}.peak", job.id()))
        .unit("bytes")
        .lower_is_better()
        .note(&format!(
            "{}: most memory allocated at one moment",
            job.note()
        ))
        .counts_memory()
        .most_rounds(2);
    let row = with_peak::<Ours>(row, job, true);
    let row = with_peak::<OneByOne>(row, job, false);
    with_peak::<ByHand>(row, job, false)
}

fn with_peak<U: User>(row: RowSpec, job: Job, subject: bool) -> RowSpec {
    let set_up = move || Stage::set(job);
    let round = move |stage: &mut Stage| {
        let user = stage.user::<U>()?;
        stage.runtime.block_on(user.prepare(job))?;
        let (results, counted) = memory::count(|| stage.runtime.block_on(user.run(job)))?;
        check(job, results?)?;
        Ok(counted.peak as f64)
    };
    if subject {
        row.subject_with(U::NAME, set_up, round)
    } else {
        row.peer_with(U::NAME, set_up, round)
    }
}
