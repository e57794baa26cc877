//! The child of a fork: it has the memory of its parent, and none of its threads.
#![allow(unsafe_code, reason = "there is no safe fork")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use super::{member, up};
use crate::link::cmd;
use crate::testing::{Server, block_on, eventually};

/// Runs `child` in a child process; whether it returned `true` there.
fn in_child(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child allocates and starts threads, which the systems these tests run on allow; it leaves by `_exit`.
    unsafe {
        let id = libc::fork();
        assert!(id >= 0, "no fork");
        if id == 0 {
            let well = catch_unwind(AssertUnwindSafe(child));
            libc::_exit(i32::from(!matches!(well, Ok(true))));
        }
        let mut status = 0;
        while libc::waitpid(id, &raw mut status, 0) != id {}
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

#[test]
fn parent_and_child_each_have_a_session() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let of_parent = link.session().unwrap();
    let well = in_child(|| {
        let begin = Instant::now();
        // The session of the parent is none here, and nothing waits for one.
        while link.session().is_err() || !link.is_trusted() {
            if begin.elapsed() > Duration::from_secs(30) {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let Ok(session) = link.session() else {
            return false;
        };
        session.number() > of_parent.number()
            && block_on(session.run(cmd("PING"))).is_ok()
            && link.members() == Some(2)
    });
    assert!(well);
    assert!(of_parent.is_current());
    assert!(block_on(of_parent.run(cmd("PING"))).is_ok());
}
