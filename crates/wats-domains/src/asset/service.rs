//! Operations on assets.

use std::sync::Arc;

use super::{Asset, AssetKey, AssetLogEntry, AssetState, AssetStatus, AssetType, route};
use crate::argument;
use crate::ask::list::{Key, Options};
use crate::ask::request::request;
use crate::ask::{Ask, Core, Gathered, Kept, List};
use crate::error::{Result, none_if_missing};
use crate::odata::Literal;
use crate::scanned::{self, Kind};

static ASSETS: Key<Asset> = Key {
    member: "assetId",
    most: None,
    of: |asset| asset.asset_id.clone().map(Literal::Text),
};

static LOG: Key<AssetLogEntry> = Key {
    member: "logId",
    most: None,
    of: |entry| entry.log_id.map(|id| Literal::Integer(id.into())),
};

static TYPES: Key<AssetType> = Key {
    member: "typeName",
    most: None,
    of: |kind| kind.name.clone().map(Literal::Text),
};

request! {
    /// From [`AssetService::status`].
    pub struct GetStatus -> AssetStatus, by ask {
        /// Whether the message is translated; it is unless told.
        "translate" => translate: bool,
        /// To which language, such as `zh-CN`.
        "cultureCode" => culture_code: String as Number,
    }

    /// From [`AssetService::sub_assets`].
    pub struct SubAssets -> Vec<Asset>, by ask {
        /// How many levels down: 0 for all of them, 1 for the asset's own only.
        "level" => level: u32 as Size,
    }
}

/// Operations on assets; from [`Wats::asset`](crate::Wats::asset).
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// use wats_domains::asset::AssetKey;
///
/// let meter = AssetKey::SerialNumber("DMM-7");
/// api.asset().add_count(meter, 1).await?;
/// if let Some(message) = api.asset().status(meter).await?.message {
///     println!("{message}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct AssetService {
    pub(super) core: Arc<Core>,
    pub(super) gathered: Gathered<String, Asset>,
}

impl AssetService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
            gathered: None,
        }
    }

    /// Assets that fit a filter (`GET /api/Asset`), or [`each`](List::each) of them in the order of their ids.
    ///
    /// # Errors
    /// The filter cannot be expressed, or the call fails.
    pub fn list(&self) -> List<Asset> {
        List::new(&self.core, &route::list, &ASSETS, Options::default())
    }

    /// Entries of the logs of assets (`GET /api/Asset/Log`): the newest first, or [`each`](List::each) of them in the
    /// order
    /// of their ids.
    ///
    /// # Errors
    /// The filter cannot be expressed, or the call fails.
    pub fn log(&self) -> List<AssetLogEntry> {
        List::new(&self.core, &route::log, &LOG, Options::default())
    }

    /// Types of assets (`GET /api/Asset/Types`), from memory if they were read lately
    /// ([`CacheOptions::asset_types`](crate::CacheOptions::asset_types)).
    ///
    /// # Errors
    /// The filter cannot be expressed, or the call fails.
    pub fn types(&self) -> List<AssetType> {
        List::new(&self.core, &route::types, &TYPES, Options::default())
    }

    /// An asset (`GET /api/Asset/{assetId}`, `/{serialNumber}`).
    ///
    /// # Errors
    /// Status 404 when there is none; [`find`](Self::find) turns that into `None`.
    /// [`Error::Query`](crate::Error::Query) for a key that is empty or holds what nobody sees.
    pub fn get(&self, key: AssetKey<'_>) -> Ask<Asset> {
        let call = key.text().map(|text| route::get.call().path("key", text));
        self.core.ask(&route::get, call)
    }

    /// As [`get`](Self::get), with `None` where there is no such asset.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, key: AssetKey<'_>) -> Ask<Option<Asset>> {
        let get = self.get(key);
        self.core.run(|_| async { none_if_missing(get.await) })
    }

    /// Whether an asset may be used, with its counts and what is wrong (`GET /api/Asset/Status`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a key that is empty or holds what nobody sees; or the call fails.
    pub fn status(&self, key: AssetKey<'_>) -> GetStatus {
        GetStatus::new(&self.core, &route::status, key.query(route::status.call()))
    }

    /// The assets that belong to an asset (`GET /api/Asset/SubAssets`).
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub fn sub_assets(&self, key: AssetKey<'_>) -> SubAssets {
        let call = key.query(route::sub_assets.call());
        SubAssets::new(&self.core, &route::sub_assets, call)
    }

    /// Inserts or updates an asset and returns it as the server holds it (`PUT /api/Asset`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) when it has no serial number or no type, which the server needs; or the
    /// call fails.
    pub fn save(&self, asset: &Asset) -> Ask<Asset> {
        let call = checked(asset).map(|()| route::save.call().json(asset));
        self.core.ask(&route::save, call)
    }

    /// Inserts or updates a type of assets and returns it as the server holds it (`PUT /api/Asset/Types`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) when it has no name; or the call fails.
    pub fn save_type(&self, kind: &AssetType) -> Ask<AssetType> {
        let name = kind.name.as_deref().unwrap_or_default();
        let finite = || {
            let check = argument::finite;
            check("maintenance_interval", kind.maintenance_interval.as_ref())?;
            check("calibration_interval", kind.calibration_interval.as_ref())?;
            check("warning_threshold", kind.warning_threshold.as_ref())?;
            check("alarm_threshold", kind.alarm_threshold.as_ref())
        };
        let call = scanned::check_some("name of the type", name, Kind::Number)
            .and_then(|()| finite())
            .map(|()| route::save_type.call().json(kind));
        self.core.ask(&route::save_type, call)
    }

    /// Sets what is done with an asset (`PUT /api/Asset/State`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a key that is empty or holds what nobody sees; or the call fails.
    pub fn set_state(&self, key: AssetKey<'_>, state: AssetState) -> Ask<()> {
        let call = key.query(route::set_state.call());
        self.core.tell(
            &route::set_state,
            call.map(|call| call.query("state", state)),
        )
    }

    /// Deletes an asset with its log (`DELETE /api/Asset`). Those that belong to it stay, and belong to its own parent.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a key that is empty or holds what nobody sees; or the call fails.
    pub fn delete(&self, key: AssetKey<'_>) -> Ask<()> {
        self.core
            .tell(&route::delete, key.query(route::delete.call()))
    }

    /// Forgets the types in memory: the next read asks the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::AssetTypes);
    }
}

pub(super) fn checked(asset: &Asset) -> Result<()> {
    let number = asset.serial_number.as_deref().unwrap_or_default();
    scanned::check_some("serial number", number, Kind::Number)?;
    argument::id("type_id", asset.type_id).map(drop)
}
