//! `#[cached]` for those who depend on the facade alone.

use std::sync::atomic::{AtomicU32, Ordering};
use wats::cache::cached;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[cached(crate = "wats::cache", ttl = "1h")]
async fn site_of(station: &str) -> Result<String, std::io::Error> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    Ok(format!("site of {station}"))
}

#[tokio::test]
async fn the_attribute_works_through_the_facade() {
    for _ in 0..3 {
        assert_eq!(site_of("ICT-7").await.unwrap(), "site of ICT-7");
    }
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}
