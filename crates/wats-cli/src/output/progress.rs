//! A bar on standard error while long work goes on.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
    }
}
