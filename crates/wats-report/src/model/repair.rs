//! What only repair reports have, and what tests say of their repairs.

use serde_json::Value;
use uuid::Uuid;

use super::Attachment;
use crate::ReportTime;
use crate::wire::{Number, wire};

wire! {
    /// The header members of a UUR report.
    pub struct Uur {
        /// Comment.
        "comment" => comment: String,
        /// Operator.
        "user" => operator: String,
        /// Code of the process of the test that failed.
        "processCode" => process_code: i32,
        /// Name of that process.
        "processName" => process_name: String,
        /// Id of the report of the test that failed.
        "refUUT" => referenced_uut: Uuid,
        /// When the failure was confirmed.
        "confirmDate" => confirmed: ReportTime,
        /// When the repair was finished.
        "finalizeDate" => finalized: ReportTime,
        /// Execution time in seconds.
        "execTime" => execution_time: Number,
        /// Id of the repair that this one is a part of.
        "parent" => parent: Uuid,
        /// Ids of the repairs that are parts of this one.
        "children" => children: Vec<Value>,
    }

    /// What was wrong with a unit.
    pub struct Failure {
        /// Article number of the failed component.
        "artNumber" => article_number: String,
        /// Its revision.
        "artRev" => article_revision: String,
        /// Its vendor.
        "artVendor" => article_vendor: String,
        /// What it is.
        "artDescription" => article_description: String,
        /// Category of the failure.
        "category" => category: String,
        /// Code of the failure within its category.
        "code" => code: String,
        /// Comment.
        "comment" => comment: String,
        /// The component's reference on the drawing, such as `U1`.
        "comRef" => component_reference: String,
        /// The function block that the component belongs to.
        "funcBlock" => function_block: String,
        /// Id of the step of the test that found the failure.
        "refStepId" => step_id: i32,
        /// Name of that step.
        "refStepName" => step_name: String,
        /// Files.
        "attachments" => attachments: Vec<Attachment>,
    }

    /// A repair that refers to a test; only the server writes it.
    pub struct UurReference {
        /// Id of the repair report.
        "id" => id: Uuid,
        /// Its start.
        "start" => start: ReportTime,
    }
}

impl Uur {
    /// The ids of [`children`](Self::children) that are such.
    pub fn child_ids(&self) -> impl Iterator<Item = Uuid> {
        let all = self.children.iter().flatten();
        all.filter_map(|id| id.as_str()?.parse().ok())
    }
}
