//! What a user of a drain writes: how an item is brought to its receiver.

use crate::item::{Body, Item};
use crate::plan::Verdict;
use crate::store::Confirmation;

/// Brings items to their receiver. It must do the same item twice without harm: a power cut after the receiver has it and before
/// the queue knows that sends it once more.
pub trait Deliver: Send + Sync + 'static {
    /// Brings one item there and says what came of it. The bytes have been compared with what was stored. A panic sets the
    /// item aside. How long it may take is its own affair; the item is leased as long.
    fn deliver(&self, item: &Item, body: Body) -> impl Future<Output = Verdict> + Send;

    /// Names the credential that is sent with; not the credential itself. After
    /// [`Verdict::Unauthorized`] another number ends the pause. Asked before each item, so it must be quick.
    fn credential(&self) -> u64 {
        0
    }

    /// By how many milliseconds the receiver's clock is ahead of this computer's, if its answers tell. Asked after each delivery, so it
    /// must be quick. From five minutes on [`Event::SkewWarning`](crate::Event::SkewWarning) tells of it.
    fn clock_offset(&self) -> Option<i64> {
        None
    }

    /// What became of items that are [`Unconfirmed`](crate::State::Unconfirmed), with what the receiver called each: asked every
    /// 30 seconds while there are some, for a day at most. Those that nothing is said of are asked about again.
    fn confirm(
        &self,
        items: &[(Item, String)],
    ) -> impl Future<Output = Vec<(i64, Confirmation)>> + Send {
        let _ = items;
        async { Vec::new() }
    }
}
