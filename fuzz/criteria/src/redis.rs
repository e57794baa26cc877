//! Values that stand on a shared server, where others may write, too.

/// Read without a panic and within limits; what is read is written to the same bytes.
pub(crate) fn envelope(bytes: &[u8]) {
    assert_eq!(wats_redis::fuzz::envelope(bytes), Ok(()));
}
