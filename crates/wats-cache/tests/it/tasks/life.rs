//! Refresh by tasks keeps what an entry was given; loaders of tasks give it.

use std::time::Duration;
use wats_cache::{AsyncTtlCache, LoadError, Loaded, ManualClock};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_an_entry_was_given_survives_its_refreshes_in_tasks() {
    let clock = ManualClock::new();
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .default_ttl(60 * SECOND)
        .stale_while_revalidate(60 * SECOND)
        .clock(clock.clone())
        .build();
    for key in 1..4 {
        cache.insert_tagged(key, 1, Some(SECOND), &["a"]);
    }
    clock.advance(SECOND);
    assert_eq!(cache.get_or_insert_with(1, || async { 2 }).await, 2);
    assert_eq!(
        cache
            .get_or_refresh_with(2, || async { Ok::<_, ()>(2) })
            .await,
        Ok(1)
    );
    let loaded = || async { Ok::<_, ()>(Loaded::new(2).ttl(9 * SECOND)) };
    assert_eq!(cache.get_or_load_refreshing_with(3, loaded).await, Ok(1));
    while cache.get(&2) != Some(2) || cache.get(&3) != Some(2) {
        tokio::task::yield_now().await;
    }
    clock.advance(SECOND);
    let fresh = [1, 2, 3].map(|key| cache.get(&key));
    assert_eq!(fresh, [None, None, Some(2)]);
    assert_eq!(cache.invalidate_tag("a"), 3);
}

#[tokio::test]
async fn a_loader_of_a_task_gives_its_value_a_time_and_tags() {
    let clock = ManualClock::new();
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder().clock(clock.clone()).build();
    let load = |ttl, tag: &'static str| {
        move || async move { Ok::<_, LoadError<()>>(Loaded::new(7).ttl(ttl).tags([tag])) }
    };
    assert_eq!(cache.get_or_load_with(1, load(SECOND, "a")).await, Ok(7));
    let shared = cache.get_or_load_shared_with(2, load(9 * SECOND, "b"));
    assert_eq!(shared.await, Ok(7));
    clock.advance(SECOND);
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(7)));
    assert_eq!((cache.invalidate_tag("b"), cache.get(&2)), (1, None));
}
