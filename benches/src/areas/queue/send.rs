//! Sending: through the simulator beside the same reports sent without a queue, and a report with a large attachment.

use super::ours::{Ours, client};
use super::process::{self, Role, number};
use super::store::Store as _;
use super::text::{Texts, id, report};
use super::{folder, sink};
use crate::Result;
use crate::areas::scenario::sim;
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinSet;
use wats_domains::queue::{Drain, DrainOptions, ReportQueue, Status};
use wats_domains::report::SubmitOptions;
use wats_domains::{BulkOptions, UutReport, Wats};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(300);
/// Reports under way at a time: what a drain does if nothing is set.
const AT_ONCE: usize = 4;
/// Steps of a report that is sent.
const STEPS: usize = 10;
/// The size of the attachment.
const LARGE: u64 = 300_000_000;

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![to_the_simulator(ctx), attachment(ctx)]
}

/// A simulator with a client of ours, and the number of the next report.
struct Stage {
    sim: Server,
    token: String,
    client: Wats,
    next: u64,
}

impl Stage {
    fn set() -> Result<Self> {
        let mut sim = Server::start(sim::NAME, &["20", "1"])?;
        let token = sim.ask("token")?;
        let client = client(sim.address(), &token)?;
        // The first connection.
        client.version().wait()?;
        Ok(Self {
            sim,
            token,
            client,
            next: 1,
        })
    }

    fn reports(&mut self, count: u64) -> Result<Vec<UutReport>> {
        let first = self.next;
        self.next += count;
        let numbers = first..self.next;
        numbers.map(|number| report(number, STEPS)).collect()
    }
}

fn to_the_simulator(ctx: &Context) -> RowSpec {
    let count = ctx.scale(40, 500);
    let row = RowSpec::new("queue.drain_sim.500")
        .unit("reports/s")
        .higher_is_better()
        .note(&format!(
            "{count} reports of {STEPS} steps to the simulator, which takes 20 ms for each, {AT_ONCE} at a time: from the disk, and \
             from memory without a queue; the Python client sends its queue one by one, a tenth of them"
        ))
        .most_rounds(3)
        .subject_with(Ours::NAME, Stage::set, move |stage| drained(stage, count))
        .peer_with("wats, submit_many", Stage::set, move |stage| {
            let reports = stage.reports(count)?;
            let service = stage.client.report();
            let options = SubmitOptions::default();
            let many = BulkOptions::default().at_once(AT_ONCE);
            let start = Instant::now();
            let sent = service.submit_many(reports, &options, &many).wait()?;
            rate(sent.ok.len() as u64, count, start)
        })
        .peer_with(
            "reqwest + serde_json",
            || Ok((Stage::set()?, super::super::http::reqwest_client(None)?.build()?)),
            {
                let runtime = std::sync::Arc::clone(ctx.runtime());
                move |(stage, client): &mut (Stage, reqwest::Client)| {
                    runtime.block_on(by_hand(stage, client, count))
                }
            },
        );
    let Some(interpreter) = ctx.peer_interpreter() else {
        return row;
    };
    let interpreter = interpreter.to_owned();
    let set_up = move || {
        let (stage, folder) = (Stage::set()?, folder()?);
        let path = folder.path().to_string_lossy().into_owned();
        let tenth = (count / 10).to_string();
        let arguments = ["drain", &tenth, stage.sim.address(), &stage.token, &path];
        let arguments = arguments.map(str::to_owned);
        let script = include_str!("../../../python/queue.py");
        let driver = crate::python::Driver::start(&interpreter, script, &arguments)?;
        Ok((driver, stage, folder))
    };
    row.peer_with(crate::python::NAME, set_up, |(driver, _, _)| {
        driver.round(Duration::from_secs(1), 1)
    })
}

fn rate(sent: u64, wanted: u64, start: Instant) -> Result<f64> {
    let took = start.elapsed().as_secs_f64();
    if sent == wanted {
        Ok(wanted as f64 / took)
    } else {
        Err(format!("{sent} instead of {wanted} were sent").into())
    }
}

