//! What a careful programmer writes without an SDK: reqwest and `serde_json`, ten requests at a time.

use super::{Job, User};
use crate::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::task::JoinSet;

/// Requests on their way at a time, where the job does not say otherwise.
const AT_A_TIME: usize = 10;

#[derive(Debug, Clone)]
pub(super) struct ByHand {
    client: reqwest::Client,
    base_url: String,
    token: String,
}

/// Of a product what most callers need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    part_number: String,
}

/// Of a report header what most callers need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    uuid: String,
}

impl User for ByHand {
    const NAME: &'static str = "reqwest + serde_json";

    fn new(base_url: &str, token: &str) -> Result<Self> {
        let client = super::super::http::reqwest_client(None)?.build()?;
        Ok(Self {
            client,
            base_url: base_url.to_owned(),
            token: token.to_owned(),
        })
    }

    async fn prepare(&self, _job: Job) -> Result<()> {
        self.get::<Value>("/api/App/Version").await.map(drop)
    }

    async fn run(&self, job: Job) -> Result<usize> {
        match job {
            Job::Products100 => self.all(100, AT_A_TIME, Self::product).await,
            Job::Concurrent100 => self.all(100, 100, Self::product).await,
            Job::Reports1000 => {
                let query = "/api/Report/Query/Header?reportType=U&$top=1000";
                let headers: Vec<Header> = self.get(query).await?;
                Ok(headers
                    .iter()
                    .filter(|header| !header.uuid.is_empty())
                    .count())
            }
            Job::ProcessesSecondCall => {
                let processes: Vec<Value> = self.get("/api/App/Processes").await?;
                Ok(processes.len())
            }
            Job::Submit100 => {
                self.all(100, AT_A_TIME, async |user, n| {
                    user.submit(&report(n, 10)).await
                })
                .await
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
                Ok(1)
            }
        }
    }
}

impl ByHand {
    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.client.get(format!("{}{path}", self.base_url));
        let answer = request
            .header("authorization", format!("Basic {}", self.token))
            .header("accept", "application/json")
            .send()
            .await?
            .error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
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

    async fn submit(&self, report: &Value) -> Result<()> {
        let request = self
            .client
            .post(format!("{}/api/Report/WSJF", self.base_url));
        let answer = request
            .header("authorization", format!("Basic {}", self.token))
            .json(report)
            .send()
            .await?
            .error_for_status()?;
        answer.bytes().await?;
        Ok(())
    }

    /// Puts so many reports into the server, as set-up of other jobs.
    pub(super) async fn seed(&self, reports: usize) -> Result<()> {
        self.all(reports, 100, async |user, n| {
            user.submit(&report(n, 1)).await
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
        "id": format!("00000000-0000-4000-8000-{number:012}"), "type": "T", "pn": "PART-0001",
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
