//! The server itself.

use serde_json::json;

use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::routes::routes;

routes! {
    GET "/api/App/Version" => version;
}

/// What `GET api/App/Version` answers.
const VERSION: &str = "2025.3.1.0";

fn version(_: &Call<'_>) -> Handled {
    Ok(Answer::json(&json!(VERSION)))
}
