//! Products: what is sent, what comes back, what is kept, what is refused.

use serde_json::json;
use uuid::Uuid;
use wats_domains::product::{
    BomItem, BoxBuildPart, GroupMember, PartOf, ProductCategory, RevisionKey, RevisionRelation,
};
use wats_domains::{
    BulkOptions, CacheOptions, Filter, Product, ProductQuery, ProductRevision, Wats,
};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{METHODS, answering, client, deletes, golden, refused, refusing, with_caches};

const KEY: RevisionKey<'_> = RevisionKey {
    part_number: "A/B #1",
    revision: "1.2",
};
const PART: PartOf = PartOf {
    whole: Uuid::from_u128(1),
    part: Uuid::from_u128(2),
};

fn revision() -> ProductRevision {
    let mut revision = ProductRevision::new("A");
    revision.part_number = Some("P".to_owned());
    revision
}

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let (product, many) = (api.product(), BulkOptions::default());
    let query = ProductQuery::default()
        .filter(Filter::eq("name", "it's"))
        .top(5)
        .order_by("name desc");
    let member = GroupMember {
        group: "G 1",
        part_number: "P",
    };
    golden! { mock;
        product.get("A/B #1") => GET "/api/Product/A%2FB%20%231";
        product.query(&query) => GET "/api/Product/Query?$filter=name%20eq%20%27it%27%27s%27&$top=5&$orderby=name%20desc";
        product.save(&Product::new("P").with_name("Board"))
            => PUT "/api/Product", json!({"partNumber": "P", "name": "Board", "state": 1});
        product.save_many([Product::new("P")], &many) => PUT "/api/Products", json!([{"partNumber": "P", "state": 1}]);
        product.revision(KEY) => GET "/api/Product/A%2FB%20%231/1.2";
        product.save_revision(&revision())
            => PUT "/api/Product/Revision", json!({"revision": "A", "PartNumber": "P", "state": 1});
        product.save_revisions([revision()], &many)
            => PUT "/api/Products/Revisions", json!([{"revision": "A", "PartNumber": "P", "state": 1}]);
        product.save_bom_xml("<BOM Partnumber=\"P\"/>") => PUT "/api/Product/BOM", "<BOM Partnumber=\"P\"/>";
        product.groups("P") => GET "/api/Product/ProductGroupsByProduct?partNumber=P";
        product.groups("P").revision("A") => GET "/api/Product/ProductGroupsByProduct?partNumber=P&revision=A";
        product.add_to_group(member).revision("A").exclude(true)
            => POST "/api/Product/ProductGroupFilter?productGroup=G%201&partNumber=P&revision=A&exclude=true";
        product.vendors() => GET "/api/Product/Vendors";
        product.add_vendors(&["ACME"]) => PUT "/api/Product/Vendors", json!([{"VendorName": "ACME"}]);
        product.delete_vendors(&["ACME"]) => DELETE "/api/Product/Vendors", json!([{"VendorName": "ACME"}]);
    }
    let bom = mock
        .requests()
        .into_iter()
        .find(|request| request.target == "/api/Product/BOM");
    assert_eq!(bom.unwrap().headers["content-type"], "application/xml");
}

#[tokio::test]
async fn each_internal_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let internal = api.product().internal();
    let mut item = BomItem::default();
    item.part_number = Some("R1".to_owned());
    let mut relation = RevisionRelation::new(PART);
    relation.relation_id = Some(Uuid::from_u128(3));
    relation.quantity = Some(2);
    relation.item_number = Some("10".to_owned());
    golden! { mock;
        internal.bom(KEY) => GET "/api/internal/Product/Bom?partNumber=A%2FB%20%231&revision=1.2";
        internal.save_bom(KEY, &[item])
            => PUT "/api/internal/Product/BOM?partNumber=A%2FB%20%231&revision=1.2&format=json", json!([{"partNumber": "R1"}]);
        internal.get("P") => GET "/api/internal/Product/GetProductByPN?PN=P";
        internal.info(KEY) => GET "/api/internal/Product/GetProductInfo?partNumber=A%2FB%20%231&revision=1.2";
        internal.categories() => GET "/api/internal/Product/GetProductCategories";
        internal.save_categories(&[ProductCategory::new("PCB")])
            => PUT "/api/internal/Product/PutProductCategories", json!([{"Name": "PCB"}]);
        internal.relate(&RevisionRelation::new(PART))
            => POST "/api/internal/Product/PostProductRevisionRelation",
            json!({"ParentProductRevisionId": PART.whole, "ProductRevisionId": PART.part, "Quantity": 1});
        internal.save_relation(&relation)
            => PUT "/api/internal/Product/PutProductRevisionRelation",
            json!({"ProductRevisionRelationId": Uuid::from_u128(3), "ParentProductRevisionId": PART.whole,
                "ProductRevisionId": PART.part, "Quantity": 2, "ItemNumber": "10"});
        internal.delete_relation(PART.part)
            => DELETE "/api/internal/Product/DeleteProductRevisionRelation?productRevisionRelationId=00000000-0000-0000-0000-000000000002";
    }
}

