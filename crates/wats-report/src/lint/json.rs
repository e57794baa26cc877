//! Linting a text. The model reads leniently, so a member of a wrong kind is a finding and not the end.

use wats_codec::{Format, Limits, Serializer};

use super::{Finding, lint};
use crate::error::{Error, Result};
use crate::{Report, text};

/// As [`lint`](super::lint()), for a WSJF text. Members of a wrong kind are findings.
///
/// ```
/// use wats_report::lint_json;
///
/// let findings = lint_json(br#"{"type": "T", "root": [], "processCode": "100"}"#)?;
/// assert_eq!(findings[0].to_string(), "report: root must be an object, not a list [R001]");
/// assert!(lint_json(b"<report/>").is_err());
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// # Errors
/// [`Error::Codec`] when the text is not JSON or nests deeper than 128, with line and column in its long form (`{:#}`);
/// [`Error::Data`] when it is not even the beginning of a JSON object.
pub fn lint_json(wsjf: &[u8]) -> Result<Vec<Finding>> {
    let wsjf = text::without_mark(wsjf);
    text::looks_like_wsjf(wsjf)?;
    let json = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
    let report: Report = json.from_json(wsjf).map_err(|source| Error::Codec {
        what: "the text is not a WSJF report",
        source,
    })?;
    Ok(lint(&report))
}
