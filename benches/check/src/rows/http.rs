//! Pooled GETs of one product, one after the other. The server is another process and does not count.

use super::{Row, Work, row, waiting_runtime};
use crate::servers::Address;
use std::time::Duration;
use wats_bench_check::Result;
use wats_http::http::Method;
use wats_http::{Call, Client, Idempotency, Operation, RateLimit, TlsConfig};

const TIMES: [u64; 2] = [50, 200];

pub(super) const ROWS: &[Row] = &[
    row("http.get.h1", TIMES, |servers| get(&servers.h1)),
    row("http.get.tls_h1", TIMES, |servers| get(&servers.tls_h1)),
    row("http.get.tls_h2", TIMES, |servers| get(&servers.tls_h2)),
];

static GET: Operation = Operation::new(
    "product.get",
    Method::GET,
    "/api/Product/PART-0001",
    Idempotency::Idempotent,
);

/// On, and never reached.
pub(super) fn rate_limit() -> RateLimit {
    RateLimit::new(500, Duration::from_millis(1))
}

fn get(server: &Address) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let mut builder = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .rate_limit(rate_limit());
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(TlsConfig::default().only_ca_pem(pem)?);
    }
    let client = builder.build()?;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                client.execute(Call::new(&GET)).await?;
            }
            Ok(())
        })
    }))
}
