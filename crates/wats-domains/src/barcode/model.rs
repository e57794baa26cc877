//! The wire model of barcode identifiers (`Tdm.BarcodeIdentifier` of the server).

use wats_report::wire;

wire! {
    /// How one kind of barcode is read: a regular expression for the whole, and one for each part that is in it. As the
    /// answer to a code ([`identify`](crate::barcode::BarcodeService::identify)) its members hold the parts themselves.
    pub struct BarcodeIdentifier {
        /// Identifier given by the server; `None` for one that is not saved yet.
        "id" => id: i32,
        /// Regular expression that fits the whole code.
        "pattern" => pattern: String,
        /// That of the serial number.
        "serialNumber" => serial_number: String,
        /// That of the part number.
        "partNumber" => part_number: String,
        /// That of the revision.
        "revision" => revision: String,
        /// That of the batch number.
        "batchNumber" => batch_number: String,
        /// That of the process code.
        "process" => process: String,
        /// Which is tried first: the lowest.
        "order" => order: i32,
        /// For people, such as an example of a code.
        "description" => description: String,
    }
}

impl BarcodeIdentifier {
    /// One that is not saved yet, with the regular expression of the whole code.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self {
            pattern: Some(pattern.into()),
            ..Self::default()
        }
    }
}
