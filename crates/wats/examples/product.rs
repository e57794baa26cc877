//! Products: a product with a revision is saved, listed, and read again.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example product
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::Arc;

use wats::product::{BoxBuildPart, RevisionKey};
use wats::{Filter, Product, ProductQuery, ProductRevision, Wats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> wats::Result<()> {
    let wats = Wats::from_env()?;
    let products = wats.product();

    // What is there is changed, what is not is made.
    let found = products.find("PCBA-001").await?;
    let mut product = found.map_or_else(|| Product::new("PCBA-001"), Arc::unwrap_or_clone);
    product.description = Some("Controller board".to_owned());
    if product.revisions().is_empty() {
        let revisions = product.revisions.get_or_insert_default();
        revisions.push(ProductRevision::new("A"));
    }
    let product = products.save(&product).await?;
    println!(
        "{} has {} revisions",
        product.part_number(),
        product.revisions().len()
    );

    let active = ProductQuery::default().filter(Filter::eq("state", 1));
    let mut all = products.query(&active).each();
    while let Some(product) = all.try_next().await? {
        println!("{}: {:?}", product.part_number(), product.name);
    }

    // Two of them are part of a box, by a route that the server does not publish.
    let box_build = BoxBuildPart {
        whole: RevisionKey {
            part_number: "BOX-1",
            revision: "A",
        },
        part: RevisionKey {
            part_number: "PCBA-001",
            revision: "A",
        },
        quantity: 2,
    };
    if products.find("BOX-1").await?.is_some() {
        products.internal().add_to_box_build(box_build).await?;
    }
    Ok(())
}
