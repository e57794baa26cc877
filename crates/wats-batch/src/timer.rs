//! The timer of [`Policy::Window`](crate::Policy::Window): one task for each runtime with items that
//! wait, on that runtime's time. It sleeps until the oldest item's window ends, however often that item
//! has changed meanwhile, so a stale deadline sends nothing and an idle batcher wakes nobody.

use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::Arc;

use crate::foreign::forget_panic;
use crate::queue::Post;
use crate::shared::Shared;
use futures_util::future::select;

pub(crate) struct Timer<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
    post: Post,
    is_done: bool,
}

impl<T, R, E> Timer<T, R, E> {
    /// The queue has counted it as running.
    pub(crate) fn new(shared: &Arc<Shared<T, R, E>>, post: Post) -> Self {
        Self {
            shared: Arc::clone(shared),
            post,
            is_done: false,
        }
    }

    pub(crate) async fn run(mut self) {
        let (shared, post) = (Arc::clone(&self.shared), self.post);
        loop {
            // Registered before the look, so that no close falls in between.
            let mut closing = pin!(shared.closing.notified());
            closing.as_mut().enable();
            let next = shared.update(|queue, _| queue.tick(post));
            let Some(at) = next else { break };
            // There is no other way to learn that a runtime has no time.
            match catch_unwind(|| tokio::time::sleep_until(at)) {
                Ok(sleep) => {
                    select(pin!(sleep), closing).await;
                }
                Err(payload) => {
                    forget_panic(payload);
                    shared.update(|queue, _| queue.timer_lost(post));
                    break;
                }
            }
        }
        self.is_done = true;
    }
}

/// Nothing in it can panic, so the runtime has ended.
impl<T, R, E> Drop for Timer<T, R, E> {
    fn drop(&mut self) {
        if !self.is_done {
            let post = self.post;
            self.shared.update(|queue, deferred| {
                queue.timer_lost(post);
                queue.ended(post.place, deferred);
            });
        }
    }
}
