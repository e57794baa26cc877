//! HTTP: processor time per request, requests per second, connections.

use crate::spec::{Context, RowSpec};

/// The rows of this area.
pub(crate) fn rows(_ctx: &Context) -> Vec<RowSpec> {
    Vec::new()
}
