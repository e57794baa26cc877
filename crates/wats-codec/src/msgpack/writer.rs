//! MessagePack written by `rmp-serde` under the rules of a [`Guard`].

use serde::Serialize;

use crate::guard::{Guard, PackRules};
use crate::{Error, Format, Limits, Result};

/// Appends `value` to `out`, structs as maps of names.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let guard = Guard::new(limits.depth(), PackRules);
    let mut writer = rmp_serde::Serializer::new(out).with_struct_map();
    guard.wrap(value).serialize(&mut writer).map_err(|error| {
        guard.fault(Format::MessagePack).unwrap_or_else(|| {
            let reason = error.to_string().into();
            let source = Some(error.into());
            let format = Format::MessagePack;
            Error::Unwritable {
                format,
                reason,
                source,
            }
        })
    })
}
