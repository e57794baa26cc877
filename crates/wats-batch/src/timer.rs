//! The timer of [`Policy::Window`](crate::Policy::Window): one task for the batcher, alive only
//! while an item waits. It sleeps until the oldest item's window ends, however often that item has
//! changed meanwhile, so a stale deadline sends nothing and an idle batcher wakes nobody.

use std::sync::Arc;

use crate::BatchError;
use crate::shared::Shared;

/// Starts the timer; the core has counted it as running.
pub(crate) fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    let timer = Timer {
        shared: Arc::clone(shared),
        ended: false,
    };
    match shared.runtime() {
        Some(runtime) => shared.remember_timer(runtime.spawn(timer.run()).abort_handle()),
        None => drop(timer),
    }
}

struct Timer<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    ended: bool,
}

impl<T, R, E> Timer<T, R, E> {
    async fn run(mut self) {
        while let Some(at) = self.tick() {
            tokio::time::sleep_until(at).await;
        }
    }

    fn tick(&mut self) -> Option<tokio::time::Instant> {
        let (next, todo) = self.shared.core.lock().tick();
        self.ended = next.is_none();
        self.shared.act(todo);
        next
    }
}

/// Without a timer the waiting items would wait for ever; they are told.
impl<T, R, E> Drop for Timer<T, R, E> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let closed = {
            let mut core = self.shared.core.lock();
            core.timer_lost();
            core.is_closed()
        };
        if !closed {
            self.shared.give_up(&BatchError::NoRuntime);
        }
    }
}
