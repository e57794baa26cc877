//! Report headers: what lists of reports show, and the query for them.

use uuid::Uuid;

use super::Status;
use crate::odata::Filter;
use crate::wire::{Number, wire};

wire! {
    /// The header of a stored report (`OData.ReportHeader` of the server).
    pub struct ReportHeader {
        /// Identifier of the report.
        "uuid" => id: Uuid,
        /// `T` for UUT, `R` for UUR.
        "reportType" => report_type: String,
        /// Serial number of the unit.
        "serialNumber" => serial_number: String,
        /// Part number of the unit.
        "partNumber" => part_number: String,
        /// Revision of the unit.
        "revision" => revision: String,
        /// Start in UTC.
        "start" => start: String,
        /// Outcome in words, unlike in reports: `Passed`, `Failed`, `Error` or `Terminated`; see
        /// [`status`](ReportHeader::status).
        "result" => result: String,
        /// Name of the station.
        "stationName" => station: String,
        /// Operator.
        "userName" => operator: String,
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Name of the process.
        "processName" => process_name: String,
        /// Execution time in seconds.
        "executionTime" => execution_time: Number,
        /// Ever-increasing order of processing; not a time.
        "timeStamp" => time_stamp: i64,
        /// How often the report was received: above 1 after a repeat.
        "receiveCount" => receive_count: i32,
    }
}

impl ReportHeader {
    /// The outcome as reports name it; `None` if the server sent none or one that this version does not know.
    pub fn status(&self) -> Option<Status> {
        match self.result.as_deref()? {
            "Passed" => Some(Status::Passed),
            "Failed" => Some(Status::Failed),
            "Error" => Some(Status::Error),
            "Terminated" => Some(Status::Terminated),
            _ => None,
        }
    }
}

/// Which headers to list and how; all are optional.
///
/// ```
/// use wats_domains::{Filter, HeaderQuery};
///
/// let last_failures = HeaderQuery::default().filter(Filter::eq("result", "Failed")).top(50);
/// # let _ = last_failures;
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct HeaderQuery {
    /// Condition on the members of [`ReportHeader`], by their names on the wire.
    pub filter: Option<Filter>,
    /// Most headers to return, at most 10 000. The server returns 10 unless asked for more.
    pub top: Option<u32>,
    /// Headers to skip.
    pub skip: Option<u32>,
    /// `start`, `uuid`, `serialNumber` or `timeStamp`, with ` desc` for descending order. Default: newest start first.
    pub order_by: Option<String>,
}

impl HeaderQuery {
    /// Sets the condition.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Sets the most headers to return.
    pub fn top(mut self, n: u32) -> Self {
        self.top = Some(n);
        self
    }

    /// Sets how many headers to skip.
    pub fn skip(mut self, n: u32) -> Self {
        self.skip = Some(n);
        self
    }

    /// Sets the order.
    pub fn order_by(mut self, order: impl Into<String>) -> Self {
        self.order_by = Some(order.into());
        self
    }
}
