//! The integration tests of `wats-http`, in one binary.

mod ad_hoc;
#[path = "../common/mod.rs"]
mod common;
mod early_answers;
mod errors;
#[cfg(feature = "test-util")]
mod faults;
mod faults_http2;
mod half_open;
mod multipart;
#[cfg(all(feature = "test-util", feature = "metrics"))]
mod observe;
mod pool;
mod pool_model;
mod proxy;
mod redirects;
mod reliability;
mod repeats;
mod requests;
mod server_time;
mod streaming;
mod tls;
mod tokens;
#[cfg(feature = "tower")]
mod tower;
