//! Whether a report was read as a part of what the server has.

/// The mark of a report that was read in less detail: submitted, it would overwrite the whole by a part.
///
/// It tells how the report was read and is no part of it, so all marks are equal and none is written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Partial(pub(super) bool);

impl PartialEq for Partial {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
