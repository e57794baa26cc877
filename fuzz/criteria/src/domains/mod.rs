//! What must hold of any report, list and answer.

mod calls;
mod models;

pub(crate) use self::calls::{answers, texts};
pub(crate) use self::models::{filter, lists, report};
