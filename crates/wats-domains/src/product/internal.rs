//! Operations on bills of materials and categories of products by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;

use super::{BomItem, ProductCategory, ProductService, RevisionKey, route};
use crate::argument;
use crate::ask::Ask;
use crate::ask::service::service;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

service! {
    /// Internal operations on products; from [`ProductService::internal`].
    pub struct InternalProducts, internal of ProductService;
}

impl InternalProducts {
    /// The bill of materials of a revision (`GET /api/internal/Product/Bom`), from memory if it was read lately
    /// ([`CacheOptions::boms`](crate::CacheOptions::boms)).
    ///
    /// # Errors
    /// [`Error::Query`] for a number that is empty or holds what nobody sees; or the call fails.
    pub fn bom(&self, key: RevisionKey<'_>) -> Ask<Arc<Vec<BomItem>>> {
        let route = &route::internal::bom;
        let call = key.query(route.call());
        let bill = self.core.ask_kept::<Option<Vec<Value>>>(route, call);
        self.core.run(|_| async {
            // The server has written such names in either way.
            let items = bill.await?;
            let items = items.iter().flatten().cloned().map(bom_item);
            items.collect::<Result<_>>().map(Arc::new)
        })
    }

    /// Replaces the bill of materials of a revision (`PUT /api/internal/Product/BOM`) by items as JSON. Nobody has described
    /// their form; [`ProductService::save_bom_xml`] writes a bill in a form that is.
    ///
    /// # Errors
    /// As [`bom`](Self::bom).
    pub fn save_bom(&self, key: RevisionKey<'_>, items: &[BomItem]) -> Ask<()> {
        let route = &route::internal::save_bom;
        let finite = |item: &BomItem| argument::finite("quantity", item.quantity.as_ref());
        let call = items.iter().try_for_each(finite);
        let call = call.and_then(|()| key.query(route.call()));
        let call = call.map(|call| call.query("format", "json").json(items));
        self.core.tell(route, call)
    }

    /// A product with its relations (`GET /api/internal/Product/GetProductByPN`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for a part number that is empty or holds what nobody sees; or the call fails.
    pub fn get(&self, part_number: &str) -> Ask<Value> {
        let route = &route::internal::get;
        let call = scanned::check_some("part number", part_number, Kind::Number)
            .map(|()| route.call().query("PN", part_number));
        self.core.ask_any(route, call)
    }

    /// What a revision is made of and part of (`GET /api/internal/Product/GetProductInfo`). The form of the answer is not
    /// described.
    ///
    /// # Errors
    /// As [`bom`](Self::bom).
    pub fn info(&self, key: RevisionKey<'_>) -> Ask<Value> {
        let route = &route::internal::info;
        self.core.ask_any(route, key.query(route.call()))
    }

    /// All categories (`GET /api/internal/Product/GetProductCategories`).
    pub fn categories(&self) -> Ask<Vec<ProductCategory>> {
        let route = &route::internal::categories;
        self.core.ask(route, Ok(route.call()))
    }

    /// Replaces the categories (`PUT /api/internal/Product/PutProductCategories`): those that are not in the list may be
    /// gone.
    ///
    /// # Errors
    /// [`Error::Query`] for no categories and one without a name; or the call fails.
    pub fn save_categories(&self, categories: &[ProductCategory]) -> Ask<()> {
        let route = &route::internal::save_categories;
        let nameless =
            |category: &ProductCategory| category.name.as_deref().unwrap_or_default().is_empty();
        let call = match categories.iter().position(nameless) {
            _ if categories.is_empty() => {
                Err(Error::Query("there are no categories to save".to_owned()))
            }
            Some(place) => Err(Error::Query(format!("the category {place} has no name"))),
            None => Ok(route.call().json(categories)),
        };
        self.core.tell(route, call)
    }
}

/// Reads an item whose names begin with capitals or not.
fn bom_item(item: Value) -> Result<BomItem> {
    let item = match item {
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (small(&name), value)).collect())
        }
        other => other,
    };
    serde_json::from_value(item)
        .map_err(|error| Error::Data(format!("an item of a bill of materials: {error}")))
}

fn small(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
