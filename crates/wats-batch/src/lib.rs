//! wats-batch.
