//! A call of each row, for the tests of the table.

use super::BarcodeIdentifier;
use crate::Wats;
use crate::route::tests::{Lacks, NUMBER, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let barcode = api.barcode();
    let mut identifier = BarcodeIdentifier::new("(.*)");
    said(barcode.list().await);
    said(barcode.identify(text()).await);
    said(barcode.save(&identifier).await);
    identifier.id = Some(arg("id", NUMBER));
    said(barcode.save(&identifier).await);
    said(barcode.delete(arg("id", NUMBER)).await);
}
