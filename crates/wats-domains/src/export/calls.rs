//! A call of each row, for the tests of the table.

use super::Certificates;
use crate::Wats;
use crate::analytics::StatisticsFilter;
use crate::route::tests::{Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let export = api.export();
    let filter = StatisticsFilter::default().part_number(text());
    said(export.list().await);
    said(export.download(text()).await);
    let queue = export.queue_certificates(&filter, Certificates::HeadersOnly, true);
    let queue = queue.details([text(), "asset"]).numeric_format(text());
    let queue = queue.body_footer_tag(text()).document_footer_tag(text());
    said(queue.email(text()).await);
}
