//! The operations on barcode.

use crate::ask::route::routes;

routes! { "barcode";
    list = GET "/api/BarcodeIdentifiers/BarcodeIdentifiers" safe keeps Barcodes;
}
