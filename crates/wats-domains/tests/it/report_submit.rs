//! Reports sent in every form, against a server over real TCP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::report_common::{connect, id, read, repair, start, test};
use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::report::{Report, Status, SubmitMode, SubmitOptions};
use wats_domains::{BulkOptions, Error, HeaderQuery};
use wats_http::ErrorKind;
use wats_sim::{Fault, Simulator};

const WSJF: &str = "/api/Report/WSJF";
#[cfg(feature = "xml")]
const WSXF: &str = "/api/Report/WSXF";

#[cfg(feature = "xml")]
fn wsxf(id: Uuid) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Reports \
         xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\"><Report type=\"UUT\" ID=\"{}\" \
         Start=\"2026-01-30T22:01:41+01:00\" Result=\"Passed\" SN=\"ø &amp; Co\" PN=\"P\" Rev=\"A\" MachineName=\"M\" \
         Location=\"L\" Purpose=\"T\"><UUT UserLoginName=\"me\"/><Process Code=\"100\"/><Step Name=\"Main\" \
         Group=\"Main\" Status=\"Passed\"><SequenceCall Filepath=\"p\" Filename=\"n\" \
         Version=\"1\"/></Step></Report></Reports>",
        id.to_string().to_uppercase()
    )
}

#[tokio::test]
async fn tests_and_repairs_are_submitted_alike_and_unaltered() {
    let (sim, api) = start(Simulator::builder()).await;
    for (n, report) in [(1, test(id(1), "S")), (2, repair(id(2), id(1), "S"))] {
        let submitted = api.report().submit(&read(&report)).await.unwrap();
        assert_eq!((submitted.id, submitted.source_id), (id(n), Some(id(n))));
        assert!(submitted.legacy_id.is_some() && submitted.state.is_none());
        assert_eq!(
            sim.report(&id(n).to_string()).unwrap(),
            report,
            "explicit nulls and texts too"
        );
        // What was loaded is submitted again without a change.
        let loaded = api.report().get(id(n)).await.unwrap();
        api.report().submit(&loaded).await.unwrap();
        assert_eq!(sim.report(&id(n).to_string()).unwrap(), report);
    }
}

