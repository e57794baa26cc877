//! What each handle holds.

use std::fmt;
use std::sync::Arc;

use super::shared::{Node, Shared};
use super::tree::{Ending, Kind};
use crate::error::{Error, Result};

/// A sequence or a loop of a report; or why there is none, which whoever adds a step is told.
pub(super) struct Owned {
    pub(super) shared: Arc<Shared>,
    pub(super) node: Result<Node, String>,
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.node.is_ok() {
            "in progress"
        } else {
            "ended"
        })
    }
}

impl Owned {
    pub(super) fn node(&self) -> Result<Node> {
        self.node.clone().map_err(Error::Ended)
    }

    /// Opens a sequence or a loop within this one.
    pub(super) fn open(&self, kind: Kind, name: String, iteration: bool) -> Self {
        let opened = self.node();
        let opened = opened.and_then(|outer| self.shared.open(outer, kind, name, iteration));
        Self {
            shared: Arc::clone(&self.shared),
            node: opened.map_err(|error| error.to_string()),
        }
    }

    pub(super) fn end(&self, ending: Ending) {
        if let Ok(node) = self.node {
            self.shared.end(node, ending);
        }
    }
}
