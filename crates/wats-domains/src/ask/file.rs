//! Files that the server gives.

use bytes::Bytes;
use wats_http::Response;
use wats_http::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::disposition;

/// A file that the server gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteFile {
    /// What it is, such as `image/png`, if the server said so.
    pub content_type: Option<String>,
    /// Its name, if the server said so, without the folders of a path. It comes from whoever made the file.
    pub file_name: Option<String>,
    /// Its contents.
    pub contents: Bytes,
}

impl RemoteFile {
    pub(super) fn of(response: Response) -> Self {
        let text = |name| response.headers().get(name)?.to_str().ok();
        Self {
            content_type: text(CONTENT_TYPE).map(str::to_owned),
            file_name: response
                .headers()
                .get(CONTENT_DISPOSITION)
                .and_then(|value| disposition::file_name(value.as_bytes())),
            contents: response.into_body(),
        }
    }
}
