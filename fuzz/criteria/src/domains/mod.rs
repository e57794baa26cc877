//! What must hold of any report, list and answer.

mod calls;
mod models;
mod serial_numbers;

pub(crate) use self::calls::{answers, texts};
pub(crate) use self::models::{filter, lists, report};
pub(crate) use self::serial_numbers::serial_numbers;
