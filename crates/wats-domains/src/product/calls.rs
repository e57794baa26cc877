//! A call of each row, for the tests of the table.

use super::{BomItem, GroupMember, PartOf, ProductCategory, RevisionKey, RevisionRelation};
use crate::route::tests::{AWKWARD, ID, Lacks};
use crate::{Filter, Product, ProductQuery, ProductRevision, Wats};

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

pub(crate) async fn call_all(api: &Wats) {
    let product = api.product();
    let whole = ProductQuery::default()
        .filter(Filter::eq("name", AWKWARD))
        .top(5)
        .order_by("name desc");
    drop(product.get(AWKWARD).await);
    drop(product.query(&whole).await);
    drop(product.save(&Product::new("P")).await);
    let key = RevisionKey {
        part_number: AWKWARD,
        revision: AWKWARD,
    };
    let mut revision = ProductRevision::new("A");
    revision.product_id = Some(ID);
    drop(product.save_all(&[Product::new("P")]).await);
    drop(product.revision(key).await);
    drop(product.save_revision(&revision).await);
    drop(product.save_revisions(&[revision]).await);
    drop(product.save_bom_xml("<BOM/>").await);
    drop(product.groups(AWKWARD).revision(AWKWARD).await);
    let member = GroupMember {
        group: AWKWARD,
        part_number: AWKWARD,
    };
    drop(
        product
            .add_to_group(member)
            .revision("A")
            .exclude(true)
            .await,
    );
    drop(product.vendors().await);
    drop(product.add_vendors(&[AWKWARD]).await);
    drop(product.delete_vendors(&[AWKWARD]).await);
    let internal = product.internal();
    drop(internal.bom(key).await);
    drop(internal.save_bom(key, &[BomItem::default()]).await);
    drop(internal.get(AWKWARD).await);
    drop(internal.info(key).await);
    drop(internal.categories().await);
    drop(internal.save_categories(&[ProductCategory::new("C")]).await);
    let part = PartOf {
        whole: ID,
        part: uuid::Uuid::nil(),
    };
    let mut relation = RevisionRelation::new(part);
    drop(internal.relate(&relation).await);
    relation.relation_id = Some(ID);
    drop(internal.save_relation(&relation).await);
    drop(internal.delete_relation(ID).await);
}
