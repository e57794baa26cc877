//! Sending what is in a queue.
//!
//! A drain is some futures, the workers, that run where its user has them run: each takes an item, has it delivered, and says
//! what came of it. It has no timers of its own: waiting is done by the thread of the queue. When a runtime ends, its workers are
//! dropped and what they had leased is given back.
//!
//! - `deliver.rs`: what a user writes.
//! - `stop.rs`: how workers are told to stop, and who waits for them.
//! - here: the workers.

mod deliver;
mod stop;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

pub use deliver::Deliver;
use stop::{Control, Level};

#[cfg(feature = "tokio")]
use crate::error::{Error, Result};
use crate::events::Event;
use crate::item::{Body, Fault, Item, Sha256};
use crate::plan::Verdict;
use crate::queue::{Queue, Shared};
use crate::reply::{Pending, pending};
use crate::store::{Wanted, hash};
use crate::thread::{Handed, Op};

/// A worker of a drain, for an executor.
pub type Worker = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a queue is drained.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct DrainOptions {
    at_once: u32,
}

impl Default for DrainOptions {
    fn default() -> Self {
        Self { at_once: 4 }
    }
}

impl DrainOptions {
    /// How many items are sent at a time, by this drain: 4 if not set, at least 1 and at most 64. Half of them may be backfill.
    pub fn at_once(mut self, items: u32) -> Self {
        self.at_once = items.clamp(1, 64);
        self
    }
}

/// A drain that is running. Dropped, it takes nothing more, and what is under way ends.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Drain {
    control: Arc<Control>,
    shared: Weak<Shared>,
    folder: Arc<std::path::Path>,
}

impl Queue {
    /// Sends what is in the queue, in tasks of the tokio runtime that this is called in, until it is stopped. Any number of drains may
    /// run, in any number of processes.
    ///
    /// # Errors
    /// [`Error::NoRuntime`] outside of a runtime.
    #[cfg(feature = "tokio")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
    pub fn drain(&self, deliver: impl Deliver, options: DrainOptions) -> Result<Drain> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?;
        Ok(self.drain_on(deliver, options, |worker| {
            runtime.spawn(worker);
        }))
    }

    /// The same with any executor: `spawn` is called for each worker, before this returns.
    pub fn drain_on(
        &self,
        deliver: impl Deliver,
        options: DrainOptions,
        mut spawn: impl FnMut(Worker),
    ) -> Drain {
        let shared = self.shared();
        let control = Arc::new(Control::default());
        let deliver = Arc::new(deliver);
        let refused = Arc::new(Mutex::new(None));
        let warned = Arc::new(AtomicBool::new(false));
        for _ in 0..options.at_once {
            let worker = Sender {
                deliver: Arc::clone(&deliver),
                control: control.enter(),
                shared: Arc::downgrade(shared),
                most_backfill: (options.at_once / 2).max(1),
                refused: Arc::clone(&refused),
                warned: Arc::clone(&warned),
            };
            spawn(Box::pin(worker.run()));
        }
        let confirmer = Confirmer {
            deliver,
            control: control.enter(),
            shared: Arc::downgrade(shared),
        };
        spawn(Box::pin(confirmer.run()));
        Drain {
            control,
            shared: Arc::downgrade(shared),
            folder: Arc::clone(&shared.folder),
        }
    }
}

impl Drain {
    /// Takes nothing more, and waits until what is under way has ended. What has not by then is given back: it is sent
    /// again, by whoever comes first. Then the log is written into the database. Says whether all had ended in time.
    ///
    /// # Errors
    /// What the disk says.
    pub fn stop(self, within: Duration) -> Pending<bool> {
        self.control.set(Level::Stopping);
        let (reply, answer) = pending(&self.folder);
        let (control, shared) = (Arc::clone(&self.control), self.shared.clone());
        let spawned = thread::Builder::new()
            .name("wats-queue-stop".to_owned())
            .spawn(move || {
                let ended = control.wait(within);
                if !ended {
                    control.set(Level::Abandoned);
                }
                let Some(shared) = shared.upgrade() else {
                    return reply.send(Ok(ended));
                };
                for lease in control.under_way() {
                    shared
                        .inbox
                        .push(Op::Settle(lease, Verdict::GivenBack, None));
                }
                shared.inbox.push(Op::Look(Box::new(move |store| {
                    reply.send(store.checkpoint().map(|()| ended));
                })));
            });
        // Then the answer says that it is closed, and the drain stops all the same.
        drop(spawned);
        answer
    }

    /// Whether no worker is left: it was stopped, or its runtime has ended.
    pub fn has_ended(&self) -> bool {
        self.control.wait(Duration::ZERO)
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.control.set(Level::Stopping);
    }
}

/// By so many milliseconds may the receiver's clock be another one, before somebody should look at the clocks.
const SKEW: u64 = 5 * 60 * 1000;

/// Takes items one after the other and has them delivered.
struct Sender<D> {
    deliver: Arc<D>,
    control: stop::Entered,
    shared: Weak<Shared>,
    most_backfill: u32,
    /// The credential that was refused last. Numbers mean nothing in other processes, so two of them with the same one would
    /// otherwise end each other's pauses without end.
    refused: Arc<Mutex<Option<u64>>>,
    /// Whether it was told that the receiver's clock is another one.
    warned: Arc<AtomicBool>,
}