/// What is in the queue is sent; from the start of the drain to the last receipt on the disk.
fn drained(stage: &mut Stage, count: u64) -> Result<f64> {
    let folder = folder()?;
    let queue = stage.client.queue(folder.path()).open().wait()?;
    let mut receipts = Vec::new();
    for report in stage.reports(count)? {
        receipts.push(queue.enqueue(&report).wait()?);
    }
    let start = Instant::now();
    let drain = drain(&queue)?;
    // They end in about this order: all but the last few have ended when those have.
    for receipt in receipts.iter().rev().take(2 * AT_ONCE) {
        let status = queue.settled(receipt, LONG).wait()?;
        if !matches!(status, Status::Ended(_)) {
            return Err(format!("it was not sent: {status:?}").into());
        }
    }
    let rate = rate(count, count, start)?;
    let left = queue.health().wait()?.all_items();
    drain.stop(LONG).wait()?;
    if left == 0 {
        Ok(rate)
    } else {
        Err(format!("{left} were not sent").into())
    }
}

fn drain(queue: &ReportQueue) -> Result<Drain> {
    let at_once = u32::try_from(AT_ONCE)?;
    Ok(queue.drain(DrainOptions::default().at_once(at_once))?)
}

async fn by_hand(stage: &mut Stage, client: &reqwest::Client, count: u64) -> Result<f64> {
    let texts = Texts::new(STEPS)?;
    let first = stage.next;
    stage.next += count;
    let url = format!("{}/api/Report/WSJF", stage.sim.address());
    let authorization = format!("Basic {}", stage.token);
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    let mut sent = 0;
    for number in first..first + count {
        if tasks.len() >= AT_ONCE {
            ended(tasks.join_next().await, &mut sent)?;
        }
        let request = client
            .post(&url)
            .header("authorization", &authorization)
            .header("content-type", "application/json")
            .body(texts.of(number));
        tasks.spawn(async move {
            let response = request.send().await?.error_for_status()?;
            response.bytes().await.map(drop)
        });
    }
    while let Some(task) = tasks.join_next().await {
        ended(Some(task), &mut sent)?;
    }
    rate(sent, count, start)
}

fn ended(
    task: Option<Result<reqwest::Result<()>, tokio::task::JoinError>>,
    sent: &mut u64,
) -> Result<()> {
    task.ok_or("no task")???;
    *sent += 1;
    Ok(())
}

fn attachment(ctx: &Context) -> RowSpec {
    let set_up = || {
        let folder = folder()?;
        // Written with something: a file without contents would be read from no disk.
        let mut file = std::fs::File::create(folder.path().join("log.bin"))?;
        let piece: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        for _ in 0..LARGE / piece.len() as u64 {
            std::io::Write::write_all(&mut file, &piece)?;
        }
        file.sync_all()?;
        Ok((folder, sink::start(id(1).to_string())?))
    };
    let round = |(folder, address): &mut (TempDir, String)| {
        let queue = folder.path().join("queue");
        let file = folder.path().join("log.bin");
        let file = file.to_str().ok_or("its name is no text")?;
        let mut process = process::start_named(Role::Attach, address, &queue, file)?;
        let answer = process.ask("go")?;
        drop(process);
        std::fs::remove_dir_all(&queue)?;
        let figures: Vec<f64> = answer
            .split(' ')
            .map(number)
            .collect::<Result<_>>()
            .map_err(|_| answer.clone())?;
        Ok(figures)
    };
    RowSpec::new("queue.attachment_300mb.rise")
        .unit("bytes")
        .and("queue.attachment_300mb.enqueue")
        .unit("s")
        .and("queue.attachment_300mb.send")
        .unit("s")
        .note(
            "a report with a file of 300 MB is enqueued and sent by a process of its own: by how much its resident memory rose at \
             most (Linux), and how long both took; the receiver keeps nothing",
        )
        .most_rounds(ctx.scale(1, 2))
        .subject_with(Ours::NAME, set_up, round)
}
