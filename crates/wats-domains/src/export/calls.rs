//! A call of each row, for the tests of the table.

use super::Certificates;
use crate::Wats;
use crate::analytics::StatisticsFilter;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let export = api.export();
    let filter = StatisticsFilter::default().part_number(AWKWARD);
    drop(export.list().await);
    drop(export.download(AWKWARD).await);
    let queue = export.queue_certificates(&filter, Certificates::HeadersOnly, true);
    let queue = queue
        .details(["miscInfo", "asset"])
        .numeric_format("decimal");
    let queue = queue.body_footer_tag("Foot").document_footer_tag("Foot");
    drop(queue.email("ada@example.org").await);
}
