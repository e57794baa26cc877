//! Bills of materials, as they are sent.

use wats_domains::Wats;
use wats_domains::product::{Bom, BomComponent, RevisionKey};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

const KEY: RevisionKey<'_> = RevisionKey {
    part_number: "100100",
    revision: "1.0",
};

fn component(number: &str, references: &[&str]) -> BomComponent {
    let mut component = BomComponent::new(number);
    component.references = references.iter().map(|&one| one.to_owned()).collect();
    component
}

#[tokio::test]
async fn a_bill_is_written_as_the_server_reads_it() {
    let mock = MockTransport::new().on(Method::PUT, "/api/Product/BOM", [MockAnswer::status(200)]);
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("dTpw")
        .transport(mock.clone())
        .build()
        .unwrap();
    let api = Wats::from(client);
    let mut bom = Bom::new(KEY);
    bom.description = Some("R&D \"ø\"\r\n<1>\tµ".to_owned());
    let mut whole = component("100200", &["A30", "A31"]);
    whole.revision = Some("1.0".to_owned());
    whole.quantity = Some(2_000_000);
    whole.description = Some("'Component'".to_owned());
    whole.function_block = Some("A".to_owned());
    bom.components = vec![whole, component("100201", &[])];
    api.product().save_bom(&bom).await.unwrap();
    let [request] = &mock.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(request.headers["content-type"], "application/xml");
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <BOM xmlns=\"http://wats.virinco.com/schemas/WATS/wsbf\" Partnumber=\"100100\" Revision=\"1.0\" \
         Desc=\"R&amp;D &quot;ø&quot;&#13;&#10;&lt;1&gt;&#9;µ\">\n\
         \x20 <Component Number=\"100200\" Rev=\"1.0\" Qty=\"2000000\" Desc=\"'Component'\" Ref=\"A30;A31\" \
         FunctionBlock=\"A\" />\n\
         \x20 <Component Number=\"100201\" />\n\
         </BOM>\n"
    );
}

#[tokio::test]
async fn what_the_server_would_refuse_is_not_sent() {
    let mock = MockTransport::new();
    let client = wats_http::Client::builder()
        .base_url("http://mock")
        .token("dTpw")
        .transport(mock.clone())
        .build()
        .unwrap();
    let api = Wats::from(client);
    let with = |component| {
        let mut bom = Bom::new(KEY);
        bom.components = vec![BomComponent::new("1"), component];
        bom
    };
    let (mut many, mut odd) = (BomComponent::new("1"), BomComponent::new("1"));
    many.quantity = Some(u32::MAX);
    odd.description = Some("a\0".to_owned());
    let nameless = Bom::new(RevisionKey {
        part_number: "",
        ..KEY
    });
    for (bom, problem) in [
        (Bom::new(KEY), "no components"),
        (nameless, "part number is empty"),
        (
            with(BomComponent::new("")),
            "component 1: the part number is empty",
        ),
        (
            with(component("1", &["A;B"])),
            "component 1: the reference \"A;B\"",
        ),
        (with(component("1", &[" "])), "the reference \" \""),
        (with(many), "up to 2147483647"),
        (with(odd), "`Desc` holds '\\0'"),
    ] {
        let error = api.product().save_bom(&bom).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
    assert!(mock.requests().is_empty());
}
