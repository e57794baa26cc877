//! Statistics: what is sent, what comes back, what is refused, what is kept.

use jiff::civil::date;
use serde_json::{Value, json};
use wats_domains::analytics::{
    AlarmType, DateGrouping, Dimension, Dimensions, MeasurementPath, RepairDimension, Scope,
    StatisticsFilter, StepFilters, TopFailedOf, UnitFlowUnit, Yield,
};
use wats_domains::product::RevisionKey;
use wats_domains::{CacheOptions, ClassOptions};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{answering, golden, refused, refusing, with_caches};
use crate::report_common::{id, read, test};

const FAILED: TopFailedOf<'_> = TopFailedOf {
    part_number: "A/1",
    process_code: 10,
    product_group: "",
    level: "3",
    days: 7,
    count: 5,
};
const SCOPE: Scope<'_> = Scope {
    days: 30,
    product_groups: &["1", "2"],
    levels: &[],
};
const STEPS: StepFilters<'_> = StepFilters {
    steps: "<S/>",
    sequences: "<Q/>",
};

fn filter() -> StatisticsFilter {
    StatisticsFilter::default()
        .part_number("A/1")
        .test_operation("ICT")
        .top_count(10)
}

fn body() -> Value {
    json!({"partNumber": "A/1", "testOperation": "ICT", "topCount": 10})
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (analytics, filter, body) = (api.analytics(), filter(), body());
    let paths = [
        MeasurementPath::new(["Main", "A/B"]).measurement("U 1"),
        MeasurementPath::new(["R"]),
    ];
    let key = RevisionKey {
        part_number: "A/1",
        revision: "B",
    };
    let day = date(2017, 10, 19).at(10, 43, 0, 0);
    golden! { mock;
        analytics.levels() => GET "/api/App/Levels";
        analytics.product_groups() => GET "/api/App/ProductGroups";
        analytics.product_groups().include_filters(false) => GET "/api/App/ProductGroups?includeFilters=false";
        analytics.dynamic_yield(&filter) => POST "/api/App/DynamicYield", body;
        analytics.dynamic_yield(&filter).dimensions([Dimension::Fpy.desc(), Dimension::PartNumber.into()])
            => POST "/api/App/DynamicYield?dimensions=fpy%20desc%3BpartNumber", body;
        analytics.dynamic_repair(&filter).dimensions([RepairDimension::RepairCount.asc()])
            => POST "/api/App/DynamicRepair?dimensions=repairCount%20asc", body;
        analytics.volume_yield(&filter) => POST "/api/App/VolumeYield", body;
        analytics.high_volume(&filter) => POST "/api/App/HighVolume", body;
        analytics.high_volume_by_group(&filter) => POST "/api/App/HighVolumeByProductGroup", body;
        analytics.worst_yield(&filter) => POST "/api/App/WorstYield", body;
        analytics.worst_yield_by_group(&filter) => POST "/api/App/WorstYieldByProductGroup", body;
        analytics.volume_yield_of(SCOPE) => GET "/api/App/VolumeYield?days=30&productGroupId=1%3B2&levelId=";
        analytics.high_volume_of(SCOPE) => GET "/api/App/HighVolume?days=30&productGroupId=1%3B2&levelId=";
        analytics.worst_yield_of(SCOPE) => GET "/api/App/WorstYield?days=30&productGroupId=1%3B2&levelId=";
        analytics.top_failed(&filter) => POST "/api/App/TopFailed", body;
        analytics.top_failed_of(FAILED)
            => GET "/api/App/TopFailed?partNumber=A%2F1&processCode=10&productGroupId=&levelId=3&days=7&count=5";
        analytics.step_analysis(&filter) => POST "/api/App/TestStepAnalysis", body;
        analytics.measurements(&filter, &[]) => POST "/api/App/Measurements", body;
        analytics.measurements(&filter, &paths)
            => POST "/api/App/Measurements?measurementPaths=Main%C2%B6A%2FB%C2%B6%C2%B6U%201%3BR", body;
        analytics.aggregated_measurements(&filter, &paths[1..])
            => POST "/api/App/AggregatedMeasurements?measurementPaths=R", body;
        analytics.oee(&filter, [24.0, 24.0, 24.0, 24.0, 7.5, 0.0, -0.0])
            => POST "/api/App/OeeAnalysis?availableTime=24%2C24%2C24%2C24%2C7.5%2C0%2C0", body;
        analytics.repair_history(key) => GET "/api/App/RelatedRepairHistory?partNumber=A%2F1&revision=B";
        analytics.repair_history(key).repair_operation(500).test_operation(10)
            => GET "/api/App/RelatedRepairHistory?partNumber=A%2F1&revision=B&repairOperationCode=500&testOperationCode=10";
        analytics.serial_number_history(&filter) => POST "/api/App/SerialNumberHistory", body;
        analytics.uut_reports(&filter) => POST "/api/App/UutReport", body;
        analytics.uur_reports(&filter) => POST "/api/App/UurReport", body;
        analytics.uut_reports_of() => GET "/api/App/UutReport";
        analytics.uut_reports_of().part_number("A/1").from(day).until(day)
            => GET "/api/App/UutReport?partNumber=A%2F1&dateFrom=2017-10-19T10%3A43%3A00&dateTo=2017-10-19T10%3A43%3A00";
    }
}

