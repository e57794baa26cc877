//! What a pooled GET costs in memory, held by tests: allocations more than a tenth above the figures written down here,
//! or a larger future, fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use crate::common::*;
use wats_http::{Call, TlsConfig};

/// Allocations of a pooled GET over HTTP/1.1, with TLS, and over HTTP/2.
const MEASURED: [(Speaks, u64); 3] = [
    (Speaks::Plain, 9),
    (Speaks::TlsHttp1Only, 11),
    (Speaks::Tls, 12),
];

#[test]
fn a_pooled_get_allocates_no_more_than_it_did() {
    const CALLS: u64 = 200;
    for (speaks, before) in MEASURED {
        let (url, ca_pem) = on_own_thread(speaks, |_| async { ok(vec![b'x'; 1100]) });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut builder = client(&url);
        if let Some(pem) = ca_pem {
            builder = builder.tls(TlsConfig::default().only_ca_pem(&pem).unwrap());
        }
        let client = builder.build().unwrap();
        let get = |times: u64| {
            runtime.block_on(async {
                for _ in 0..times {
                    client.execute(Call::new(&GET)).await.unwrap();
                }
            });
        };
        get(20);
        let counted = allocation_counter::measure(|| get(CALLS));
        let per_call = counted.count_total as f64 / CALLS as f64;
        eprintln!(
            "{speaks:?}: {per_call:.2} allocations, {} bytes",
            counted.bytes_total / CALLS
        );
        assert!(
            per_call <= before as f64 * 1.1,
            "{speaks:?}: {per_call:.2} allocations per GET, {before} were measured"
        );
    }
}

/// The future of a call is moved several times before it is polled, and each awaits the next: what is large and rare in
/// it, such as dialling, stands in a box.
#[test]
fn the_future_of_a_call_is_small() {
    let client = client("http://127.0.0.1:9").build().unwrap();
    let size = size_of_val(&client.execute(Call::new(&GET)));
    assert!(size <= 3 * 1024 + 512, "{size} bytes");
}
