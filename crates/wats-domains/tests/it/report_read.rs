//! Reports read back and found, against a server over real TCP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::io::Read as _;

use crate::report_common::{AWKWARD, id, read, repair, start, test};
use futures_util::TryStreamExt as _;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use wats_domains::report::{
    AttachmentKey, Detail, DetailLevel, HeaderField, HeaderList, HeaderOrder, MiscInfoSearch,
    ReportType,
};
use wats_domains::{BulkOptions, Error, Filter, HeaderQuery, Member, Wats};
use wats_sim::Simulator;

async fn submit(api: &Wats, report: &Value) {
    api.report().submit(&read(report)).await.unwrap();
}

/// The numbers of the reports that are found, in order.
async fn found(api: &Wats, query: HeaderQuery) -> Vec<u128> {
    let headers = api.report().headers(&query.top(100)).await.unwrap();
    let mut numbers: Vec<u128> = headers
        .iter()
        .map(|header| header.id.unwrap().as_u128() - id(0).as_u128())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn a_report_comes_whole_or_in_less_detail() {
    let (sim, api) = start(Simulator::builder()).await;
    let report = test(id(1), "S");
    submit(&api, &report).await;
    assert_eq!(api.report().get(id(1)).await.unwrap(), read(&report));
    assert_eq!(
        api.report().get_wsjf(id(1)).await.unwrap(),
        sim.report_bytes(&id(1).to_string()).unwrap()
    );

    let data = |report: &Value| report["root"]["steps"][0]["attachment"]["data"].clone();
    let light = api
        .report()
        .get_with(id(1), Detail::default().attachments(false))
        .await
        .unwrap();
    let light = serde_json::to_value(&light).unwrap();
    assert_eq!(
        (data(&report), data(&light)),
        (json!("iVBORw=="), Value::Null)
    );
    let least = Detail::default()
        .level(DetailLevel::IDENTITY)
        .chart_data(false);
    let least = api.report().get_with(id(1), least).await.unwrap();
    assert_eq!(
        (least.serial_number.as_deref(), &least.root),
        (Some("S"), &None)
    );
    assert_eq!(DetailLevel::new(7), Some(DetailLevel::FULL));
    assert_eq!(DetailLevel::new(8), None);

    let xml = api
        .report()
        .get_wsxf(id(1), Detail::default().attachments(false), false)
        .await
        .unwrap();
    assert!(
        String::from_utf8(xml.to_vec())
            .unwrap()
            .contains("SN=\"S\"")
    );
    assert!(api.report().find(id(2)).await.unwrap().is_none());
    assert!(api.report().find(id(1)).await.unwrap().is_some());

    // Nothing stands between: what is submitted next is what is read next.
    submit(&api, &test(id(1), "changed")).await;
    assert_eq!(
        api.report()
            .get(id(1))
            .await
            .unwrap()
            .serial_number
            .as_deref(),
        Some("changed")
    );
}

#[tokio::test]
async fn what_others_stored_can_be_read_whatever_stands_in_it() {
    let (sim, api) = start(Simulator::builder()).await;
    let mut odd = test(id(1), AWKWARD);
    odd["miscInfos"] =
        json!([{"description": "long", "text": "x".repeat(5_000), "numeric": "Infinity"}]);
    odd["root"]["steps"][0]["stepType"] = json!("Action");
    odd["root"]["steps"][0]["steps"] = json!([{"name": "child of an action", "new": [1, null]}]);
    odd["root"]["steps"][0]["numericMeas"] = json!([]);
    odd["root"]["name"] = json!("not the usual name");
    api.report().submit_wsjf(odd.to_string()).await.unwrap();
    let report = api.report().get(id(1)).await.unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap(), odd);
    api.report().submit(&report).await.unwrap();
    assert_eq!(sim.report(&id(1).to_string()).unwrap(), odd);
    assert_eq!(
        found(&api, HeaderQuery::default().serial_number(AWKWARD)).await,
        [1]
    );
}

