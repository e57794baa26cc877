//! What is on disk and what reaches the server: the same bytes, large ones too, confirmed, and not before their time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wats_domains::queue::{DrainOptions, Event, Filter, Labels, State, Status, Stored};
use wats_domains::report::{
    Attachment, MeasurementLimits, Report, ReportFormat, ReportText, Station, StoredReport,
    SubmissionState, SubmitOptions, Unit, UutReport,
};
use wats_domains::{BulkOptions, Error};
use wats_sim::Fault;

use crate::common::{
    LONG, WSJF, bench, event, id, one_at_a_time, open, read, test, unchecked, until,
};

fn built(serial_number: &str, log: usize) -> UutReport {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number,
        revision: "A",
    };
    let station = Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    };
    let builder = UutReport::builder(unit, 100)
        .station(station)
        .operator("Kari");
    let builder = builder.numeric(
        "Measure +5V",
        5.02,
        "V",
        MeasurementLimits::between(4.75..=5.25),
    );
    let contents: Vec<u8> = (0..log)
        .map(|at| u8::try_from(at * 31 % 251).unwrap())
        .collect();
    builder
        .steps(|root| {
            root.attachment("Log", Attachment::new("log.bin", contents));
        })
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_outlives_its_program_and_arrives_byte_for_byte() {
    let bench = bench().await;
    // One that is kept in the database, and one that is a file.
    let reports = [built("SN-1", 1000), built("SN-2", 3 << 20)];
    for report in &reports {
        let receipt = bench.queue.enqueue(report).await.unwrap();
        assert_eq!(receipt.outcome, Stored::New);
    }
    bench.queue.close().await.unwrap();
    let queue = open(&bench.api, bench.folder.path(), &bench.clock).await;
    let items = queue.list(Filter::all()).await.unwrap();
    let labels = Labels::of(&items[0]);
    assert_eq!(
        (labels.part_number.as_str(), labels.process_code),
        ("PCBA-001", Some(100))
    );
    assert_eq!(
        (labels.result.as_str(), labels.report_type.as_str()),
        ("P", "T")
    );
    let drain = queue.drain(DrainOptions::default()).unwrap();
    until(|| async { queue.health().await.unwrap().all_items() == 0 }).await;
    for report in &reports {
        let sent = serde_json::to_vec(report.report()).unwrap();
        let stored = bench.sim.report_bytes(&report.id().to_string()).unwrap();
        assert!(stored == sent, "{} was altered", report.id());
    }
    // What was sent is known: the same report is not sent again.
    let again = queue.enqueue(&reports[0]).await.unwrap();
    assert!(matches!(again.outcome, Stored::AlreadySent(_)), "{again:?}");
    drop(drain);
}

#[test]
fn a_synchronous_program_needs_no_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sim = runtime
        .block_on(wats_sim::Simulator::builder().start())
        .unwrap();
    let api = crate::common::connect(&sim, sim.token());
    let folder = tempfile::tempdir().unwrap();
    let bounds = wats_domains::queue::Bounds::default().min_free(0);
    let queue = api
        .queue(folder.path())
        .bounds(bounds)
        .open()
        .wait()
        .unwrap();
    let report = built("SN-1", 10);
    let receipt = queue.enqueue(&report).wait().unwrap();
    let drain = queue.drain(one_at_a_time()).unwrap();
    let status = queue.settled(&receipt, LONG).wait().unwrap();
    assert!(matches!(status, Status::Ended(_)), "{status:?}");
    assert!(sim.report(&report.id().to_string()).is_some());
    assert!(drain.stop(LONG).wait().unwrap());
    queue.close().wait().unwrap();
}

