//! A disk that is full, read-only, or fails for a while; a folder that is removed.

use std::path::Path;
use std::process::Command;

use wats_queue::{DrainOptions, Error, Event, Queue};

use crate::child::{Process, command};
use crate::support::{
    LONG, Receiver, bytes, fast_folder, is_kept, key, open, options, put, skipped, states, until,
};

/// A small disk of its own, where one may be mounted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = cfg!(target_os = "linux")
            && run(
                "mount",
                &["-t", "tmpfs", "-o", &size, "tmpfs"],
                folder.path(),
            );
        if !mounted {
            skipped("no disk may be mounted here: a full one was not tried");
            return None;
        }
        Some(Self(folder))
    }
}

impl SmallDisk {
    /// Somebody else writes as much as there is room for.
    fn use_up(&self, name: &str) {
        std::fs::write(self.0.path().join(name), bytes(0, 12 << 20)).unwrap_err();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l"], self.0.path());
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).arg(folder);
    command.stderr(std::process::Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn large(at: u32) -> wats_queue::Entry {
    wats_queue::Entry::new(key(at), bytes(at, 10_000))
}

/// As many as it takes; how many that are.
fn fill(queue: &Queue) -> u32 {
    let (mut accepted, mut refused) = (0, 0);
    // Full is not full for what is smaller: until it refuses again and again.
    while refused < 20 {
        match queue.enqueue(large(accepted)).wait() {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert!(error.is_full(), "{error}");
                refused += 1;
            }
        }
        assert!(accepted < 10_000);
    }
    assert!(accepted > 100, "{accepted}");
    accepted
}

#[test]
fn a_full_disk_refuses_and_is_emptied_by_the_room_that_was_kept() {
    let Some(disk) = SmallDisk::new(12) else {
        return;
    };
    let folder = disk.0.path().join("queue");
    let queue = Queue::open_blocking(&folder, options().ballast(2 << 20)).unwrap();
    let accepted = fill(&queue);
    disk.use_up("more");
    assert_eq!(states(&queue).len(), accepted as usize);
    let receiver = Receiver::that_takes_all();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    until("it is empty", || states(&queue).is_empty());
    drain.stop(LONG).wait().unwrap();
    assert_eq!(receiver.counts().len(), accepted as usize);
    // Somebody makes room, and all is as before.
    std::fs::remove_file(disk.0.path().join("more")).unwrap();
    queue.compact().wait().unwrap();
    queue.enqueue(large(accepted)).wait().unwrap();
    assert!(!queue.health().wait().unwrap().disk_is_full);
}

/// A program that ends, or is killed, while the disk is full must come up again, as full as it is.
#[test]
fn a_queue_is_opened_on_a_disk_that_is_full_and_emptied() {
    let Some(disk) = SmallDisk::new(12) else {
        return;
    };
    let folder = disk.0.path().join("queue");
    let again = || Queue::open_blocking(&folder, options().ballast(2 << 20));
    let queue = again().unwrap();
    let accepted = fill(&queue);
    disk.use_up("more");
    // It may not have room for its last words.
    let _ = queue.close().wait();
    drop(queue);
    disk.use_up("even more");
    let queue = again().unwrap();
    assert_eq!(states(&queue).len(), accepted as usize);
    assert!(queue.enqueue(large(accepted)).wait().unwrap_err().is_full());
    let receiver = Receiver::that_takes_all();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    until("it is empty", || states(&queue).is_empty());
    drain.stop(LONG).wait().unwrap();
    assert_eq!(receiver.counts().len(), accepted as usize);
    for name in ["more", "even more"] {
        std::fs::remove_file(disk.0.path().join(name)).unwrap();
    }
    queue.compact().wait().unwrap();
    queue.enqueue(large(accepted)).wait().unwrap();
}

#[test]
fn a_disk_that_is_read_only_is_an_error_at_once() {
    let Some(disk) = SmallDisk::new(12) else {
        return;
    };
    let folder = disk.0.path().join("queue");
    let queue = Queue::open_blocking(&folder, options()).unwrap();
    put(&queue, 1);
    queue.close().wait().unwrap();
    // A process that another test begins has copies of open files until it runs its program.
    until("nothing on the disk is open", || {
        run("mount", &["-o", "remount,ro"], disk.0.path())
    });
    let error = Queue::open_blocking(&folder, options()).unwrap_err();
    assert!(
        matches!(error, Error::Io { .. } | Error::Folder { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("queue"), "{error}");
    assert!(run("mount", &["-o", "remount,rw"], disk.0.path()));
    assert!(is_kept(&open(&folder), 1));
}

#[test]
fn a_disk_that_fails_for_a_while_is_told_and_used_again() {
    let folder = fast_folder();
    let mut process = Process::start(command("fail", folder.path()));
    let said = process.rest();
    assert!(
        said.iter().any(|(word, at)| word == "ack" && *at == 2),
        "{said:?}"
    );
    let queue = open(folder.path());
    assert!(is_kept(&queue, 1) && is_kept(&queue, 2));
    assert_eq!(states(&queue).len(), 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_removed_under_way_takes_nothing_that_would_be_lost() {
    let folder = fast_folder();
    let inner = folder.path().join("queue");
    let queue = open(&inner);
    let events = queue.events();
    put(&queue, 1);
    std::fs::remove_dir_all(&inner).unwrap();
    // What is acknowledged now is in a folder that is there.
    put(&queue, 2);
    assert!(is_kept(&queue, 2));
    let told: Vec<Event> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(
        told.iter().any(|event| matches!(event, Event::Reopened)),
        "{told:?}"
    );
    queue.close().wait().unwrap();
    drop(queue);
    assert!(is_kept(&open(&inner), 2));
}

#[cfg(unix)]
#[test]
fn only_its_user_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = fast_folder();
    let inner = folder.path().join("a/queue");
    let queue = open(&inner);
    put(&queue, 7);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    for file in ["queue.db", "queue.db-wal", "gate"] {
        assert_eq!(mode(&inner.join(file)), 0o600, "{file}");
    }
}
