//! Reports that wait on disk until the server has them: through outages, restarts and power cuts, and shared by processes.
//!
//! **Always enqueue, and let the drain send**, not only while the network is down:
//!
//! ```no_run
//! # async fn example(wats: wats_domains::Wats, report: wats_domains::UutReport) -> wats_domains::Result<()> {
//! use wats_domains::queue::DrainOptions;
//!
//! let queue = wats.queue("/var/lib/station/queue").open().await?;
//! let drain = queue.drain(DrainOptions::default())?; // sends from now on; any number of processes may
//!
//! queue.enqueue(&report).await?; // on disk when this returns; `.wait()` in a synchronous program
//! # let _ = drain;
//! # Ok(()) }
//! ```
//!
//! What it promises, and what to do on which day, is in the guide `docs/queue.md`.
//!
//! Without a server, for programs that only look and decide: [`Queue::open`](Queue::open) with default options takes the folder of
//! any server, [`report_key`] makes the key of an id, [`EnqueueOptions::entry`] an entry of a text.
//!
//! Layout: `builder` opens a queue, `entry` makes entries of reports, `deliver` sends them, `verdict` says what an error means
//! for the queue, `clock` how far the server's clock is from ours. Here is [`ReportQueue`]. The queue itself, which knows nothing of
//! reports, is the crate [`wats_queue`].

mod builder;
mod clock;
mod deliver;
mod entry;
mod verdict;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use jiff::SignedDuration;
use std::borrow::Borrow;
use uuid::Uuid;
use wats_queue::Entry;

pub use builder::{FutureStart, Order, QueueBuilder};
pub use entry::{EnqueueOptions, Labels, report_id, report_key};
pub use wats_queue::{
    Body, Bounds, Class, Depth, Drain, DrainOptions, Ended, Error, Event, Events, Fault, Filter,
    FolderFacts, Health, Item, Key, OnDropped, Past, PauseInfo, Pending, Queue, QueueOptions,
    Reason, Receipt, Salvaged, Sha256, State, Status, Stored, Transferred, WhenFull,
};

use crate::ask::Ask;
use crate::client::Wats;
use crate::error::Result;
use crate::report::submit::{known, sendable};
use crate::report::{Report, ReportFormat, StoredReport, SubmitOptions};
use clock::ServerClock;
use deliver::Delivery;
use entry::Described;
use wats_report::text;

/// Reports of at most this many bytes are written where they are enqueued; larger ones, and those with files, apart.
const WHOLE: u64 = 256 * 1024;

/// A durable queue of reports in a folder; from [`Wats::queue`]. A clone is one more handle of the same opening.
///
/// Answers can be awaited in any task, or waited for with `wait` in a thread.
#[derive(Debug, Clone)]
pub struct ReportQueue {
    wats: Wats,
    queue: Queue,
    order: Order,
    confirm: bool,
    future_start: FutureStart,
    clock: Arc<ServerClock>,
}

impl Wats {
    /// Configures a durable queue of reports in a folder, which is made if it is not there. Any number of processes may have it
    /// open.
    pub fn queue(&self, folder: impl Into<PathBuf>) -> QueueBuilder {
        QueueBuilder::new(self, folder.into())
    }
}

impl ReportQueue {
    /// Stores a report. It is on disk when this is ready, or nothing is; then some drain sends it, once this or another
    /// program runs one. Attachments from files are copied: what becomes of the files later does not matter.
    ///
    /// The same report again is not stored twice ([`Receipt::outcome`]). Another one of the same id is sent after the one
    /// before, and takes the place of one that is set aside.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report) for what the server would refuse, as [`lint`](crate::report::lint()) finds it, and
    /// without an id; [`Error::Data`](crate::Error::Data) when it cannot be written, or was read in less detail;
    /// [`Error::Queue`](crate::Error::Queue) when there is no room, or the disk fails.
    pub fn enqueue(&self, report: &impl Borrow<Report>) -> Ask<Receipt> {
        self.enqueue_with(report, &EnqueueOptions::default())
    }

