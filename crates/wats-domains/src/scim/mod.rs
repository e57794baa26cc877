//! Users, provisioned by SCIM (RFC 7643, RFC 7644).
//!
//! `model` holds the wire models, `change` what can be replaced of a user, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod change;
mod model;
pub(crate) mod route;
mod service;

pub use change::UserChange;
pub use model::{User, UserEmail, UserName, UserPage};
pub use service::{ProvisioningToken, ScimService, Users};
