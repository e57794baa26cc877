//! The reaper: closes the connections that nobody needs, over HTTP/1.1 and HTTP/2.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;

/// How often it looks: often enough for a surplus to be gone within a second.
const PACE: Duration = Duration::from_millis(200);

/// Starts it unless it runs; it ends by itself when the pool holds no connection, or is gone.
pub(super) fn ensure(pool: &Arc<Shared>) {
    pool.pool_state
        .ensure_reaper(|| tokio::spawn(reap(Arc::downgrade(pool))).abort_handle());
}

async fn reap(pool: Weak<Shared>) {
    loop {
        // A surplus may arise at any time, so this looks at a fixed pace for as long as there is anything.
        tokio::time::sleep(PACE).await;
        let Some(pool) = pool.upgrade() else { return };
        // Dropped here, outside the lock, which closes them.
        if pool.pool_state.reap(&pool.config, Instant::now()).is_none() {
            return;
        }
    }
}
