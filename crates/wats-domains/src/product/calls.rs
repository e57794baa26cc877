//! A call of each row, for the tests of the table.

use super::{
    Bom, BomComponent, BomItem, GroupMember, PartOf, ProductCategory, RevisionKey, RevisionRelation,
};
use crate::route::tests::{ID, Lacks, arg, said, text};
use crate::{BulkOptions, Filter, Product, ProductQuery, ProductRevision, Wats};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[
    (
        "product.query",
        Lacks::Query,
        "OData: its options are those of the query language",
    ),
    (
        "product.save_bom",
        Lacks::Body,
        "the bill is the body, in words only",
    ),
    (
        "product.internal.save_bom",
        Lacks::Body,
        "the bill is the body; nobody says so",
    ),
];

/// The revision that is a part.
const PART: uuid::Uuid = uuid::Uuid::from_u128(0x8765_4321);

pub(crate) async fn call_all(api: &Wats) {
    let product = api.product();
    let whole = ProductQuery::default()
        .filter(Filter::eq("name", text()).and(Filter::gt("state", arg("state", 0.5))))
        .top(arg("top", 5))
        .order_by("name desc");
    let many = BulkOptions::default();
    said(product.get(text()).await);
    said(product.query(&whole).await);
    said(product.save(&Product::new("P")).await);
    let key = RevisionKey {
        part_number: text(),
        revision: text(),
    };
    let mut revision = ProductRevision::new("A");
    revision.product_id = Some(arg("product_id", ID));
    said(product.save_many([Product::new("P")], &many).await);
    said(product.revision(key).await);
    said(product.save_revision(&revision).await);
    said(product.save_revisions([revision], &many).await);
    said(product.save_bom_xml("<BOM/>").await);
    let mut bom = Bom::new(key);
    bom.components.push(BomComponent::new(text()));
    said(product.save_bom(&bom).await);
    said(product.groups(text()).revision(text()).await);
    let member = GroupMember {
        group: text(),
        part_number: text(),
    };
    said(
        product
            .add_to_group(member)
            .revision(text())
            .exclude(true)
            .await,
    );
    said(product.vendors().await);
    said(product.add_vendors(arg("names", &[text()])).await);
    said(product.delete_vendors(arg("names", &[text()])).await);
    let internal = product.internal();
    said(internal.bom(key).await);
    let item = BomItem {
        quantity: Some(arg("quantity", 1.5).into()),
        ..BomItem::default()
    };
    said(internal.save_bom(key, arg("items", &[item])).await);
    said(internal.get(text()).await);
    said(internal.info(key).await);
    said(internal.categories().await);
    let categories = [ProductCategory::new("C")];
    said(
        internal
            .save_categories(arg("categories", &categories))
            .await,
    );
    let part = PartOf {
        whole: arg("parent_revision_id", ID),
        part: arg("revision_id", PART),
    };
    let mut relation = RevisionRelation::new(part);
    said(internal.relate(&relation).await);
    relation.relation_id = Some(arg("relation_id", ID));
    relation.quantity = Some(arg("quantity", 2));
    said(internal.save_relation(&relation).await);
    said(
        internal
            .delete_relation(arg("productRevisionRelationId", ID))
            .await,
    );
}
