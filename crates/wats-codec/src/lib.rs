//! wats-codec.
