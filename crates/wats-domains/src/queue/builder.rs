//! How a queue of reports is opened.

use std::path::PathBuf;
use std::sync::Arc;

use wats_queue::{Bounds, Queue, QueueOptions};

use super::ReportQueue;
use super::clock::ServerClock;
use crate::ask::Ask;
use crate::client::Wats;

/// Which reports wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// Those of one unit, by part number and serial number: a repair is never sent before its test.
    #[default]
    Unit,
    /// Those of one id only.
    Report,
}

/// What is done with a report that begins in the future by the server's clock: the server takes it in and cannot store it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FutureStart {
    /// It is held until its start has come.
    #[default]
    Hold,
    /// It is set aside.
    Park,
    /// It is sent.
    Send,
}

/// Configuration of a queue of reports; from [`Wats::queue`].
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct QueueBuilder {
    wats: Wats,
    folder: PathBuf,
    options: QueueOptions,
    order: Order,
    confirm: bool,
    future_start: FutureStart,
}

impl QueueBuilder {
    pub(super) fn new(wats: &Wats, folder: PathBuf) -> Self {
        // The folder holds reports for this server, whatever the token is.
        let target = format!("{}{}", wats.http().base_url(), wats.http().base_path());
        Self {
            options: QueueOptions::default().target(target),
            wats: wats.clone(),
            folder,
            order: Order::default(),
            confirm: false,
            future_start: FutureStart::default(),
        }
    }

    /// Which reports wait for each other: those of a unit if not set.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Whether a report that the server has received stays in the queue until the server has stored it. It is asked for every
    /// half minute, for a day; one that the server could not store is set aside with the reason. This uses internal routes of the
    /// server. `false` if not set: a 200 that names the report ends it.
    pub fn confirm(mut self, confirm: bool) -> Self {
        self.confirm = confirm;
        self
    }

    /// What is done with a report that begins in the server's future. It is held if not set.
    pub fn future_start(mut self, what: FutureStart) -> Self {
        self.future_start = what;
        self
    }

    /// How much the queue takes.
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.options = self.options.bounds(bounds);
        self
    }

    /// Changes any other option of the queue underneath.
    pub fn options(mut self, change: impl FnOnce(QueueOptions) -> QueueOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// Opens the queue: tries whether the folder can hold one, brings older formats to this one, sets a damaged database aside
    /// and salvages it, and takes over from processes that have ended. Nothing is sent before [`ReportQueue::drain`].
    ///
    /// # Errors
    /// [`Error::Queue`](crate::Error::Queue) when the folder cannot hold a queue, belongs to another server, or was made by a newer
    /// version.
    pub fn open(self) -> Ask<ReportQueue> {
        let core = Arc::clone(&self.wats.core);
        core.run(move |_| async move {
            let queue = Queue::open(&self.folder, self.options).await?;
            Ok(ReportQueue {
                wats: self.wats,
                queue,
                order: self.order,
                confirm: self.confirm,
                future_start: self.future_start,
                clock: Arc::new(ServerClock::default()),
            })
        })
    }
}
