//! The test kit (feature `test-util`): answers without a network, and a server that misbehaves to order.
//!
//! | what | for |
//! |---|---|
//! | [`MockTransport`] | code that uses a client: scripted answers and failures, and what was asked |
//! | [`MockTransport::replay`] | the same with what a [`Capture`](crate::Capture) noted of a real server |
//! | [`FaultServer`] | what networks do to clients, over real TCP |

mod fault;
mod mock;

pub use self::fault::{Act, FaultServer, Seen};
pub use self::mock::{MockAnswer, MockRequest, MockTransport};
