//! Whether another runtime is driven: it is asked to run a small task, and has some real time to do so.
//! This happens only while its slots, its items or the room they take keep an asking runtime waiting. It
//! happens in the asking one, which so is driven itself, and needs neither its time driver nor its clock,
//! which may be paused: the wait is a blocking task, under which tokio lets no paused clock run on.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::core::site::{Post, SiteId};
use crate::runtime::Runtime;
use crate::shared::Shared;

/// How long a runtime has to show that it is driven, at first and at most.
const GRACE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

/// Starts a watch; the core has counted it as running.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>, post: Post, runtime: Option<Handle>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    let watch = Watch {
        shared: Arc::clone(shared),
        site: post.place,
        pause: Arc::default(),
        ended: false,
    };
    match runtime {
        Some(runtime) => drop(runtime.spawn(watch.run())),
        None => drop(watch),
    }
}

struct Watch<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    site: SiteId,
    pause: Arc<Pause>,
    ended: bool,
}

impl<T, R, E> Watch<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    async fn run(mut self) {
        let mut grace = GRACE;
        loop {
            let (suspects, effects) = self.shared.core.lock().suspects(self.site);
            self.ended = suspects.is_empty();
            self.shared.act(effects);
            if self.ended {
                return;
            }
            let mut probes = Vec::new();
            for (site, runtime, handle) in suspects {
                let answered = Arc::new(());
                probes.push((site, runtime, Arc::downgrade(&answered)));
                let probe = Probe {
                    shared: Arc::downgrade(&self.shared),
                    site,
                    runtime,
                    unanswered: Some(answered),
                };
                drop(handle.spawn(probe));
            }
            let pause = Arc::clone(&self.pause);
            if tokio::task::spawn_blocking(move || pause.wait(grace))
                .await
                .is_err()
            {
                return;
            }
            for (site, runtime, unanswered) in probes {
                if unanswered.strong_count() == 0 {
                    continue;
                }
                let mut core = self.shared.core.lock();
                // The number may be another's by now.
                if core.site_of(runtime) == Some(site) {
                    let effects = core.stalled(site, self.site);
                    drop(core);
                    self.shared.act(effects);
                }
            }
            grace = (grace * 2).min(LONGEST);
        }
    }
}

/// Nothing in it can panic: the runtime has ended.
impl<T, R, E> Drop for Watch<T, R, E> {
    fn drop(&mut self) {
        self.pause.end();
        if !self.ended {
            self.shared.core.lock().watch_lost(self.site);
            self.shared.ended(self.site);
        }
    }
}

/// Shows by its first poll that its runtime is driven.
struct Probe<T, R, E> {
    shared: Weak<Shared<T, R, E>>,
    site: SiteId,
    runtime: Runtime,
    unanswered: Option<Arc<()>>,
}

impl<T, R, E> Probe<T, R, E> {
    /// Unless the site's number is another's by now.
    fn with_site(&self, tell: impl FnOnce(&Arc<Shared<T, R, E>>, SiteId)) {
        if let Some(shared) = self.shared.upgrade()
            && shared.core.lock().site_of(self.runtime) == Some(self.site)
        {
            tell(&shared, self.site);
        }
    }
}

impl<T, R, E> Future for Probe<T, R, E> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.unanswered = None;
        self.with_site(|shared, site| shared.core.lock().answered(site));
        Poll::Ready(())
    }
}

/// One that was never polled tells that its runtime has ended.
impl<T, R, E> Drop for Probe<T, R, E> {
    fn drop(&mut self) {
        if self.unanswered.is_some() {
            self.with_site(Shared::ended);
        }
    }
}

/// A wait in real time that ends early with the watch, so that it holds up no shutdown.
#[derive(Default)]
struct Pause {
    over: Mutex<bool>,
    ended: Condvar,
}

impl Pause {
    fn wait(&self, time: Duration) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ended.wait_timeout_while(over, time, |over| !*over));
    }

    fn end(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}
