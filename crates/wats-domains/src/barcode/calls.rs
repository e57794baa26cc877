//! A call of each row, for the tests of the table.

use super::BarcodeIdentifier;
use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks, NUMBER};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let barcode = api.barcode();
    let mut identifier = BarcodeIdentifier::new("(.*)");
    drop(barcode.list().await);
    drop(barcode.identify(AWKWARD).await);
    drop(barcode.save(&identifier).await);
    identifier.id = Some(NUMBER);
    drop(barcode.save(&identifier).await);
    drop(barcode.delete(NUMBER).await);
}
