//! wats.
