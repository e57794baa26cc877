//! Who answers: this server's own state, a real server behind it, or what such a server once answered.
//!
//! - `archive`: exchanges in a file; `writer`: adds them (feature `record`), without what is secret; `scrub`: what that is,
//! - `proxy`: hands requests on to a real server and archives the exchanges (feature `record`),
//! - `replay`: answers from an archive.

pub(crate) mod archive;
#[cfg(feature = "record")]
pub(crate) mod proxy;
pub(crate) mod replay;
#[cfg(feature = "record")]
mod scrub;
#[cfg(feature = "record")]
mod writer;

/// Who answers what comes to routes of a WATS server.
pub(crate) enum Backend {
    Own,
    #[cfg(feature = "record")]
    Proxy(proxy::Proxy),
    Replay(replay::Replay),
}
