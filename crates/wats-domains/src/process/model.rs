//! The wire model of a process, as `GET /api/App/Processes` lists it.

use wats_report::wire;

wire! {
    /// A process: an operation type of test, repair or other work.
    pub struct Process {
        /// The code that reports carry in `processCode`.
        "code" => code: i32,
        /// Name for people; reports may carry it too and must then spell it exactly so.
        "name" => name: String,
        /// Description.
        "description" => description: String,
        /// Whether test reports may use it.
        "isTestOperation" => is_test_operation: bool,
        /// Whether repair reports may use it.
        "isRepairOperation" => is_repair_operation: bool,
        /// Whether it is other work in progress.
        "isWipOperation" => is_wip_operation: bool,
    }
}

impl Process {
    /// The name; empty if the server sent none.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Whether test reports may use it.
    pub fn is_test(&self) -> bool {
        self.is_test_operation.unwrap_or_default()
    }

    /// Whether repair reports may use it.
    pub fn is_repair(&self) -> bool {
        self.is_repair_operation.unwrap_or_default()
    }
}
