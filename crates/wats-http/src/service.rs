//! The client as a `tower::Service`, so that a [`Call`] can go through layers of the application's own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::response::Response;

/// Always ready: a call waits for its connection within its own deadlines.
impl Service<Call> for Client {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        self.execute_boxed(call)
    }
}

/// The same for a shared client.
impl Service<Call> for &Client {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        self.execute_boxed(call)
    }
}
