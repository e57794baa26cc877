//! What a delivery may come to.

use std::time::Duration;

use crate::item::Fault;

/// What a delivery came to, as who delivers understands it. No verdict drops an item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The receiver has it, for good. The item becomes a receipt.
    Sent {
        /// What the receiver calls it.
        reference: String,
    },
    /// The receiver has it; whether it was processed is asked later. The body is kept until then.
    Unconfirmed {
        /// What the receiver calls it.
        reference: String,
    },
    /// The receiver took it in and set it aside. The body is kept.
    Quarantined(Fault),
    /// The receiver refuses this one item, and would again: it is set aside, the others go on.
    Refused(Fault),
    /// This item failed, and the cause may be the item: it waits 15 s, doubled up to an hour. When three different ones fail in
    /// a row, the whole queue is paused. One that failed 20 times in a day or more, while others were sent, is set aside.
    Failed(Fault),
    /// The receiver is not to be reached: the whole queue is paused for a second, doubled up to two minutes, and then tries one
    /// item. No item is blamed.
    Unreachable(Fault),
    /// Something else than the receiver answers, or its address is wrong: the whole queue is paused, up to five minutes.
    WrongReceiver(Fault),
    /// The credential is not accepted: the whole queue is paused until there is another one, and tries one item in five
    /// minutes.
    Unauthorized(Fault),
    /// The credential has no right to do this, or not for this item: another item is tried. If that one is sent, this one is
    /// set aside; if not, the whole queue is paused, and tries one in 15 minutes.
    Forbidden(Fault),
    /// Too many for the receiver: the whole queue is paused so long, and goes on at a lower rate.
    Throttled {
        /// How long the receiver said; a minute if it said nothing, an hour at most.
        retry_after: Option<Duration>,
        /// What it said.
        fault: Fault,
    },
    /// It was not sent, because its time has not come: not before then.
    Hold {
        /// From now on.
        lasting: Duration,
        /// Why.
        fault: Fault,
    },
    /// It was not sent, because its bytes are not what was stored: it is set aside with them.
    Damaged(Fault),
    /// It was not sent, and nothing is known against it: somebody else may have it.
    GivenBack,
}