#[tokio::test]
async fn what_the_server_would_refuse_is_not_taken() {
    let bench = bench().await;
    let mut report: Report = built("SN-1", 10).into_report();
    report.serial_number = None;
    let refused = bench.queue.enqueue(&report).await;
    assert!(matches!(refused, Err(Error::Report(_))), "{refused:?}");
    report.id = None;
    let refused = bench.queue.enqueue_with(&report, &unchecked()).await;
    assert!(matches!(refused, Err(Error::Report(_))), "{refused:?}");
    assert_eq!(bench.depth().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_sent_as_it_is() {
    let bench = bench().await;
    let text = serde_json::to_string_pretty(&test(id(3), "SN-3")).unwrap();
    let marked = format!("\u{feff}{text}");
    let options = wats_domains::queue::EnqueueOptions::default();
    let receipt = bench
        .queue
        .enqueue_text(ReportFormat::Wsjf, marked, &options)
        .await
        .unwrap();
    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    until(|| async { bench.is_stored(id(3)) }).await;
    assert_eq!(
        bench.sim.report_bytes(&id(3).to_string()).unwrap(),
        text.as_bytes()
    );
    let past = bench.queue.settled(&receipt, LONG).await.unwrap();
    assert!(matches!(past, Status::Ended(_)));
    drop(drain);
    let none = bench
        .queue
        .enqueue_text(ReportFormat::Wsjf, "{}", &options)
        .await;
    assert!(matches!(none, Err(Error::Report(_))), "{none:?}");
}

#[tokio::test]
async fn a_stored_text_goes_from_its_file() {
    let bench = bench().await;
    let text = serde_json::to_vec(&test(id(4), &"x".repeat(90))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    std::fs::write(&path, &text).unwrap();
    let length = text.len() as u64;
    let submit = |length| {
        let file = StoredReport::File {
            path: path.clone(),
            length,
        };
        bench
            .api
            .report()
            .submit_stored(id(4), ReportFormat::Wsjf, file)
    };
    assert_eq!(submit(length).await.unwrap().id, id(4));
    assert_eq!(bench.sim.report_bytes(&id(4).to_string()).unwrap(), text);
    assert!(submit(length + 1).await.is_err());
    let nil = bench.api.report().submit_stored(
        uuid::Uuid::nil(),
        ReportFormat::Wsjf,
        bytes::Bytes::new(),
    );
    assert!(matches!(nil.await, Err(Error::Report(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_an_id_is_sent_with_one_and_stays_where_it_is() {
    let bench = bench().await;
    let mut document = test(id(4), &"x".repeat(90));
    document.as_object_mut().unwrap().remove("id");
    let text = format!("\u{feff} {document}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    std::fs::write(&path, &text).unwrap();
    let (in_memory, whole) = ReportText::all_of(text.clone())
        .unwrap()
        .remove(0)
        .with_id()
        .unwrap();
    let file = StoredReport::File {
        path: path.clone(),
        length: text.len() as u64,
    };
    let (made, named) = ReportText::new(ReportFormat::Wsjf, file).with_id().unwrap();
    assert_eq!(made, in_memory);
    assert!(named.bytes().is_none(), "it is in its file still");
    let is_stored = || bench.sim.report_bytes(&made.to_string()) == whole.bytes().cloned();
    let send = |text: StoredReport| {
        let options = SubmitOptions::default();
        let service = bench.api.report();
        service.submit_stored_with(made, ReportFormat::Wsjf, text, &options)
    };
    assert_eq!(send(named.text.clone()).await.unwrap().id, made);
    assert!(is_stored());
    // The same bytes come out of a queue.
    let options = wats_domains::queue::EnqueueOptions::default();
    let enqueue = |text| {
        bench
            .queue
            .enqueue_stored(made, ReportFormat::Wsjf, text, &options)
    };
    let receipt = enqueue(named.text.clone()).await.unwrap();
    // It waits for others of its unit, as one from memory does.
    let listed = bench.queue.list(Filter::all()).await.unwrap();
    let [item] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    let of = |name: &str| document[name].as_str().unwrap().to_owned();
    let labels = Labels::of(item);
    assert_eq!(
        (labels.part_number, labels.serial_number),
        (of("pn"), of("sn"))
    );
    let unit = format!("{}\u{1f}{}", of("pn"), of("sn")).to_lowercase();
    assert_eq!(item.lane, unit);
    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    let status = bench.queue.settled(&receipt, LONG).await.unwrap();
    assert!(matches!(status, Status::Ended(_)), "{status:?}");
    assert_eq!(bench.sim.receive_count(&made.to_string()), 2);
    assert!(is_stored());
    drop(drain);
    // Many at a time, of which each has its own outcome.
    let many = [
        (made, ReportFormat::Wsjf, named.text.clone()),
        (made, ReportFormat::Wsjf, bytes::Bytes::from("{").into()),
    ];
    let service = bench.api.report();
    let outcome =
        service.submit_stored_many(many, &SubmitOptions::default(), &BulkOptions::default());
    let outcome = outcome.await.unwrap();
    assert_eq!((outcome.ok[0].0, outcome.failed[0].0), (0, 1));
    // A file that has changed is no longer the one.
    std::fs::write(&path, "{}").unwrap();
    assert!(send(named.text.clone()).await.is_err());
    assert!(enqueue(named.text).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stays_until_the_server_has_stored_it() {
    let bench = bench().await;
    let folder = tempfile::tempdir().unwrap();
    let queue = bench
        .api
        .queue(folder.path())
        .confirm(true)
        .bounds(wats_domains::queue::Bounds::default().min_free(0))
        .options(|options| options.confirm_each(Duration::from_millis(20)))
        .open()
        .await
        .unwrap();
    bench.sim.hold_reports();
    bench
        .sim
        .inject(Fault::quarantine("no room for it").containing(id(2).to_string()));
    for n in 1..=3 {
        let report = read(&test(id(n), &format!("unit {n}")));
        queue.enqueue_with(&report, &unchecked()).await.unwrap();
    }
    let count = |state| {
        let queue = queue.clone();
        async move { queue.health().await.unwrap().items(state) }
    };
    let drain = queue.drain(one_at_a_time()).unwrap();
    until(|| async { count(State::Unconfirmed).await + count(State::Quarantined).await == 3 })
        .await;
    assert!(count(State::Unconfirmed).await >= 2);
    bench.sim.release_reports();
    until(|| async { queue.health().await.unwrap().all_items() == 1 }).await;
    until(|| async { count(State::Quarantined).await == 1 }).await;
    let left = queue.list(Filter::set_aside()).await.unwrap();
    assert_eq!(wats_domains::queue::report_id(&left[0]), id(2));
    let fault = left[0].fault.clone().unwrap();
    assert!(fault.text.contains("no room for it"), "{fault:?}");
    let states = bench
        .api
        .report()
        .internal()
        .states([id(1), id(2), id(9)])
        .await
        .unwrap();
    assert!(states[0].is_stored());
    assert!(matches!(states[1], SubmissionState::Quarantined { .. }));
    assert!(matches!(states[2], SubmissionState::Pending { .. }));
    // Once more with the same bytes.
    queue.retry(id(2)).await.unwrap();
    until(|| async { queue.health().await.unwrap().all_items() == 0 }).await;
    assert!(bench.is_stored(id(2)));
    drop(drain);
}

fn beginning(n: u128, start: Timestamp) -> Value {
    let mut report = test(id(n), &format!("unit {n}"));
    report["start"] = json!(start.to_string());
    report["startUTC"] = json!(start.to_string());
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_begins_in_the_servers_future_is_held() {
    let bench = bench().await;
    let in_two_hours = Timestamp::now() + SignedDuration::from_hours(2);
    let early = read(&beginning(1, in_two_hours));
    let now = read(&beginning(2, Timestamp::now()));
    bench
        .queue
        .enqueue_with(&early, &unchecked())
        .await
        .unwrap();
    bench.queue.enqueue_with(&now, &unchecked()).await.unwrap();
    let drain = bench.queue.drain(one_at_a_time()).unwrap();
    until(|| async { bench.depth().await == 1 }).await;
    assert_eq!(bench.ids(State::Held).await, [id(1)]);
    assert!(bench.is_stored(id(2)));
    assert_eq!(bench.posts(), 1);
    assert!(drain.stop(LONG).await.unwrap());

    // To a server whose clock is as far ahead as ours is behind, its time has come.
    bench.sim.set_clock_skew(SignedDuration::from_hours(3));
    let queue = bench.queue.clone();
    queue.close().await.unwrap();
    let queue = open(&bench.api, bench.folder.path(), &bench.clock).await;
    let events = queue.events();
    queue.retry(id(1)).await.unwrap();
    let drain = queue.drain(one_at_a_time()).unwrap();
    until(|| async { bench.is_stored(id(1)) }).await;
    // Somebody should look at the clocks.
    let warned = event(&events, |event| matches!(event, Event::SkewWarning(_))).await;
    let Event::SkewWarning(by) = warned else {
        panic!("{warned:?}")
    };
    assert!((10_700_000..=10_900_000).contains(&by), "{by}");
    let offset = queue.clock_offset().unwrap().as_secs();
    assert!((10_700..=10_900).contains(&offset), "{offset}");
    assert_eq!(bench.sim.counters().requests_to(&format!("POST {WSJF}")), 2);
    drop(drain);
}
