//! A call of each row, for the tests of the table.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use jiff::Timestamp;

use crate::report::{AttachmentKey, Detail, DetailLevel, MiscInfoSearch, Station, Unit};
use crate::route::tests::{ID, Lacks, arg, range, said, text};
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
    let (from, until) = range::<(Timestamp, Timestamp)>("started");
    let headers = HeaderQuery::default()
        .filter(Filter::eq("comment", text()))
        .select([crate::report::HeaderField::Id])
        .expand(crate::report::HeaderList::Assets)
        .order_by(crate::report::HeaderOrder::Id)
        .started(from..until)
        .filter(Filter::lt("run", arg("run", 1.5)))
        .skip(arg("skip", 5))
        .top(arg("top", 5));
    let misc = MiscInfoSearch::default()
        .description(text())
        .data(text())
        .serial_number(text())
        .process_code(arg("process_code", 10));
    #[cfg(feature = "xml")]
    let wsxf = format!("<Report ID=\"{ID}\"/>");
    #[cfg(feature = "xml")]
    let wsxf = format!(
        "<Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">{wsxf}</Reports>"
    );
    said(report.submit(&test.build().unwrap()).await);
    #[cfg(feature = "xml")]
    said(report.submit_wsxf(wsxf).await);
    said(report.get_with(arg("id", ID), detail).await);
    said(report.get_wsxf(arg("id", ID), detail, true).await);
    said(report.headers(&headers).await);
    said(report.by_misc_info(&misc).await);
    said(
        report
            .attachment(
                arg("report_id", ID),
                AttachmentKey::Id(arg("attachment_id", ID)),
            )
            .await,
    );
    said(
        report
            .attachment(arg("report_id", ID), AttachmentKey::Step(arg("step_id", 1)))
            .await,
    );
    said(report.attachments_zip(arg("id", ID)).await);
    said(report.certificate(arg("id", ID)).await);
    said(internal.state(arg("id", ID)).await);
    said(internal.quarantine().await);
    said(internal.retry(arg("ids", &[arg("ids", ID)])).await);
    let starts = [(arg("starts", ID), Timestamp::UNIX_EPOCH)];
    said(internal.retry_at(arg("starts", &starts)).await);
    said(
        internal
            .delete_quarantined(arg("ids", &[arg("ids", ID)]))
            .await,
    );
}
