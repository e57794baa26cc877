//! wats-domains.