#[tokio::test]
async fn only_an_answer_that_names_the_report_says_that_it_is_received() {
    let (sim, api) = start(Simulator::builder()).await;
    let report = read(&test(id(1), "S"));
    let elsewhere = id(9).to_string();
    for (body, expected) in [
        (
            json!([{"ID": id(1).to_string(), "uuid": elsewhere}]).to_string(),
            id(9),
        ),
        (
            json!({"uuid": id(1).to_string().to_uppercase()}).to_string(),
            id(1),
        ),
        (json!(id(1)).to_string(), id(1)),
    ] {
        sim.inject(Fault::status(200).body(body));
        assert_eq!(api.report().submit(&report).await.unwrap().id, expected);
    }
    for body in [
        String::new(),
        "  ".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        "\"ok\"".to_owned(),
        json!([{"ID": elsewhere, "uuid": elsewhere}]).to_string(),
        format!("[{}]", "\"\\n\",".repeat(100) + "1"),
    ] {
        sim.inject(Fault::status(200).body(body.clone()));
        let error = api.report().submit(&report).await.unwrap_err();
        let Error::Unacknowledged {
            id: of, attempts, ..
        } = &error
        else {
            panic!("{body}: {error:?}");
        };
        assert_eq!((*of, *attempts, error.attempts()), (id(1), 1, 1));
        assert!(error.is_retryable() && error.kind() == ErrorKind::Decode);
        let answer = error.body_excerpt().unwrap();
        assert!(answer.chars().count() <= 200 && answer.lines().count() <= 1);
        assert!(error.to_string().contains(&id(1).to_string()), "{error}");
    }
    assert_eq!(sim.report(&id(1).to_string()), None);
    sim.inject(
        Fault::status(200)
            .content_type("text/html")
            .body("<html>Sign in</html>"),
    );
    let error = api.report().submit(&report).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn in_active_mode_limits_decide() {
    let (sim, api) = start(Simulator::builder()).await;
    let mut report = test(id(1), "S");
    report["root"]["steps"][0]["numericMeas"][0]["value"] = json!(5.6);
    let report = read(&report);
    let letters = |report: &Value| {
        let step = &report["root"]["steps"][0];
        [
            &report["result"],
            &report["root"]["status"],
            &step["status"],
            &step["numericMeas"][0]["status"],
        ]
        .map(|letter| letter.as_str().unwrap().to_owned())
        .concat()
    };
    for (mode, expected) in [(SubmitMode::Import, "PPPP"), (SubmitMode::Active, "FFFF")] {
        let options = SubmitOptions::default().mode(mode);
        api.report().submit_with(&report, &options).await.unwrap();
        let stored = sim.report(&id(1).to_string()).unwrap();
        assert_eq!(letters(&stored), expected, "{mode:?}");
    }
    assert_eq!(
        report.result,
        Some(Status::Passed),
        "the caller's is left alone"
    );
}

#[cfg(feature = "xml")]
#[tokio::test]
async fn xml_goes_and_comes_byte_for_byte() {
    let (sim, api) = start(Simulator::builder()).await;
    let text = wsxf(id(1));
    sim.inject(Fault::store_then_drop().route("POST", WSXF));
    let submitted = api.report().submit_wsxf(text.clone()).await.unwrap();
    assert_eq!(submitted.id, id(1));
    assert_eq!(
        sim.report_bytes(&id(1).to_string()).unwrap(),
        text.as_bytes()
    );
    let back = api
        .report()
        .get_wsxf(id(1), <_>::default(), true)
        .await
        .unwrap();
    assert_eq!(back, text.as_bytes());
    let headers = api.report().headers(&HeaderQuery::default()).await.unwrap();
    assert_eq!(
        (headers.len(), headers[0].receive_count),
        (1, Some(2)),
        "repeated, not doubled"
    );

    // Refused before it is sent: no id, or not one report.
    sim.reset_counters();
    let no_id = text.replace(" ID=", " Id=");
    assert_eq!(
        api.report()
            .submit_wsxf(no_id)
            .await
            .unwrap_err()
            .findings()
            .len(),
        1
    );
    let two = text.replace("</Reports>", "<Report/></Reports>");
    let error = api.report().submit_wsxf(two).await.unwrap_err();
    assert!(error.to_string().contains("one by one"), "{error}");
    assert_eq!(sim.counters().total_requests(), 0);

    // Refused by the server: in its words.
    let unknown = text.replace("Code=\"100\"", "Code=\"4711\"");
    let error = api.report().submit_wsxf(unknown).await.unwrap_err();
    assert_eq!(error.findings()[0].code(), "R107");
}

#[tokio::test]
async fn json_without_an_id_gets_one_that_belongs_to_the_text() {
    let (sim, api) = start(Simulator::builder()).await;
    let mut report = test(id(1), "S");
    report.as_object_mut().unwrap().remove("id");
    // Numbers and spaces that no model would keep.
    let text = format!("{report:#}")
        .replace("5.5", "5.50")
        .replace("\"extra\"", "");
    sim.inject(Fault::store_then_drop().route("POST", WSJF));
    let first = api.report().submit_json(text.as_bytes()).await.unwrap();
    let again = api.report().submit_json(text.as_bytes()).await.unwrap();
    assert_eq!(first.id, again.id);
    let stored = sim.report_bytes(&first.id.to_string()).unwrap();
    let stored = String::from_utf8(stored.to_vec()).unwrap();
    assert_eq!(
        stored,
        text.replacen('{', &format!("{{\"id\":\"{}\",", first.id), 1)
    );
    let headers = api.report().headers(&HeaderQuery::default()).await.unwrap();
    assert_eq!((headers.len(), headers[0].receive_count), (1, Some(3)));

    let with_id = format!("{:#}", test(id(2), "S"));
    assert_eq!(
        api.report()
            .submit_json(with_id.as_bytes())
            .await
            .unwrap()
            .id,
        id(2)
    );
    assert_eq!(
        sim.report_bytes(&id(2).to_string()).unwrap(),
        with_id.as_bytes()
    );
    for (odd, problem) in [
        ("{\"id\": null}", "its id is null"),
        ("{\"id\": \"x\"}", "its id `x` is no UUID"),
        ("[]", "it is a list"),
    ] {
        let outcome = api.report().submit_json(odd.as_bytes()).await;
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(problem), "{told}");
    }
}

/// As .NET writes texts.
#[tokio::test]
async fn a_byte_order_mark_is_not_sent() {
    let (sim, api) = start(Simulator::builder()).await;
    let mut report = test(id(1), "S");
    let text = report.to_string();
    let marked = format!("\u{feff}{text}");
    let submitted = api.report().submit_wsjf(marked.clone()).await.unwrap();
    assert_eq!(submitted.id, id(1));
    assert_eq!(sim.report_bytes(&id(1).to_string()).unwrap(), text);
    api.report().submit_json(marked.as_bytes()).await.unwrap();
    assert_eq!(sim.report_bytes(&id(1).to_string()).unwrap(), text);

    report.as_object_mut().unwrap().remove("id");
    let (plain, marked) = (report.to_string(), format!("\u{feff}{report}"));
    let first = api.report().submit_json(plain.as_bytes()).await.unwrap();
    let again = api.report().submit_json(marked.as_bytes()).await.unwrap();
    assert_eq!(first.id, again.id, "the mark is no part of the text");
}

#[tokio::test]
async fn an_id_of_zeros_is_none() {
    let (sim, api) = start(Simulator::builder()).await;
    let report = test(Uuid::nil(), "S");
    for outcome in [
        api.report().submit(&read(&report)).await,
        api.report().submit_wsjf(report.to_string()).await,
        api.report()
            .submit_json(report.to_string().as_bytes())
            .await,
        #[cfg(feature = "xml")]
        api.report().submit_wsxf(wsxf(Uuid::nil())).await,
    ] {
        let error = outcome.unwrap_err();
        assert_eq!(error.findings()[0].code(), "R101");
        assert!(error.to_string().contains("its id is all zeros"), "{error}");
    }
    assert_eq!(sim.counters().total_requests(), 0);
}

