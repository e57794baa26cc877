//! Ours, as its guide tells to use it: `Wats::queue`, with its settings as they are.

use super::store::{Built, Store};
use super::text::{Texts, id, report};
use crate::{Error, Result};
use futures_util::StreamExt as _;
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc;
use tokio::runtime::Runtime;
use wats_domains::Wats;
use wats_domains::queue::{Body, DrainOptions, Ended, Event, Item, ReportQueue, State, Status};
use wats_queue::{Deliver, Entry, Key, Verdict};

/// How many enqueues a set-up has under way.
const UNDER_WAY: usize = 1000;

/// The queue of the facade. Where no server is named, nothing is sent by its own drain.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) queue: ReportQueue,
    runtime: Runtime,
}

/// A client without a limit of its own: that would be all that is measured.
pub(super) fn client(base_url: &str, token: &str) -> Result<Wats> {
    let builder = Wats::builder().base_url(base_url).token(token);
    Ok(builder.rate_limit(None).build()?)
}

pub(super) fn key(number: u64) -> Key {
    Key(*id(number).as_bytes())
}

impl Ours {
    pub(super) fn of(client: &Wats, folder: &Path) -> Result<Self> {
        let queue = client.queue(folder).open().wait()?;
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        Ok(Self { queue, runtime })
    }

    /// Sends with a way of delivering, in tasks of a runtime.
    pub(super) fn deliver(
        &self,
        deliver: impl Deliver,
        at_once: usize,
    ) -> wats_domains::queue::Drain {
        let options = DrainOptions::default().at_once(u32::try_from(at_once).unwrap_or(u32::MAX));
        self.queue.raw().drain_on(deliver, options, |worker| {
            self.runtime.spawn(worker);
        })
    }
}

/// Has it at once, and says so to who listens.
#[derive(Debug)]
pub(super) struct AtOnce(pub(super) Option<mpsc::Sender<u64>>);

impl Deliver for AtOnce {
    async fn deliver(&self, item: &Item, body: Body) -> Verdict {
        drop(body);
        let number = u128::from_be_bytes(item.key.0) as u64;
        // Who listened may have heard enough.
        if self.0.as_ref().is_some_and(|to| to.send(number).is_err()) {
            return Verdict::GivenBack;
        }
        Verdict::Sent {
            reference: String::new(),
        }
    }
}

impl Store for Ours {
    const NAME: &'static str = "wats";

    type Item = Built;

    fn open(folder: &Path) -> Result<Self> {
        // Nobody listens there, and nothing is sent there.
        Self::of(&client("http://127.0.0.1:9", "token")?, folder)
    }

    fn item(number: u64, steps: usize) -> Result<Self::Item> {
        report(number, steps)
    }

    fn put(&self, item: Self::Item) -> Result<()> {
        self.queue.enqueue(&item).wait()?;
        Ok(())
    }

    fn fill(&self, numbers: Range<u64>, texts: &Texts) -> Result<()> {
        let mut under_way = std::collections::VecDeque::with_capacity(UNDER_WAY);
        for number in numbers {
            if under_way.len() >= UNDER_WAY
                && let Some(oldest) = under_way.pop_front()
            {
                wats_queue::Pending::wait(oldest)?;
            }
            let entry = Entry::new(key(number), texts.of(number)).kind("wsjf");
            under_way.push_back(self.queue.raw().enqueue(entry));
        }
        for answer in under_way {
            answer.wait()?;
        }
        Ok(())
    }

    fn count(&self) -> Result<u64> {
        Ok(self.queue.health().wait()?.all_items())
    }

    fn has(&self, number: u64) -> Result<bool> {
        Ok(match self.queue.status(id(number)).wait()? {
            Status::Open(item) => item.state != State::Parked,
            Status::Ended(past) => past.ended == Ended::Sent,
            _ => false,
        })
    }

    fn first(&self) -> Result<()> {
        let (sender, taken) = mpsc::channel();
        let drain = self.deliver(AtOnce(Some(sender)), 1);
        taken.recv()?;
        drop(drain);
        Ok(())
    }

    fn drain(&self, at_once: usize, most: u64) -> Result<()> {
        let mut events = self.queue.events();
        let drain = self.deliver(AtOnce(None), at_once);
        let mut ended = 0;
        self.runtime.block_on(async {
            while ended < most {
                match events.next().await {
                    Some(Event::Ended(_)) => ended += 1,
                    // Nothing else happens here.
                    Some(Event::Missed(events)) => ended += events,
                    Some(_) => {}
                    None => return Err(Error::from("the queue has ended")),
                }
            }
            Ok(())
        })?;
        drop(drain);
        Ok(())
    }

    fn compact(&mut self) -> Result<()> {
        Ok(self.queue.raw().compact().wait()?)
    }
}
