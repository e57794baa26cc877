//! Many reports through an outage, and stopped in good order.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;
use std::time::Duration;

use crate::report_common::{id, read, start, test};
use tokio::sync::watch;
use wats_domains::report::{
    Detail, Failure, Report, Station, SubmitOptions, Unit, UurReport, builder::FailureCode,
};
use wats_domains::{BulkOptions, Error, MeasurementLimits, UutReport, Wats};
use wats_http::{BreakerConfig, ErrorKind, RetryConfig};
use wats_sim::{Fault, Simulator};

const WSJF: &str = "/api/Report/WSJF";
const GET: &str = "/api/Report/Wsjf/{id}";

fn connect_to(base_url: &str, token: &str) -> Wats {
    let client = wats_http::Client::builder()
        .base_url(base_url)
        .token(token)
        .rate_limit(None)
        .build()
        .unwrap();
    Wats::from(client)
}

/// A client whose breaker opens as by default, and lets a call pass again after this time.
fn connect(sim: &Simulator, open_for: Duration) -> Wats {
    let client = wats_http::Client::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .rate_limit(None)
        .retry(RetryConfig::default().base_delay(Duration::from_millis(1)))
        .breaker(BreakerConfig::default().open_for(open_for))
        .build()
        .unwrap();
    Wats::from(client)
}

fn reports(count: u128) -> Vec<Report> {
    (1..=count)
        .map(|n| read(&test(id(n), &format!("S{n}"))))
        .collect()
}

#[tokio::test]
async fn a_hiccup_of_the_server_costs_no_report() {
    let (sim, _) = start(Simulator::builder()).await;
    let api = connect(&sim, Duration::from_millis(5));
    let reports = reports(1_000);
    sim.inject(Fault::status(503).route("POST", WSJF).times(40));
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert_genuine(&outcome.failed);
    assert_eq!(outcome.ok.len() + outcome.failed.len(), 1_000);
    assert_eq!(sim.pending_faults(), 0);

    let ids: Vec<_> = outcome.ok.iter().take(300).map(|(_, it)| it.id).collect();
    sim.inject(Fault::status(503).route("GET", GET).times(40));
    let outcome = api
        .report()
        .get_many(&ids, Detail::default(), &many)
        .await
        .unwrap();
    assert_genuine(&outcome.failed);
    assert_eq!(outcome.ok.len() + outcome.failed.len(), 300);
    assert_eq!(sim.pending_faults(), 0);
}

