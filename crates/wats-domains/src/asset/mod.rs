//! Assets: instruments, fixtures and what else is calibrated, maintained and counted.
//!
//! `key` says which asset, `model` holds the wire models, `service` the operations, `lookup` finds many, `family` says what is
//! part of what, `upkeep` has those on counts, calibration and maintenance, `internal` those that the server does not publish.

#[cfg(test)]
pub(crate) mod calls;
mod family;
mod internal;
mod key;
mod lookup;
mod model;
pub(crate) mod route;
mod service;
mod upkeep;

pub use family::AssetPair;
pub use internal::{AssetFile, InternalAssets};
pub use key::AssetKey;
pub use model::{Asset, AssetLogEntry, AssetLogType, AssetState, AssetStatus, AssetType};
pub use service::{AssetService, GetStatus, SubAssets};
pub use upkeep::{AddCount, Calibrated, Maintained, ResetRunningCount, SetTotalCount};
