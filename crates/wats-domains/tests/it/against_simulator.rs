//! The typed layer against the simulator: real TCP, and an other side that shares no code with the client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wats_domains::report::{Report, Station, StringLimit, Unit};
use wats_domains::{
    Error, Filter, HeaderQuery, MeasurementLimits, Product, ProductQuery, ProductSummary,
    UutReport, Wats,
};
use wats_sim::{Fault, Simulator};

/// Every character that means something in a path, a query or an OData literal.
const AWKWARD: &str = "A/B?x=1#2 %2F'ø";

async fn simulator() -> (Simulator, Wats) {
    let sim = Simulator::builder().products(100).start().await.unwrap();
    let api = connect(&sim, sim.token());
    (sim, api)
}

fn connect(sim: &Simulator, token: &str) -> Wats {
    let client = wats_http::Client::builder()
        .base_url(sim.base_url())
        .token(token)
        .build()
        .unwrap();
    Wats::from(client)
}

fn report(serial_number: &str) -> UutReport {
    UutReport::builder(
        Unit {
            part_number: "PART-0001",
            serial_number,
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
    .sequence("Power", |power| {
        power.numeric(
            "Measure +5V",
            5.02,
            "V",
            MeasurementLimits::between(4.75..=5.25),
        );
        power.multi_numeric("Ripple", |ripple| {
            ripple.add("CH1", 0.012, "V", MeasurementLimits::at_most(0.05));
            ripple.add("CH2", 0.061, "V", MeasurementLimits::at_most(0.05));
        });
        power.sequence("Rails", |rails| {
            rails.boolean("3V3", true);
        });
    })
    .string("Firmware", "1.4.2", StringLimit::equals("1.4.2"))
    .build()
    .unwrap()
}

#[tokio::test]
async fn awkward_part_numbers_arrive_as_they_are() {
    let (sim, api) = simulator().await;
    let saved = api
        .product()
        .save(&Product::new(AWKWARD).with_name("odd"))
        .await
        .unwrap();
    assert!(saved.product_id.is_some());
    assert_eq!(sim.product(AWKWARD).unwrap()["partNumber"], AWKWARD);

    assert_eq!(
        api.product().get(AWKWARD).await.unwrap().part_number(),
        AWKWARD
    );
    let query = ProductQuery::default().filter(Filter::eq("partNumber", AWKWARD));
    let listed = api.product().query(&query).await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(ProductSummary::part_number)
            .collect::<Vec<_>>(),
        [AWKWARD]
    );
    let many = api.product().get_many([AWKWARD, "nothing"]).await.unwrap();
    assert_eq!(many.ok[0].1.name.as_deref(), Some("odd"));
    let [(1, error @ Error::NotFound { key, .. })] = &many.failed[..] else {
        panic!("{:?}", many.failed);
    };
    assert_eq!((key.as_str(), error.attempts()), ("nothing", 0));
    assert_eq!(error.to_string(), "there is no product \"nothing\"");
}

#[tokio::test]
async fn a_hundred_products_take_five_calls() {
    let (sim, api) = simulator().await;
    let numbers: Vec<String> = (0..100).rev().map(|i| format!("PART-{i:04}")).collect();
    sim.reset_counters();
    let found = api.product().get_many(&numbers).await.unwrap();
    assert_eq!(sim.counters().total_requests(), 5);
    let found = found.into_result().unwrap();
    let got: Vec<&str> = found.iter().map(ProductSummary::part_number).collect();
    assert_eq!(got, numbers, "in the order asked for");
}

#[tokio::test]
async fn saving_again_updates_and_loses_nothing() {
    let (sim, api) = simulator().await;
    let mut with_news = sim.product("PART-0007").unwrap();
    with_news["fromTheFuture"] = serde_json::json!({ "a": [1, null] });
    sim.put_product(with_news);
    let mut product = Arc::unwrap_or_clone(api.product().get("PART-0007").await.unwrap());
    product.description = Some("changed".to_owned());
    api.product().save(&product).await.unwrap();
    let after = sim.product("PART-0007").unwrap();
    assert_eq!(
        (&after["description"], &after["fromTheFuture"]["a"][0]),
        (&"changed".into(), &1.into())
    );
    assert!(api.product().find("none").await.unwrap().is_none());
}

#[tokio::test]
async fn processes_are_read_once_for_all() {
    let (sim, api) = simulator().await;
    let api = Arc::new(api);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let api = Arc::clone(&api);
        tasks.spawn(async move { api.process().list().await.unwrap().len() });
    }
    let sizes = tasks.join_all().await;
    assert!(sizes[0] > 0 && sizes.iter().all(|n| *n == sizes[0]));
    assert_eq!(sim.counters().total_requests(), 1);

    assert_eq!(
        api.process().by_code(100).await.unwrap().unwrap().code,
        Some(100)
    );
    assert_eq!(sim.counters().total_requests(), 1);
    let stats = api.cache_stats().processes;
    assert_eq!(stats.hits + stats.misses, 51, "{stats}");
    api.process().refresh();
    api.process().list().await.unwrap();
    assert_eq!(sim.counters().total_requests(), 2);
}

