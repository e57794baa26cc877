//! The wire models of processes, as `GET /api/App/Processes` lists them and as the server's own pages read them.

use serde_json::Value;
use uuid::Uuid;
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
        /// Its place in the order of processes.
        "processIndex" => index: i32,
        /// 1 = active.
        "state" => state: i32,
        /// What a repair operation asks for; the server names its members in words only.
        "repairOperation" => repair_operation: Value,
    }

    /// A process as the server's own pages read it, with its id.
    pub struct DetailedProcess {
        /// Identifier.
        "ProcessID" => id: Uuid,
        /// The code that reports carry in `processCode`.
        "Code" => code: i32,
        /// Name for people.
        "Name" => name: String,
        /// Description.
        "Description" => description: String,
        /// Its place in the order of processes.
        "ProcessIndex" => index: i32,
        /// 1 = active.
        "State" => state: i32,
        /// What else is defined of it, as a text.
        "Properties" => properties: String,
        /// Whether test reports may use it.
        "IsTestOperation" => is_test_operation: bool,
        /// Whether repair reports may use it.
        "IsRepairOperation" => is_repair_operation: bool,
        /// Whether it is other work in progress.
        "IsWIPOperation" => is_wip_operation: bool,
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

    /// Whether it is other work in progress.
    pub fn is_wip(&self) -> bool {
        self.is_wip_operation.unwrap_or_default()
    }
}
