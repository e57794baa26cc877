//! Scenarios: whole jobs against the simulator, as a user would write them.
//!
//! The simulator takes 20 ms for each request and runs in a process of its own ([`sim`]). A round starts a contestant as
//! a process of its own ([`contestant`]; the Python peer as its interpreter), lets it make a client and open its first
//! connection, and then has it do the [`Job`]. Time and processor time are by the contestant's own clocks, calls and bytes
//! on the wire as the simulator counts them, and the peak of resident memory is what the system tells of the process since
//! its start. A further row of each job counts the most memory that was allocated at one moment, which only the contestants
//! in Rust can have.
//!
//! Who takes part: [`ours`], [`by_hand`] and the Python peer, each in its best documented way, and beside it in its naive
//! way, which says so in its name.

mod by_hand;
pub(super) mod contestant;
mod job;
mod ours;
pub(in crate::areas) mod sim;
mod text;

use crate::python::Driver;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Result, memory, python};
use by_hand::{ByHand, ByHandNaive};
use contestant::Figures;
use job::Job;
use ours::{Naive, Ours};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;
use wats_codec::{Format, Limits, Serializer};

/// One who does the jobs.
trait User: Sized + 'static {
    /// How the process of this contestant is told who it is.
    const NAME: &'static str;

    /// Name in the report.
    fn title(_job: Job) -> &'static str {
        Self::NAME
    }

    /// Makes a client for a job; sends nothing.
    fn new(base_url: &str, token: &str, job: Job) -> Result<Self>;

    /// What comes before the job and is not measured: at least the first connection.
    fn prepare(&self, job: Job) -> impl Future<Output = Result<()>>;

    /// Does the job.
    fn run(&self, job: Job) -> impl Future<Output = Result<Done>>;
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
struct Done {
    /// How many results there are.
    results: usize,
    /// By how much the figures are multiplied, where only a part of the job was done.
    scale: f64,
    /// How often the whole job was done, so that a short one can be measured.
    times: u32,
    /// What counts as the time, if that is not all of it.
    time: Option<Duration>,
}

impl From<usize> for Done {
    fn from(results: usize) -> Self {
        Self {
            results,
            scale: 1.0,
            times: 1,
            time: None,
        }
    }
}

/// Part number of a seeded product.
fn part_number(number: usize) -> String {
    format!("PART-{number:04}")
}

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    Job::ALL
        .into_iter()
        .flat_map(|job| [measured(ctx, job), allocated(job)])
        .chain([on_disk()])
        .collect()
}

/// The size of a file with the large report.
fn on_disk() -> RowSpec {
    let size = |format: Format| {
        move || -> Result<f64> {
            let report = ours::report(0, Job::STEPS_OF_10_MB)?;
            let limits = Limits::default().no_max_bytes();
            let codec = Serializer::new(format).limits(limits);
            Ok(codec.to_vec(report.report())?.len() as f64)
        }
    };
    RowSpec::new("scenario.transfer_10mb.on_disk")
        .unit("bytes")
        .note("the report of 10 MB as a file")
        .once()
        .subject("archive of wats-codec", size(Format::Archive))
        .peer("JSON", size(Format::Json))
        .peer("JSON + gzip", size(Format::JsonGzip))
        .peer("MessagePack", size(Format::MessagePack))
}

/// A running simulator.
struct Stage {
    sim: Server,
    token: String,
}

impl Stage {
    fn set(job: Job) -> Result<Self> {
        let mut sim = Server::start(sim::NAME, &["20", "200"])?;
        let token = sim.ask("token")?;
        let stage = Self { sim, token };
        if let Some((reports, steps)) = job.seed() {
            let user = ByHand::new(stage.sim.address(), &stage.token, job)?;
            runtime()?.block_on(user.seed(reports, steps))?;
        }
        Ok(stage)
    }

    fn reset(&mut self) -> Result<()> {
        self.sim.ask("reset").map(drop)
    }

    /// The figures of a round: its own, calls and bytes since the last reset, and what the process took.
    fn figures(&mut self, own: Figures, process: u32) -> Result<[f64; 5]> {
        let answer = self.sim.ask("counters")?;
        let (calls, bytes) = answer
            .split_once(' ')
            .ok_or("the simulator did not answer with two numbers")?;
        let (calls, bytes): (f64, f64) = (calls.parse()?, bytes.parse()?);
        let peak = memory::resident_peak(process).unwrap_or(f64::NAN);
        let [time, cpu, scale] = own;
        Ok([time, calls * scale, bytes * scale, cpu, peak])
    }
}

