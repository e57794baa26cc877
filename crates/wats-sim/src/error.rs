//! What can go wrong when a simulator is started.

use std::io;
use std::net::SocketAddr;

/// Why a [`Simulator`](crate::Simulator) could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port could not be taken, most often because another program has it.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// The address asked for; port 0 means any.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The certificate for TLS could not be made or loaded.
    #[error("cannot make the certificate for TLS")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The folder with the state cannot be used.
    #[error("cannot use {} for the state: {problem}", folder.display())]
    Data {
        /// The folder asked for.
        folder: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing to record from or to replay.
    #[error("cannot {what}: {problem}")]
    Archive {
        /// What was to be done.
        what: &'static str,
        /// Why it cannot be.
        problem: String,
    },
    /// An option has a value that cannot work.
    #[error("option {option}: {problem}")]
    Option {
        /// The builder method.
        option: &'static str,
        /// What is wrong with the value.
        problem: &'static str,
    },
}
