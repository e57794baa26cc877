//! A bar on standard error while long work goes on.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether a bar is on the terminal now.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Writes a line on standard error, in the place of the bar if there is one: it is drawn again below.
pub(crate) fn line_on_stderr(line: &str) {
    let cleared = if IS_SHOWN.load(Ordering::Relaxed) {
        "\r\u{1b}[2K"
    } else {
        ""
    };
    // Nobody is left to tell that it is closed.
    let _ = writeln!(io::stderr(), "{cleared}{line}");
}

/// A bar, or nothing where none is wanted.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(shown: bool, parts: u64, what: &str) -> Self {
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(parts), target).with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        IS_SHOWN.store(shown, Ordering::Relaxed);
        Self(bar)
    }

    /// So many parts are done.
    pub(crate) fn add(&self, parts: u64) {
        self.0.inc(parts);
    }

    /// A line above the bar, or where the bar would be.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        IS_SHOWN.store(false, Ordering::Relaxed);
    }
}
