//! JSON written by `serde_json` under the rules of a [`Guard`].

use serde::Serialize;

use crate::guard::{Guard, JsonRules};
use crate::{Error, Format, Limits, NonFinite, Result};

/// Appends `value` to `out`.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    pretty: bool,
    limits: &Limits,
    non_finite: NonFinite,
) -> Result<()> {
    let guard = Guard::new(limits.depth(), JsonRules(non_finite));
    let (format, result) = if pretty {
        let mut writer = serde_json::Serializer::pretty(&mut *out);
        let result = guard.wrap(value).serialize(&mut writer);
        (Format::JsonPretty, result)
    } else {
        let mut writer = serde_json::Serializer::new(&mut *out);
        (Format::Json, guard.wrap(value).serialize(&mut writer))
    };
    result.map_err(|error| {
        guard.fault(format).unwrap_or_else(|| Error::Unwritable {
            format,
            reason: error.to_string().into(),
            source: Some(Box::new(error)),
        })
    })
}
