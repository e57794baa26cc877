//! The one request that a redirect sends to another server: on a connection of its own, within the same cap.
//!
//! Such a connection is not kept.

use std::sync::Arc;

use super::connection::{Connection, Failure, Lease};
use super::{Pool, PooledBody};
use crate::address::BaseUrl;
use crate::body::{Delivery, WireBody};
use crate::config::or_forever;
use crate::error::{Error, Result};
use crate::request::{PreparedRequest, RedirectTarget};
use crate::transport::Answer;

impl Pool {
    pub(super) async fn send_cross_origin(
        &self,
        base: &BaseUrl,
        redirect_target: &RedirectTarget,
        request: &PreparedRequest<'_>,
    ) -> Result<Answer<PooledBody>> {
        let mut lease = self.dial_cross_origin(base, request).await?;
        let forwarder = self.shared.dialer.forwarder(base);
        let socket_state = Arc::clone(lease.connection.socket_state());
        let delivery = request.has_body().then(|| Delivery::new(&socket_state));
        let to = delivery.as_ref();
        let outgoing =
            super::outgoing::build(request, Some(redirect_target), base, forwarder, false, to)?;
        request.mark_sent(true);
        let Connection::Http1(http1) = &mut lease.connection else {
            return Err(Error::request("another server was spoken to over HTTP/2"));
        };
        let before = socket_state.written();
        let sent = http1.sender.try_send_request(outgoing).await;
        let response =
            sent.map_err(|error| Failure::of_http1(error, &socket_state, before).into_error())?;
        let response = response.map(WireBody::Http1);
        let mut answer = PooledBody::answer(response, lease, &self.shared, request, delivery)?;
        answer.body.keep = false;
        Ok(answer)
    }

    async fn dial_cross_origin(
        &self,
        base: &BaseUrl,
        request: &PreparedRequest<'_>,
    ) -> Result<Lease> {
        let shared = &self.shared;
        let slot = self
            .slot_for_one_more(or_forever(request.timeouts.pool))
            .await?;
        let http1 = shared
            .dialer
            .dial_cross_origin(base, &shared.counters)
            .await
            .map_err(Error::never_sent)?;
        Ok(Lease::new(Connection::Http1(http1), slot, false))
    }
}
