//! `api/Asset`.

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::routes::routes;
use crate::store::Change;

routes! {}

/// A report counts the use of the assets it names, once.
pub(super) fn reported(
    _change: &mut Change<'_>,
    _header: &Map<String, Value>,
    _is_new: bool,
) -> Result<(), Answer> {
    Ok(())
}
