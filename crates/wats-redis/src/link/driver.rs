//! What reads and writes the socket, and who polls it.
//!
//! The client library gives a future that does both. It belongs to the thread of the link, which is woken when something
//! has come; so no answer, push or heartbeat depends on a thread of the user. But a caller whose command is the only one to be
//! written polls it at once, in its own thread: the write then costs no change of threads. With several under way the
//! thread of the link writes them together.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use wats_background::discard;

use crate::link::poll_state::{PollState, Polled};

/// As often as a thread polls in a row, before it hands on.
const POLLS: usize = 3;

type Io = Pin<Box<dyn Future<Output = ()> + Send>>;

/// See the module.
pub(super) struct Driver {
    state: PollState,
    /// `None` when it has ended. Only who polls or drops it locks it.
    io: Mutex<Option<Io>>,
    /// The task on the thread of the link.
    task: AtomicWaker,
}

thread_local! {
    /// The driver to which this thread sends a command, by its address, and whether the thread has to see to it that it is
    /// polled.
    static SENDING: Cell<(usize, bool)> = const { Cell::new((0, false)) };
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Wake for Driver {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.state.notify() {
            return;
        }
        let (sending, _) = SENDING.get();
        if sending == self.address() {
            SENDING.set((sending, true));
        } else {
            self.task.wake();
        }
    }
}

