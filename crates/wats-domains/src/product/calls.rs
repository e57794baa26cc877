//! A call of each row, for the tests of the table.

use crate::route::tests::{AWKWARD, Lacks};
use crate::{Filter, Product, ProductQuery, Wats};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "product.query",
    Lacks::Query,
    "OData: its options are those of the query language",
)];

pub(crate) async fn call_all(api: &Wats) {
    let product = api.product();
    let whole = ProductQuery::default()
        .filter(Filter::eq("name", AWKWARD))
        .top(5)
        .order_by("name desc");
    drop(product.get(AWKWARD).await);
    drop(product.query(&whole).await);
    drop(product.save(&Product::new("P")).await);
}
