//! The terminal of standard output.

use std::io::{self, IsTerminal as _};

use crate::args::WIDTHS;

/// How many columns a table may have; `None` for as many as it has. What was asked for stands before `COLUMNS`, and that
/// before what the terminal reports; where standard output is no terminal, only what was asked for counts.
pub(super) fn width(asked: Option<usize>) -> Option<usize> {
    if let Some(asked) = asked {
        return (asked > 0).then_some(asked);
    }
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
            // Some report nothing, and a variable may say anything.
            .clamp(*WIDTHS.start(), *WIDTHS.end()),
    )
}
