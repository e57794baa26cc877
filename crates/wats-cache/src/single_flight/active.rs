//! Who is inside of which loader, so that nobody waits for a load that cannot go on before the wait ends.
//!
//! A loader that runs, or is polled, leaves a mark on the stack of its thread. A look-up that meets the mark of the very
//! load it would wait for is inside that loader's call, and is refused if its wait could never end:
//!
//! | the look-up | is refused |
//! |---|---|
//! | blocks its thread | always: the loader needs the thread |
//! | in a task of tokio | if the loader is polled by the same task |
//! | in the root future of tokio's `block_on` | always: the loader waits for that `block_on`, or is polled by the same |
//! | on another executor | if the loader is polled with the same waker, or called and not polled |
//!
//! Whatever else the loader's call happens to drive, tasks of a `LocalSet` or of a nested runtime, waits as everybody
//! does. A loader that waits for another task which asks for its key is not seen; a lease ends that.

use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable, Waker};

#[cfg(not(wats_loom))]
thread_local! {
    static ACTIVE: RefCell<Vec<Mark>> = const { RefCell::new(Vec::new()) };
}

#[cfg(wats_loom)]
loom::thread_local! {
    static ACTIVE: RefCell<Vec<Mark>> = RefCell::new(Vec::new());
}

/// Tells wakers apart without holding them.
type WakerId = (*const (), &'static RawWakerVTable);

fn waker_id(waker: &Waker) -> WakerId {
    (waker.data(), waker.vtable())
}

/// A loader that runs on this thread.
struct Mark {
    load_id: u64,
    task: Option<TaskId>,
    waker_id: Option<WakerId>,
}

/// Who asks whether it is inside a loader.
#[derive(Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// Will block its thread.
    Thread,
    /// Will be polled, with this waker if it is known already.
    Task(Option<&'a Waker>),
}

/// How a caller waits.
#[derive(Clone, Copy)]
pub(crate) enum Waits {
    Thread,
    Task,
}

impl Waits {
    /// Calls `join` with the caller that awaits this.
    pub(crate) async fn call<T>(self, join: impl Fn(Caller<'_>) -> T) -> T {
        std::future::poll_fn(|context: &mut Context<'_>| {
            Poll::Ready(join(match self {
                Self::Thread => Caller::Thread,
                Self::Task => Caller::Task(Some(context.waker())),
            }))
        })
        .await
    }
}

impl Caller<'_> {
    fn is_inside(self, mark: &Mark) -> bool {
        let Self::Task(waker) = self else {
            return true;
        };
        match (task_id(), waker.map(waker_id), mark.waker_id) {
            (Some(task), ..) => mark.task == Some(task),
            (None, Some(own), Some(of_loader)) if !in_tokio() => {
                own.0 == of_loader.0 && std::ptr::eq(own.1, of_loader.1)
            }
            _ => true,
        }
    }
}

#[cfg(feature = "async")]
use tokio::task::{Id as TaskId, try_id as task_id};

#[cfg(feature = "async")]
fn in_tokio() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

#[cfg(not(feature = "async"))]
type TaskId = std::convert::Infallible;

#[cfg(not(feature = "async"))]
fn task_id() -> Option<TaskId> {
    None
}

#[cfg(not(feature = "async"))]
fn in_tokio() -> bool {
    false
}

/// Takes the mark away when the loader returns. `false` where a thread that ends has no marks any more: what its
/// destructors load is loaded all the same, only not seen.
struct Marked(bool);

impl Marked {
    fn set(load_id: u64, waker: Option<&Waker>) -> Self {
        let (task, waker_id) = (task_id(), waker.map(waker_id));
        let mark = Mark {
            load_id,
            task,
            waker_id,
        };
        Self(
            ACTIVE
                .try_with(|active| active.borrow_mut().push(mark))
                .is_ok(),
        )
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        if self.0 {
            let _ = ACTIVE.try_with(|active| active.borrow_mut().pop());
        }
    }
}

/// Whether a caller would wait for itself.
pub(super) fn leads(load_id: u64, caller: Caller<'_>) -> bool {
    let inside = |mark: &Mark| mark.load_id == load_id && caller.is_inside(mark);
    ACTIVE
        .try_with(|active| active.borrow().iter().any(inside))
        .unwrap_or(false)
}

pub(super) fn enter<T>(load_id: u64, load: impl FnOnce() -> T) -> T {
    let _mark = Marked::set(load_id, None);
    load()
}

pin_project! {
    /// The future of a loader, marked while it is polled.
    pub(super) struct Entered<F> {
        #[pin]
        load: F,
        load_id: u64,
    }
}

impl<F> Entered<F> {
    pub(super) fn new(load_id: u64, load: F) -> Self {
        Self { load, load_id }
    }
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _mark = Marked::set(*this.load_id, Some(context.waker()));
        this.load.poll(context)
    }
}