    /// Stores a report with options.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue).
    pub fn enqueue_with(
        &self,
        report: &impl Borrow<Report>,
        options: &EnqueueOptions,
    ) -> Ask<Receipt> {
        self.store(report.borrow(), options, |queue, entry| async move {
            Ok(queue.enqueue(entry).await?)
        })
    }

    /// Puts a report in the place of the one of its id that is set aside: as [`enqueue`](Self::enqueue), but an error when
    /// none of this id is in the queue.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue).
    pub fn replace(&self, report: &impl Borrow<Report>) -> Ask<Receipt> {
        let options = EnqueueOptions::default();
        self.store(report.borrow(), &options, |queue, entry| async move {
            Ok(queue.replace(entry).await?)
        })
    }

    fn store<F>(
        &self,
        report: &Report,
        options: &EnqueueOptions,
        store: impl FnOnce(Queue, Entry) -> F + Send + 'static,
    ) -> Ask<Receipt>
    where
        F: Future<Output = Result<Receipt>> + Send + 'static,
    {
        // As it is now: it may change before this is awaited.
        let made = sendable(report, &SubmitOptions::default())
            .and_then(|id| Described::of_report(id, report, self.order, options))
            .and_then(|described| Ok((described, report.body()?)));
        let (queue, options) = (self.queue.clone(), options.clone());
        self.wats.core.run(move |_| async move {
            let (described, body) = made?;
            let entry = match body.as_whole().filter(|_| body.len() <= WHOLE) {
                Some(whole) => described.with_bytes(whole.clone(), &options),
                None => described.with_body(body, queue.writer(), &options).await?,
            };
            store(queue, entry).await
        })
    }

    /// Stores the text of a report as it is, WSJF or WSXF, byte for byte but for a byte order mark in front.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue), also when it is no such text; what the server would refuse is not looked for.
    pub fn enqueue_text(
        &self,
        format: ReportFormat,
        text: impl Into<Bytes>,
        options: &EnqueueOptions,
    ) -> Ask<Receipt> {
        let body: Bytes = text.into();
        let (id, body) = match format {
            ReportFormat::Wsjf => {
                let body = body.slice_ref(text::without_mark(&body));
                (text::id_of_wsjf(&body), body)
            }
            #[cfg(feature = "xml")]
            ReportFormat::Wsxf => (text::id_of_wsxf(&body), body),
            #[cfg(not(feature = "xml"))]
            ReportFormat::Wsxf => (
                Err(wats_report::Error::Config(
                    "reports in XML need the feature `xml`".to_owned(),
                )),
                body,
            ),
        };
        let id = id.map_err(crate::Error::from).and_then(known);
        let (queue, order, options) = (self.queue.clone(), self.order, options.clone());
        self.wats.core.run(move |_| async move {
            let described = Described::of_text(id?, format, &body, order);
            Ok(queue.enqueue(described.with_bytes(body, &options)).await?)
        })
    }

    /// Stores the text of a report that was stored elsewhere with its id, byte for byte and without looking whether it has it;
    /// a file is copied a piece at a time. See [`ReportText::with_id`](crate::report::ReportText::with_id).
    ///
    /// Its unit and labels are read; of WSXF in a file nothing is, so that it waits for no other of its unit.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue), but what the server would refuse is not looked for; also when the file cannot be read, or
    /// has another length.
    pub fn enqueue_stored(
        &self,
        id: Uuid,
        format: ReportFormat,
        text: impl Into<StoredReport>,
        options: &EnqueueOptions,
    ) -> Ask<Receipt> {
        let text = text.into();
        let id = known(Some(id));
        let (queue, order, options) = (self.queue.clone(), self.order, options.clone());
        self.wats.core.run(move |_| async move {
            let id = id?;
            let entry = match text {
                StoredReport::Bytes(bytes) => {
                    Described::of_text(id, format, &bytes, order).with_bytes(bytes, &options)
                }
                text => {
                    let text = (id, format, text);
                    Described::stored(text, order, queue.writer(), &options).await?
                }
            };
            Ok(queue.enqueue(entry).await?)
        })
    }

