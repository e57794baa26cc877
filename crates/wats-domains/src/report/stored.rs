//! Reports that some store has as text: sent byte for byte, without being read.

use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;
use wats_http::Response;

use super::submit::known;
use super::{ReportService, Submitted, route, upload};
use crate::ask::{Ask, Route};
use crate::error::Result;

/// The form of a report's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ReportFormat {
    /// JSON.
    #[default]
    Wsjf,
    /// XML.
    Wsxf,
}

impl ReportFormat {
    fn route(self) -> (&'static Route, &'static str) {
        match self {
            Self::Wsjf => (&route::submit, "application/json"),
            Self::Wsxf => (&route::submit_wsxf, "application/xml"),
        }
    }
}

/// Where the text of a report is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StoredReport {
    /// In memory.
    Bytes(Bytes),
    /// In a file, of which no more than a piece is in memory at a time.
    File {
        /// Where it is.
        path: PathBuf,
        /// How many bytes it has; another number is an error.
        length: u64,
    },
}

impl From<Bytes> for StoredReport {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl ReportService {
    /// Submits the text of a report that was stored with its id, byte for byte and without reading it: for queues and
    /// archives, which have looked at it before. A file is sent while it is read.
    ///
    /// Its turn among reports of the same id is as with [`submit`](Self::submit). That the text has this id is the caller's
    /// affair; an answer that does not name the id is an error.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); a file that has another length fails the call.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
    /// use wats_domains::report::{ReportFormat, StoredReport};
    ///
    /// let path = std::path::PathBuf::from("archive/report.json");
    /// let length = std::fs::metadata(&path)?.len();
    /// api.report().submit_stored(id, ReportFormat::Wsjf, StoredReport::File { path, length }).await?;
    /// # Ok(()) }
    /// ```
    pub fn submit_stored(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: impl Into<StoredReport>,
    ) -> Ask<Submitted> {
        let text = text.into();
        self.core.run(move |core| async move {
            let service = Self::new(&core);
            service.send_stored(id, format, text, None, |_| ()).await
        })
    }

    /// The same with at most so many attempts; the answer of a success is shown first.
    pub(crate) async fn send_stored(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: StoredReport,
        attempts: Option<u32>,
        see: impl FnOnce(&Response) + Send,
    ) -> Result<Submitted> {
        let id = known(Some(id))?;
        let (route, content_type) = format.route();
        let call = route.call();
        let (mut call, length) = match text {
            StoredReport::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (call.body(bytes, content_type), length)
            }
            StoredReport::File { path, length } => {
                let call = upload::fill_file(call, &path, length, content_type);
                (call, length)
            }
        };
        if let Some(longer) = upload::extend_timeout(self.core.http().timeouts(), length) {
            call = call.timeouts(longer);
        }
        if let Some(attempts) = attempts {
            call = call.max_attempts(attempts);
        }
        let _permit = self.core.submits().acquire(id).await;
        self.send_seen(route, id, call, see).await
    }
}
