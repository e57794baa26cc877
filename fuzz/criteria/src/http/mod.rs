//! What must hold of any bytes from outside.

mod answers;
mod config;
mod connections;
mod host;

pub(crate) use self::answers::{encoding, error_body, redirect, retry_after};
pub(crate) use self::config::{address, capture, no_proxy, settings};
pub(crate) use self::connections::{proxy, wire};
