//! A call of each row, for the tests of the table.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use crate::report::{AttachmentKey, Detail, DetailLevel, MiscInfoSearch, Station, Unit};
use crate::route::tests::{AWKWARD, ID, Lacks};
use crate::{Filter, HeaderQuery, UutReport, Wats};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[
    (
        "report.headers",
        Lacks::Query,
        "OData: its options are those of the query language",
    ),
    (
        "report.submit",
        Lacks::Body,
        "the report is the body, in words only",
    ),
    (
        "report.submit_wsxf",
        Lacks::Body,
        "the report is the body, in words only",
    ),
];

pub(crate) async fn call_all(api: &Wats) {
    let report = api.report();
    let internal = report.internal();
    let detail = Detail::default()
        .level(DetailLevel::FULL)
        .chart_data(true)
        .attachments(true);
    let test = UutReport::builder(
        Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "S",
        location: "L",
        purpose: "P",
    })
    .operator("O");
    let headers = HeaderQuery::default()
        .filter(Filter::eq("comment", AWKWARD))
        .select([crate::report::HeaderField::Id])
        .expand(crate::report::HeaderList::Assets)
        .order_by(crate::report::HeaderOrder::Id)
        .skip(5)
        .top(5);
    let misc = MiscInfoSearch::default()
        .description(AWKWARD)
        .data(AWKWARD)
        .serial_number(AWKWARD)
        .process_code(10);
    #[cfg(feature = "xml")]
    let wsxf = format!("<Report ID=\"{ID}\"/>");
    #[cfg(feature = "xml")]
    let wsxf = format!(
        "<Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">{wsxf}</Reports>"
    );
    drop((
        report.submit(&test.build().unwrap()).await,
        #[cfg(feature = "xml")]
        report.submit_wsxf(wsxf).await,
        report.get_with(ID, detail).await,
        report.get_wsxf(ID, detail, true).await,
        report.headers(&headers).await,
        report.by_misc_info(&misc).await,
        report.attachment(ID, AttachmentKey::Id(ID)).await,
        report.attachment(ID, AttachmentKey::Step(1)).await,
        report.attachments_zip(ID).await,
        report.certificate(ID).await,
    ));
    drop((
        internal.state(ID).await,
        internal.quarantine().await,
        internal.retry(&[ID]).await,
        internal
            .retry_at(&[(ID, jiff::Timestamp::UNIX_EPOCH)])
            .await,
        internal.delete_quarantined(&[ID]).await,
    ));
}
