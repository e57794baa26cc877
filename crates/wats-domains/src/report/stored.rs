//! Reports that some store has as text: sent byte for byte, without being read.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write};
use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;
use wats_batch::Partition;
use wats_http::Call;

use super::submit::{SubmitOptions, known};
use super::{ReportService, Submitted, route, upload};
use crate::ask::{Ask, Route};
use crate::bulk::BulkOptions;
use crate::error::{Error, Result};

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
    /// In a file but for its beginning, which is here: an id that the file lacks.
    Behind {
        /// What stands in place of the first bytes of the file.
        front: Bytes,
        /// Where the file is.
        path: PathBuf,
        /// How many of its first bytes are left out.
        from: u64,
        /// How many bytes the file has; another number is an error.
        length: u64,
    },
}

impl StoredReport {
    /// How many bytes it has.
    #[allow(clippy::len_without_is_empty, reason = "a report is never empty")]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
            Self::Behind {
                front,
                from,
                length,
                ..
            } => front.len() as u64 + length.saturating_sub(*from),
        }
    }

    /// All of it in memory. This may block.
    ///
    /// # Errors
    /// [`Error::Data`] when the file cannot be read, or has another length.
    pub fn read(&self) -> Result<Bytes> {
        if let Self::Bytes(bytes) = self {
            return Ok(bytes.clone());
        }
        let mut whole = Vec::new();
        self.write_to(&mut whole)?;
        Ok(whole.into())
    }

    /// Reads it from its beginning, a piece at a time. This may block.
    pub(crate) fn reader(&self) -> Result<Box<dyn Read + '_>> {
        let (front, path, from) = match self {
            Self::Bytes(bytes) => return Ok(Box::new(bytes.as_ref())),
            Self::File { path, .. } => (&[][..], path, 0),
            Self::Behind {
                front, path, from, ..
            } => (front.as_ref(), path, *from),
        };
        let opened = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(from))?;
            Ok(file)
        });
        let file = opened.map_err(|error| {
            Error::Data(format!("`{}` cannot be read: {error}", path.display()))
        })?;
        Ok(Box::new(front.chain(file)))
    }

    /// Writes all of it, a piece at a time. This may block.
    pub(crate) fn write_to(&self, writer: &mut impl Write) -> Result<()> {
        let (front, path, from) = match self {
            Self::Bytes(bytes) => {
                return writer.write_all(bytes).map_err(|error| {
                    Error::Data(format!("the report cannot be written: {error}"))
                });
            }
            Self::File { path, .. } => (&Bytes::new(), path, 0),
            Self::Behind {
                front, path, from, ..
            } => (front, path, *from),
        };
        let wrong = |error: std::io::Error| {
            Error::Data(format!("`{}` cannot be read: {error}", path.display()))
        };
        let mut file = File::open(path).map_err(wrong)?;
        file.seek(SeekFrom::Start(from)).map_err(wrong)?;
        writer.write_all(front).map_err(wrong)?;
        let copied = std::io::copy(&mut file, writer).map_err(wrong)?;
        if front.len() as u64 + copied != self.len() {
            return Err(Error::Data(format!(
                "`{}` has changed while it was read",
                path.display()
            )));
        }
        Ok(())
    }
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
        self.submit_stored_with(id, format, text, &SubmitOptions::default())
    }

    /// As [`submit_stored`](Self::submit_stored), with options. The text is sent as it is, whatever [`SubmitOptions::mode`] says.
    ///
    /// # Errors
    /// As [`submit_stored`](Self::submit_stored).
    pub fn submit_stored_with(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: impl Into<StoredReport>,
        options: &SubmitOptions,
    ) -> Ask<Submitted> {
        let text = text.into();
        let checked = options.check().map(|()| options.clone());
        self.core.run(move |core| async move {
            let (service, options) = (Self::new(&core), checked?);
            service.send_stored_with(id, format, text, &options).await
        })
    }

    /// Submits many stored texts, each with its id and form, some at a time; otherwise as
    /// [`submit_many`](Self::submit_many).
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then.
    pub fn submit_stored_many<I>(
        &self,
        texts: I,
        options: &SubmitOptions,
        many: &BulkOptions,
    ) -> Ask<Partition<Submitted, Error>>
    where
        I: IntoIterator<Item = (Uuid, ReportFormat, StoredReport)>,
        I::IntoIter: Send + 'static,
    {
        let texts = texts.into_iter();
        let checked = many
            .checked()
            .and_then(|checked| options.check().map(|()| checked));
        let options = options.clone();
        self.core.run(|core| async move {
            let (map, bulk) = checked?;
            let (service, options, bulk) = (&Self::new(&core), &options, &bulk);
            let submit = |(id, format, text): (Uuid, ReportFormat, StoredReport)| async move {
                // Kept while it is tried again, so that a newer one does not come before.
                let _permit = service.core.submits().acquire(id).await;
                let send = || service.send_stored_now(id, format, text.clone(), options);
                bulk.call(send).await
            };
            Ok(map.partition(texts, submit).await)
        })
    }

    async fn send_stored_with(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: StoredReport,
        options: &SubmitOptions,
    ) -> Result<Submitted> {
        let _permit = self.core.submits().acquire(id).await;
        self.send_stored_now(id, format, text, options).await
    }

    /// Sends a text that holds the permit of its id.
    async fn send_stored_now(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: StoredReport,
        options: &SubmitOptions,
    ) -> Result<Submitted> {
        let id = known(Some(id))?;
        let before = self.before_confirm(id, options).await;
        let (route, mut call) = self.stored_call(format, text);
        if let Some(timeouts) = &options.timeouts {
            call = call.timeouts(timeouts.clone());
        }
        let submitted = self.send(route, id, call).await?;
        Ok(self.confirmed(id, before, submitted, options).await)
    }

    /// The call with a text.
    fn stored_call(&self, format: ReportFormat, text: StoredReport) -> (&'static Route, Call) {
        let (route, content_type) = format.route();
        let (call, length) = (route.call(), text.len());
        let call = match text {
            StoredReport::Bytes(bytes) => call.body(bytes, content_type),
            StoredReport::File { path, .. } => upload::fill_file(call, path, length, content_type),
            StoredReport::Behind {
                front, path, from, ..
            } => upload::fill_behind(call, front, (path, from), length, content_type),
        };
        let call = match upload::extend_timeout(self.core.http().timeouts(), length) {
            Some(longer) => call.timeouts(longer),
            None => call,
        };
        (route, call)
    }

    /// With at most so many attempts, for who repeats by itself; the answer of a success is shown first.
    #[cfg(feature = "queue")]
    pub(crate) async fn send_stored(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: StoredReport,
        attempts: u32,
        see: impl FnOnce(&wats_http::Response) + Send,
    ) -> Result<Submitted> {
        let id = known(Some(id))?;
        let (route, call) = self.stored_call(format, text);
        let call = call.max_attempts(attempts);
        let _permit = self.core.submits().acquire(id).await;
        self.send_seen(route, id, call, see).await
    }
}
