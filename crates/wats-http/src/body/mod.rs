//! Bodies on their way: [`incoming`] reads answers ([`wire`]) within bounds, [`gather`] puts them together, [`outgoing`] sends what a
//! call has ([`source`], [`multipart`]), and [`delivery`] tells whether all of it went out.

mod delivery;
mod gather;
mod incoming;
mod multipart;
mod outgoing;
mod source;
mod wire;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::delivery::{Delivery, Piece};
pub(crate) use self::gather::Gather;
pub(crate) use self::incoming::{Bounds, Reader, read};
pub use self::multipart::{Multipart, Part};
pub(crate) use self::outgoing::{Moved, Outgoing, Payload, Upload};
pub use self::source::BodySource;
pub(crate) use self::wire::WireBody;

/// How far a body has come; see [`Call::on_upload`](crate::Call::on_upload) and
/// [`Download::on_progress`](crate::Download::on_progress).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferProgress {
    /// Bytes so far: of an upload those handed to the connection by this attempt, of a download those off the wire.
    pub bytes: u64,
    /// Bytes in all, when that is known.
    pub total: Option<u64>,
}

/// A callback that hears of progress.
#[derive(Clone)]
pub(crate) struct OnProgress(Arc<dyn Fn(TransferProgress) + Send + Sync>);

impl OnProgress {
    pub(crate) fn new(hear: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(crate) fn tell(&self, bytes: u64, total: Option<u64>) {
        (self.0)(TransferProgress { bytes, total });
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnProgress")
    }
}
