//! How changes come to this process.

/// How this process hears of what others change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Tracking {
    /// The server tells of every change in the namespace, its own evictions and the hand of an operator included (`CLIENT
    /// TRACKING` in broadcast mode). Where the server refuses that, nothing is kept in memory as fresh, as with
    /// [`Off`](Self::Off).
    #[default]
    Broadcast,
    /// Whoever changes something publishes it on a channel. For servers without tracking. What the server does itself
    /// (expiry, eviction, `FLUSHALL`) and what an operator deletes is not told: entries in memory live on until their own
    /// time ends.
    Channel,
    /// Nothing is told, so nothing in memory counts as fresh; each read asks the shared server.
    Off,
}
