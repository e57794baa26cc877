//! The operations on products.

use crate::ask::route::routes;

routes! { "product";
    get   = GET "/api/Product/{partNumber}" safe keeps Products;
    query = GET "/api/Product/Query"        safe keeps ProductLists;
    /// Writes the whole product, so twice is once. A new product has no id yet, but its part number is its key: the repeat
    /// of an insert that got through updates it.
    save  = PUT "/api/Product"              safe stales [Products, ProductLists];
}
