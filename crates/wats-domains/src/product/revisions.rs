//! Operations on revisions of products and their bills of materials.

use std::sync::Arc;

use bytes::Bytes;
use wats_http::Call;

use super::{ProductRevision, ProductService, route};
use crate::argument;
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

    /// As [`save_bom`](Self::save_bom), with a bill that is written already in the server's XML (WSBF)
    /// (`PUT /api/Product/BOM`). The text goes out as it is, so what it declares as its encoding must be true.
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

pub(super) fn checked(revision: &ProductRevision) -> Result<()> {
    let number = revision.revision.as_deref().unwrap_or_default();
    if revision.revision_id.is_none() {
        scanned::check_some("revision", number, Kind::Number)?;
    }
    if revision.product_id.is_some() {
        argument::id("product_id", revision.product_id)?;
    } else if revision.part_number.is_none() {
        return Err(Error::Query(format!(
            "the revision {number:?} has neither `product_id` nor `part_number`, so nobody knows of which product it is"
        )));
    }
    Ok(())
}