#[tokio::test]
async fn many_are_read_some_at_a_time_and_each_has_its_outcome() {
    let (sim, api) = start(Simulator::builder()).await;
    for n in 0..20 {
        submit(&api, &test(id(n), &format!("S{n}"))).await;
    }
    let ids: Vec<_> = (0..25).map(id).collect();
    sim.reset_counters();
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let many = BulkOptions::default().at_once(3).progress({
        let seen = std::sync::Arc::clone(&seen);
        move |progress| seen.store(progress.done, std::sync::atomic::Ordering::Relaxed)
    });
    let reports = api
        .report()
        .get_many(&ids, Detail::default(), &many)
        .await
        .unwrap();
    assert_eq!((reports.ok.len(), reports.failed.len()), (20, 5));
    for (place, report) in &reports.ok {
        assert_eq!(report.serial_number, Some(format!("S{place}")));
    }
    for (place, error) in &reports.failed {
        assert_eq!(
            (*place >= 20, error.status().unwrap().as_u16()),
            (true, 404)
        );
    }
    assert_eq!(seen.load(std::sync::atomic::Ordering::Relaxed), 25);
    assert!(sim.counters().in_flight_peak <= 3, "{}", sim.counters());

    let mut each = api.report().get_each(ids, Detail::default(), 2);
    let mut outcomes = 0;
    while let Some((report_id, report)) = each.try_next().await.unwrap() {
        let known = report_id < id(20);
        assert_eq!(
            report.map(|report| report.id).ok(),
            known.then_some(Some(report_id))
        );
        outcomes += 1;
    }
    assert_eq!(outcomes, 25);
}

#[tokio::test]
async fn attachments_are_listed_and_read() {
    let (_sim, api) = start(Simulator::builder()).await;
    submit(&api, &test(id(1), "S")).await;
    submit(&api, &repair(id(2), id(1), "S")).await;
    let mut plain = test(id(3), "S");
    plain["root"]["steps"] = json!([]);
    submit(&api, &plain).await;

    let of_test = api.report().attachments(id(1)).await.unwrap();
    assert_eq!(
        (of_test.len(), of_test[0].filename.as_deref()),
        (1, Some("foto ø.png"))
    );
    let key = AttachmentKey::Step(of_test[0].step_id.unwrap());
    let photo = api.report().attachment(id(1), key).await.unwrap();
    assert_eq!(photo.contents.as_ref(), [0x89, b'P', b'N', b'G']);
    assert_eq!(photo.content_type.as_deref(), Some("image/png"));
    assert_eq!(photo.file_name.as_deref(), Some("foto ø.png"));

    let of_repair = api.report().attachments(id(2)).await.unwrap();
    assert_eq!(of_repair.len(), 1);
    let key = AttachmentKey::Id(of_repair[0].id.unwrap());
    let note = api.report().attachment(id(2), key).await.unwrap();
    assert_eq!(
        (note.contents.as_ref(), note.file_name.as_deref()),
        (b"hi".as_slice(), Some("x.txt"))
    );

    for nothing in [id(3), id(4)] {
        assert!(api.report().attachments(nothing).await.unwrap().is_empty());
        assert_eq!(
            api.report()
                .attachments_zip(nothing)
                .await
                .unwrap_err()
                .status()
                .unwrap()
                .as_u16(),
            404
        );
    }
    let archive = api.report().attachments_zip(id(1)).await.unwrap();
    assert_eq!(archive.content_type.as_deref(), Some("application/zip"));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive.contents)).unwrap();
    let mut contents = Vec::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_end(&mut contents)
        .unwrap();
    assert_eq!(contents, photo.contents);

    let certificate = api.report().certificate(id(1)).await.unwrap();
    assert!(String::from_utf8_lossy(&certificate.contents).contains("Serial number S"));
}