    /// Sends what is in the queue, from now on, until the drain is stopped or dropped: in tasks of the tokio runtime that this is
    /// called in, else on the client's own thread. Any number of drains may run, in any number of processes.
    ///
    /// Each report is tried once at a time; when it is tried again is the queue's affair, not that of
    /// [`RetryConfig`](wats_http::RetryConfig).
    ///
    /// # Errors
    /// [`Error::Wait`](crate::Error::Wait) outside of a runtime, when the client's thread cannot be started.
    pub fn drain(&self, options: DrainOptions) -> Result<Drain> {
        let delivery = Delivery {
            wats: self.wats.clone(),
            clock: Arc::clone(&self.clock),
            asked: AtomicBool::new(false),
            confirm: self.confirm,
            future_start: self.future_start,
        };
        let runtime = tokio::runtime::Handle::try_current().ok();
        let mut failed = None;
        let drain = self.queue.drain_on(delivery, options, |worker| {
            if let Some(runtime) = &runtime {
                runtime.spawn(worker);
            } else if let Err(error) = self.wats.core.spawn(worker) {
                failed = Some(error);
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(drain),
        }
    }

    /// Waits until what a receipt is for has ended or was set aside, and no longer than this: [`Status::Ended`] when the server has
    /// it, [`Status::Open`] with its state and reason otherwise.
    ///
    /// # Errors
    /// What the disk says.
    pub fn settled(&self, receipt: &Receipt, within: Duration) -> Pending<Status> {
        self.queue.settled(receipt, within)
    }

    /// Where the newest report of an id stands.
    ///
    /// # Errors
    /// What the disk says.
    pub fn status(&self, id: Uuid) -> Pending<Status> {
        self.queue.status(entry::key(id))
    }

    /// All that happens from now on.
    pub fn events(&self) -> Events {
        self.queue.events()
    }

    /// How the queue is: how much is in it, why it waits, whether the disk works.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn health(&self) -> Pending<Health> {
        self.queue.health()
    }

    /// By how much the server's clock is ahead of this computer's, as the last answers to this queue told it.
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        self.clock.offset()
    }

    /// Reports in the order in which they came, a page at a time. What is known of each: [`report_id`], [`Labels::of`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn list(&self, filter: Filter) -> Pending<Vec<Item>> {
        self.queue.list(filter)
    }

    /// The text of the newest report of an id, as it is stored.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is none.
    pub fn body(&self, id: Uuid) -> Pending<Body> {
        self.queue.body(entry::key(id))
    }

    /// Sends again what is set aside under an id, with the same bytes, and at once what waits. Says how many reports that are.
    ///
    /// # Errors
    /// [`Error::Unknown`] and [`Error::WrongState`].
    pub fn retry(&self, id: Uuid) -> Pending<u64> {
        self.queue.retry(entry::key(id))
    }

    /// Ends all reports of an id that nobody is sending. Their receipts say why. The bodies are gone.
    ///
    /// # Errors
    /// [`Error::Unknown`] and [`Error::WrongState`].
    pub fn discard(&self, id: Uuid, why: impl Into<String>) -> Pending<Vec<Past>> {
        self.queue.discard(entry::key(id), why)
    }

    /// Copies reports to a folder that is empty or not there, for another machine. They stay here as well.
    ///
    /// # Errors
    /// When the folder is not empty, and what the disk says.
    pub fn export(&self, folder: impl AsRef<Path>, filter: Filter) -> Pending<Transferred> {
        self.queue.export(folder.as_ref(), filter)
    }

    /// Takes in the reports of a folder that [`export`](Self::export) has written.
    ///
    /// # Errors
    /// When the folder cannot be read, and those of an enqueue.
    pub fn import(&self, folder: impl AsRef<Path>) -> Pending<Transferred> {
        self.queue.import(folder.as_ref())
    }

    /// Does what was asked before, and closes the folder. Other handles of this opening are errors from here on.
    ///
    /// # Errors
    /// What the disk says of the last write.
    pub fn close(&self) -> Pending<()> {
        self.queue.close()
    }

    /// The queue underneath, which knows nothing of reports.
    pub fn raw(&self) -> &Queue {
        &self.queue
    }
}