#[tokio::test]
async fn many_are_submitted_some_at_a_time_and_each_has_its_outcome() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports: Vec<Report> = (0..40)
        .map(|n| {
            let mut report = test(id(n), &format!("S{n}"));
            if n % 10 == 7 {
                report["processCode"] = json!(31_000);
            }
            read(&report)
        })
        .collect();
    let (seen, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let many = BulkOptions::default().at_once(4).progress({
        let (seen, failed) = (Arc::clone(&seen), Arc::clone(&failed));
        move |progress| {
            assert_eq!(progress.total, Some(40));
            seen.fetch_add(1, Ordering::Relaxed);
            failed.store(progress.failed, Ordering::Relaxed);
        }
    });
    let outcome = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &many)
        .await
        .unwrap();
    let places: Vec<usize> = outcome.failed.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [7, 17, 27, 37]);
    assert!(
        outcome
            .failed
            .iter()
            .all(|(_, error)| error.findings()[0].code() == "R107")
    );
    assert_eq!(outcome.ok.len(), 36);
    assert!(
        outcome
            .ok
            .iter()
            .all(|(place, submitted)| submitted.id == id(*place as u128))
    );
    assert_eq!(
        (seen.load(Ordering::Relaxed), failed.load(Ordering::Relaxed)),
        (40, 4)
    );
    assert!(sim.counters().in_flight_peak <= 4, "{}", sim.counters());
}

#[tokio::test]
async fn reports_of_one_id_keep_their_order() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports: Vec<Report> = (0..60)
        .map(|n| read(&test(id(n % 3), &format!("version {n}"))))
        .collect();
    // Answers are lost and late, so that an older version would be sent again behind a newer one.
    sim.inject(Fault::store_then_drop().route("POST", WSJF).times(6));
    sim.inject(Fault::status(503).route("POST", WSJF).times(6));
    let many = BulkOptions::default().at_once(16);
    let outcome = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &many)
        .await
        .unwrap();
    assert!(outcome.is_ok(), "{:?}", outcome.failed);
    for n in 0..3 {
        let stored = sim.report(&id(n).to_string()).unwrap();
        assert_eq!(stored["sn"], format!("version {}", 57 + n));
    }
}

#[tokio::test]
async fn a_later_report_does_not_overtake_a_slow_one_of_its_id() {
    let (sim, api) = start(Simulator::builder()).await;
    let reports = ["older", "newer"].map(|serial| read(&test(id(1), serial)));
    // Side by side, the older one would be stored last.
    sim.inject(Fault::delay(Duration::from_millis(200)).route("POST", WSJF));
    let many = BulkOptions::default();
    let outcome = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &many)
        .await
        .unwrap();
    assert!(outcome.is_ok());
    assert_eq!(sim.report(&id(1).to_string()).unwrap()["sn"], "newer");
}

#[tokio::test]
async fn a_report_that_fails_does_not_hold_up_the_next_of_its_id() {
    let (sim, api) = start(Simulator::builder()).await;
    let mut bad = test(id(1), "bad");
    bad["processCode"] = json!(31_000);
    let reports = [read(&bad), read(&test(id(1), "good"))];
    let many = BulkOptions::default();
    let outcome = api
        .report()
        .submit_many(reports, &SubmitOptions::default(), &many)
        .await
        .unwrap();
    assert_eq!((outcome.failed.len(), outcome.ok.len()), (1, 1));
    assert_eq!(sim.report(&id(1).to_string()).unwrap()["sn"], "good");
}

#[tokio::test]
async fn a_refused_token_is_told_as_one() {
    let (sim, _api) = start(Simulator::builder()).await;
    let stranger = connect(&sim, "d3Jvbmc6dG9rZW4=");
    let error = stranger
        .report()
        .submit(&read(&test(id(1), "S")))
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 401);
    assert!(!error.is_retryable() && error.findings().is_empty());
}

/// An export of a server, where it is at hand: as XML it goes and comes byte for byte, and its header is what it says.
#[cfg(feature = "xml")]
#[tokio::test]
async fn a_real_export_goes_as_xml() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(text) = std::fs::read(format!("{shared}/samples/uut-wsxf-export.xml")) else {
        eprintln!("skipped: the sample is not there");
        return;
    };
    let (_sim, api) = start(Simulator::builder()).await;
    let submitted = api.report().submit_wsxf(text.clone()).await.unwrap();
    let back = api
        .report()
        .get_wsxf(submitted.id, <_>::default(), true)
        .await
        .unwrap();
    assert_eq!(back, text);
    let headers = api.report().headers(&HeaderQuery::default()).await.unwrap();
    assert_eq!(headers[0].id, Some(submitted.id));
    assert_eq!(headers[0].status(), Some(Status::Failed));
    assert_eq!(headers[0].serial_number.as_deref(), Some("FATTest-325"));
}
