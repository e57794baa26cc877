//! Whether what was written to a pipe has been read.
//!
//! Bytes that were written lie in the pipe, and are lost when its reader ends without them. A place that is put on must be
//! behind what was read, not behind what was written. Linux tells how much lies in a pipe; other systems of Unix tell at least
//! that its reader has ended, and Windows tells nothing until more is written.

use crate::Outcome;

/// Waits until all that was written has been read. A reader that has ended makes it the failure of a closed pipe.
#[cfg(unix)]
pub(super) async fn has_read() -> Outcome<()> {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::ioctl_fionread;

    use crate::failure::Failure;

    /// How often it is looked at.
    const PAUSE: Duration = Duration::from_millis(5);
    /// For a reader that has read all and ends at once: it had enough.
    const LOOKS: u32 = 10;

    let own = io::stdout().as_fd().try_clone_to_owned();
    let about = own.and_then(|own| File::from(own).metadata());
    if !about.is_ok_and(|about| about.file_type().is_fifo()) {
        return Ok(());
    }
    let mut looks = 0;
    while looks < LOOKS {
        let out = io::stdout();
        let mut of_out = [PollFd::new(&out, PollFlags::empty())];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        if poll(&mut of_out, Some(&now)).is_ok()
            && of_out[0]
                .revents()
                .intersects(PollFlags::ERR | PollFlags::HUP)
        {
            return Err(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)));
        }
        // A system that does not tell has nothing to wait for.
        if ioctl_fionread(&out).unwrap_or(0) == 0 {
            looks += 1;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Nothing tells here.
#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn has_read() -> Outcome<()> {
    Ok(())
}
