//! Operations on the counts, the calibration, the maintenance and the log of assets.

use jiff::Timestamp;
use serde_json::{Value, json};
use wats_http::Call;

use super::{AssetKey, AssetService, route};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::error::{Error, Result};

request! {
    /// From [`AssetService::add_count`].
    pub struct AddCount -> Value, by ask_any {
        /// Whether the assets that belong to it are counted too.
        "incrementChildren" => with_children: bool,
        /// The language of the message in the answer, such as `zh-CN`.
        "cultureCode" => culture_code: String as Number,
    }

    /// From [`AssetService::set_total_count`].
    pub struct SetTotalCount -> Value, by ask_any {
        /// Whether the assets that belong to it are counted too.
        "incrementChildren" => with_children: bool,
        /// The language of the message in the answer, such as `zh-CN`.
        "cultureCode" => culture_code: String as Number,
    }

    /// From [`AssetService::reset_running_count`].
    pub struct ResetRunningCount -> (), by tell {
        /// A text for the log.
        "comment" => comment: String,
    }

    /// From [`AssetService::calibrated`].
    pub struct Calibrated -> (), by tell {
        /// A text for the log.
        "comment" => comment: String,
    }

    /// From [`AssetService::maintained`].
    pub struct Maintained -> (), by tell {
        /// A text for the log.
        "comment" => comment: String,
    }
}

impl AssetService {
    /// Counts uses of an asset (`PUT /api/Asset/Count`). The form of the answer is not described. It is not repeated, as each
    /// call adds; [`set_total_count`](Self::set_total_count) may be.
    ///
    /// # Errors
    /// [`Error::Query`] for a key that is empty or holds what nobody sees, and for no uses; or the call fails.
    pub fn add_count(&self, key: AssetKey<'_>, uses: u32) -> AddCount {
        let call = counted(key, route::add_count.call(), "incrementBy", uses);
        AddCount::new(&self.core, &route::add_count, call)
    }

    /// Sets how often an asset was used; what that is more than before is added to both counts (`PUT /api/Asset/Count`).
    /// The form of the answer is not described.
    ///
    /// # Errors
    /// As [`add_count`](Self::add_count).
    pub fn set_total_count(&self, key: AssetKey<'_>, uses: u32) -> SetTotalCount {
        let call = counted(key, route::set_total_count.call(), "totalCount", uses);
        SetTotalCount::new(&self.core, &route::set_total_count, call)
    }

    /// Sets the count since the last calibration to zero (`POST /api/Asset/ResetRunningCount`). It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`] for a key that is empty or holds what nobody sees; or the call fails.
    pub fn reset_running_count(&self, key: AssetKey<'_>) -> ResetRunningCount {
        let route = &route::reset_running_count;
        ResetRunningCount::new(&self.core, route, key.query(route.call()))
    }

    /// Tells that an asset was calibrated, and when (`POST /api/Asset/Calibration`).
    ///
    /// # Errors
    /// As [`reset_running_count`](Self::reset_running_count).
    pub fn calibrated(&self, key: AssetKey<'_>, time: Timestamp) -> Calibrated {
        let call = key.query(route::calibrated.call());
        let call = call.map(|call| call.query("dateTime", time));
        Calibrated::new(&self.core, &route::calibrated, call)
    }

    /// Tells that an asset was maintained, and when (`POST /api/Asset/Maintenance`).
    ///
    /// # Errors
    /// As [`reset_running_count`](Self::reset_running_count).
    pub fn maintained(&self, key: AssetKey<'_>, time: Timestamp) -> Maintained {
        let call = key.query(route::maintained.call());
        let call = call.map(|call| call.query("dateTime", time));
        Maintained::new(&self.core, &route::maintained, call)
    }

    /// Adds a text to the log of an asset (`POST /api/Asset/Message`). It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty text and as [`reset_running_count`](Self::reset_running_count); or the call fails.
    pub fn post_message(&self, key: AssetKey<'_>, text: &str) -> Ask<()> {
        let call = if text.is_empty() {
            Err(Error::Query("the message is empty".to_owned()))
        } else {
            key.query(route::post_message.call())
        };
        let call = call.map(|call| call.json(&json!({"content": text})));
        self.core.tell(&route::post_message, call)
    }
}

/// Names the asset in the call. The server counts in 32 bits.
fn counted(key: AssetKey<'_>, call: Call, name: &'static str, uses: u32) -> Result<Call> {
    let uses = argument::count("uses", uses)?;
    Ok(key.query(call)?.query(name, uses))
}