#[tokio::test]
async fn each_internal_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (internal, filter, body) = (api.analytics().internal(), filter(), body());
    let mut unit = UnitFlowUnit::default();
    (unit.source, unit.target, unit.unit_id) = (Some(1), Some(2), Some(3));
    let units = [unit];
    golden! { mock;
        internal.top_failed(&filter) => POST "/api/internal/App/TopFailed", body;
        internal.top_failed_of(FAILED)
            => GET "/api/internal/App/TopFailed?partNumber=A%2F1&processCode=10&productGroupId=&levelId=3&days=7&count=5";
        internal.measurement_list(&filter, STEPS)
            => POST "/api/internal/App/MeasurementList?stepFilters=%3CS%2F%3E&sequenceFilters=%3CQ%2F%3E", body;
        internal.measurement_list_of(SCOPE, STEPS)
            => GET "/api/internal/App/MeasurementList?stepFilters=%3CS%2F%3E&sequenceFilters=%3CQ%2F%3E&days=30&productGroupId=1%3B2&levelId=";
        internal.step_status_list(&filter, STEPS)
            => POST "/api/internal/App/StepStatusList?stepFilters=%3CS%2F%3E&sequenceFilters=%3CQ%2F%3E", body;
        internal.step_status_list_of(SCOPE, STEPS)
            => GET "/api/internal/App/StepStatusList?stepFilters=%3CS%2F%3E&sequenceFilters=%3CQ%2F%3E&days=30&productGroupId=1%3B2&levelId=";
        internal.unit_flow(&filter) => POST "/api/internal/UnitFlow", body;
        internal.unit_flow_split(&filter) => POST "/api/internal/UnitFlow/SplitBy", body;
        internal.unit_flow_of(&[7, 8]) => POST "/api/internal/UnitFlow/SN", json!([7, 8]);
        internal.unit_flow_order(&units) => POST "/api/internal/UnitFlow/UnitOrder", json!([{"source": 1, "target": 2, "unitId": 3}]);
        internal.unit_flow_links("a b") => GET "/api/internal/UnitFlow/Links?filter=a%20b";
        internal.unit_flow_nodes("a b") => GET "/api/internal/UnitFlow/Nodes?filter=a%20b";
        internal.unit_flow_units("a b") => GET "/api/internal/UnitFlow/Units?filter=a%20b";
        internal.alarm_logs(&filter) => POST "/api/internal/Trigger/GetAlarmAndNotificationLogs", body;
        internal.alarm_logs(&filter).include_calculation(true).types([AlarmType::Report, AlarmType::Asset])
            => POST "/api/internal/Trigger/GetAlarmAndNotificationLogs?includeCalculationString=true&includeTypes=1%3B5", body;
    }
}

