//! 10 to 100 000 items through the bulk operations of the SDK, on a simulator that takes 1 ms for each call.

use super::{Figure, Stage, curve, report, round};
use crate::spec::{Context, RowSpec};
use crate::{Result, memory};
use std::time::Instant;
use wats_domains::report::SubmitOptions;
use wats_domains::{BulkOptions, HeaderQuery, Wats};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Lookup,
    Headers,
    Submit,
}

/// Most headers that one answer may have.
const PAGE: usize = 10_000;

/// Products that exist; the others that are looked up do not.
const PRODUCTS: usize = 1000;

impl Job {
    fn id(self) -> &'static str {
        match self {
            Self::Lookup => "lookup_products",
            Self::Headers => "read_headers",
            Self::Submit => "submit_reports",
        }
    }

    fn note(self) -> &'static str {
        match self {
            Self::Lookup => {
                "get_many of so many part numbers, 1000 of which exist; few items take the one call of 1 ms, many take \
                 their work"
            }
            Self::Headers => {
                "headers of so many reports, at most 10 000 in a page; few take the one call of 1 ms, many take their work"
            }
            Self::Submit => {
                "submit_many of so many reports of one step, built when their turn comes; a call for each"
            }
        }
    }
}

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let sizes: &[usize] = ctx.scale(&[10, 100, 1000], &[10, 100, 1000, 10_000, 100_000]);
    [Job::Lookup, Job::Headers, Job::Submit]
        .into_iter()
        .flat_map(|job| [timed(ctx, job, sizes), peak(job, sizes)])
        .collect()
}

const TIMED: [Figure; 2] = [("time", "ms"), ("calls", "calls")];

fn timed(ctx: &Context, job: Job, sizes: &'static [usize]) -> RowSpec {
    curve(job.id(), &TIMED, sizes)
        .note(job.note())
        .most_rounds(ctx.scale(1, 3))
        .subject_with(
            "wats",
            move || seeded(job, sizes),
            move |seeded| {
                round(sizes, |size| {
                    let mut own = None;
                    let stage = stage(job, seeded, &mut own)?;
                    stage.sim.ask("reset")?;
                    let start = Instant::now();
                    let done = stage.runtime.block_on(run(&stage.api, job, size))?;
                    let time = start.elapsed().as_secs_f64() * 1e3;
                    check(done, size)?;
                    Ok([time, stage.calls()?])
                })
            },
        )
}

fn peak(job: Job, sizes: &'static [usize]) -> RowSpec {
    curve(job.id(), &[("peak", "bytes")], sizes)
        .note(&format!(
            "{}: most memory allocated at one moment",
            job.note()
        ))
        .counts_memory()
        .once()
        .subject_with(
            "wats",
            move || seeded(job, sizes),
            move |seeded| {
                round(sizes, |size| {
                    let mut own = None;
                    let stage = stage(job, seeded, &mut own)?;
                    let work = || stage.runtime.block_on(run(&stage.api, job, size));
                    let (done, counted) = memory::count(work)?;
                    check(done?, size)?;
                    Ok([counted.peak as f64])
                })
            },
        )
}

/// What all sizes and rounds share: nothing where the server grows with each.
fn seeded(job: Job, sizes: &[usize]) -> Result<Option<Stage>> {
    if job == Job::Submit {
        return Ok(None);
    }
    let stage = Stage::set(1, PRODUCTS)?;
    if job == Job::Headers {
        let most = sizes.iter().copied().max().unwrap_or_default();
        let done = stage.runtime.block_on(run(&stage.api, Job::Submit, most))?;
        check(done, most)?;
    }
    Ok(Some(stage))
}

fn stage<'a>(
    job: Job,
    seeded: &'a mut Option<Stage>,
    own: &'a mut Option<Stage>,
) -> Result<&'a mut Stage> {
    if job == Job::Submit {
        *own = Some(Stage::set(1, 0)?);
        return own.as_mut().ok_or_else(|| "no simulator".into());
    }
    seeded.as_mut().ok_or_else(|| "no simulator".into())
}

fn check(done: usize, wanted: usize) -> Result<()> {
    if done == wanted {
        Ok(())
    } else {
        Err(format!("{done} results instead of {wanted}").into())
    }
}

/// Does the job and returns how many items have an outcome.
async fn run(api: &Wats, job: Job, size: usize) -> Result<usize> {
    match job {
        Job::Lookup => {
            let numbers = (0..size).map(|number| format!("PART-{number:04}"));
            let found = api.product().get_many(numbers).await?;
            let known = found.ok.len();
            check(known, size.min(PRODUCTS))?;
            Ok(known + found.failed.len())
        }
        Job::Headers => {
            if size <= PAGE {
                let query = HeaderQuery::default().top(size as u32);
                return Ok(api.report().headers(&query).await?.len());
            }
            let pages = api.report().headers(&HeaderQuery::default()).each();
            let mut pages = pages.page_size(PAGE as u32);
            let mut done = 0;
            while done < size {
                match pages.next_page().await? {
                    Some(page) => done += page.len(),
                    None => break,
                }
            }
            Ok(done)
        }
        Job::Submit => {
            // Built when its turn comes. What cannot be built is not counted, and so fails the check.
            let reports = (0..size).filter_map(|number| report(number, 1).ok());
            let (options, many) = (SubmitOptions::default(), BulkOptions::default());
            let outcome = api.report().submit_many(reports, &options, &many).await?;
            Ok(outcome.ok.len())
        }
    }
}