#[tokio::test]
async fn answers_lose_nothing() {
    let answer = json!({
        "productId": Uuid::nil(), "partNumber": "P", "nonSerial": null, "state": 7, "xmlData": "<Root><Site Value=\"01\"/></Root>",
        "revisions": [{"revision": "A", "PartNumber": null, "later": [1.50]}, {"revision": null}],
        "tags": [{"key": "Site", "value": "01", "change": 9}], "later": {"x": null}
    });
    let api = answering(Method::GET, "/api/Product/P", &answer);
    let product = api.product().get("P").await.unwrap();
    assert_eq!((product.state, product.revisions().len()), (Some(7), 2));
    assert_eq!(serde_json::to_value(&*product).unwrap(), answer);

    let answer = json!([{"VendorName": "ACME", "VendorId": 5}, {"VendorName": null}]);
    let api = answering(Method::GET, "/api/Product/Vendors", &answer);
    let vendors = api.product().vendors().await.unwrap();
    assert_eq!(serde_json::to_value(&*vendors).unwrap(), answer);
}

#[tokio::test]
async fn items_of_a_bill_are_read_whichever_way_their_names_are_written() {
    let path = "/api/internal/Product/Bom";
    let answer = json!([
        {"PartNumber": "R1", "Quantity": 2.5, "ComponentRef": "R3;R4", "BomItemId": null, "Later": {"A": 1}},
        {"partNumber": "R2", "quantity": 1, "vendorPn": "V"}
    ]);
    let bom = answering(Method::GET, path, &answer)
        .product()
        .internal()
        .bom(KEY)
        .await
        .unwrap();
    let numbers: Vec<_> = bom.iter().map(|item| item.part_number.as_deref()).collect();
    assert_eq!(numbers, [Some("R1"), Some("R2")]);
    assert_eq!(bom[0].component_ref.as_deref(), Some("R3;R4"));
    assert_eq!(bom[0].extra.get("later"), Some(&json!({"A": 1})));
    let none = answering(Method::GET, path, &json!(null));
    assert!(none.product().internal().bom(KEY).await.unwrap().is_empty());
    let other = answering(Method::GET, path, &json!([5]));
    assert!(other.product().internal().bom(KEY).await.is_err());
}

#[tokio::test]
async fn a_relation_is_answered_by_itself_or_by_all() {
    let path = "/api/internal/Product/PostProductRevisionRelation";
    let one = json!({"ProductRevisionRelationId": PART.part, "Quantity": 1, "ParentProductRevision": null});
    for (answer, count) in [
        (one.clone(), 1),
        (json!([one.clone(), one.clone()]), 2),
        (json!(null), 0),
    ] {
        let api = answering(Method::POST, path, &answer);
        let relations = api
            .product()
            .internal()
            .relate(&RevisionRelation::new(PART))
            .await
            .unwrap();
        assert_eq!(relations.len(), count);
        if let Some(relation) = relations.first() {
            assert_eq!(serde_json::to_value(relation).unwrap(), one);
        }
    }
}

