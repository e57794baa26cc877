//! What a careful programmer writes without an SDK: reqwest and `serde_json`, twenty requests at a time; and what the
//! first draft of it is, one request after another.

use super::{Done, Job, User, text};
use crate::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::task::JoinSet;

/// Requests on their way at a time, where the job does not say otherwise: as many as ours.
const AT_A_TIME: usize = super::ours::AT_A_TIME;

#[derive(Debug, Clone)]
pub(super) struct ByHand {
    client: reqwest::Client,
    base_url: String,
    token: String,
    at_a_time: usize,
}

/// One request after another.
#[derive(Debug)]
pub(super) struct ByHandNaive(ByHand);

/// Of a product what most callers need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    part_number: String,
}

/// Of a report header all that a server gives without being asked for lists: what ours keeps too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "they are kept, as a program would that shows them"
)]
struct Header {
    uuid: String,
    serial_number: Option<String>,
    part_number: Option<String>,
    report_type: Option<String>,
    start: Option<String>,
    revision: Option<String>,
    result: Option<String>,
    batch_number: Option<String>,
    user_name: Option<String>,
    station_name: Option<String>,
    location: Option<String>,
    purpose: Option<String>,
    measures_deleted: Option<bool>,
    process_code: Option<i32>,
    process_name: Option<String>,
    comment: Option<String>,
    execution_time: Option<f64>,
    sw_filename: Option<String>,
    sw_version: Option<String>,
    test_socket_index: Option<i32>,
    fixture_id: Option<String>,
    error_code: Option<i32>,
    error_message: Option<String>,
    caused_uut_failure: Option<String>,
    caused_uut_failure_path: Option<String>,
    referenced_uut: Option<String>,
    time_stamp: Option<i64>,
    run: Option<i32>,
    passed_in_run: Option<i32>,
    receive_count: Option<i32>,
    report_size: Option<i32>,
}

impl User for ByHand {
    const NAME: &'static str = "reqwest + serde_json";

    fn new(base_url: &str, token: &str, _job: Job) -> Result<Self> {
        let client = super::super::http::reqwest_client(None)?.build()?;
        Ok(Self {
            client,
            base_url: base_url.to_owned(),
            token: token.to_owned(),
            at_a_time: AT_A_TIME,
        })
    }

    async fn prepare(&self, _job: Job) -> Result<()> {
        self.get::<Value>("/api/App/Version").await.map(drop)
    }

    async fn run(&self, job: Job) -> Result<Done> {
        let results = match job {
            Job::Products100 => self.all(100, self.at_a_time, Self::product).await?,
            Job::Concurrent100 => self.all(100, 100, Self::product).await?,
            Job::Reports1000 => {
                let query = "/api/Report/Query/Header?reportType=U&$top=1000";
                let headers: Vec<Header> = self.get(query).await?;
                headers
                    .iter()
                    .filter(|header| !header.uuid.is_empty())
                    .count()
            }
            Job::FullReports1000 => {
                self.all(1000, super::ours::READS_AT_A_TIME, Self::full_report)
                    .await?
            }
            Job::ProcessesSecondCall => {
                let processes: Vec<Value> = self.get("/api/App/Processes").await?;
                processes.len()
            }
            Job::Submit100 => {
                self.all(100, self.at_a_time, async |user, n| {
                    user.submit(&report(n, 10)).await
                })
                .await?
            }
            Job::Transfer10Mb => {
                let sent = report(0, Job::STEPS_OF_10_MB);
                self.submit(&sent).await?;
                let id = sent["id"].as_str().unwrap_or_default();
                let read: Value = self.get(&format!("/api/Report/Wsjf/{id}")).await?;
                // Not the numbers: read without its feature for it, serde_json changes some of them in the last digit.
                let steps = |report: &Value| report["root"]["steps"].as_array().map(Vec::len);
                if steps(&read) != steps(&sent) {
                    return Err("the report came back changed".into());
                }
                1
            }
            Job::TransferText10Mb => {
                let (id, text) = text::report(Job::STEPS_OF_10_MB)?;
                let sent = text::fingerprint(text.as_bytes());
                self.submit_text(text).await?;
                let read = self.get_bytes(&format!("/api/Report/Wsjf/{id}")).await?;
                if text::fingerprint(&read) != sent {
                    return Err("the report came back changed".into());
                }
                1
            }
        };
        Ok(results.into())
    }
}

impl User for ByHandNaive {
    const NAME: &'static str = "reqwest + serde_json, naive";

