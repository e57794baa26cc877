//! Whether another runtime is driven: it is asked to run a small task, and has some real time to do so.
//! This happens only while its slots, its items or the room they take keep an asking runtime waiting. It
//! happens in the asking one, which so is driven itself, and needs neither its time driver nor its clock,
//! which may be paused: the wait is a blocking task, under which tokio lets no paused clock run on.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::entry::SiteId;
use crate::queue::Post;
use crate::shared::Shared;

/// How long a runtime has to show that it is driven, at first and at most.
const GRACE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

pub(crate) struct Watch<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    site: SiteId,
    is_done: bool,
}

impl<T, R, E> Watch<T, R, E> {
    /// The queue has counted it as running.
    pub(crate) fn new(shared: &Arc<Shared<T, R, E>>, post: Post) -> Self {
        Self {
            shared: Arc::clone(shared),
            site: post.place,
            is_done: false,
        }
    }

    pub(crate) async fn run(mut self) {
        let id = self.site;
        let mut grace = GRACE;
        loop {
            let suspects = self.shared.update(|queue, _| queue.suspects(id));
            if suspects.is_empty() {
                self.is_done = true;
                return;
            }
            let probe =
                |(site, runtime, handle): (_, _, Handle)| (site, runtime, handle.spawn(async {}));
            let probes: Vec<_> = suspects.into_iter().map(probe).collect();
            // It ends early with the watch, so that it holds up no shutdown.
            let (_watch, ended) = mpsc::channel::<()>();
            if spawn_blocking(move || ended.recv_timeout(grace))
                .await
                .is_err()
            {
                return;
            }
            for (site, runtime, probe) in probes {
                let answer = probe.now_or_never();
                self.shared.update(|queue, deferred| {
                    // The number may be another's by now.
                    if queue.site_of(runtime) == Some(site) {
                        match answer {
                            Some(Ok(())) => queue.polled(site),
                            Some(Err(_)) => queue.ended(site, deferred),
                            None => queue.stalled(site, id),
                        }
                    }
                });
            }
            grace = (grace * 2).min(LONGEST);
        }
    }
}

/// Nothing in it can panic: the runtime has ended.
impl<T, R, E> Drop for Watch<T, R, E> {
    fn drop(&mut self) {
        if !self.is_done {
            let id = self.site;
            self.shared.update(|queue, deferred| {
                queue.watch_lost(id);
                queue.ended(id, deferred);
            });
        }
    }
}
