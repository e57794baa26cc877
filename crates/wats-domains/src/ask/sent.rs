//! A call under way, and what is stale after it. It begins when it is first polled, and so with the client of the thread on
//! which it runs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use wats_http::{Call, ErrorKind, Response};

use super::kept::Caches;
use super::{Boxed, Core, Route, boxed};
use crate::error::{Error, Result};

/// A call that has begun.
pub(super) enum Sent {
    /// It makes nothing stale: there is nothing to do but to wait.
    Read(Pin<Box<dyn Future<Output = wats_http::Result<Response>> + Send>>),
    Write(Boxed<Result<Response>>),
    /// It was not sent, for this reason.
    Refused(Option<Error>),
}

impl Sent {
    /// Takes the call from where it stands, as it is large.
    pub(super) fn begin(
        core: &Arc<Core>,
        route: &'static Route,
        call: &mut Option<Result<Call>>,
    ) -> Self {
        let call = match call.take() {
            Some(call) if !route.stales.is_empty() => {
                return Self::Write(boxed(|| send(Arc::clone(core), route, call)));
            }
            Some(Ok(call)) => call,
            Some(Err(error)) => return Self::Refused(Some(error)),
            None => return Self::Refused(None),
        };
        if let Some(error) = Core::refusal(&call) {
            return Self::Refused(Some(error));
        }
        let client = core.http();
        Self::Read(match core.referer(route) {
            Some(referer) => client.execute_boxed(call.header("referer", referer)),
            None => client.execute_boxed(call),
        })
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Response>> {
        match self {
            Self::Read(call) => call.as_mut().poll(context).map_err(Error::from),
            Self::Write(call) => call.as_mut().poll(context),
            Self::Refused(error) => Poll::Ready(Err(error.take().unwrap_or_else(super::ended))),
        }
    }
}

/// As [`Core::send`], for a box of its own: a future inside of another would have the call copied into it.
async fn send(core: Arc<Core>, route: &'static Route, call: Result<Call>) -> Result<Response> {
    // What is refused before it is sent makes nothing stale.
    let call = core.ready(route, call?)?;
    let stales = Stales::new(&core, route);
    stales.settle(core.http().execute_boxed(call).await).await
}

/// Makes stale what an operation changes when it ends: after a failure too, and when its future is dropped, for the
/// server may have carried it out.
pub(super) struct Stales<'a> {
    core: &'a Core,
    route: &'a Route,
    /// Those of the token that it began with.
    caches: Arc<Caches>,
    /// Whether it is known what became of it.
    settled: bool,
}

impl<'a> Stales<'a> {
    pub(super) fn new(core: &'a Core, route: &'a Route) -> Self {
        Self {
            core,
            route,
            caches: Arc::clone(&core.caches()),
            settled: false,
        }
    }

    /// Waits until other processes do not get any more what the operation has made stale.
    pub(super) async fn settle(mut self, outcome: wats_http::Result<Response>) -> Result<Response> {
        self.settled = outcome.as_ref().map_or_else(is_settled, |_| true);
        let (core, route, begun) = (self.core, self.route, Arc::clone(&self.caches));
        drop(self);
        if begun.are_shared() {
            let now = Arc::clone(&core.caches());
            let other = (!Arc::ptr_eq(&begun, &now)).then_some(begun);
            for caches in other.into_iter().chain([now]) {
                for kept in route.stales {
                    caches.settled(*kept).await;
                }
            }
        }
        Ok(outcome?)
    }

    fn clear(&self, caches: &Caches) {
        for kept in self.route.stales {
            if self.settled {
                caches.clear(*kept);
            } else {
                caches.clear_unsettled(*kept);
            }
        }
    }
}

impl Drop for Stales<'_> {
    fn drop(&mut self) {
        // Locked meanwhile, so that those of the next token know of it.
        let now = self.core.caches();
        self.clear(&now);
        if !Arc::ptr_eq(&now, &self.caches) {
            // Others share the answers to the token of before, too.
            self.clear(&self.caches);
        }
    }
}

/// Whether a call that failed is over for the server too. One whose answer was lost, or that a server in between has given
/// up, may be carried out later.
fn is_settled(error: &wats_http::Error) -> bool {
    match error.kind() {
        ErrorKind::Status(status) => status.is_client_error(),
        ErrorKind::Transport | ErrorKind::Timeout(_) => false,
        _ => true,
    }
}
