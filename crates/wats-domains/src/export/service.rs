//! Operations on exports.

use serde_json::Value;

use super::route;
use crate::RemoteFile;
use crate::analytics::{Dimensions, StatisticsFilter};
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::scanned::{self, Kind};

/// What certificates have in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificates {
    /// All of each report.
    Full,
    /// Only the headers of reports.
    HeadersOnly,
}

request! {
    /// From [`ExportService::queue_certificates`].
    pub struct QueueCertificates -> Value, by ask_any {
        /// Which details, such as `miscInfo` and `asset`.
        "dimensions" => details: Dimensions,
        /// How numbers are written that have no format of their own: `default`, `integer`, `decimal`, `scientific`, `general`,
        /// `hexadecimal` or `binary`.
        "numericFormat" => numeric_format: String as Name,
        /// The tag of the product whose value is at the foot of each page.
        "bodyFooterTag" => body_footer_tag: String as Name,
        /// The tag of the product whose value is at the foot of the document.
        "documentFooterTag" => document_footer_tag: String as Name,
        /// Where the link to the file is sent when it is ready. The server wants one where a token is used.
        "email" => email: String as Name,
    }
}

service! {
    /// Operations on exports; from [`Wats::export`](crate::Wats::export).
    pub struct ExportService;
}

impl ExportService {
    /// Names of the exports of this user (`GET /api/Export/List`).
    pub fn list(&self) -> Ask<Vec<String>> {
        self.core.ask(&route::list, Ok(route::list.call()))
    }

    /// A file that is ready, by its name with or without its extension (`GET /api/Export/{fileName}`). It belongs to the
    /// token that queued it.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty name; or the call fails.
    pub fn download(&self, file_name: &str) -> Ask<RemoteFile> {
        let call = scanned::check_some("file name", file_name, Kind::Name)
            .map(|()| route::download.call().path("fileName", file_name));
        self.core.download(&route::download, call)
    }

    /// Has certificates of test reports made in the background, as one PDF or as one for each report, in a zip archive
    /// (`POST /api/Export/Certificate`). The form of the answer is not described; by the server's words it has an
    /// `exportFileName`, which is in the [`list`](Self::list) when the file is ready. It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a filter that is refused; or the call fails.
    pub fn queue_certificates(
        &self,
        filter: &StatisticsFilter,
        certificates: Certificates,
        one_file_each: bool,
    ) -> QueueCertificates {
        let route = &route::queue_certificates;
        let headers_only = certificates == Certificates::HeadersOnly;
        let call = route.call().query("headerDataOnly", headers_only);
        let call = filter.body_of(call.query("asIndividualFiles", one_file_each));
        QueueCertificates::new(&self.core, route, call)
    }
}
