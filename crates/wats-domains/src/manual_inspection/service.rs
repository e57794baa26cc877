//! Operations on manual inspection.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};
use crate::production::UnitKey;

/// Operations on manual inspection; from [`Wats::manual_inspection`](crate::Wats::manual_inspection).
#[derive(Debug, Clone)]
pub struct ManualInspectionService {
    core: Arc<Core>,
}

impl ManualInspectionService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Sequences of a unit (`GET /api/internal/ManualInspection/GetSequences`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a number that is empty or holds what nobody sees; or the call fails.
    pub fn sequences(&self, of: SequencesOf<'_>) -> Ask<serde_json::Value> {
        let call = of.unit.query(route::sequences.call());
        let call = call.map(|call| {
            call.query("revision", of.revision)
                .query("batchNumber", of.batch_number)
        });
        self.core.ask(&route::sequences, call)
    }
}

/// Of what sequences are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequencesOf<'a> {
    /// The unit.
    pub unit: UnitKey<'a>,
    /// Its revision.
    pub revision: &'a str,
    /// Its batch.
    pub batch_number: &'a str,
}