/// Only who was refused twice as often as a call is tried may fail; the breaker opens after 20 refusals, so these are at
/// most two, and mostly none.
fn assert_genuine(failed: &[(usize, Error)]) {
    assert!(failed.len() <= 2, "{failed:?}");
    for (_, error) in failed {
        assert_eq!(
            error.attempts(),
            RetryConfig::default().max_attempts,
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_outage_is_waited_out_for_so_long_and_no_longer() {
    let (sim, _) = start(Simulator::builder()).await;
    let api = connect(&sim, Duration::from_secs(600));
    sim.inject(Fault::status(503).route("POST", WSJF).times(100_000));
    let reports = reports(100);
    let many = BulkOptions::default().outage_wait(Duration::from_millis(20));
    let options = SubmitOptions::default();
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert_eq!((outcome.ok.len(), outcome.failed.len()), (0, 100));
    let unsent = |(_, error): &&(usize, Error)| error.kind() == ErrorKind::CircuitOpen;
    assert!(outcome.failed.iter().filter(unsent).count() > 80);
    assert!(
        outcome
            .failed
            .iter()
            .any(|(_, error)| error.status().is_some()),
        "what was tried tells what the server said"
    );
}

#[tokio::test]
async fn what_is_refused_is_not_sent_again() {
    let (sim, _) = start(Simulator::builder()).await;
    let api = connect(&sim, Duration::from_millis(5));
    let mut bad = test(id(1), "S");
    bad["processCode"] = 31_000.into();
    let reports = [read(&bad)];
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(sim.counters().requests_to(&format!("POST {WSJF}")), 1);
}

/// At most five are under way when the third is refused.
const MOST_REFUSED: u64 = 10;

#[tokio::test]
async fn a_bulk_stops_soon_when_the_client_is_refused() {
    for status in [401, 403] {
        let (sim, api) = start(Simulator::builder()).await;
        sim.inject(Fault::status(status).times(100_000));
        let reports = reports(200);
        let (options, many) = (SubmitOptions::default(), BulkOptions::default());
        let outcome = api
            .report()
            .submit_many(reports.clone(), &options, &many)
            .await
            .unwrap();
        let sent = sim.counters().total_requests();
        assert!((3..=MOST_REFUSED).contains(&sent), "{status}: {sent} sent");
        assert_refused(&outcome.failed, 200, sent, status);

        sim.reset_counters();
        let ids: Vec<_> = (1..=200).map(id).collect();
        let outcome = api
            .report()
            .get_many(&ids, Detail::default(), &many)
            .await
            .unwrap();
        let sent = sim.counters().total_requests();
        assert!((3..=MOST_REFUSED).contains(&sent), "{status}: {sent} read");
        assert_refused(&outcome.failed, 200, sent, status);
    }
}

/// Each is told the refusal, and whether it was sent.
fn assert_refused(failed: &[(usize, Error)], count: usize, sent: u64, status: u16) {
    assert_eq!(failed.len(), count);
    let unsent = |(_, error): &&(usize, Error)| matches!(error, Error::Unsent(_));
    assert_eq!(
        failed.iter().filter(unsent).count() as u64,
        count as u64 - sent
    );
    for (_, error) in failed {
        assert_eq!(error.status().unwrap().as_u16(), status, "{error:?}");
        let unsent = matches!(error, Error::Unsent(_));
        assert_eq!(error.attempts(), u32::from(!unsent), "{error:?}");
        assert_eq!(error.to_string().starts_with("not sent"), unsent, "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_in_the_middle_stops_the_rest() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports = reports(200);
    let sim = std::sync::Arc::new(sim);
    let server = std::sync::Arc::clone(&sim);
    let many = BulkOptions::default().progress(move |progress| {
        if progress.done == 50 {
            server.replace_token("another");
        }
    });
    let options = SubmitOptions::default();
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert!(
        (50..=55).contains(&outcome.ok.len()),
        "{}",
        outcome.ok.len()
    );
    assert_eq!(outcome.ok.len() + outcome.failed.len(), 200);
    let sent = sim.counters().total_requests() - outcome.ok.len() as u64;
    assert!((3..=MOST_REFUSED).contains(&sent), "{sent} refused");
}

#[tokio::test]
async fn answers_about_items_show_that_the_client_is_let_in() {
    for at_once in [1, 5] {
        let (sim, api) = start(Simulator::builder()).await;
        for status in [403, 400, 400, 403, 409, 413, 403, 404, 403, 400] {
            sim.inject(Fault::status(status).route("POST", WSJF));
        }
        let many = BulkOptions::default().at_once(at_once);
        let options = SubmitOptions::default();
        let outcome = api
            .report()
            .submit_many(reports(60), &options, &many)
            .await
            .unwrap();
        assert_eq!((outcome.ok.len(), outcome.failed.len()), (50, 10));
    }
}

#[tokio::test]
async fn refusals_of_single_items_stop_nothing() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports = reports(60);
    // Two in a row, over and over, as when some of the reports are of a process that the token may not use.
    for _ in 0..15 {
        sim.inject(Fault::status(403).route("POST", WSJF).times(2));
        let many = BulkOptions::default().at_once(1);
        let options = SubmitOptions::default();
        let outcome = api
            .report()
            .submit_many(reports[..4].to_vec(), &options, &many)
            .await
            .unwrap();
        assert_eq!((outcome.ok.len(), outcome.failed.len()), (2, 2));
    }
    assert_eq!(sim.pending_faults(), 0);
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_is_not_asked_for_every_item() {
    let tls = Simulator::builder().tls(true).start().await.unwrap();
    let api = connect_to(tls.base_url(), tls.token());
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let reports = reports(100);
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert_eq!(outcome.failed.len(), 100);
    let tried: u32 = outcome
        .failed
        .iter()
        .map(|(_, error)| error.attempts())
        .sum();
    assert!(u64::from(tried) <= MOST_REFUSED, "{tried} handshakes");
    assert!(
        outcome
            .failed
            .iter()
            .all(|(_, error)| error.kind() == ErrorKind::Tls)
    );
}

#[tokio::test]
async fn what_is_under_way_ends_and_the_rest_is_told_unsent() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports = reports(100);
    let (stop, mut stopped) = watch::channel(false);
    let many = BulkOptions::default()
        .at_once(4)
        .progress(move |progress| {
            if progress.done == 7 {
                stop.send_replace(true);
            }
        })
        .until(async move { drop(stopped.wait_for(|stop| *stop).await) });
    let options = SubmitOptions::default();
    let outcome = api
        .report()
        .submit_many(reports.clone(), &options, &many)
        .await
        .unwrap();
    assert!((7..=11).contains(&outcome.ok.len()), "{}", outcome.ok.len());
    assert_eq!(outcome.ok.len() + outcome.failed.len(), 100);
    for (place, error) in &outcome.failed {
        assert!(
            matches!(error, Error::Stopped) && error.is_retryable(),
            "{error:?}"
        );
        assert_eq!(sim.report(&reports[*place].id.unwrap().to_string()), None);
    }
    for (place, submitted) in &outcome.ok {
        assert_eq!(Some(submitted.id), reports[*place].id);
        assert!(sim.report(&submitted.id.to_string()).is_some());
    }
    let ids: Vec<_> = (1..=100).map(id).collect();
    let outcome = api
        .report()
        .get_many(&ids, Detail::default(), &many)
        .await
        .unwrap();
    assert_eq!(outcome.failed.len(), 100, "the signal stays");
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_the_server() {
    let (sim, _) = start(Simulator::builder()).await;
    let client = wats_http::Client::builder()
        .base_url(sim.base_url())
        .token(sim.token())
        .breaker(
            BreakerConfig::default()
                .failures(1)
                .open_for(Duration::from_secs(600)),
        )
        .build()
        .unwrap();
    let api = Wats::from(client);
    sim.inject(Fault::status(503).times(100_000));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let many = BulkOptions::default()
        .outage_wait(Duration::from_secs(600))
        .until(async { drop(stopped.await) });
    let reports = reports(20);
    let options = SubmitOptions::default();
    let bulk = api.report().submit_many(reports, &options, &many);
    let stopping = async {
        while sim.counters().total_requests() == 0 {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(bulk, stopping);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.failed.len(), 20);
    let stopped = |(_, error): &&(usize, Error)| matches!(error, Error::Stopped);
    assert!(outcome.failed.iter().filter(stopped).count() >= 15);
}

#[tokio::test]
async fn reports_of_every_kind_go_in_bulk() {
    let (sim, api) = start(Simulator::builder()).await;
    let (options, many) = (SubmitOptions::default(), BulkOptions::default());
    let plain = reports(2);
    let test = UutReport::builder(
        Unit {
            part_number: "PART-0001",
            serial_number: "S",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    })
    .operator("Kari")
    .numeric("+5V", 5.9, "V", MeasurementLimits::at_most(5.5))
    .build()
    .unwrap();
    let repair: UurReport = test
        .report()
        .repair(500)
        .station(Station {
            name: "Repair",
            location: "Lab",
            purpose: "Repair",
        })
        .operator("Ola")
        .failure(Failure::new(FailureCode {
            category: "Component",
            code: "Burned",
        }))
        .build()
        .unwrap();
    let service = api.report();
    let (plain, shared) = (plain.clone(), plain.into_iter().map(Arc::new));
    let shared: Vec<Arc<Report>> = shared.collect();
    let repair = Arc::new(repair);
    let (tests, repairs) = (vec![Arc::new(test.clone()), Arc::new(test)], [repair]);
    for bulk in [
        service.submit_many(plain, &options, &many),
        service.submit_many(shared.clone(), &options, &many),
        service.submit_many(tests.clone(), &options, &many),
        service.submit_many(repairs.clone(), &options, &many),
        service.submit_many([UutReport::clone(&tests[0])], &options, &many),
    ] {
        assert!(bulk.await.unwrap().is_ok());
    }
    assert_eq!(Arc::strong_count(&shared[0]), 1, "given back");
    assert_eq!(sim.counters().total_requests(), 8);
}
