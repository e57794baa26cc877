//! Files within a report.

use uuid::Uuid;

use crate::Payload;
use crate::wire::wire;

wire! {
    /// A file within a report: of a step, a repair or a failure.
    pub struct Attachment {
        /// Name of the file.
        "name" => name: String,
        /// Its content type, such as `image/png`.
        "contentType" => content_type: String,
        /// Its contents.
        "data" => data: Payload,
        /// Identifier; not in steps.
        "id" => id: Uuid,
    }
}
