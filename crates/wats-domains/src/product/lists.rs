//! Many products and revisions saved in lists.

use std::borrow::Borrow;

use wats_batch::Partition;

use super::revisions::checked;
use super::service::check_new;
use super::{Product, ProductRevision, ProductService, route};
use crate::ask::Ask;
use crate::bulk::{Arrays, BulkOptions};
use crate::error::Error;

static PRODUCTS: Arrays<Product> = Arrays {
    what: "product",
    check: |product| {
        if product.part_number().is_empty() {
            return Err(Error::Query("the product has no part number".to_owned()));
        }
        check_new(product)
    },
    keys: |product| {
        let number = product.part_number().to_owned();
        let id = product.product_id.map(|id| format!("id {id}"));
        [Some(number), id].into_iter().flatten().collect()
    },
};

static REVISIONS: Arrays<ProductRevision> = Arrays {
    what: "revision",
    check: checked,
    keys: |revision| {
        let name = revision.revision.as_deref().unwrap_or_default();
        let number = revision
            .part_number
            .as_ref()
            .map(|number| format!("{number} {name}"));
        let product = revision.product_id.map(|id| format!("{id} {name}"));
        let id = revision.revision_id.map(|id| format!("id {id}"));
        [number, product, id].into_iter().flatten().collect()
    },
};

impl ProductService {
    /// Inserts or updates many products by part number in lists of up to 100 and 1 MiB, some of them at a time
    /// (`PUT /api/Products`, made for systems that plan resources). Each product has its outcome at its place. Of products
    /// of one part number or one id the last one is what stays. An outage is waited out, see
    /// [`BulkOptions::outage_wait`].
    ///
    /// It takes up to a hundred times fewer calls than [`save_each`](Self::save_each), and gives no products back: what the
    /// server answers to a list is not described, so their ids take a [`get`](Self::get).
    ///
    /// A list that the server refuses for what is in it, or whose answer counts errors or names fewer than were sent, is
    /// halved until it is taken or has one product only, so a product that is wrong fails alone. One that has failed may
    /// be saved nevertheless; saving it again is safe. An answer without a body is success.
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then. A product without a part number, and what
    /// [`save`](Self::save) refuses, is [`Error::Query`] at its place and not sent.
    pub fn save_many<I>(&self, products: I, many: &BulkOptions) -> Ask<Partition<(), Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<Product> + Send + 'static,
    {
        self.core
            .save_lists(&route::save_many, &PRODUCTS, products, many)
    }

    /// Inserts or updates many revisions (`PUT /api/Products/Revisions`), as [`save_many`](Self::save_many) does
    /// with products. Revisions that name their product in different ways, by id and by part number, are not known to be
    /// one.
    ///
    /// # Errors
    /// As [`save_many`](Self::save_many); a revision that [`save_revision`](Self::save_revision) refuses is
    /// [`Error::Query`] at its place and not sent.
    pub fn save_revisions<I>(&self, revisions: I, many: &BulkOptions) -> Ask<Partition<(), Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<ProductRevision> + Send + 'static,
    {
        self.core
            .save_lists(&route::save_revisions, &REVISIONS, revisions, many)
    }
}
