//! Which runtime asks. Tokio tells it only by a handle, whose count all threads share; a task never
//! changes its runtime, so each thread remembers the runtimes of the tasks it has seen.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use tokio::runtime::{self, Handle};
use tokio::task;

/// A runtime; `None` stands for outside of any.
pub(crate) type Runtime = Option<runtime::Id>;

/// Tasks that a thread remembers; a power of two.
const TASKS: usize = 128;

type Seen = Cell<Option<(task::Id, Runtime)>>;

thread_local! {
    static SEEN: [Seen; TASKS] = const { [const { Cell::new(None) }; TASKS] };
}

/// The runtime this code runs in.
#[inline]
pub(crate) fn here() -> Runtime {
    let Some(task) = task::try_id() else {
        return ask();
    };
    SEEN.try_with(|seen| {
        let seen = &seen[place(task)];
        match seen.get() {
            Some((known, runtime)) if known == task => runtime,
            _ => {
                let runtime = ask();
                seen.set(Some((task, runtime)));
                runtime
            }
        }
    })
    .unwrap_or_else(|_| ask())
}

fn ask() -> Runtime {
    Handle::try_current().ok().map(|handle| handle.id())
}

/// Ids are numbers in a row, so their low bits spread them evenly.
fn place(task: task::Id) -> usize {
    struct Number(u64);
    impl Hasher for Number {
        fn write(&mut self, _: &[u8]) {}
        fn write_u64(&mut self, number: u64) {
            self.0 = number;
        }
        fn finish(&self) -> u64 {
            self.0
        }
    }
    let mut number = Number(0);
    task.hash(&mut number);
    number.finish() as usize % TASKS
}
