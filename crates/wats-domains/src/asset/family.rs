//! Assets that are part of others.

use super::service::checked;
use super::{Asset, AssetKey, AssetService, route};
use crate::ask::Ask;
use crate::error::{Error, Result};

/// An asset and one that is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetPair<'a> {
    /// The whole.
    pub parent: AssetKey<'a>,
    /// The part.
    pub child: AssetKey<'a>,
}

impl AssetPair<'_> {
    fn check(self) -> Result<()> {
        self.parent.text()?;
        self.child.text()?;
        if self.parent == self.child {
            return Err(itself());
        }
        Ok(())
    }
}

fn itself() -> Error {
    Error::Query("the child is the parent itself".to_owned())
}

impl AssetService {
    /// Makes an asset part of another: reads both, and [saves](Self::save) the child with its parent. Returns the child as
    /// the server holds it. [`sub_assets`](Self::sub_assets) has them.
    ///
    /// # Errors
    /// [`Error::Query`] for a key that is empty or holds what nobody sees, and for an asset that would be part of itself;
    /// status 404 when one of the two is not there; or a call fails. It may be called again.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::asset::{AssetKey, AssetPair};
    ///
    /// let (rack, meter) = (AssetKey::SerialNumber("RACK-1"), AssetKey::SerialNumber("DMM-7"));
    /// api.asset().add_child(AssetPair { parent: rack, child: meter }).await?;
    /// # Ok(()) }
    /// ```
    pub fn add_child(&self, assets: AssetPair<'_>) -> Ask<Asset> {
        let pair = assets.check();
        let (parent, child) = (self.get(assets.parent), self.get(assets.child));
        self.core.run(|core| async move {
            pair?;
            let parent = parent.await?;
            let mut child = child.await?;
            let Some(id) = parent.asset_id else {
                return Err(Error::Data(
                    "the parent that the server gave has no id".to_owned(),
                ));
            };
            if child.asset_id.as_ref() == Some(&id) {
                return Err(itself());
            }
            child.parent_asset_id = Some(id);
            child.parent_serial_number = parent.serial_number;
            checked(&child)?;
            core.ask(&route::save, Ok(route::save.call().json(&child)))
                .await
        })
    }
}
