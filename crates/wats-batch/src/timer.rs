//! The timer of [`Policy::Window`](crate::Policy::Window): one task for each runtime with items that
//! wait, on that runtime's time. It sleeps until the oldest item's window ends, however often that item
//! has changed meanwhile, so a stale deadline sends nothing and an idle batcher wakes nobody.

use std::panic::catch_unwind;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::core::site::Post;
use crate::foreign::forget_panic;
use crate::shared::Shared;

/// Starts a timer; the core has counted it as running.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>, post: Post, runtime: Option<Handle>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    let timer = Timer {
        shared: Arc::clone(shared),
        post,
        ended: false,
    };
    match runtime {
        Some(runtime) => shared.remember_timer(runtime.spawn(timer.run()).abort_handle()),
        None => drop(timer),
    }
}

struct Timer<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    post: Post,
    ended: bool,
}

impl<T, R, E> Timer<T, R, E> {
    async fn run(mut self) {
        while let Some(at) = self.tick() {
            // There is no other way to learn that a runtime has no time.
            match catch_unwind(|| tokio::time::sleep_until(at)) {
                Ok(sleep) => sleep.await,
                Err(payload) => {
                    forget_panic(payload);
                    self.ended = true;
                    let effects = self.shared.core.lock().no_time(self.post);
                    return self.shared.act(effects);
                }
            }
        }
    }

    fn tick(&mut self) -> Option<tokio::time::Instant> {
        let (next, effects) = self.shared.core.lock().tick(self.post);
        self.ended = next.is_none();
        self.shared.act(effects);
        next
    }
}

/// Nothing in it can panic, so either the batcher was closed, which ends it, or the runtime has ended.
impl<T, R, E> Drop for Timer<T, R, E> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let closed = {
            let mut core = self.shared.core.lock();
            core.timer_lost(self.post);
            core.is_closed()
        };
        if !closed {
            self.shared.ended(self.post.place);
        }
    }
}
