//! The subject, as its documentation tells to use it, and the naive way with the same client: one call after another.

use super::{Job, User, part_number};
use crate::Result;
use wats_batch::batch_map;
use wats_domains::report::{Station, Unit};
use wats_domains::{CacheOptions, ClassOptions, HeaderQuery, MeasurementLimits, UutReport, Wats};

/// Bulk reads, the cache, and as many submissions at a time as the pool keeps connections.
#[derive(Debug)]
pub(super) struct Ours(Wats);

/// One call after another, and nothing remembered.
#[derive(Debug)]
pub(super) struct OneByOne(Wats);

impl User for Ours {
    const NAME: &'static str = "wats";

    fn new(base_url: &str, token: &str) -> Result<Self> {
        api(base_url, token).map(Self)
    }

    async fn prepare(&self, job: Job) -> Result<()> {
        prepare(&self.0, job).await
    }

    async fn run(&self, job: Job) -> Result<usize> {
        let api = &self.0;
        match job {
            Job::Products100 => {
                let numbers: Vec<String> = (0..100).map(part_number).collect();
                let found = api.product().get_many(&numbers).await?;
                Ok(found.ok.len())
            }
            Job::Reports1000 => headers(api, 1000, 0).await,
            Job::ProcessesSecondCall => Ok(api.process().list().await?.len()),
            Job::Submit100 => {
                let submitted = batch_map(0..100, 20, |number| submit(api, number, 10)).await;
                counted(submitted)
            }
            Job::Transfer10Mb => transfer(api).await,
            Job::Concurrent100 => {
                let read = batch_map(0..100, 100, |number| product(api, number)).await;
                counted(read)
            }
        }
    }
}

impl User for OneByOne {
    const NAME: &'static str = "wats, one by one";

    fn new(base_url: &str, token: &str) -> Result<Self> {
        api(base_url, token).map(Self)
    }

    async fn prepare(&self, job: Job) -> Result<()> {
        prepare(&self.0, job).await
    }

    async fn run(&self, job: Job) -> Result<usize> {
        let api = &self.0;
        let mut done = 0;
        match job {
            Job::Products100 | Job::Concurrent100 => {
                for number in 0..100 {
                    product(api, number).await?;
                    done += 1;
                }
            }
            Job::Reports1000 => {
                for page in 0..10 {
                    done += headers(api, 100, page * 100).await?;
                }
            }
            Job::ProcessesSecondCall => {
                api.process().refresh();
                done = api.process().list().await?.len();
            }
            Job::Submit100 => {
                for number in 0..100 {
                    submit(api, number, 10).await?;
                    done += 1;
                }
            }
            Job::Transfer10Mb => done = transfer(api).await?,
        }
        Ok(done)
    }
}

fn api(base_url: &str, token: &str) -> Result<Wats> {
    // The peers keep processes only.
    let kept = CacheOptions::off().processes(ClassOptions::default());
    let api = Wats::builder()
        .base_url(base_url)
        .token(token)
        .rate_limit(None)
        .cache(kept)
        .build()?;
    Ok(api)
}

async fn prepare(api: &Wats, job: Job) -> Result<()> {
    if job == Job::ProcessesSecondCall {
        api.process().list().await?;
    } else {
        api.version().await?;
    }
    Ok(())
}

async fn product(api: &Wats, number: usize) -> Result<()> {
    let wanted = part_number(number);
    let product = api.product().get(&wanted).await?;
    if product.part_number.as_deref() == Some(wanted.as_str()) {
        Ok(())
    } else {
        Err("another product came".into())
    }
}

async fn headers(api: &Wats, top: u32, skip: u32) -> Result<usize> {
    let query = HeaderQuery::default().top(top).skip(skip);
    Ok(api.report().headers(&query).await?.len())
}

async fn submit(api: &Wats, number: usize, steps: usize) -> Result<()> {
    let report = report(number, steps)?;
    api.report().submit(&report).await?;
    Ok(())
}

async fn transfer(api: &Wats) -> Result<usize> {
    let sent = report(0, Job::STEPS_OF_10_MB)?;
    let submitted = api.report().submit(&sent).await?;
    let read = api.report().get(submitted.id).await?;
    if read == *sent.report() {
        Ok(1)
    } else {
        Err("the report came back changed".into())
    }
}

fn report(number: usize, steps: usize) -> Result<UutReport> {
    let builder = UutReport::builder(
        Unit {
            part_number: "PART-0001",
            serial_number: &format!("SN-{number:05}"),
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "Bench",
        location: "Here",
        purpose: "Bench",
    })
    .operator("bench")
    .steps(|root| {
        for step in 1..=steps {
            let value = 5.0 + step as f64 / 1000.0;
            root.numeric(
                format!("Rail {step}"),
                value,
                "V",
                MeasurementLimits::between(4.5..=1000.5),
            );
        }
    });
    Ok(builder.build()?)
}

fn counted(outcomes: Vec<Result<()>>) -> Result<usize> {
    let mut done = 0;
    for outcome in outcomes {
        outcome?;
        done += 1;
    }
    Ok(done)
}
