//! What commands read: files, folders and standard input, and the reports in them.
//!
//! `source` finds the files and reads them, `foreign` has the options for formats of other programs, `kind` says in words
//! what a text is that is no report, `whole` has what a queue takes, `stdin` says who reads standard input.

mod foreign;
mod kind;
mod source;
pub(crate) mod stdin;
#[cfg(feature = "queue")]
mod whole;

pub(crate) use foreign::{Foreign, From};
pub(crate) use source::{Contents, LARGE, Source, sources};
#[cfg(feature = "queue")]
pub(crate) use whole::{Whole, whole};
