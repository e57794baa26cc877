//! The terminal of standard output.

use std::io::{self, IsTerminal as _};

/// Narrower ones are taken for this wide: some report nothing.
const NARROWEST: usize = 20;

/// How many columns it has; `None` when standard output is no terminal. `COLUMNS` stands before what it reports.
pub(super) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|text| text.trim().parse().ok());
    let reported = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    Some(
        told.or_else(reported)
            .filter(|width| *width > 0)
            .unwrap_or(80)
            .max(NARROWEST),
    )
}
