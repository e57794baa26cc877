//! The page of rules is made from the table of rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

/// `WATS_WRITE_DOCS=1` writes the page anew.
#[test]
fn the_page_of_rules_is_that_of_the_table() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/report-rules.md");
    let page = wats_report::lint::page();
    if std::env::var_os("WATS_WRITE_DOCS").is_some() {
        std::fs::write(file, &page).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == page,
        "docs/report-rules.md is not what the table of rules says; run this test with WATS_WRITE_DOCS=1"
    );
}
