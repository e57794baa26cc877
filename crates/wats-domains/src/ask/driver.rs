//! The thread on which operations run that somebody waits for.
//!
//! It begins with the first wait and ends when nobody can wait any more: when the last handle of the client and its
//! operations is dropped. Nobody joins it, so dropping the last handle inside a task blocks nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use futures_util::FutureExt as _;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::error::{Error, Result};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread of a driver.
pub(super) fn is_here() -> bool {
    HERE.get()
}

/// Polls an operation: what of a user's runs meanwhile on this thread runs inside of it.
pub(crate) fn inside<T>(poll: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }
    let _back = Back(INSIDE.replace(true));
    poll()
}

/// Whether an operation may be waited for here.
pub(super) fn check() -> Result<()> {
    if is_here() || INSIDE.get() {
        return Err(Error::Wait(
            "it is waited for inside a callback of another operation, which would stand still until it has ended; \
             await it in a task, or wait for it on another thread"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The thread, once there is one. Each job in the channel has somebody who waits for it, which bounds them.
#[derive(Debug, Default)]
pub(super) struct Driver(Mutex<Option<UnboundedSender<Job>>>);

impl Driver {
    /// Runs work on the thread and blocks until it has ended. A panic of the work goes on here.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        check()?;
        let ended = Arc::new(Mutex::new(None));
        let end = Arc::clone(&ended);
        self.carry_out(Box::pin(async move {
            let outcome = work.await;
            *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        }))?;
        let outcome = ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.ok_or_else(|| Error::Wait("its thread has ended".to_owned()))
    }

    /// Waits until a job has ended, or its thread. It knows no types: the code of a channel is long, and would be compiled
    /// for each.
    fn carry_out(&self, job: Job) -> Result<()> {
        let (ended, end) = mpsc::sync_channel(1);
        self.send(Box::pin(async move {
            // There is room for the one, so this does not block.
            let _ = ended.send(AssertUnwindSafe(job).catch_unwind().await);
        }))?;
        match end.recv() {
            Ok(Err(panic)) => resume_unwind(panic),
            // Nothing is sent if the thread has ended.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Begins work on the thread. Whoever does that waits for its end, or has given up.
    pub(super) fn begin(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) -> Result<()> {
        self.send(work)
    }

    #[cfg(test)]
    pub(super) fn has_begun(&self) -> bool {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        thread.is_some()
    }

    /// Has work done on the thread; nobody waits for it.
    pub(super) fn send(&self, job: Job) -> Result<()> {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match &*thread {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return Ok(()),
                // Its thread has died; another one takes its place.
                Err(unsent) => unsent.0,
            },
            None => job,
        };
        let jobs = start().map_err(|problem| {
            Error::Wait(format!(
                "the thread that would carry it out cannot be started: {problem}"
            ))
        })?;
        let sent = jobs.send(job);
        *thread = Some(jobs);
        sent.map_err(|_| Error::Wait("its thread has ended".to_owned()))
    }
}

fn start() -> std::io::Result<UnboundedSender<Job>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (sender, receiver) = unbounded_channel();
    thread::Builder::new()
        .name("wats-driver".to_owned())
        .spawn(move || {
            HERE.set(true);
            runtime.block_on(serve(receiver));
            runtime.shutdown_background();
        })?;
    Ok(sender)
}

/// Until the last sender is gone.
async fn serve(mut jobs: UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        tokio::spawn(job);
    }
}