#[tokio::test]
async fn processes_are_found_by_code_and_by_name_in_any_case() {
    let (sim, api) = simulator().await;
    assert!(api.process().by_code(124).await.unwrap().is_none());
    sim.put_process(serde_json::json!({ "code": 124, "name": "Flash and lock" }));
    api.process().refresh();
    let found = api.process().by_code(124).await.unwrap().unwrap();
    assert_eq!((found.name(), found.is_test()), ("Flash and lock", true));
    let found = api.process().by_name("flash and LOCK").await.unwrap();
    assert_eq!(found.unwrap().code, Some(124));
}

#[tokio::test]
async fn a_refusal_is_told_though_the_processes_cannot_be_read() {
    let (sim, api) = simulator().await;
    sim.inject(Fault::status(400).route("GET", "/api/App/Processes"));
    let mut unknown = report("SN-1").into_report();
    unknown.process_code = Some(31_000);
    let error = api.report().submit(&unknown).await.unwrap_err();
    assert!(error.to_string().contains("31000"), "{error}");
    assert_eq!(sim.pending_faults(), 0);
}

#[tokio::test]
async fn a_report_of_an_unknown_process_is_told_which_there_are() {
    let (sim, api) = simulator().await;
    sim.put_process(serde_json::json!({ "code": 124, "name": "Flash" }));
    for n in 0..5 {
        let mut unknown = report(&format!("SN-{n}")).into_report();
        unknown.process_code = Some(31_000);
        let error = api.report().submit(&unknown).await.unwrap_err();
        let wats_domains::Error::UnknownProcess { known, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(known.contains(&(124, "Flash".to_owned())), "{known:?}");
        let words = error.to_string();
        assert!(
            words.contains("31000") && words.contains("124 (Flash)"),
            "{words}"
        );
        assert_eq!(words.lines().count(), 1);
        assert_eq!(
            (error.status().unwrap().as_u16(), error.attempts()),
            (400, 1)
        );
        assert!(!error.is_retryable());
    }
    let lists = sim.counters().requests_to("GET /api/App/Processes");
    assert!((1..=2).contains(&lists), "{lists} lists for five refusals");
}

#[tokio::test]
async fn a_failed_list_is_not_cached() {
    let (sim, api) = simulator().await;
    sim.inject(Fault::status(400).route("GET", "/api/App/Processes"));
    assert!(api.process().list().await.is_err());
    assert!(!api.process().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_submitted_is_what_is_read() {
    let (sim, api) = simulator().await;
    let report = report("SN-1");
    assert_eq!(api.report().submit(&report).await.unwrap().id, report.id());
    let back = api.report().get(report.id()).await.unwrap();
    assert_eq!(back, *report.report());
    let stored = sim.report(&report.id().to_string()).unwrap();
    assert_eq!(stored["result"], "F");
    let power = &stored["root"]["steps"][0];
    assert_eq!(
        (
            &power["status"],
            &power["steps"][1]["numericMeas"][1]["lowLimit"]
        ),
        (&"F".into(), &0.05.into())
    );

    let query = HeaderQuery::default().filter(Filter::eq("serialNumber", "SN-1"));
    let headers = api.report().headers(&query).await.unwrap();
    assert_eq!(headers.len(), 1);
    assert_eq!(
        (headers[0].id, headers[0].receive_count),
        (report.report().id, Some(1))
    );
    assert_eq!(headers[0].status(), report.report().result);
}

#[tokio::test]
async fn a_lost_answer_neither_loses_nor_doubles_a_report() {
    let (sim, api) = simulator().await;
    let report = report("SN-2");
    sim.inject(Fault::store_then_drop().route("POST", "/api/Report/WSJF"));
    sim.inject(Fault::status(503).route("POST", "/api/Report/WSJF"));
    api.report().submit(&report).await.unwrap();
    let all = api.report().headers(&HeaderQuery::default()).await.unwrap();
    assert_eq!(all.len(), 1, "stored once");
    assert_eq!(all[0].receive_count, Some(2), "received twice");
}

#[tokio::test]
async fn refusals_are_told_in_the_servers_words() {
    let (_sim, api) = simulator().await;
    let mut unknown_process = report("SN-3").into_report();
    unknown_process.process_code = Some(31_000);
    let error = api.report().submit(&unknown_process).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(format!("{error:#}").contains("31000"), "{error:#}");
    let told = error.findings();
    assert_eq!((told.len(), told[0].code()), (1, "R107"));
    assert!(
        api.product()
            .get("")
            .await
            .unwrap_err()
            .findings()
            .is_empty()
    );

    let mut two_faults = report("SN-3").into_report();
    two_faults.serial_number = None;
    two_faults.root.as_mut().unwrap().sequence_call = None;
    let error = api.report().submit(&two_faults).await.unwrap_err();
    let told: Vec<_> = error
        .findings()
        .iter()
        .map(|finding| (finding.code(), finding.path.clone()))
        .collect();
    assert_eq!(
        told,
        [("R103", "report".to_owned()), ("R201", "root".to_owned())]
    );

    let mut no_id = report("SN-4").into_report();
    no_id.id = None;
    assert_eq!(
        api.report()
            .submit(&no_id)
            .await
            .unwrap_err()
            .findings()
            .len(),
        1
    );
    assert!(
        api.report()
            .submit_wsjf(r#"{"pn":"x"}"#)
            .await
            .unwrap_err()
            .to_string()
            .contains("no id")
    );
    let not_json = format!(
        "{:#}",
        api.report().submit_wsjf("<xml/>").await.unwrap_err()
    );
    assert!(not_json.contains("not a WSJF report"), "{not_json}");
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_report() {
    let (sim, api) = simulator().await;
    let stranger = connect(&sim, "d3Jvbmc6dG9rZW4=");
    let error = stranger.product().get("PART-0001").await.unwrap_err();
    let line = format!("{error:#}");
    assert_eq!(error.status().unwrap().as_u16(), 401);
    assert!(
        line.contains("product.get") && !line.contains("d3Jvbmc6dG9rZW4="),
        "{line}"
    );
    let missing = api
        .report()
        .get(uuid::Uuid::from_u128(404))
        .await
        .unwrap_err();
    assert_eq!(missing.status().unwrap().as_u16(), 404);
}

#[tokio::test]
async fn answers_of_the_wrong_kind() {
    let (sim, api) = simulator().await;
    sim.inject(
        Fault::status(200)
            .content_type("application/json")
            .body("{\"partNumber\": "),
    );
    sim.inject(
        Fault::status(200)
            .content_type("text/html")
            .body("<html>Sign in</html>"),
    );
    for words in ["line 1", "web page"] {
        let line = format!("{:#}", api.product().get("PART-0001").await.unwrap_err());
        assert!(
            line.contains(words) && line.contains("product.get: GET http"),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1);
    }
}

#[tokio::test]
async fn a_call_does_not_need_its_service_any_more() {
    let (_sim, api) = simulator().await;
    let found = api.product().get_many(["PART-0001"]);
    assert_eq!(found.await.unwrap().ok.len(), 1);
}

#[tokio::test]
async fn the_version_is_told() {
    let (_sim, api) = simulator().await;
    assert!(!api.version().await.unwrap().is_empty());
}

/// Real exports: reading them into the model and writing them again changes nothing, and neither does the way to the
/// server and back.
#[tokio::test]
async fn real_exports_survive() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let mut seen = 0;
    for name in ["uut-wsjf-export.json", "uur_example.json"] {
        let Ok(text) = std::fs::read(format!("{shared}/samples/{name}")) else {
            eprintln!("skipped: {name} is not there");
            continue;
        };
        let original: Value = serde_json::from_slice(&text).unwrap();
        let report: Report = serde_json::from_slice(&text).unwrap();
        assert_eq!(serde_json::to_value(&report).unwrap(), original, "{name}");
        let packed = wats_codec::Serializer::new(wats_codec::Format::MessagePack)
            .to_vec(&report)
            .unwrap();
        let unpacked: Report = wats_codec::Serializer::new(wats_codec::Format::MessagePack)
            .from_slice(&packed)
            .unwrap();
        assert_eq!(unpacked, report, "{name} through MessagePack");
        seen += 1;
    }
    assert!(seen == 0 || seen == 2);
}

#[tokio::test]
async fn a_slow_server_and_a_cancelled_caller() {
    let sim = Simulator::builder()
        .latency(Duration::from_secs(3600))
        .start()
        .await
        .unwrap();
    let api = connect(&sim, sim.token());
    let call = tokio::spawn({
        let api = api.clone();
        async move { api.version().await }
    });
    while sim.counters().in_flight_peak == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    while api.http().pool_stats().in_use > 0 {
        tokio::task::yield_now().await;
    }
}