impl<D: Deliver> Sender<D> {
    async fn run(self) {
        while !self.control.is(Level::Stopping) {
            // A panic there is the user's; it must not end the drain.
            let credential = AssertUnwindSafe(|| self.deliver.credential());
            let credential = std::panic::catch_unwind(credential).unwrap_or_default();
            let refused = *self.refused() == Some(credential);
            // No strong handle is held while it waits: a queue that is dropped ends its drains.
            let Some(take) = self.shared.upgrade().map(|shared| {
                shared.insist(|reply| {
                    let wanted = Wanted {
                        most: 1,
                        most_backfill: self.most_backfill,
                        credential: credential.cast_signed(),
                        refused,
                    };
                    Op::Take(wanted, reply)
                })
            }) else {
                return;
            };
            let taken = match select(take, self.control.reached(Level::Stopping)).await {
                Either::Left((taken, _)) => taken,
                Either::Right(_) => return,
            };
            match taken {
                Ok(taken) => {
                    for handed in taken {
                        self.send(handed, credential).await;
                    }
                }
                // The thread keeps trying while the disk fails; an error is that it has ended.
                Err(_) => return,
            }
        }
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, handed: Handed, credential: u64) {
        let _under_way = self.control.under_way(handed.leased.lease);
        let (item, body) = (&handed.leased.item, handed.leased.body.clone());
        let verdict = if let Some(damage) = self.intact(item, &body).await {
            damage
        } else {
            let delivery = AssertUnwindSafe(async {
                // Within, so that a panic before the first await is caught, too.
                self.deliver.deliver(item, body).await
            })
            .catch_unwind();
            let delivery = std::pin::pin!(delivery);
            match select(delivery, self.control.reached(Level::Abandoned)).await {
                Either::Left((Ok(verdict), _)) => verdict,
                Either::Left((Err(panic), _)) => Verdict::Refused(Fault::new(
                    "panic",
                    format!("what delivers it has panicked: {}", message(&*panic)),
                )),
                // Given back when it is dropped.
                Either::Right(_) => return,
            }
        };
        let mut refused = self.refused();
        match verdict {
            Verdict::Unauthorized(_) => *refused = Some(credential),
            Verdict::Sent { .. } | Verdict::Unconfirmed { .. } => *refused = None,
            _ => {}
        }
        drop(refused);
        self.compare_clocks();
        handed.settle(verdict, None);
    }

    fn compare_clocks(&self) {
        // A panic there is the user's; it must not end the drain.
        let offset = AssertUnwindSafe(|| self.deliver.clock_offset());
        let offset = std::panic::catch_unwind(offset).unwrap_or_default();
        let Some(offset) = offset else { return };
        let far = offset.unsigned_abs() > SKEW;
        if self.warned.swap(far, Ordering::SeqCst) != far
            && far
            && let Some(shared) = self.shared.upgrade()
        {
            shared.hub.tell(&Event::SkewWarning(offset));
        }
    }

    /// Why the bytes are not what was stored, if they are not. Large ones are read on a thread of their own.
    async fn intact(&self, item: &Item, body: &Body) -> Option<Verdict> {
        let found = match body {
            Body::Bytes(bytes) => Ok((Sha256::of(bytes), bytes.len() as u64)),
            Body::File { path, .. } => {
                let folder = self
                    .shared
                    .upgrade()
                    .map(|shared| Arc::clone(&shared.folder))?;
                let (reply, answer) = pending(&folder);
                let path = path.clone();
                let spawned = thread::Builder::new()
                    .name("wats-queue-hash".to_owned())
                    .spawn(move || reply.send(Ok(hash(&path))));
                if spawned.is_err() {
                    return Some(Verdict::GivenBack);
                }
                match answer.await {
                    Ok(found) => found,
                    Err(_) => return Some(Verdict::GivenBack),
                }
            }
        };
        let text = match found {
            Ok((sha256, len)) if sha256 == item.sha256 && len == item.len => return None,
            Ok((sha256, len)) => format!(
                "its {len} bytes have the hash {sha256} instead of {} bytes with {}",
                item.len, item.sha256
            ),
            Err(error) => format!("its body cannot be read: {error}"),
        };
        Some(Verdict::Damaged(Fault::new("damaged", text)))
    }
}

/// Asks what became of items that their receiver has taken in.
struct Confirmer<D> {
    deliver: Arc<D>,
    control: stop::Entered,
    shared: Weak<Shared>,
}

impl<D: Deliver> Confirmer<D> {
    async fn run(self) {
        while !self.control.is(Level::Stopping) {
            let Some(ask) = self
                .shared
                .upgrade()
                .map(|shared| shared.insist(Op::Unconfirmed))
            else {
                return;
            };
            let items = match select(ask, self.control.reached(Level::Stopping)).await {
                Either::Left((Ok(items), _)) => items,
                Either::Left((Err(_), _)) | Either::Right(_) => return,
            };
            let look = AssertUnwindSafe(async { self.deliver.confirm(&items).await });
            let look = std::pin::pin!(look.catch_unwind());
            let found = match select(look, self.control.reached(Level::Stopping)).await {
                Either::Left((found, _)) => found.unwrap_or_default(),
                Either::Right(_) => return,
            };
            if let Some(shared) = self.shared.upgrade() {
                for (seq, confirmation) in found {
                    shared.inbox.push(Op::Confirm(seq, confirmation));
                }
            }
        }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
