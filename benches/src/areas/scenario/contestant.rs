//! A contestant in a process of its own: `serve contestant NAME JOB BASE_URL TOKEN`.
//!
//! It makes its client, prepares, says that it is ready, and does the job when it is asked to.

use super::{ByHand, ByHandNaive, Job, Naive, Ours, User, runtime};
use crate::server::{self, Server};
use crate::{Result, cpu};
use std::time::Instant;

/// Name of the child process.
pub(crate) const NAME: &str = "contestant";

/// Milliseconds, milliseconds of processor time, and by how much what the server counts is to be multiplied.
pub(super) type Figures = [f64; 3];

/// Is the contestant until the parent goes.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let [name, job, base_url, token] = arguments else {
        return Err("usage: serve contestant NAME JOB BASE_URL TOKEN".into());
    };
    let job = Job::named(job)?;
    match name.as_str() {
        Ours::NAME => act::<Ours>(job, base_url, token),
        Naive::NAME => act::<Naive>(job, base_url, token),
        ByHand::NAME => act::<ByHand>(job, base_url, token),
        ByHandNaive::NAME => act::<ByHandNaive>(job, base_url, token),
        _ => Err(format!("there is no contestant {name:?}").into()),
    }
}

fn act<U: User>(job: Job, base_url: &str, token: &str) -> Result<()> {
    let runtime = runtime()?;
    let user = U::new(base_url, token, job)?;
    runtime.block_on(user.prepare(job))?;
    server::serve_until_closed("", |_| {
        let start = Instant::now();
        let (done, cpu) = cpu::timed(|| runtime.block_on(user.run(job)));
        let time = start.elapsed();
        let figures = done.and_then(|done| {
            job.check(done)?;
            let factor = done.scale * 1e3 / f64::from(done.times);
            let time = done.time.unwrap_or(time).as_secs_f64() * factor;
            Ok([time, cpu.as_secs_f64() * factor, done.scale])
        });
        match figures {
            Ok([time, cpu, scale]) => format!("{time} {cpu} {scale}"),
            Err(error) => format!("failed: {error}"),
        }
    })
}

/// In the parent: has it do its job.
pub(super) fn measure(process: &mut Server) -> Result<Figures> {
    let answer = process.ask("run")?;
    let figures: Vec<f64> = answer
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| answer.clone())?;
    figures.try_into().map_err(|_| answer.into())
}
