//! Operations on revisions of products and their bills of materials.

use std::sync::Arc;

use bytes::Bytes;
use wats_http::Call;

use super::{Product, ProductRevision, ProductService, route};
use crate::ask::Ask;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

/// A revision of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionKey<'a> {
    /// Part number.
    pub part_number: &'a str,
    /// Revision.
    pub revision: &'a str,
}

impl RevisionKey<'_> {
    pub(crate) fn check(self) -> Result<()> {
        scanned::check_some("part number", self.part_number, Kind::Number)?;
        scanned::check_some("revision", self.revision, Kind::Number)
    }

    /// Names the revision in the query of a call.
    pub(crate) fn query(self, call: Call) -> Result<Call> {
        self.check()?;
        Ok(call
            .query("partNumber", self.part_number)
            .query("revision", self.revision))
    }
}

impl ProductService {
    /// A revision of a product (`GET /api/Product/{partNumber}/{revision}`), from memory as [`get`](Self::get) does.
    ///
    /// # Errors
    /// Status 404 when there is none; [`Error::Query`] for a number that is empty or holds what nobody sees.
    pub fn revision(&self, key: RevisionKey<'_>) -> Ask<Arc<ProductRevision>> {
        let call = key.check().map(|()| {
            let call = route::revision.call().path("partNumber", key.part_number);
            call.path("revision", key.revision)
        });
        self.core.ask_kept(&route::revision, call)
    }

    /// Inserts or updates a revision and returns it as the server holds it (`PUT /api/Product/Revision`). A new one has no
    /// id, but that of its product.
    ///
    /// # Errors
    /// [`Error::Query`] for one without a revision or a product; or the call fails.
    pub fn save_revision(&self, revision: &ProductRevision) -> Ask<ProductRevision> {
        let call = checked(revision).map(|()| route::save_revision.call().json(revision));
        self.core.ask(&route::save_revision, call)
    }

    /// Inserts or updates products in one call, all of them or none (`PUT /api/Products`); what
    /// [`save_many`](Self::save_many) does one by one.
    ///
    /// # Errors
    /// [`Error::Query`] for no products and one without a part number; or the call fails.
    pub fn save_all(&self, products: &[Product]) -> Ask<()> {
        let nameless = products
            .iter()
            .position(|product| product.part_number().is_empty());
        let call = match nameless {
            _ if products.is_empty() => {
                Err(Error::Query("there are no products to save".to_owned()))
            }
            Some(place) => Err(Error::Query(format!(
                "the product {place} has no part number"
            ))),
            None => Ok(route::save_all.call().json(products)),
        };
        self.core.tell(&route::save_all, call)
    }

    /// Inserts or updates revisions in one call, all of them or none (`PUT /api/Products/Revisions`).
    ///
    /// # Errors
    /// [`Error::Query`] for no revisions, and as [`save_revision`](Self::save_revision); or the call fails.
    pub fn save_revisions(&self, revisions: &[ProductRevision]) -> Ask<()> {
        let call = if revisions.is_empty() {
            Err(Error::Query("there are no revisions to save".to_owned()))
        } else {
            let all = revisions.iter().try_for_each(checked);
            all.map(|()| route::save_revisions.call().json(revisions))
        };
        self.core.tell(&route::save_revisions, call)
    }

    /// Inserts or replaces the bill of materials of a revision, written in the server's XML (WSBF)
    /// (`PUT /api/Product/BOM`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty text; or the call fails, with status 500 for a bill that is not valid.
    pub fn save_bom_xml(&self, bom: impl Into<Bytes>) -> Ask<()> {
        let bom = bom.into();
        let call = if bom.is_empty() {
            Err(Error::Query("the bill of materials is empty".to_owned()))
        } else {
            Ok(route::save_bom.call().body(bom, "application/xml"))
        };
        self.core.tell(&route::save_bom, call)
    }
}

fn checked(revision: &ProductRevision) -> Result<()> {
    let number = revision.revision.as_deref().unwrap_or_default();
    if revision.revision_id.is_none() {
        scanned::check_some("revision", number, Kind::Number)?;
    }
    if revision.product_id.is_none() && revision.part_number.is_none() {
        return Err(Error::Query(format!(
            "the revision {number:?} has neither `product_id` nor `part_number`, so nobody knows of which product it is"
        )));
    }
    Ok(())
}