#[test]
fn a_filter_is_what_the_server_calls_it() {
    let filter = StatisticsFilter::default()
        .serial_number("1;2")
        .revision("B")
        .batch_number("L")
        .station_name("S")
        .status("Passed")
        .misc_description("Fw")
        .misc_value("1.4")
        .product_group("G")
        .level("L")
        .sw_filename("a.seq")
        .sw_version("1")
        .socket("2")
        .periods(3, DateGrouping::Week)
        .from("2026-01-02T04:04:05+01:00".parse().unwrap())
        .until("2026-01-03T00:00:00Z".parse().unwrap());
    let expected = json!({
        "serialNumber": "1;2", "revision": "B", "batchNumber": "L", "stationName": "S", "status": "Passed",
        "miscDescription": "Fw", "miscValue": "1.4", "productGroup": "G", "level": "L", "swFilename": "a.seq",
        "swVersion": "1", "socket": "2", "periodCount": 3, "dateGrouping": 3, "includeCurrentPeriod": true,
        "dateFrom": "2026-01-02T03:04:05Z", "dateTo": "2026-01-03T00:00:00Z",
    });
    assert_eq!(serde_json::to_value(&filter).unwrap(), expected);
    let groupings = [
        (DateGrouping::None, -1),
        (DateGrouping::Year, 0),
        (DateGrouping::Quarter, 1),
        (DateGrouping::Month, 2),
        (DateGrouping::Week, 3),
        (DateGrouping::Day, 4),
        (DateGrouping::Hour, 5),
    ];
    for (grouping, number) in groupings {
        assert_eq!(grouping.number(), number);
    }
    let since = StatisticsFilter::default().last_days(u32::MAX).date_from;
    assert_eq!(since.unwrap().as_str(), "1970-01-01T00:00:00Z");
    assert_eq!(
        Dimensions::from([Dimension::from("fpColor")]).to_string(),
        "fpColor"
    );
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let analytics = api.analytics();
    let internal = analytics.internal();
    let none = StatisticsFilter::default;
    let mut backwards = none().from("2026-01-03T00:00:00Z".parse().unwrap());
    backwards = backwards.until("2026-01-02T00:00:00Z".parse().unwrap());
    let mut negative = none();
    negative.min_count = Some(-1);
    let hours = |odd| [24.0, 24.0, 24.0, 24.0, 24.0, 24.0, odd];
    let path = |name| [MeasurementPath::new(["Main", name])];
    refused! { mock;
        analytics.dynamic_yield(&none().top_count(0)) => "top_count is 0";
        analytics.dynamic_repair(&none().periods(0, DateGrouping::Day)) => "period_count is 0";
        analytics.volume_yield(&none().level("")) => "level is empty";
        analytics.high_volume(&negative) => "min_count is -1";
        analytics.worst_yield(&none().serial_number("1\n")) => "serial_number";
        analytics.worst_yield_by_group(&none().station_name("S\u{200b}")) => "station_name";
        analytics.uut_reports(&backwards) => "date_to";
        analytics.uur_reports(&none().part_number("\u{feff}P")) => "part_number";
        analytics.serial_number_history(&none().misc_value("")) => "misc_value is empty";
        analytics.volume_yield_of(Scope { days: 0, ..SCOPE }) => "`days` is 0";
        analytics.high_volume_of(Scope { product_groups: &["1", ""], ..SCOPE }) => "product_groups";
        analytics.worst_yield_of(Scope { levels: &["1;2"], ..SCOPE }) => "levels";
        analytics.top_failed_of(TopFailedOf { part_number: "", ..FAILED }) => "part number is empty";
        analytics.top_failed_of(TopFailedOf { days: u32::MAX, ..FAILED }) => "`days` is 4294967295";
        analytics.top_failed_of(TopFailedOf { count: 0, ..FAILED }) => "`count` is 0";
        analytics.step_analysis(&none().part_number("P")) => "test operation is empty";
        analytics.step_analysis(&none().test_operation("T")) => "part number is empty";
        analytics.measurements(&filter(), &path("")) => "path of a measurement";
        analytics.measurements(&filter(), &path("a;b")) => "\"a;b\"";
        analytics.aggregated_measurements(&filter(), &path("a¶b")) => "\"a¶b\"";
        analytics.aggregated_measurements(&filter(), &[MeasurementPath::new([])]) => "no steps";
        analytics.oee(&filter(), hours(f64::NAN)) => "available_hours have NaN";
        analytics.oee(&filter(), hours(24.5)) => "available_hours have 24.5";
        analytics.oee(&filter(), hours(-1.0)) => "available_hours have -1";
        analytics.repair_history(RevisionKey { part_number: "P", revision: "" }) => "revision is empty";
        analytics.uut_reports_of().serial_number("") => "serial_number is empty";
        analytics.uut_reports_of().status("Passed\r") => "status";
        internal.top_failed_of(TopFailedOf { part_number: "P\t", ..FAILED }) => "part number";
        internal.measurement_list(&filter(), StepFilters { steps: " ", ..STEPS }) => "filter of steps is empty";
        internal.step_status_list_of(SCOPE, StepFilters { sequences: "", ..STEPS }) => "filter of sequences is empty";
        internal.unit_flow_of(&[]) => "`unit_ids` is empty";
        internal.unit_flow_order(&[]) => "`units` is empty";
        internal.unit_flow_nodes("") => "filter of the flow is empty";
        internal.alarm_logs(&none().top_count(0)) => "top_count is 0";
    }
}

