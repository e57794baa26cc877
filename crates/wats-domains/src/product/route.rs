//! The operations on products.

use crate::ask::route::routes;

routes! { "product";
    get   = GET "/api/Product/{partNumber}" safe keeps Products;
    query = GET "/api/Product/Query"        safe keeps ProductLists;
    /// Writes the whole product, so twice is once. A new product has no id yet, but its part number is its key: the repeat
    /// of an insert that got through updates it.
    save  = PUT "/api/Product"              safe stales [Products, ProductLists];
    /// As `save`, for many in one call.
    save_many      = PUT    "/api/Products"                       safe stales [Products, ProductLists];
    revision       = GET    "/api/Product/{partNumber}/{revision}" safe keeps Products;
    save_revision  = PUT    "/api/Product/Revision"               safe stales [Products];
    save_revisions = PUT    "/api/Products/Revisions"             safe stales [Products];
    /// Writes the whole bill.
    save_bom       = PUT    "/api/Product/BOM"                    safe stales [Boms];
    groups         = GET    "/api/Product/ProductGroupsByProduct" safe keeps ProductGroups;
    add_to_group   = POST   "/api/Product/ProductGroupFilter"     once stales [ProductGroups];
    vendors        = GET    "/api/Product/Vendors"                safe keeps Vendors;
    /// Adds only those that there are not yet.
    add_vendors    = PUT    "/api/Product/Vendors"                safe stales [Vendors];
    delete_vendors = DELETE "/api/Product/Vendors"                gone stales [Vendors];
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "product.internal";
        bom             = GET    "/api/internal/Product/Bom"                           safe keeps Boms;
        /// Writes the whole bill.
        save_bom        = PUT    "/api/internal/Product/BOM"                           safe stales [Boms];
        get             = GET    "/api/internal/Product/GetProductByPN"                safe;
        info            = GET    "/api/internal/Product/GetProductInfo"                safe;
        categories      = GET    "/api/internal/Product/GetProductCategories"          safe;
        /// Writes the whole list. Products and lists of them have the names of categories.
        save_categories = PUT    "/api/internal/Product/PutProductCategories"          safe stales [Products, ProductLists];
        /// Adds each time.
        relate          = POST   "/api/internal/Product/PostProductRevisionRelation"   once;
        save_relation   = PUT    "/api/internal/Product/PutProductRevisionRelation"    safe;
        delete_relation = DELETE "/api/internal/Product/DeleteProductRevisionRelation" gone;
    }
}
