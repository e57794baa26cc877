//! The wire models of products (`Mes.Product.Public.Product`, `ProductRevision` and `ProductView` of the server).

use uuid::Uuid;
use wats_report::wire;
use wats_report::wire::Number;

use crate::setting::Setting;
use crate::tags::tagged;

wire! {
    /// A product with its revisions. It is made by [`new`](Product::new) and changed by its fields, not written as
    /// `Product { .. }`, because a later version may have more of them.
    ///
    /// ```
    /// use wats_domains::Product;
    ///
    /// let product = Product::new("PCBA-001").with_name("Controller board");
    /// assert_eq!(product.part_number(), "PCBA-001");
    /// ```
    pub struct Product {
        /// Identifier given by the server; `None` for a product that is not saved yet.
        "productId" => product_id: Uuid,
        /// Part number, the product's key.
        "partNumber" => part_number: String,
        /// Name for people.
        "name" => name: String,
        /// Description.
        "description" => description: String,
        /// Whether the product cannot have units with serial numbers.
        "nonSerial" => non_serial: bool,
        /// 1 = active, 0 = inactive.
        "state" => state: i32,
        /// Free XML with user-defined values.
        "xmlData" => xml_data: String,
        /// Category.
        "productCategoryId" => category_id: Uuid,
        /// Name of the category.
        "productCategoryName" => category_name: String,
        /// Revisions.
        "revisions" => revisions: Vec<ProductRevision>,
        /// User-defined values; the server derives them from `xmlData`.
        "tags" => tags: Vec<Setting>,
    }

    /// One revision of a product.
    pub struct ProductRevision {
        /// Identifier given by the server.
        "productRevisionId" => revision_id: Uuid,
        /// The product it belongs to.
        "productId" => product_id: Uuid,
        /// Part number of that product.
        "PartNumber" => part_number: String,
        /// The revision, such as `A` or `1.2`.
        "revision" => revision: String,
        /// Name for people.
        "name" => name: String,
        /// Description.
        "description" => description: String,
        /// 1 = active, 0 = inactive.
        "state" => state: i32,
        /// Free XML with user-defined values.
        "xmlData" => xml_data: String,
        /// User-defined values; the server derives them from `xmlData`.
        "tags" => tags: Vec<Setting>,
    }

    /// A vendor of products.
    pub struct Vendor {
        /// Name.
        "VendorName" => name: String,
    }

    /// A category of products.
    pub struct ProductCategory {
        /// Identifier given by the server; `None` for one that is not saved yet.
        "ProductCategoryId" => category_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// Description.
        "Description" => description: String,
    }

    /// That a revision is part of another.
    pub struct RevisionRelation {
        /// Identifier given by the server; `None` for one that is not saved yet.
        "ProductRevisionRelationId" => relation_id: Uuid,
        /// The whole.
        "ParentProductRevisionId" => parent_revision_id: Uuid,
        /// The part.
        "ProductRevisionId" => revision_id: Uuid,
        /// How often it is part of the whole.
        "Quantity" => quantity: i32,
        /// Its number in the whole.
        "ItemNumber" => item_number: String,
        /// Which other revisions may be in its place.
        "RevisionMask" => revision_mask: String,
    }

    /// An item of a bill of materials.
    pub struct BomItem {
        /// Identifier given by the server.
        "bomItemId" => item_id: Uuid,
        /// The revision that it is part of.
        "productRevisionId" => revision_id: Uuid,
        /// Where it is, such as `C12`.
        "componentRef" => component_ref: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Description.
        "description" => description: String,
        /// How many there are.
        "quantity" => quantity: Number,
        /// Who makes it.
        "manufacturer" => manufacturer: String,
        /// Part number of who makes it.
        "manufacturerPn" => manufacturer_part_number: String,
        /// Who sells it.
        "vendor" => vendor: String,
        /// Part number of who sells it.
        "vendorPn" => vendor_part_number: String,
    }

    /// A product as lists show it; the whole of it comes from [`get`](crate::ProductService::get).
    pub struct ProductSummary {
        /// Part number.
        "partNumber" => part_number: String,
        /// Name for people.
        "name" => name: String,
        /// Name of the category.
        "category" => category: String,
        /// Whether the product cannot have units with serial numbers.
        "nonSerial" => non_serial: bool,
        /// 1 = active, 0 = inactive.
        "state" => state: i32,
    }
}

tagged!(Product, ProductRevision);

impl Product {
    /// A new, active product that is not saved yet.
    pub fn new(part_number: impl Into<String>) -> Self {
        Self {
            part_number: Some(part_number.into()),
            state: Some(1),
            ..Self::default()
        }
    }

    /// Sets the name.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the description.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The part number; empty if the server sent none.
    pub fn part_number(&self) -> &str {
        self.part_number.as_deref().unwrap_or_default()
    }

    /// The revisions; empty if the server sent none.
    pub fn revisions(&self) -> &[ProductRevision] {
        self.revisions.as_deref().unwrap_or_default()
    }
}

impl ProductRevision {
    /// A new, active revision that is not saved yet.
    ///
    /// ```
    /// use wats_domains::{Product, ProductRevision};
    ///
    /// let mut product = Product::new("PCBA-001");
    /// product.revisions.get_or_insert_default().push(ProductRevision::new("A"));
    /// assert_eq!(product.revisions()[0].state, Some(1));
    /// ```
    pub fn new(revision: impl Into<String>) -> Self {
        Self {
            revision: Some(revision.into()),
            state: Some(1),
            ..Self::default()
        }
    }
}

impl ProductSummary {
    /// The part number; empty if the server sent none.
    pub fn part_number(&self) -> &str {
        self.part_number.as_deref().unwrap_or_default()
    }
}

impl Vendor {
    /// The vendor of a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}

impl ProductCategory {
    /// A category that is not saved yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}

/// A revision that is part of another, by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartOf {
    /// The revision that is made of others.
    pub whole: Uuid,
    /// The one that is part of it.
    pub part: Uuid,
}

impl RevisionRelation {
    /// A relation that is not saved yet, with a quantity of 1.
    pub fn new(part: PartOf) -> Self {
        Self {
            parent_revision_id: Some(part.whole),
            revision_id: Some(part.part),
            quantity: Some(1),
            ..Self::default()
        }
    }
}