#[tokio::test]
async fn a_box_build_is_made_of_numbers() {
    let revision = |id: Uuid| MockAnswer::json(&json!({"productRevisionId": id, "revision": "A"}));
    let path = "/api/internal/Product/PostProductRevisionRelation";
    let mock = MockTransport::new()
        .on(Method::GET, "/api/Product/BOX/A", [revision(PART.whole)])
        .on(Method::GET, "/api/Product/PCBA/B", [revision(PART.part)])
        .on(
            Method::GET,
            "/api/Product/none/A",
            [MockAnswer::status(404)],
        )
        .on(
            Method::POST,
            path,
            [MockAnswer::json(&json!({"Quantity": 2}))],
        );
    let internal = client(&mock).product().internal();
    let key = |part_number, revision| RevisionKey {
        part_number,
        revision,
    };
    let build = |whole, part, quantity| BoxBuildPart {
        whole,
        part,
        quantity,
    };
    let (whole, part) = (key("BOX", "A"), key("PCBA", "B"));
    let made = internal
        .add_to_box_build(build(whole, part, 2))
        .await
        .unwrap();
    assert_eq!(made[0].quantity, Some(2));
    let sent: serde_json::Value = serde_json::from_slice(&mock.requests()[2].body).unwrap();
    let expected = json!({"ParentProductRevisionId": PART.whole, "ProductRevisionId": PART.part, "Quantity": 2});
    assert_eq!(sent, expected);

    let missing = internal
        .add_to_box_build(build(whole, key("none", "A"), 1))
        .await;
    assert_eq!(missing.unwrap_err().status().unwrap(), 404);
    let before = mock.requests().len();
    for (build, words) in [
        (build(whole, part, 0), "`quantity` is 0"),
        (build(whole, key("PCBA", ""), 1), "revision is empty"),
    ] {
        let error = internal.add_to_box_build(build).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let itself = internal
        .add_to_box_build(build(whole, whole, 1))
        .await
        .unwrap_err();
    assert!(itself.to_string().contains("part of itself"), "{itself}");
    assert!(
        mock.requests()[before..]
            .iter()
            .all(|request| request.method == Method::GET)
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_repeat_does_not_find_is_gone() {
    deletes! {
        api => api.product().delete_vendors(&["ACME"]), "/api/Product/Vendors";
        api => api.product().internal().delete_relation(PART.part), "/api/internal/Product/DeleteProductRevisionRelation";
    }
}

/// Reads that are kept, and how often each was asked for.
async fn read_all(api: &Wats, mock: &MockTransport) -> [usize; 6] {
    let product = api.product();
    product.get("P").await.unwrap();
    product
        .revision(RevisionKey {
            part_number: "P",
            revision: "A",
        })
        .await
        .unwrap();
    drop(product.query(&ProductQuery::default()).await.unwrap());
    product.vendors().await.unwrap();
    product.groups("P").await.unwrap();
    product.internal().bom(KEY).await.unwrap();
    let count = |path: &str| {
        let requests = mock.requests().into_iter();
        requests
            .filter(|r| r.method == Method::GET && r.target.split('?').next() == Some(path))
            .count()
    };
    [
        "/api/Product/P",
        "/api/Product/P/A",
        "/api/Product/Query",
        "/api/Product/Vendors",
        "/api/Product/ProductGroupsByProduct",
        "/api/internal/Product/Bom",
    ]
    .map(count)
}

#[tokio::test]
async fn a_write_makes_stale_what_it_changes_and_no_more() {
    let lists = [
        "/api/Product/Query",
        "/api/Product/Vendors",
        "/api/internal/Product/Bom",
    ];
    let mut mock = MockTransport::new();
    for path in lists {
        mock = mock.on(Method::GET, path, [MockAnswer::json(&json!([]))]);
    }
    for method in METHODS {
        // Writes fail, and may have been carried out all the same.
        let answer = match method {
            Method::GET => MockAnswer::json(&json!({})),
            _ => MockAnswer::status(400),
        };
        mock = mock.on(method, "/*", [answer]);
    }
    let api = with_caches(&mock, CacheOptions::default());
    let (product, internal) = (api.product(), api.product().internal());
    let member = GroupMember {
        group: "G",
        part_number: "P",
    };
    let many = BulkOptions::default();
    let mut expected = [1; 6];
    assert_eq!(read_all(&api, &mock).await, expected);
    assert_eq!(read_all(&api, &mock).await, expected);
    macro_rules! stale {
        ($( $write:expr => $stale:expr; )+) => { $(
            drop($write.await);
            for (count, stale) in expected.iter_mut().zip($stale) {
                *count += stale;
            }
            assert_eq!(read_all(&api, &mock).await, expected, "{}", stringify!($write));
        )+ };
    }
    stale! {
        product.save(&Product::new("P")) => [1, 1, 1, 0, 0, 0];
        product.save_many([Product::new("P")], &many) => [1, 1, 1, 0, 0, 0];
        product.save_revision(&revision()) => [1, 1, 0, 0, 0, 0];
        product.save_revisions([revision()], &many) => [1, 1, 0, 0, 0, 0];
        product.add_vendors(&["V"]) => [0, 0, 0, 1, 0, 0];
        product.delete_vendors(&["V"]) => [0, 0, 0, 1, 0, 0];
        product.add_to_group(member) => [0, 0, 0, 0, 1, 0];
        product.save_bom_xml("<BOM/>") => [0, 0, 0, 0, 0, 1];
        internal.save_bom(KEY, &[]) => [0, 0, 0, 0, 0, 1];
        internal.save_categories(&[ProductCategory::new("C")]) => [1, 1, 1, 0, 0, 0];
        internal.relate(&RevisionRelation::new(PART)) => [0; 6];
    }
    product.refresh();
    assert_eq!(read_all(&api, &mock).await, expected.map(|count| count + 1));
}

#[tokio::test]
async fn bad_input_is_refused_by_name_before_anything_is_sent() {
    let (api, mock) = refusing();
    let (product, internal) = (api.product(), api.product().internal());
    let key = |part_number, revision| RevisionKey {
        part_number,
        revision,
    };
    let member = |group, part_number| GroupMember { group, part_number };
    let alone = ProductRevision::new("A");
    let mut nameless = Product::new("P");
    nameless.revisions = Some(vec![ProductRevision::new("")]);
    let mut itself = RevisionRelation::new(PartOf {
        part: PART.whole,
        ..PART
    });
    let mut none = RevisionRelation::new(PART);
    none.revision_id = None;
    let unsaved = RevisionRelation::new(PART);
    let mut twice = RevisionRelation::new(PART);
    twice.quantity = Some(0);
    itself.relation_id = Some(PART.part);
    refused! { mock;
        product.get("") => "part number is empty";
        product.get(".") => "partNumber";
        product.get("..") => "partNumber";
        product.get("P\n") => "part number";
        product.find("") => "part number is empty";
        product.query(&ProductQuery::default().filter(Filter::eq("state", f64::NAN))) => "NaN";
        product.revision(key("", "A")) => "part number is empty";
        product.revision(key("P", "")) => "revision is empty";
        product.revision(key("P", "..")) => "revision";
        product.save(&Product::new("")) => "part number is empty";
        product.save(&Product::new("P\u{200b}")) => "part number";
        product.save(&nameless) => "revision is empty";
        product.save_revision(&alone) => "product_id";
        product.save_bom_xml("") => "bill of materials is empty";
        product.groups("") => "part number is empty";
        product.groups("P").revision("") => "revision is empty";
        product.add_to_group(member("", "P")) => "product group is empty";
        product.add_to_group(member("G", "")) => "part number is empty";
        product.add_to_group(member("G", "P")).revision("A\n") => "revision";
        product.add_vendors(&[]) => "`names` is empty";
        product.delete_vendors(&["A", ""]) => "name of a vendor is empty";
        internal.bom(key("P", "")) => "revision is empty";
        internal.save_bom(key("", "A"), &[]) => "part number is empty";
        internal.get("") => "part number is empty";
        internal.info(key("", "A")) => "part number is empty";
        internal.save_categories(&[]) => "no categories";
        internal.save_categories(&[ProductCategory::new("")]) => "the category 0";
        internal.relate(&itself) => "part of itself";
        internal.relate(&none) => "revision_id";
        internal.relate(&twice) => "`quantity` is 0";
        internal.save_relation(&unsaved) => "relation_id";
        internal.save_relation(&itself) => "part of itself";
    }
}
