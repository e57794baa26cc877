//! Bills of materials, box builds, groups, categories, vendors and tags of products.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{AWKWARD, Client, encode, start};

const BOM: &str = "/api/internal/Product/Bom";
const RELATE: &str = "/api/internal/Product/PostProductRevisionRelation";

/// A product with the revision A; answers the id of that.
async fn product(client: &mut Client, part_number: &str) -> Value {
    let body = json!({ "partNumber": part_number, "revisions": [{ "revision": "A" }] });
    let saved = client.put("/api/Product", &body).await.json();
    saved["revisions"][0]["productRevisionId"].clone()
}

fn key<'a>(part_number: &'a str, revision: &'a str) -> [(&'static str, &'a str); 2] {
    [("partNumber", part_number), ("revision", revision)]
}

#[tokio::test]
async fn a_bill_is_written_as_xml_or_json_and_read_back() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let xml = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<w:BOM Partnumber=\"100100\" Revision=\"1.0\" Desc=\"D\" \
        xmlns:w=\"http://wats.virinco.com/schemas/WATS/wsbf \"><!-- c --><w:Component Number=\"R&amp;D 'ø'\" Rev=\"1.1\" \
        Qty=\"2\" Desc=\"C\" Ref=\"A30;A31\" FunctionBlock=\"F\"/><w:Component Number=\"2\"></w:Component></w:BOM>";
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(xml.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for body in [xml.as_bytes().to_vec(), utf16] {
        assert_eq!(
            client
                .send(Method::PUT, "/api/Product/BOM", body)
                .await
                .status,
            200
        );
        // Product and revision were made.
        let revision = client.get("/api/Product/100100/1.0").await.json();
        let bill = client.query(BOM, &key("100100", "1.0")).await.json();
        assert_eq!(bill.as_array().unwrap().len(), 2);
        let expected = json!({
            "bomItemId": bill[0]["bomItemId"], "productRevisionId": revision["productRevisionId"],
            "componentRef": "A30;A31", "partNumber": "R&D 'ø'", "revision": "1.1", "description": "C", "quantity": 2,
            "functionBlock": "F", "manufacturer": null, "manufacturerPn": null, "vendor": null, "vendorPn": null,
        });
        assert_eq!(bill[0], expected);
        assert_eq!(
            (&bill[1]["partNumber"], &bill[1]["quantity"]),
            (&json!("2"), &Value::Null)
        );
    }
    let whole = client
        .query("/api/Product/BOM", &key("100100", "1.0"))
        .await
        .json();
    let first = json!({ "number": "R&D 'ø'", "revision": "1.1", "quantity": 2, "description": "C",
        "reference": "A30;A31", "functionBlock": "F" });
    assert_eq!(
        (&whole["description"], &whole["components"][0]),
        (&json!("D"), &first)
    );
    // What was read can be written, and replaces what was there.
    let mut again = whole.clone();
    again["components"].as_array_mut().unwrap().pop();
    assert_eq!(client.put("/api/Product/BOM", &again).await.status, 200);
    assert_eq!(
        client
            .query("/api/Product/BOM", &key("100100", "1.0"))
            .await
            .json(),
        again
    );

    let items = json!([{ "PartNumber": "X", "quantity": 3, "componentRef": "C1", "vendor": "V" }]);
    let put = "/api/internal/Product/BOM?partNumber=100100&revision=1.0&format=json";
    assert_eq!(client.put(put, &items).await.status, 200);
    let bill = client.query(BOM, &key("100100", "1.0")).await.json();
    assert_eq!(
        (
            bill.as_array().unwrap().len(),
            &bill[0]["vendor"],
            &bill[0]["quantity"]
        ),
        (1, &json!("V"), &json!(3))
    );
    let empty = product(&mut client, AWKWARD).await;
    assert!(empty.is_string());
    assert_eq!(
        client.query(BOM, &key(AWKWARD, "A")).await.json(),
        json!([])
    );
    assert_eq!(
        client
            .query("/api/Product/BOM", &key(AWKWARD, "A"))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_bill_that_is_none_is_refused_and_changes_nothing() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let bom = |attributes: &str, inside: &str| {
        format!(
            "<BOM xmlns=\"http://wats.virinco.com/schemas/WATS/wsbf\" {attributes}>{inside}</BOM>"
        )
    };
    let (numbers, one) = (
        "Partnumber=\"P\" Revision=\"A\"",
        "<Component Number=\"1\"/>",
    );
    for (body, problem) in [
        (String::new(), "no BOM"),
        ("<BOM".to_owned(), "XML"),
        ("<A/>".to_owned(), "root"),
        (format!("<BOM {numbers}>{one}</BOM>"), "namespace"),
        (bom(numbers, ""), "needs components"),
        (
            bom(numbers, "<Component/>"),
            "component 0 has no part number",
        ),
        (bom("Revision=\"A\"", one), "Partnumber"),
        (bom("Partnumber=\"P\"", one), "Revision"),
        (bom("Partnumber=\"\" Revision=\"A\"", one), "partNumber"),
        (
            bom(numbers, "<Component Number=\"1\" Qty=\"x\"/>"),
            "component 0",
        ),
        (
            bom(numbers, "<Component Number=\"1\" Qty=\"-1\"/>"),
            "quantity",
        ),
        (bom(numbers, one).replace("</BOM>", ""), "ends too early"),
        (
            "{\"partNumber\": \"P\", \"revision\": \"A\"}".to_owned(),
            "needs components",
        ),
    ] {
        let reply = client
            .send(Method::PUT, "/api/Product/BOM", body.clone())
            .await;
        assert_eq!(reply.status, 500, "{body}");
        assert!(
            reply.message().contains(problem),
            "{body}: {}",
            reply.message()
        );
    }
    assert!(sim.product("P").is_none());
    let put = "/api/internal/Product/BOM?partNumber=P&revision=A&format=";
    for (format, body, status) in [
        ("json", json!([]), 404),
        ("json", json!([{}]), 400),
        ("json", json!({}), 400),
        ("xml", json!("<BOM/>"), 400),
        ("csv", json!([]), 400),
        ("", json!([]), 400),
    ] {
        assert_eq!(
            client.put(&format!("{put}{format}"), &body).await.status,
            status,
            "{format} {body}"
        );
    }
    for (route, status) in [
        (BOM, 404),
        ("/api/Product/BOM", 404),
        ("/api/internal/Product/GetProductInfo", 404),
    ] {
        assert_eq!(client.query(route, &key("P", "A")).await.status, status);
        assert_eq!(
            client.get(&format!("{route}?partNumber=P")).await.status,
            400
        );
    }
}

#[tokio::test]
async fn a_box_build_is_a_hierarchy_without_circles() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut ids = Vec::new();
    for name in ["BOX", "MODULE", "PCBA"] {
        ids.push(product(&mut client, name).await);
    }
    let relation = |whole: usize, part: usize, quantity: i64| {
        json!({
            "ParentProductRevisionId": ids[whole], "productRevisionId": ids[part], "Quantity": quantity, "ItemNumber": "7",
        })
    };
    let made = client.post(RELATE, &relation(0, 1, 2)).await.json();
    client.post(RELATE, &relation(1, 2, 4)).await;
    let made_last = client.post(RELATE, &relation(0, 2, 1)).await.json();
    assert_eq!(
        (
            made.as_array().unwrap().len(),
            made_last.as_array().unwrap().len()
        ),
        (1, 2)
    );
    assert_eq!(
        (&made_last[0], &made[0]["ItemNumber"]),
        (&made[0], &json!("7"))
    );

    let rows = client
        .query("/api/internal/Product/GetProductInfo", &key("BOX", "A"))
        .await
        .json();
    let rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["hlevel"].as_i64().unwrap(),
                row["PartNumber"].as_str().unwrap(),
                row["Quantity"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (0, "BOX", 1),
            (1, "MODULE", 2),
            (2, "PCBA", 4),
            (1, "PCBA", 1)
        ]
    );

    for (body, status) in [
        (relation(0, 0, 1), 400),
        (relation(2, 0, 1), 400),
        (relation(0, 1, 0), 400),
        (json!({ "ParentProductRevisionId": ids[0] }), 400),
        (
            json!({ "ParentProductRevisionId": ids[0], "ProductRevisionId": "x" }),
            400,
        ),
        (
            json!({ "ParentProductRevisionId": ids[0], "ProductRevisionId": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" }),
            404,
        ),
    ] {
        assert_eq!(client.post(RELATE, &body).await.status, status, "{body}");
    }
    let put = "/api/internal/Product/PutProductRevisionRelation";
    let id = made[0]["ProductRevisionRelationId"].clone();
    let body = json!({ "ProductRevisionRelationId": id, "Quantity": 3, "RevisionMask": "1.%" });
    let saved = client.put(put, &body).await.json();
    assert_eq!(
        (
            &saved["Quantity"],
            &saved["RevisionMask"],
            &saved["ProductRevisionId"]
        ),
        (&json!(3), &json!("1.%"), &ids[1])
    );
    assert_eq!(client.put(put, &json!({ "Quantity": 3 })).await.status, 400);
    let delete = format!(
        "/api/internal/Product/DeleteProductRevisionRelation?productRevisionRelationId={}",
        id.as_str().unwrap()
    );
    for status in [200, 404] {
        assert_eq!(
            client.send(Method::DELETE, &delete, "").await.status,
            status
        );
    }
    assert_eq!(client.put(put, &body).await.status, 404);
    let rows = client
        .query("/api/internal/Product/GetProductInfo", &key("BOX", "A"))
        .await
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 2);

    let internal = client
        .get("/api/internal/Product/GetProductByPN?PN=BOX")
        .await
        .json();
    assert_eq!(
        (
            &internal["PartNumber"],
            &internal["ProductRevisions"][0]["ProductRevisionId"]
        ),
        (&json!("BOX"), &ids[0])
    );
    assert_eq!(
        client
            .get("/api/internal/Product/GetProductByPN?PN=NONE")
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .get("/api/internal/Product/GetProductByPN")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn groups_have_products_by_their_filters() {
    const GROUP: &str = "/api/Product/ProductGroup";
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let boards = client
        .post(GROUP, &json!({ "name": "Boards" }))
        .await
        .json();
    assert_eq!(
        boards,
        json!({ "id": 1, "name": "Boards", "description": null, "isPublic": true })
    );
    client
        .post(GROUP, &json!({ "name": "All", "isPublic": false }))
        .await;
    assert_eq!(
        client.post(GROUP, &json!({ "name": "All" })).await.status,
        409
    );
    assert_eq!(client.post(GROUP, &json!({})).await.status, 400);

    for (group, part_number, more, status) in [
        ("Boards", "PCB%", "", 200),
        ("Boards", "PCB-9", "&exclude=true", 200),
        ("Boards", "BOX", "&revision=1.%25", 200),
        ("All", "%", "", 200),
        ("None", "%", "", 404),
        ("All", "", "", 400),
        ("All", "%", "&exclude=maybe", 400),
    ] {
        let path = format!(
            "/api/Product/ProductGroupFilter?productGroup={group}&partNumber={}{more}",
            encode(part_number)
        );
        assert_eq!(
            client.post(&path, &Value::Null).await.status,
            status,
            "{path}"
        );
    }
    for (part_number, revision, expected) in [
        ("PCB-1", "", vec!["Boards", "All"]),
        ("PCB-9", "", vec!["All"]),
        ("BOX", "1.7", vec!["Boards", "All"]),
        ("BOX", "2.0", vec!["All"]),
        ("BOX", "", vec!["Boards", "All"]),
    ] {
        let groups = client
            .query(
                "/api/Product/ProductGroupsByProduct",
                &key(part_number, revision),
            )
            .await
            .json();
        let names: Vec<_> = groups
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["productGroupName"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{part_number} {revision}");
    }
    assert_eq!(
        client
            .get("/api/Product/ProductGroupsByProduct")
            .await
            .status,
        400
    );

    assert_eq!(
        client
            .put(GROUP, &json!({ "id": 1, "name": "Cards" }))
            .await
            .status,
        200
    );
    assert_eq!(
        client
            .put(GROUP, &json!({ "id": 9, "name": "X" }))
            .await
            .status,
        404
    );
    let filters = client
        .get("/api/Product/ProductGroupFilter?productGroupId=1")
        .await
        .json();
    assert_eq!(filters.as_array().unwrap().len(), 3);
    assert_eq!(
        (
            &filters[1]["exclude"],
            &filters[2]["orderNo"],
            &filters[0]["productGroup"]
        ),
        (&json!(true), &json!(3), &json!("Cards"))
    );
    for status in [200, 404] {
        assert_eq!(
            client
                .send(Method::DELETE, &format!("{GROUP}/1"), "")
                .await
                .status,
            status
        );
    }
    let named = client
        .put(
            "/api/Product/Group",
            &json!({ "productGroupName": "Third" }),
        )
        .await
        .json();
    let groups = client.get("/api/Product/Groups").await.json();
    assert_eq!(
        (&groups[1], named["productGroupId"].as_i64()),
        (&named, Some(3))
    );
    let path = "/api/Product/ProductGroup/3";
    assert_eq!(client.send(Method::DELETE, path, "").await.status, 200);
    let left = client
        .get(&format!("{GROUP}?includeFilters=true"))
        .await
        .json();
    assert_eq!(
        (
            left.as_array().unwrap().len(),
            &left[0]["filters"][0]["partNumber"]
        ),
        (1, &json!("%"))
    );
}

#[tokio::test]
async fn categories_are_followed_by_their_products() {
    const LIST: &str = "/api/internal/Product/GetProductCategories";
    const PUT: &str = "/api/internal/Product/PutProductCategories";
    let sim = start(Simulator::builder().products(2)).await;
    let mut client = Client::h1(&sim).await;
    let list = client.get(LIST).await.json();
    let mut names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["Name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Module", "PCBA"]);
    let id = |name: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|one| one["Name"] == name)
            .unwrap()["ProductCategoryId"]
            .clone()
    };
    let body = json!([{ "ProductCategoryId": id("PCBA"), "Name": "Board" }, { "name": "New", "Description": "D" }]);
    let saved = client.put(PUT, &body).await.json();
    assert_eq!(
        (saved.as_array().unwrap().len(), &saved[1]["Description"]),
        (2, &json!("D"))
    );
    let of = |number: &str| sim.product(number).unwrap();
    assert_eq!(
        (
            &of("PART-0000")["productCategoryName"],
            &of("PART-0000")["productCategoryId"]
        ),
        (&json!("Board"), &id("PCBA"))
    );
    assert_eq!(
        (
            &of("PART-0001")["productCategoryName"],
            &of("PART-0001")["productCategoryId"]
        ),
        (&Value::Null, &Value::Null)
    );

    let new = saved[1]["ProductCategoryId"].clone();
    let product = json!({ "partNumber": "PART-0001", "productCategoryId": new, "productCategoryName": "ignored" });
    assert_eq!(
        client.put("/api/Product", &product).await.json()["productCategoryName"],
        "New"
    );
    let product = json!({ "partNumber": "PART-0001", "productCategoryName": "Made" });
    let made = client.put("/api/Product", &product).await.json()["productCategoryId"].clone();
    assert!(
        client
            .get(LIST)
            .await
            .json()
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["ProductCategoryId"] == made)
    );
    let unknown = json!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    let product = json!({ "partNumber": "PART-0001", "productCategoryId": unknown });
    assert_eq!(client.put("/api/Product", &product).await.status, 404);
    for (body, status) in [
        (json!([{ "Name": "" }]), 400),
        (json!({}), 400),
        (json!([{ "Name": "A" }, { "Name": "A" }]), 409),
        (json!([{ "Name": "A", "ProductCategoryId": unknown }]), 404),
    ] {
        assert_eq!(client.put(PUT, &body).await.status, status, "{body}");
    }
    assert_eq!(client.get(LIST).await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn vendors_are_added_once_and_deleted() {
    const VENDORS: &str = "/api/Product/Vendors";
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let vendor = |name: &str| json!({ "VendorName": name });
    let two = json!([vendor("ACME"), vendor("ø/&")]);
    assert_eq!(client.put(VENDORS, &two).await.json(), two);
    assert_eq!(
        client
            .put(VENDORS, &json!([vendor("ACME"), vendor("B")]))
            .await
            .json(),
        json!([vendor("B")])
    );
    for (body, status) in [
        (json!([vendor("ACME"), vendor("none")]), 404),
        (json!([{}]), 400),
        (json!({ "name": "x" }), 400),
    ] {
        assert_eq!(
            client
                .send(Method::DELETE, VENDORS, body.to_string())
                .await
                .status,
            status,
            "{body}"
        );
    }
    assert_eq!(
        client
            .send(Method::DELETE, VENDORS, json!([vendor("B")]).to_string())
            .await
            .status,
        200
    );
    assert_eq!(client.get(VENDORS).await.json(), two);
}

#[tokio::test]
async fn tags_follow_the_xml_data_and_change_it() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let body = json!({ "partNumber": "P", "xmlData": "<Root><Site Value=\"01\"/></Root>", "tags": [{ "key": "No", "value": "x" }],
        "revisions": [{ "revision": "A" }] });
    let saved = client.put("/api/Product", &body).await.json();
    assert_eq!(
        saved["tags"],
        json!([{ "key": "Site", "value": "01", "change": 0 }])
    );
    let body = json!({ "partNumber": "P", "revision": "A", "tags": [{ "key": "Line", "value": "a&b", "change": 1 }] });
    let saved = client.put("/api/Product/Revision", &body).await.json();
    assert_eq!(saved["xmlData"], "<Root><Line Value=\"a&amp;b\" /></Root>");
    let read = client.get("/api/Product/P/A").await.json();
    assert_eq!(
        read["tags"],
        json!([{ "key": "Line", "value": "a&b", "change": 0 }])
    );
    let body = json!({ "partNumber": "P", "tags": [{ "key": "a b", "value": "", "change": 2 }] });
    assert_eq!(client.put("/api/Product", &body).await.status, 400);
}
