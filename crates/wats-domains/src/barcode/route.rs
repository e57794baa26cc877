//! The operations on barcode identifiers.

use crate::ask::route::routes;

routes! { "barcode";
    list     = GET    "/api/BarcodeIdentifiers/BarcodeIdentifiers"     safe keeps Barcodes;
    identify = GET    "/api/BarcodeIdentifiers/IdentifyBarcode"        safe;
    /// Without an id each call inserts one.
    add      = PUT    "/api/BarcodeIdentifiers/BarcodeIdentifier"      once stales [Barcodes];
    update   = PUT    "/api/BarcodeIdentifiers/BarcodeIdentifier"      safe stales [Barcodes];
    delete   = DELETE "/api/BarcodeIdentifiers/BarcodeIdentifier/{id}" gone stales [Barcodes];
}