    fn new(base_url: &str, token: &str, job: Job) -> Result<Self> {
        let mut user = ByHand::new(base_url, token, job)?;
        user.at_a_time = 1;
        Ok(Self(user))
    }

    async fn prepare(&self, job: Job) -> Result<()> {
        self.0.prepare(job).await
    }

    async fn run(&self, job: Job) -> Result<Done> {
        if job != Job::FullReports1000 {
            return self.0.run(job).await;
        }
        let part = 1000 / Job::NAIVE_PART;
        let read = self.0.all(part, 1, ByHand::full_report).await?;
        Ok(Done {
            scale: Job::NAIVE_PART as f64,
            ..read.into()
        })
    }
}

impl ByHand {
    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        Ok(serde_json::from_slice(&self.get_bytes(path).await?)?)
    }

    async fn get_bytes(&self, path: &str) -> Result<bytes::Bytes> {
        let request = self.client.get(format!("{}{path}", self.base_url));
        let answer = request
            .header("authorization", format!("Basic {}", self.token))
            .header("accept", "application/json")
            .send()
            .await?
            .error_for_status()?;
        Ok(answer.bytes().await?)
    }

    async fn product(self, number: usize) -> Result<()> {
        let wanted = super::part_number(number);
        let product: Product = self.get(&format!("/api/Product/{wanted}")).await?;
        if product.part_number == wanted {
            Ok(())
        } else {
            Err("another product came".into())
        }
    }

    async fn full_report(self, number: usize) -> Result<()> {
        let path = format!("/api/Report/Wsjf/{}", super::job::seeded_id(number));
        let read: Value = self.get(&path).await?;
        match read["root"]["steps"].as_array().map(Vec::len) {
            Some(10) => Ok(()),
            _ => Err("another report came".into()),
        }
    }

    async fn submit(&self, report: &Value) -> Result<()> {
        self.submit_text(serde_json::to_string(report)?).await
    }

    async fn submit_text(&self, report: String) -> Result<()> {
        let request = self
            .client
            .post(format!("{}/api/Report/WSJF", self.base_url));
        let answer = request
            .header("authorization", format!("Basic {}", self.token))
            .header("content-type", "application/json")
            .body(report)
            .send()
            .await?
            .error_for_status()?;
        answer.bytes().await?;
        Ok(())
    }

    /// Puts so many reports of so many steps into the server, as set-up of other jobs.
    pub(super) async fn seed(&self, reports: usize, steps: usize) -> Result<()> {
        self.all(reports, 100, move |user: Self, n| async move {
            user.submit(&report(n, steps)).await
        })
        .await
        .map(drop)
    }

    /// Does `work` for the numbers below `count` with so many workers.
    async fn all<F, Fut>(&self, count: usize, workers: usize, work: F) -> Result<usize>
    where
        F: Fn(Self, usize) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Result<()>> + Send,
    {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::<Result<usize>>::new();
        for _ in 0..workers {
            let (next, user, work) = (Arc::clone(&next), self.clone(), work.clone());
            tasks.spawn(async move {
                let mut done = 0;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(done);
                    }
                    work(user.clone(), number).await?;
                    done += 1;
                }
            });
        }
        let mut done = 0;
        while let Some(part) = tasks.join_next().await {
            done += part??;
        }
        Ok(done)
    }
}

/// A passed test report in the server's own format, with so many numeric steps.
fn report(number: usize, steps: usize) -> Value {
    let steps: Vec<Value> = (1..=steps)
        .map(|step| {
            json!({
                "id": step, "name": format!("Rail {step}"), "group": "M", "status": "P", "stepType": "ET_NLT",
                "numericMeas": [{
                    "compOp": "GELE", "unit": "V", "value": 5.0 + step as f64 / 1000.0, "status": "P",
                    "lowLimit": 4.5, "highLimit": 1000.5,
                }],
            })
        })
        .collect();
    json!({
        "id": super::job::seeded_id(number), "type": "T", "pn": "PART-0001",
        "sn": format!("SN-{number:05}"), "rev": "A", "processCode": 100, "result": "P", "machineName": "Bench",
        "location": "Here", "purpose": "Bench", "start": "2026-01-30T22:01:41.470+01:00",
        "uut": { "user": "bench", "execTime": 1.5 },
        "root": {
            "id": 0, "name": "Main", "group": "M", "status": "P", "stepType": "SequenceCall",
            "seqCall": { "path": "bench", "name": "main.seq", "version": "1.0" },
            "steps": steps,
        },
    })
}
