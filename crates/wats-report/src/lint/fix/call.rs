//! Sequence calls: the parts that lack are those of the sequence around.

use super::is_blank;
use crate::Step;
use crate::lint::misread;
use crate::lint::step::CALL;
use crate::model::SequenceCall;

/// Path and version of the sequence that steps stand in.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    pub(super) version: &'a str,
}

impl Call<'_> {
    pub(super) const UNKNOWN: Call<'static> = Call {
        path: "unknown",
        version: "unknown",
    };

    /// Gives a step a sequence call, and the parts that lack; answers whether any did.
    pub(super) fn fill(self, step: &mut Step) -> bool {
        let name = step.name().chars().take(CALL.1).collect::<String>();
        let mut filled = step.sequence_call.is_none();
        let call = step.sequence_call.get_or_insert_default();
        let SequenceCall {
            path,
            name: called,
            version,
            extra,
            ..
        } = &mut **call;
        for (wire, part, value) in [
            ("path", path, self.path),
            (
                "name",
                called,
                if name.is_empty() { "unknown" } else { &name },
            ),
            ("version", version, self.version),
        ] {
            if is_blank(part.as_ref()) && !misread(extra, wire) {
                *part = Some(value.to_owned());
                filled = true;
            }
        }
        filled
    }
}
