//! Lists of reports, products and processes read numbers and odd values as reports do.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use wats_domains::report::{
    HeaderAsset, HeaderAttachment, HeaderMiscInfo, HeaderSubUnit, MiscInfoData, MiscInfoHeader,
    QuarantinedReport, ReportState,
};
use wats_domains::{HeaderQuery, Process, Product, ProductRevision, ProductSummary, ReportHeader};

use crate::alike::{read_alike, trees};
use crate::imitation::read;

#[test]
fn every_model_reads_numbers_alike() {
    let header: ReportHeader =
        read(json!({"executionTime": "#12.5", "timeStamp": "#5", "processCode": "##100"}));
    assert_eq!(header.execution_time, Some(12.5.into()));
    assert_eq!(
        (header.time_stamp, header.process_code),
        (Some(5), Some(100))
    );
    // Tags are a list; what is none is kept as it is.
    let product: Product = read(json!({"state": "#1", "tags": {"weight": "#1.5"}}));
    assert_eq!((product.state, &product.tags), (Some(1), &None));
    assert_eq!(product.extra.get("tags"), Some(&json!({"weight": 1.5})));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 20_000 }))]

    #[test]
    fn any_tree_is_a_header_to_both_readers(tree in trees()) {
        read_alike::<ReportHeader>(&serde_json::to_vec(&tree).unwrap());
    }
}

crate::alike::models_alike!(
    HeaderAsset,
    HeaderAttachment,
    HeaderMiscInfo,
    HeaderSubUnit,
    MiscInfoData,
    MiscInfoHeader,
    Process,
    Product,
    ProductRevision,
    ProductSummary,
    QuarantinedReport,
    ReportHeader,
    ReportState,
);

#[test]
fn a_query_of_a_day_needs_a_zone_that_is_known() {
    let day = jiff::civil::date(2026, 1, 30);
    let query = HeaderQuery::default().started_on(day, TimeZone::unknown());
    let error = format!("{query:?}");
    assert!(error.contains("time zone"), "{error}");
}