#[tokio::test]
async fn rows_are_read_whatever_the_server_adds_or_changes() {
    let rows = json!([
        {"partNumber": "A/1", "unitCount": 12, "fpCount": 11, "fpy": 91.666, "ppmFpy": 83_333.3, "fpyTrend": -0.5,
         "firstUtc": "2026-01-30T21:01:41.47Z", "fpColor": "#00FF00", "unitCountTrend": null, "level": null},
        {"partNumber": 7, "unitCount": "many", "fpy": null, "period": {"from": 1}},
        {},
    ]);
    let api = answering(Method::POST, "/api/App/DynamicYield", &rows);
    let read = api.analytics().dynamic_yield(&filter()).await.unwrap();
    let first = &read[0];
    assert_eq!((first.unit_count, first.fp_count), (Some(12), Some(11)));
    assert_eq!(first.fpy, Some(91.666.into()));
    assert_eq!(first.fpy_trend, Some((-0.5).into()));
    assert_eq!(first.extra.get("fpColor"), Some(&json!("#00FF00")));
    assert!(first.is_null("level") && first.is_null("unitCountTrend"));
    assert_eq!((&read[1].unit_count, read[1].fpy.is_none()), (&None, true));
    assert_eq!(read[1].extra.get("unitCount"), Some(&json!("many")));
    // Nothing is lost on the way back.
    assert_eq!(serde_json::to_value(&read[..]).unwrap(), rows);

    let steps = json!([{"stepName": "U", "stepPath": "Main¶U", "limit1Wof": 4.5, "cpk": "NaN", "var": 0.25, "stepCount": null}]);
    let api = answering(Method::POST, "/api/App/TestStepAnalysis", &steps);
    let read = api.analytics().step_analysis(&filter()).await.unwrap();
    assert_eq!(read[0].limit1_wof, Some(4.5.into()));
    assert_eq!(read[0].variance, Some(0.25.into()));
    assert_eq!(serde_json::to_value(&read[..]).unwrap(), steps);

    let oee = json!({"oee": 0.5, "totalCount": 3, "period": null, "shifts": [1]});
    let api = answering(Method::POST, "/api/App/OeeAnalysis", &oee);
    let read = api.analytics().oee(&filter(), [8.0; 7]).await.unwrap();
    assert_eq!((&read.oee, read.total_count), (&Some(0.5.into()), Some(3)));
    assert_eq!(read.extra.get("shifts"), Some(&json!([1])));

    let logs = json!([{"logId": 5_000_000_000_i64, "type": 9, "reportGuid": "none", "free": 3}, {"type": "Asset"}]);
    let path = "/api/internal/Trigger/GetAlarmAndNotificationLogs";
    let api = answering(Method::POST, path, &logs);
    let read = api
        .analytics()
        .internal()
        .alarm_logs(&filter())
        .await
        .unwrap();
    assert_eq!(
        (read[0].log_id, read[0].kind),
        (Some(5_000_000_000), Some(AlarmType::Other(9)))
    );
    assert_eq!(read[1].kind, Some(AlarmType::Asset));
    assert_eq!(serde_json::to_value(&read).unwrap(), logs);

    let links = json!([{"id": "a", "source": 1, "target": "b", "avgTime": 1.5}, {"id": 2, "isVisible": "yes"}]);
    let api = answering(Method::GET, "/api/internal/UnitFlow/Links", &links);
    let read = api
        .analytics()
        .internal()
        .unit_flow_links("x")
        .await
        .unwrap();
    assert_eq!(
        (&read[0].id, &read[1].id),
        (&Some(json!("a")), &Some(json!(2)))
    );
    assert_eq!(serde_json::to_value(&read).unwrap(), links);
}

#[test]
fn every_figure_that_can_be_ordered_has_a_member() {
    for name in [
        "fpy",
        "ppmTestYield",
        "retestCount",
        "previousUnitCount",
        "testYieldTrend",
    ] {
        let row: Yield = serde_json::from_value(json!({ name: 5 })).unwrap();
        assert!(row.extra.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn statistics_are_live_unless_a_time_is_set_and_a_submit_makes_them_stale() {
    let path = "/api/App/VolumeYield";
    let answers = (1..=3).map(|n| MockAnswer::json(&json!([{"unitCount": n}])));
    let report = test(id(1), "SN");
    let stored = MockAnswer::json(&json!({"ID": id(1), "uuid": id(1)}));
    let mock = MockTransport::new().on(Method::POST, path, answers).on(
        Method::POST,
        "/api/Report/WSJF",
        [stored],
    );
    let api = with_caches(
        &mock,
        CacheOptions::default().analytics(ClassOptions::default()),
    );
    let units = async || {
        let rows = api.analytics().volume_yield(&filter()).await.unwrap();
        rows[0].unit_count.unwrap()
    };
    assert_eq!((units().await, units().await), (1, 1));
    api.report().submit(&read(&report)).await.unwrap();
    assert_eq!((units().await, units().await), (2, 2));
    api.analytics().refresh();
    assert_eq!(units().await, 3);

    let answers = (1..=2).map(|n| MockAnswer::json(&json!([{"unitCount": n}])));
    let mock = MockTransport::new().on(Method::POST, path, answers);
    let api = with_caches(&mock, CacheOptions::default());
    for n in 1..=2 {
        let rows = api.analytics().volume_yield(&filter()).await.unwrap();
        assert_eq!(rows[0].unit_count, Some(n), "live");
    }
}
