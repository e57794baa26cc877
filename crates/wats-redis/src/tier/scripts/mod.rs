//! The scripts of the tier. Each changes what belongs together in one step.

use crate::link::Script;

pub(super) static READ: Script = Script::new(include_str!("read.lua"));
pub(super) static PUT: Script = Script::new(include_str!("put.lua"));
pub(super) static KEEP: Script = Script::new(include_str!("keep.lua"));
pub(super) static RELEASE: Script = Script::new(include_str!("release.lua"));
pub(super) static FAIL: Script = Script::new(include_str!("fail.lua"));
pub(super) static INVALIDATE: Script = Script::new(include_str!("invalidate.lua"));
pub(super) static TAG: Script = Script::new(include_str!("tag.lua"));
