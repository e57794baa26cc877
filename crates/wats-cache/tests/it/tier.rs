//! The cache as an object.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

use std::sync::Arc;
use std::time::Duration;
use wats_cache::{
    AsyncTtlCache, Invalidation, LoadError, LoadOptions, Loaded, ManualClock, Origin, Read, Tier,
};

const SECOND: Duration = Duration::from_secs(1);

type Error = Arc<std::io::Error>;
type Prices = dyn Tier<String, u32, Error>;

fn tier() -> (Arc<Prices>, ManualClock) {
    let clock = ManualClock::new();
    let cache = AsyncTtlCache::<String, u32>::builder()
        .stale_if_error(10 * SECOND)
        .refresh_ahead(0.5)
        .default_ttl(10 * SECOND)
        .clock(clock.clone())
        .build();
    (Arc::new(cache), clock)
}

fn gives(value: u32) -> Origin<u32, Error> {
    Box::new(move |_| Box::pin(async move { Ok(Loaded::new(value).tags(["a"])) }))
}

fn fails() -> Origin<u32, Error> {
    let error = || Arc::new(std::io::Error::other("down"));
    Box::new(move |_| Box::pin(async move { Err(error()) }))
}

#[tokio::test]
async fn it_does_all_that_is_asked_of_a_tier() {
    let (tier, clock) = tier();
    let key = "a".to_owned();
    let load = |origin| tier.load(key.clone(), LoadOptions::new(), origin);
    assert_eq!(tier.hit(&key), None);
    assert_eq!(load(gives(1)).await.unwrap(), 1);
    assert_eq!(tier.hit(&key), Some(1));
    assert_eq!(load(fails()).await.unwrap(), 1);
    let expires: [fn(&Prices); 3] = [
        |tier| tier.expire(&"a".to_owned()),
        |tier| tier.expire_tag("a"),
        |tier| tier.expire_all(),
    ];
    for expire in expires {
        assert_eq!(load(gives(1)).await.unwrap(), 1);
        assert_eq!(tier.stale(&key), None, "it is fresh");
        expire(&*tier);
        assert_eq!((tier.hit(&key), tier.stale(&key)), (None, Some(1)));
        assert_eq!(load(fails()).await.unwrap(), 1);
        let options = LoadOptions::new().stale_if_error(false);
        let error = tier.load(key.clone(), options, fails()).await;
        assert!(matches!(error, Err(LoadError::Failed(_))));
    }
    for what in [
        Invalidation::Key(&key),
        Invalidation::Tag("a"),
        Invalidation::All,
    ] {
        let options = LoadOptions::new().read(Read::Origin);
        assert_eq!(tier.load(key.clone(), options, gives(1)).await.unwrap(), 1);
        tier.invalidate(what).await;
        assert_eq!((tier.hit(&key), tier.stale(&key)), (None, None));
        assert!(load(fails()).await.is_err(), "nothing stale is left of it");
    }
    assert_eq!(load(gives(2)).await.unwrap(), 2);
    clock.advance(6 * SECOND);
    // Due for its early refresh, which is made by who goes on.
    assert_eq!(tier.hit(&key), None);
    assert_eq!(load(gives(3)).await.unwrap(), 2);
    while tier.hit(&key) != Some(3) {
        tokio::task::yield_now().await;
    }
    assert!(tier.stats().hits > 0);
}
