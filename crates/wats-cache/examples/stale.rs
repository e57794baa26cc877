//! A value survives the failure of its source: `cargo run -p wats-cache --example stale`.

use std::time::Duration;
use wats_cache::{LoadError, ManualClock, TtlCache};

fn main() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(Duration::from_secs(60))
        .stale_if_error(Duration::from_secs(600))
        .clock(clock.clone())
        .build();
    assert_eq!(
        cache.get_or_try_insert_with("rate", || Ok::<_, &str>(7)),
        Ok(7)
    );
    clock.advance(Duration::from_secs(61));
    assert_eq!(cache.get("rate"), None);
    assert_eq!(
        cache.get_or_try_insert_with("rate", || Err("the source is down")),
        Ok(7)
    );
    clock.advance(Duration::from_secs(600));
    let failed = cache.get_or_try_insert_with("rate", || Err("the source is down"));
    assert_eq!(failed, Err(LoadError::Failed("the source is down")));
    assert_eq!(cache.stats().stale_served, 1);
}
