//! The subject, as its documentation tells to use it, and the naive way with the same client: one call after another.

use super::job::seeded_id;
use super::{Done, Job, User, part_number, text};
use crate::Result;
use std::time::{Duration, Instant};
use wats_batch::batch_map;
use wats_domains::report::{Detail, Station, SubmitOptions, Unit};
use wats_domains::{
    BulkOptions, CacheOptions, ClassOptions, HeaderQuery, MeasurementLimits, UutReport, Wats,
};
use wats_http::RequestCompression;

/// Submissions on their way at a time: as many as the pool keeps connections.
pub(super) const AT_A_TIME: usize = 20;

/// Whole reports read at a time.
pub(super) const READS_AT_A_TIME: usize = 100;

/// How often a call is made that asks no server.
const KEPT_CALLS: u32 = 10_000;

/// Bulk reads, the cache, many calls at a time, and large requests packed where the server takes them.
#[derive(Debug)]
pub(super) struct Ours(Wats);

/// One call after another, nothing remembered, nothing packed.
#[derive(Debug)]
pub(super) struct Naive(Wats);

impl User for Ours {
    const NAME: &'static str = "wats";

    fn new(base_url: &str, token: &str, job: Job) -> Result<Self> {
        let packed = match job {
            Job::Transfer10Mb | Job::TransferText10Mb => RequestCompression::WhenAnnounced,
            _ => RequestCompression::Off,
        };
        api(base_url, token, packed).map(Self)
    }

    async fn prepare(&self, job: Job) -> Result<()> {
        prepare(&self.0, job).await
    }

    async fn run(&self, job: Job) -> Result<Done> {
        let api = &self.0;
        let results = match job {
            Job::Products100 => {
                let numbers: Vec<String> = (0..100).map(part_number).collect();
                api.product().get_many(&numbers).await?.ok.len()
            }
            Job::Reports1000 => headers(api, 1000, 0).await?,
            Job::FullReports1000 => {
                let ids: Vec<_> = ids(1000)?;
                let reports = api.report();
                let mut each = reports.get_each(ids, Detail::default(), READS_AT_A_TIME);
                let mut read = 0;
                while let Some((_, report)) = each.try_next().await? {
                    whole(&report?)?;
                    read += 1;
                }
                read
            }
            Job::ProcessesSecondCall => {
                let mut processes = 0;
                for _ in 0..KEPT_CALLS {
                    processes = api.process().list().await?.len();
                }
                return Ok(Done {
                    times: KEPT_CALLS,
                    ..processes.into()
                });
            }
            Job::Submit100 => {
                // They are built when their turn comes, so that only those under way are in memory.
                let reports = (0..100).map_while(|number| report(number, 10).ok());
                let many = BulkOptions::default().at_once(AT_A_TIME);
                let submit = api
                    .report()
                    .submit_many(reports, &SubmitOptions::default(), &many);
                submit.await?.ok.len()
            }
            Job::Transfer10Mb => transfer(api).await?,
            Job::TransferText10Mb => transfer_text(api).await?,
            Job::Concurrent100 => {
                counted(batch_map(0..100, 100, |number| product(api, number)).await)?
            }
        };
        Ok(results.into())
    }
}

impl User for Naive {
    const NAME: &'static str = "wats, naive";

    fn title(job: Job) -> &'static str {
        match job {
            Job::Concurrent100 => "wats, slowest of 100 reads one by one",
            _ => Self::NAME,
        }
    }

    fn new(base_url: &str, token: &str, _job: Job) -> Result<Self> {
        api(base_url, token, RequestCompression::Off).map(Self)
    }

    async fn prepare(&self, job: Job) -> Result<()> {
        prepare(&self.0, job).await
    }

    async fn run(&self, job: Job) -> Result<Done> {
        let api = &self.0;
        let mut done = Done::from(0);
        match job {
            Job::Products100 | Job::Concurrent100 => {
                let mut slowest = Duration::ZERO;
                for number in 0..100 {
                    let start = Instant::now();
                    product(api, number).await?;
                    slowest = slowest.max(start.elapsed());
                    done.results += 1;
                }
                done.time = (job == Job::Concurrent100).then_some(slowest);
            }
            Job::Reports1000 => {
                for page in 0..10 {
                    done.results += headers(api, 100, page * 100).await?;
                }
            }
            Job::FullReports1000 => {
                done.scale = Job::NAIVE_PART as f64;
                for id in ids(1000 / Job::NAIVE_PART)? {
                    whole(&api.report().get(id).await?)?;
                    done.results += 1;
                }
            }
            Job::ProcessesSecondCall => {
                api.process().refresh();
                done.results = api.process().list().await?.len();
            }
            Job::Submit100 => {
                for number in 0..100 {
                    let report = report(number, 10)?;
                    api.report().submit(&report).await?;
                    done.results += 1;
                }
            }
            Job::Transfer10Mb => done.results = transfer(api).await?,
            Job::TransferText10Mb => done.results = transfer_text(api).await?,
        }
        Ok(done)
    }
}

fn api(base_url: &str, token: &str, packed: RequestCompression) -> Result<Wats> {
    // The peers keep processes only.
    let kept = CacheOptions::off().processes(ClassOptions::default());
    let api = Wats::builder()
        .base_url(base_url)
        .token(token)
        .rate_limit(None)
        .cache(kept)
        .http(|client| client.request_compression(packed))
        .build()?;
    Ok(api)
}

/// Ids of seeded reports.
fn ids(count: usize) -> Result<Vec<uuid::Uuid>> {
    let ids = (0..count).map(|number| seeded_id(number).parse());
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Makes sure that a report has come as a whole.
fn whole(report: &wats_domains::Report) -> Result<()> {
    let root = report.root.as_ref();
    match root.and_then(|root| root.steps.as_ref()).map(Vec::len) {
        Some(10) => Ok(()),
        _ => Err("another report came".into()),
    }
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

async fn transfer_text(api: &Wats) -> Result<usize> {
    let (_, text) = text::report(Job::STEPS_OF_10_MB)?;
    let sent = text::fingerprint(text.as_bytes());
    let submitted = api.report().submit_wsjf(text).await?;
    let read = api.report().get_wsjf(submitted.id).await?;
    if text::fingerprint(&read) == sent {
        Ok(1)
    } else {
        Err("the report came back changed".into())
    }
}

/// A passed test report with so many numeric steps.
pub(super) fn report(number: usize, steps: usize) -> Result<UutReport> {
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