fn runtime() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// The rows of a job that come out of the same rounds.
fn measured(ctx: &Context, job: Job) -> RowSpec {
    let id = |what: &str| format!("scenario.{}.{what}", job.id());
    let note = if memory::RESIDENT_PEAK {
        job.note()
    } else {
        format!(
            "{}; resident memory is not measured on this system",
            job.note()
        )
    };
    let row = RowSpec::new(&id("time"))
        .unit("ms")
        .and(&id("calls"))
        .unit("calls")
        .and(&id("bytes"))
        .unit("bytes")
        .and(&id("cpu"))
        .unit("ms")
        .and(&id("peak"))
        .unit("bytes")
        .note(&note)
        .most_rounds(ctx.scale(1, 3));
    let row = with::<Ours>(row, job, true);
    let row = with::<Naive>(row, job, false);
    let row = with::<ByHand>(row, job, false);
    let row = if job.naive_by_hand() {
        with::<ByHandNaive>(row, job, false)
    } else {
        row
    };
    let row = with_python(row, ctx, job, true);
    with_python(row, ctx, job, false)
}

fn with<U: User>(row: RowSpec, job: Job, subject: bool) -> RowSpec {
    let set_up = move || Stage::set(job);
    let round = move |stage: &mut Stage| {
        let arguments = [U::NAME, job.id(), stage.sim.address(), &stage.token];
        let mut process = Server::start(contestant::NAME, &arguments)?;
        stage.reset()?;
        let figures = contestant::measure(&mut process)?;
        stage.figures(figures, process.id())
    };
    if subject {
        row.subject_with(U::title(job), set_up, round)
    } else {
        row.peer_with(U::title(job), set_up, round)
    }
}

/// The Python peer: no seconds make its driver prepare, any other number makes it do the job and tell its figures.
fn with_python(row: RowSpec, ctx: &Context, job: Job, best: bool) -> RowSpec {
    let left_out = if best {
        job == Job::TransferText10Mb
    } else {
        ctx.quick() || !job.naive_python()
    };
    let Some(interpreter) = ctx.peer_interpreter().filter(|_| !left_out) else {
        return row;
    };
    let interpreter = interpreter.to_owned();
    let round = move |stage: &mut Stage| {
        let way = if best { "best" } else { "naive" };
        let arguments = [job.id(), way, stage.sim.address(), &stage.token].map(str::to_owned);
        let script = include_str!("../../../python/scenario.py");
        let mut driver = Driver::start(&interpreter, script, &arguments)?;
        driver.round(Duration::ZERO, 3)?;
        stage.reset()?;
        let figures = driver.round(Duration::from_secs(1), 3)?;
        let figures = figures.try_into().map_err(|_| "not three figures")?;
        stage.figures(figures, driver.id())
    };
    let name = if best {
        python::NAME.to_owned()
    } else {
        format!("{}, naive", python::NAME)
    };
    row.peer_with(&name, move || Stage::set(job), round)
}

fn allocated(job: Job) -> RowSpec {
    let row = RowSpec::new(&format!("scenario.{}.allocated", job.id()))
        .unit("bytes")
        .note(&format!(
            "{}: most memory allocated at one moment by the thread that works",
            job.note()
        ))
        .counts_memory()
        .most_rounds(2);
    let row = with_allocated::<Ours>(row, job, true);
    let row = with_allocated::<Naive>(row, job, false);
    with_allocated::<ByHand>(row, job, false)
}

fn with_allocated<U: User>(row: RowSpec, job: Job, subject: bool) -> RowSpec {
    let set_up = move || Ok((Stage::set(job)?, runtime()?));
    let round = move |(stage, runtime): &mut (Stage, Runtime)| {
        let user = U::new(stage.sim.address(), &stage.token, job)?;
        runtime.block_on(user.prepare(job))?;
        let (done, counted) = memory::count(|| runtime.block_on(user.run(job)))?;
        job.check(done?)?;
        Ok(counted.peak as f64)
    };
    if subject {
        row.subject_with(U::title(job), set_up, round)
    } else {
        row.peer_with(U::title(job), set_up, round)
    }
}
