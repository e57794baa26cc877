//! What interceptors learn of the server's clock, over real TCP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use wats_http::http::StatusCode;
use wats_http::{Attempt, Call, Intercept, Outcome, RetryConfig, ServerTime};

use crate::common::{GET, POST, Server, Speaks, client, ok};

/// Keeps what answers say of the server's clock.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<Mutex<Vec<Option<ServerTime>>>>);

impl Clock {
    fn seen(&self) -> Vec<Option<ServerTime>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Intercept for Clock {
    fn after_attempt(&self, _: &Attempt<'_>, outcome: &Outcome<'_>) {
        self.0.lock().unwrap().push(outcome.server_time());
    }
}

#[tokio::test]
async fn each_attempt_that_is_answered_tells_the_servers_time_whatever_its_status() {
    let answers = [
        (500, "Sun, 06 Nov 1994 08:49:37 GMT"),
        // hyper's server writes a date unless there is something already.
        (503, "none"),
        (200, "Sun, 06 Nov 1994 08:49:39 GMT"),
    ];
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let server = Server::start(Speaks::Plain, move |_| {
        let (status, date) = answers.lock().unwrap().next().unwrap();
        async move {
            let mut answer = ok("");
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            answer.headers_mut().insert("date", date.parse().unwrap());
            answer
        }
    })
    .await;
    let clock = Clock::default();
    let before = SystemTime::now();
    let client = client(&server.url())
        .retry(RetryConfig::default().base_delay(Duration::from_millis(1)))
        .intercept(clock.clone())
        .build()
        .unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
    let seen = clock.seen();
    let dates: Vec<_> = seen
        .iter()
        .map(|time| {
            let since_epoch = time.as_ref()?.date().duration_since(SystemTime::UNIX_EPOCH);
            Some(since_epoch.unwrap().as_secs())
        })
        .collect();
    assert_eq!(dates, [Some(784_111_777), None, Some(784_111_779)]);
    for time in seen.iter().flatten() {
        assert!(time.received() >= before && time.received() <= SystemTime::now());
        assert!(time.offset_secs() < -900_000_000.0);
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_tells_no_time() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let clock = Clock::default();
    let client = client(&url)
        .retry(RetryConfig::never())
        .intercept(clock.clone())
        .build()
        .unwrap();
    client.execute(Call::new(&POST)).await.unwrap_err();
    assert_eq!(clock.seen(), [None]);
}
