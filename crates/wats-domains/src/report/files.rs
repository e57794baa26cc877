//! Files of stored reports: attachments and the certificate.

use uuid::Uuid;

use super::route;
use super::{HeaderAttachment, HeaderList, HeaderQuery, ReportHeader, ReportService};
use crate::ask::{Ask, RemoteFile};
use crate::odata::Filter;
use crate::report::HeaderField;

/// Which attachment of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachmentKey {
    /// Of a test: the id of the step that it belongs to.
    Step(i32),
    /// Of a repair: its own id.
    Id(Uuid),
}

impl ReportService {
    /// The attachments of a report, without their contents; empty if it has none, or if there is no such report. Their
    /// names and places come from its header (`$expand=attachments,uurAttachments`).
    pub fn attachments(&self, id: Uuid) -> Ask<Vec<HeaderAttachment>> {
        let query = HeaderQuery::default()
            .filter(Filter::eq(HeaderField::Id, id))
            .select([HeaderField::Id])
            .expand(HeaderList::Attachments)
            .expand(HeaderList::UurAttachments)
            .top(1);
        let headers = self.headers(&query);
        self.core.run(|_| async {
            let headers: Vec<ReportHeader> = headers.await?;
            Ok(headers
                .into_iter()
                .flat_map(|header| [header.attachments, header.uur_attachments])
                .flatten()
                .flatten()
                .collect())
        })
    }

    /// The contents of one attachment (`GET /api/Report/Attachment`).
    ///
    /// # Errors
    /// Status 404 when there is none, or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::report::AttachmentKey;
    ///
    /// let photo = api.report().attachment(id, AttachmentKey::Step(12)).await?;
    /// println!("{} bytes of {:?}", photo.contents.len(), photo.content_type);
    /// # Ok(()) }
    /// ```
    pub fn attachment(&self, report_id: Uuid, key: AttachmentKey) -> Ask<RemoteFile> {
        let route = &route::attachment;
        let call = route.call().query("reportId", report_id);
        let call = match key {
            AttachmentKey::Step(step_id) => call.query("stepId", step_id),
            AttachmentKey::Id(id) => call.query("attachmentId", id),
        };
        self.core.download(route, Ok(call))
    }

    /// All attachments of a report as a zip archive (`GET /api/Report/Attachments/{id}`).
    ///
    /// # Errors
    /// Status 404 when there are none, or the call fails.
    pub fn attachments_zip(&self, id: Uuid) -> Ask<RemoteFile> {
        let route = &route::attachments_zip;
        self.core.download(route, Ok(route.call().path("id", id)))
    }

    /// The certificate of a report (`GET /api/Report/Certificate/{id}`), in the form that the server gives.
    ///
    /// # Errors
    /// Status 404 when there is none, or the call fails.
    pub fn certificate(&self, id: Uuid) -> Ask<RemoteFile> {
        let route = &route::certificate;
        self.core.download(route, Ok(route.call().path("id", id)))
    }
}