/// Tests of four units around a day of 23 hours, and a repair of the first.
async fn seed(api: &Wats) {
    for (n, serial, start) in [
        (1, "O'Neil", "2026-03-28T22:59:59Z"),
        (2, "x", "2026-03-28T23:00:00Z"),
        (3, "X", "2026-03-29T21:59:59.9999999Z"),
        (4, "y", "2026-03-30T00:00:00+02:00"),
    ] {
        let mut report = test(id(n), serial);
        report["start"] = json!(start);
        report.as_object_mut().unwrap().remove("startUTC");
        report["subUnits"][0]["sn"] = json!(format!("sub of {serial}"));
        submit(api, &report).await;
    }
    let mut of_repair = repair(id(5), id(1), "O'Neil");
    of_repair["subUnits"][0]["sn"] = json!("sub of repair");
    submit(api, &of_repair).await;
}

#[tokio::test]
async fn reports_are_found_by_what_they_are() {
    let (_sim, api) = start(Simulator::builder()).await;
    seed(&api).await;
    let query = HeaderQuery::default;
    for (what, query, expected) in [
        ("serial", query().serial_number("O'Neil"), vec![1, 5]),
        (
            "no injection",
            query().serial_number("' or '' eq '"),
            vec![],
        ),
        (
            "no injection",
            query().part_number("x' or serialNumber ne 'x"),
            vec![],
        ),
        (
            "part",
            query().part_number("PART-0001").kind(ReportType::Repair),
            vec![5],
        ),
        ("kind", query().kind(ReportType::Test), vec![1, 2, 3, 4]),
        (
            "sub unit",
            query().sub_unit_serial_number("sub of O'Neil"),
            vec![1],
        ),
        (
            "sub unit of a repair",
            query().sub_unit_serial_number("sub of repair"),
            vec![5],
        ),
        (
            "of a test only",
            query()
                .kind(ReportType::Test)
                .sub_unit_serial_number("sub of repair"),
            vec![],
        ),
        (
            "sub part",
            query()
                .sub_unit_part_number("SUB")
                .sub_unit_serial_number("sub of y"),
            vec![4],
        ),
        (
            "in",
            query().filter(Filter::is_in("serialNumber", ["x", "y"])),
            vec![2, 4],
        ),
        (
            "case",
            query().filter(Filter::eq(Member::new("serialNumber").to_lower(), "x")),
            vec![2, 3],
        ),
        (
            "length",
            query().filter(Filter::gt(Member::new("serialNumber").length(), 1)),
            vec![1, 5],
        ),
        (
            "not",
            query().filter(Filter::starts_with("serialNumber", "O").not()),
            vec![2, 3, 4],
        ),
        (
            "id",
            query().filter(Filter::eq(HeaderField::Id, id(3))),
            vec![3],
        ),
        (
            "several",
            query()
                .serial_number("x")
                .filter(Filter::eq(HeaderField::Result, "Failed")),
            vec![],
        ),
        (
            "misc",
            query().filter(Filter::any("miscInfo", Filter::eq("value", "1.4.2"))),
            vec![1, 2, 3, 4],
        ),
    ] {
        assert_eq!(found(&api, query).await, expected, "{what}");
    }
}

#[tokio::test]
async fn reports_are_found_by_when_they_started() {
    let (_sim, api) = start(Simulator::builder()).await;
    seed(&api).await;
    let query = HeaderQuery::default;
    let oslo = TimeZone::get("Europe/Oslo").unwrap();
    let tests = || query().kind(ReportType::Test);
    for (what, query, expected) in [
        // The day of 23 hours: its midnights are at different offsets.
        (
            "day",
            tests().started_on(date(2026, 3, 29), oslo),
            vec![2, 3],
        ),
        (
            "day in UTC",
            tests().started_on(date(2026, 3, 29), TimeZone::UTC),
            vec![3, 4],
        ),
        ("today", tests().started_today(), vec![]),
    ] {
        assert_eq!(found(&api, query).await, expected, "{what}");
    }
    // A range given with an offset is the same moment, whole seconds, the end not included.
    let moment = |text: &str| text.parse().unwrap();
    let range = moment("2026-03-28T23:59:59+01:00")..moment("2026-03-29T01:00:00+02:00");
    assert_eq!(found(&api, query().started(range)).await, [1]);
}

