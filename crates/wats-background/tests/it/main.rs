//! The integration tests of `wats-background`, in one binary; `fork.rs` forks, so it is apart from tests whose threads run meanwhile.

mod jobs;
