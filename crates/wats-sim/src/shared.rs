//! What all connections of a server share.

use std::sync::Arc;

use crate::access::Tokens;
use crate::arrivals::Arrivals;
use crate::backend::Backend;
use crate::clock::Clock;
use crate::counters::Meter;
use crate::fault::FaultQueue;
use crate::log::RequestLog;
use crate::settings::Settings;
use crate::store::Store;

/// The state of a server and what watches over it.
pub(crate) struct Shared {
    pub(crate) backend: Backend,
    pub(crate) store: Store,
    pub(crate) faults: FaultQueue,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) meter: Arc<Meter>,
    pub(crate) arrivals: Arrivals,
    pub(crate) log: RequestLog,
}
