//! Workflows: that a test of a unit begins and ends.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::{EndTest, StartTest, WorkflowService, WorkflowStatus};
