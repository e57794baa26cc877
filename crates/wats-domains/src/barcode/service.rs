//! Operations on barcode identifiers.

use std::sync::Arc;

use super::{BarcodeIdentifier, route};
use crate::argument;
use crate::ask::service::service;
use crate::ask::{Ask, Kept};
use crate::error::Error;

service! {
    /// Operations on barcode identifiers; from [`Wats::barcode`](crate::Wats::barcode).
    pub struct BarcodeService;
}

impl BarcodeService {
    /// All identifiers (`GET /api/BarcodeIdentifiers/BarcodeIdentifiers`), from memory if they were read lately
    /// ([`CacheOptions::barcodes`](crate::CacheOptions::barcodes)).
    pub fn list(&self) -> Ask<Arc<[BarcodeIdentifier]>> {
        self.core.ask_list(&route::list, Ok(route::list.call()))
    }

    /// The parts of a scanned code, by the first identifier that fits it
    /// (`GET /api/BarcodeIdentifiers/IdentifyBarcode`). A server without identifiers reads codes of the form
    /// `SerialNumber/PartNumber/Revision/BatchNumber/Process`. The code goes out as it was scanned, separators of its parts
    /// that nobody sees included.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty code; or the call fails.
    pub fn identify(&self, code: &str) -> Ask<BarcodeIdentifier> {
        let call = if code.is_empty() {
            Err(Error::Query("the code of the barcode is empty".to_owned()))
        } else {
            Ok(route::identify.call().query("code", code))
        };
        self.core.ask(&route::identify, call)
    }

    /// Inserts an identifier, or updates the one of its id, and returns it as the server holds it
    /// (`PUT /api/BarcodeIdentifiers/BarcodeIdentifier`).
    ///
    /// # Errors
    /// [`Error::Query`] for one without a pattern; or the call fails. An update may be sent again. After a lost answer to an insert look at the [`list`](Self::list)
    /// first: a second one would insert it twice.
    pub fn save(&self, identifier: &BarcodeIdentifier) -> Ask<BarcodeIdentifier> {
        let route = match identifier.id {
            None => &route::add,
            Some(_) => &route::update,
        };
        let id = identifier
            .id
            .map(|id| argument::given("id", id))
            .transpose();
        let call = match identifier.pattern.as_deref() {
            None | Some("") => Err(Error::Query(
                "the pattern of the barcode identifier is empty".to_owned(),
            )),
            Some(_) => id.map(|_| route.call().json(identifier)),
        };
        self.core.ask(route, call)
    }

    /// Deletes an identifier (`DELETE /api/BarcodeIdentifiers/BarcodeIdentifier/{id}`).
    ///
    /// # Errors
    /// Status 404 when there is none; or the call fails.
    pub fn delete(&self, id: i32) -> Ask<()> {
        let call = argument::given("id", id).map(|id| route::delete.call().path("id", id));
        self.core.tell(&route::delete, call)
    }

    /// Forgets the list in memory: the next read asks the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Barcodes);
    }
}