#[tokio::test]
async fn headers_of_now_are_found_by_the_clock() {
    let (_sim, api) = start(Simulator::builder()).await;
    let now = jiff::ZonedDateTime::now();
    let mut report = test(id(1), "S");
    report["start"] = json!(now.timestamp().to_string());
    report["startUTC"] = json!(now.timestamp().to_string());
    submit(&api, &report).await;
    let hour = std::time::Duration::from_secs(3_600);
    assert_eq!(
        found(&api, HeaderQuery::default().started_within_last(hour)).await,
        [1]
    );
    let today = HeaderQuery::default().started_on(now.date(), now.time_zone().clone());
    assert_eq!(found(&api, today).await, [1]);
}

#[tokio::test]
async fn headers_have_what_was_asked_for() {
    let (_sim, api) = start(Simulator::builder()).await;
    submit(&api, &test(id(1), "S")).await;
    submit(&api, &repair(id(2), id(1), "S")).await;
    let all = HeaderQuery::default()
        .order_by_desc(HeaderOrder::SerialNumber)
        .order_by(HeaderOrder::TimeStamp)
        .expand(HeaderList::SubUnits)
        .expand(HeaderList::MiscInfo)
        .expand(HeaderList::Assets)
        .expand(HeaderList::UurSubUnits)
        .expand(HeaderList::UurMiscInfo);
    let headers = api.report().headers(&all).await.unwrap();
    let (test, repair) = (&headers[0], &headers[1]);
    let unit = &test.sub_units.as_ref().unwrap()[0];
    assert_eq!(
        (unit.part_type.as_deref(), unit.serial_number.as_deref()),
        (Some("PCBA"), Some("S-1"))
    );
    let misc = &test.misc_info.as_ref().unwrap()[0];
    assert_eq!(
        (misc.description.as_deref(), misc.value.as_deref()),
        (Some("Firmware"), Some("1.4.2"))
    );
    assert_eq!(
        test.started().unwrap().to_string(),
        "2026-01-30T21:01:41.4707353Z"
    );
    assert_eq!(
        (test.software_filename.as_deref(), test.run),
        (Some("main.seq"), Some(1))
    );
    assert_eq!(
        (repair.referenced_uut, repair.operator.as_deref()),
        (Some(id(1)), Some("fixer"))
    );
    assert_eq!(
        repair.uur_sub_units.as_ref().unwrap()[0]
            .part_number
            .as_deref(),
        Some("SUB")
    );
    assert!(test.attachments.is_none(), "not asked for");

    let few = HeaderQuery::default()
        .select([HeaderField::SerialNumber, HeaderField::Start])
        .top(1);
    let few = api.report().headers(&few).await.unwrap();
    assert_eq!(
        (few[0].serial_number.as_deref(), few[0].id),
        (Some("S"), None)
    );
}

#[tokio::test]
async fn test_reports_are_found_by_misc_info() {
    let (sim, api) = start(Simulator::builder()).await;
    submit(&api, &test(id(1), "S1")).await;
    let mut other = test(id(2), "S2");
    other["miscInfos"][0]["text"] = json!("A&B=c");
    submit(&api, &other).await;
    let search = MiscInfoSearch::default;
    for (search, expected) in [
        (search().description("Firmware"), 2),
        (search().description("Firmware").data("A&B=c"), 1),
        (search().data("1.4.2").serial_number("S2"), 0),
        (search().process_code(100).serial_number("S1"), 1),
        (search().process_code(50), 0),
    ] {
        let rows = api.report().by_misc_info(&search).await.unwrap();
        assert_eq!(rows.len(), expected, "{search:?}");
    }
    let rows = api
        .report()
        .by_misc_info(&search().data("A&B=c"))
        .await
        .unwrap();
    assert_eq!(
        (rows[0].id, rows[0].serial_number.as_deref()),
        (Some(id(2)), Some("S2"))
    );
    assert_eq!(
        rows[0].misc_data.as_ref().unwrap()[0].data.as_deref(),
        Some("A&B=c")
    );
    sim.reset_counters();
    let error = api.report().by_misc_info(&search()).await.unwrap_err();
    assert!(matches!(error, Error::Query(_)));
    assert_eq!(sim.counters().total_requests(), 0);
}
