//! The part of a guide that carries the newest run: what stands between two markers is replaced.

use super::{markdown, page};
use crate::Result;
use crate::row::Report;
use std::fs;
use std::path::Path;

/// Where the part begins: a comment, which no reader sees.
pub const BEGIN: &str = "<!-- the newest run begins here -->";
/// Where it ends.
pub const END: &str = "<!-- the newest run ends here -->";

/// The run as the guide carries it: the reference's tables, the goals, where a peer is ahead, and every row.
pub fn render(report: &Report) -> String {
    let mut blocks = page::summary(report);
    blocks.extend(page::rows(report));
    let mut text = String::new();
    markdown::write(&mut text, &blocks, report);
    text
}

/// Puts the run between the markers of the guide.
///
/// # Errors
/// When the guide cannot be read or written, or lacks the markers.
pub fn put(report: &Report, guide: &Path) -> Result<()> {
    let explain = |error| format!("cannot read {}: {error}", guide.display());
    let text = fs::read_to_string(guide).map_err(explain)?;
    let Some(text) = replaced(&text, &render(report)) else {
        return Err(format!(
            "{} lacks the lines \"{BEGIN}\" and \"{END}\"",
            guide.display()
        )
        .into());
    };
    super::write_text(guide, &text)
}

fn replaced(text: &str, part: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{part}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = replaced(&text, "new").unwrap();
        assert_eq!(once, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
        assert_eq!(replaced("no markers", "new"), None);
        assert_eq!(replaced(BEGIN, "new"), None);
    }

    #[test]
    fn the_guide_has_its_markers_once() {
        let guide = include_str!("../../../docs/performance.md");
        assert_eq!(guide.matches(BEGIN).count(), 1);
        assert_eq!(guide.matches(END).count(), 1);
        assert!(replaced(guide, "").is_some());
    }

    #[test]
    fn the_part_names_day_machine_and_rows() {
        let part = render(&super::super::tests::sample());
        for words in [
            "2026-11-29",
            "A &amp; B &lt;cpu>",
            "`cache.get`",
            "Where a peer is ahead",
        ] {
            assert!(part.contains(words), "{words} in {part}");
        }
    }
}
