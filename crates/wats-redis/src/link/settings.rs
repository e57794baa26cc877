//! What the user said, checked.

use std::time::Duration;

use wats_http::TlsConfig;

use crate::link::address::Server;
use crate::security::Credentials;
use crate::tracking::Tracking;

/// How to reach the server and what to ask of it.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// At least one.
    pub(crate) servers: Vec<Server>,
    pub(crate) database: i64,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) sentinel: Option<Sentinel>,
    pub(crate) tls: Option<TlsConfig>,
    pub(crate) tracking: Tracking,
    pub(crate) max_staleness: Duration,
    pub(crate) op_timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

/// Who knows where the master is.
#[derive(Debug, Clone)]
pub(crate) struct Sentinel {
    pub(crate) master: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) credentials: Option<Credentials>,
}

impl Config {
    pub(crate) fn heartbeat_interval(&self) -> Duration {
        self.max_staleness / 4
    }

    /// So early that a session is given up before trust would end by time.
    pub(crate) fn heartbeat_timeout(&self) -> Duration {
        self.max_staleness / 2
    }
}
