//! What is another thing on another system. On Linux nothing of it runs but the last test.

#[cfg(windows)]
mod windows {
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Duration;

    use wats_queue::{DrainOptions, Queue};

    use crate::support::{INLINE, LONG, Receiver, is_kept, options, put, states, until};

    /// `FILE_SHARE_READ` alone: nobody may rename or delete the file meanwhile.
    const FOR_READERS: u32 = 1;

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
                _ => found.push(entry.path()),
            }
        }
        found
    }

    /// As a scanner for viruses does it: opens each body that comes, for a moment.
    #[test]
    fn bodies_are_kept_while_a_scanner_has_them_open() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open_blocking(folder.path(), options().inline_limit(INLINE)).unwrap();
        let (stop, opened) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(0)),
        );
        let scanner = std::thread::spawn({
            let (stop, opened) = (Arc::clone(&stop), Arc::clone(&opened));
            let bodies = folder.path().join("blobs");
            move || {
                while !stop.load(Ordering::SeqCst) {
                    for file in files(&bodies) {
                        let mut options = std::fs::OpenOptions::new();
                        options.read(true).share_mode(FOR_READERS);
                        if let Ok(file) = options.open(file) {
                            opened.fetch_add(1, Ordering::SeqCst);
                            std::thread::sleep(Duration::from_millis(2));
                            drop(file);
                        }
                    }
                }
            }
        });
        // Each seventh is a file.
        for at in (7..150).step_by(7) {
            put(&queue, at);
        }
        assert!((7..150).step_by(7).all(|at| is_kept(&queue, at)));
        stop.store(true, Ordering::SeqCst);
        scanner.join().unwrap();
        assert!(opened.load(Ordering::SeqCst) > 0);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let receiver = Receiver::that_takes_all();
        let _guard = runtime.enter();
        let drain = queue.drain(receiver, DrainOptions::default()).unwrap();
        until("all are sent", || states(&queue).is_empty());
        assert!(drain.stop(LONG).wait().unwrap());
    }

    /// Longer than the 260 letters that a path may have without a prefix.
    #[test]
    fn a_folder_may_have_a_long_path() {
        let folder = tempfile::tempdir().unwrap();
        let mut long = folder.path().to_path_buf();
        while long.as_os_str().len() < 300 {
            long.push("a-folder-with-a-name-of-forty-letters-or-so");
        }
        for _ in 0..2 {
            let queue = Queue::open_blocking(&long, options().inline_limit(INLINE)).unwrap();
            for at in 6..9 {
                put(&queue, at);
            }
            assert!((6..9).all(|at| is_kept(&queue, at)));
            queue.close().wait().unwrap();
        }
    }
}

/// No system may have a sync that is none: that macOS is told to is read back when a queue is opened, or it is an error.
#[test]
fn a_name_that_is_no_ascii_and_a_relative_folder_are_as_good_as_any() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("Prüfplatz 7 – 出荷");
    let queue = crate::support::open(&named);
    crate::support::put(&queue, 1);
    queue.close().wait().unwrap();
    let again = crate::support::open(&named.join("..").join("Prüfplatz 7 – 出荷"));
    assert!(crate::support::is_kept(&again, 1));
    again.close().wait().unwrap();
}