impl Driver {
    pub(super) fn new(io: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: PollState::new(),
            io: Mutex::new(Some(Box::pin(io))),
            task: AtomicWaker::new(),
        })
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// Polls something that may send a command. Whether there is something to write: then the caller has to call
    /// [`write_here`](Self::write_here) or [`write_soon`](Self::write_soon).
    pub(super) fn while_sending<T>(self: &Arc<Self>, poll: impl FnOnce() -> T) -> (T, bool) {
        /// The state of before comes back, also by a panic, and nothing that was sent is left.
        struct Before<'a>((usize, bool), &'a Arc<Driver>);
        impl Drop for Before<'_> {
            fn drop(&mut self) {
                let (_, sent) = SENDING.replace(self.0);
                if sent {
                    self.1.write_soon();
                }
            }
        }
        let before = Before(SENDING.replace((self.address(), false)), self);
        let outcome = poll();
        let sent = SENDING.replace((self.address(), false)).1;
        drop(before);
        (outcome, sent)
    }

    /// Writes in this thread what was sent, and reads what there is.
    pub(super) fn write_here(self: &Arc<Self>) {
        if self.poll() == Polled::HandedOn {
            self.task.wake();
        }
    }

    /// The thread of the link writes what was sent.
    pub(super) fn write_soon(&self) {
        self.task.wake();
    }

    /// The task of the link: until the connection has ended.
    pub(super) fn drive(self: Arc<Self>) -> impl Future<Output = ()> {
        std::future::poll_fn(move |context| {
            self.task.register(context.waker());
            if self.poll() == Polled::HandedOn {
                // The other tasks of the thread come first.
                context.waker().wake_by_ref();
            }
            if self.state.is_closed() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    /// Ends it: the socket is closed, now or when the poll that is under way is over.
    pub(super) fn close(&self) {
        if self.state.close() {
            self.drop_io();
        }
        self.task.wake();
    }

    fn drop_io(&self) {
        let io = self
            .io
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Outside of the lock: this is code of others.
        drop(io);
    }

    fn poll(self: &Arc<Self>) -> Polled {
        let mut waker = None;
        let polled = self.state.run(POLLS, || {
            let waker = waker.get_or_insert_with(|| Waker::from(Arc::clone(self)));
            let mut place = self.io.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(io) = place.as_mut() else { return };
            // A panic is not that of the caller who happens to poll: it ends the connection.
            let polled = catch_unwind(AssertUnwindSafe(|| {
                io.as_mut().poll(&mut Context::from_waker(waker))
            }));
            let ended = match polled {
                Ok(polled) => polled.is_ready(),
                Err(panic) => {
                    discard(panic);
                    true
                }
            };
            drop(place);
            if ended {
                // This thread polls, so it is the one that drops it.
                self.state.close();
            }
        });
        if polled == Polled::Closed {
            self.drop_io();
            self.task.wake();
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::Poll;
    use std::thread::{self, ThreadId};

    /// What counts its polls, and keeps the waker of the last one.
    #[derive(Clone, Default)]
    struct Io {
        polls: Arc<Mutex<Vec<ThreadId>>>,
        waker: Arc<Mutex<Option<Waker>>>,
        drops: Arc<AtomicUsize>,
    }

    struct Running(Io, Arc<dyn Fn() -> Poll<()> + Send + Sync>);

    impl Future for Running {
        type Output = ();

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            self.0.polls.lock().unwrap().push(thread::current().id());
            *self.0.waker.lock().unwrap() = Some(context.waker().clone());
            (self.1)()
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            self.0.drops.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Io {
        fn driver(&self, poll: impl Fn() -> Poll<()> + Send + Sync + 'static) -> Arc<Driver> {
            let driver = Driver::new(Running(self.clone(), Arc::new(poll)));
            // As the task of the link does.
            assert!(!matches!(driver.poll(), Polled::HandedOn));
            driver
        }

        fn wake(&self) {
            let waker = self.waker.lock().unwrap().clone();
            waker.unwrap().wake();
        }

        fn polls(&self) -> usize {
            self.polls.lock().unwrap().len()
        }

        fn drops(&self) -> usize {
            self.drops.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn who_sends_writes_and_a_wake_by_others_is_for_the_task() {
        let io = Io::default();
        let driver = io.driver(|| Poll::Pending);
        let (sender, woken) = mpsc::channel();
        driver.task.register(&Waker::from(Arc::new(Tell(sender))));
        let ((), sent) = driver.while_sending(|| io.wake());
        assert!(sent && woken.try_recv().is_err());
        driver.write_here();
        assert_eq!(io.polls(), 2);
        // Nothing was sent.
        let ((), sent) = driver.while_sending(|| ());
        driver.write_here();
        assert!(!sent && io.polls() == 2);
        // Something has come. It is told of once, until it is polled.
        io.wake();
        io.wake();
        assert_eq!(woken.try_iter().count(), 1);
        // What another one sends meanwhile is left to the task.
        assert!(!driver.while_sending(|| io.wake()).1);
        driver.poll();
        assert_eq!(io.polls(), 3);
    }

    struct Tell(mpsc::Sender<()>);

    impl Wake for Tell {
        fn wake(self: Arc<Self>) {
            self.0.send(()).unwrap();
        }
    }

    #[test]
    fn what_was_sent_by_a_poll_that_panics_is_written_by_the_task() {
        let io = Io::default();
        let driver = io.driver(|| Poll::Pending);
        let (sender, woken) = mpsc::channel();
        driver.task.register(&Waker::from(Arc::new(Tell(sender))));
        let panics = catch_unwind(AssertUnwindSafe(|| {
            driver.while_sending(|| {
                io.wake();
                std::panic::panic_any(());
            })
        }));
        assert!(panics.is_err());
        assert_eq!(woken.try_iter().count(), 1);
        assert_eq!(SENDING.get(), (0, false));
    }

    #[test]
    fn a_panic_ends_the_connection_and_not_the_caller() {
        let io = Io::default();
        let polls = io.clone();
        let driver = io.driver(move || {
            assert!(polls.polls() == 1, "the second poll");
            Poll::Pending
        });
        driver.while_sending(|| io.wake());
        driver.write_here();
        assert!(driver.state.is_closed());
        assert_eq!(io.drops(), 1);
        driver.close();
        io.wake();
        driver.write_here();
        assert_eq!((io.polls(), io.drops()), (2, 1));
    }

    #[test]
    fn what_is_closed_while_it_is_polled_is_dropped_afterwards() {
        let io = Io::default();
        let place = Arc::new(Mutex::new(None::<Arc<Driver>>));
        let (of_io, drops) = (Arc::clone(&place), io.clone());
        let driver = io.driver(move || {
            if let Some(driver) = &*of_io.lock().unwrap() {
                driver.close();
                assert_eq!(drops.drops(), 0);
            }
            Poll::Pending
        });
        *place.lock().unwrap() = Some(Arc::clone(&driver));
        driver.while_sending(|| io.wake());
        driver.write_here();
        assert_eq!((io.polls(), io.drops()), (2, 1));
        place.lock().unwrap().take();
    }

    #[test]
    fn who_always_has_more_to_do_is_handed_on() {
        let io = Io::default();
        let own = io.clone();
        let driver = Driver::new(Running(
            io.clone(),
            Arc::new(move || {
                own.wake();
                Poll::Pending
            }),
        ));
        assert_eq!(driver.poll(), Polled::HandedOn);
        assert_eq!(io.polls(), POLLS);
        assert_eq!(driver.poll(), Polled::HandedOn);
        driver.close();
        assert_eq!((io.polls(), io.drops()), (2 * POLLS, 1));
    }
}
