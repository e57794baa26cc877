//! The scripts of the tier. Each changes what belongs together in one step.

use crate::link::Script;

pub(super) static READ: Script = Script::new(include_str!("read.lua"), 2);
pub(super) static PUT: Script = Script::new(include_str!("put.lua"), 4);
pub(super) static KEEP: Script = Script::new(include_str!("keep.lua"), 1);
pub(super) static RELEASE: Script = Script::new(include_str!("release.lua"), 1);
pub(super) static FAIL: Script = Script::new(include_str!("fail.lua"), 2);
pub(super) static INVALIDATE: Script = Script::new(include_str!("invalidate.lua"), 3);
pub(super) static TAG: Script = Script::new(include_str!("tag.lua"), 2);
