//! wats-cache.
