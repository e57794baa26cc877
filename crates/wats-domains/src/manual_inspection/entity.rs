//! A definition as the production manager of the server shows it (`Mes.Production.ProductionManagerEntity` of the server).

use uuid::Uuid;
use wats_report::{ReportTime, wire};

use super::{DefinitionConflict, DefinitionStatus, InspectionRelation};
use crate::setting::Setting;

wire! {
    /// A definition as the production manager shows it, which is the form in which it is changed. Members that only packages
    /// of software and workflows have are in `extra`.
    pub struct InspectionEntity {
        /// Identifier of the definition.
        "id" => definition_id: Uuid,
        /// The folder that it is in.
        "parentId" => folder_id: Uuid,
        /// What it is.
        "entityType" => entity_type: String,
        /// Name.
        "name" => name: String,
        /// Description.
        "description" => description: String,
        /// How far it has come.
        "status" => status: DefinitionStatus,
        /// Version, which the server counts.
        "version" => version: i32,
        /// When it was created.
        "created" => created: ReportTime,
        /// By whom.
        "createdBy" => created_by: String,
        /// When it was changed.
        "modified" => modified: ReportTime,
        /// By whom.
        "modifiedBy" => modified_by: String,
        /// When it was released.
        "released" => released: ReportTime,
        /// By whom.
        "releasedBy" => released_by: String,
        /// When it was taken out of use.
        "revoked" => revoked: ReportTime,
        /// By whom.
        "revokedBy" => revoked_by: String,
        /// How many inspections were made by it.
        "instancesCount" => instances_count: i32,
        /// The process of repairs.
        "processId" => repair_process_id: Uuid,
        /// Name of that process.
        "repairProcessName" => repair_process_name: String,
        /// Whether it is for all sites.
        "isGlobal" => is_global: bool,
        /// Whether child units are added.
        "addChildUnits" => add_child_units: bool,
        /// Whether misc infos of repairs come along in the test report.
        "includeUURMiscInfoInUUT" => include_repair_misc_info: bool,
        /// Whether misc infos are taken from the report before.
        "loadPreviousMiscInfo" => load_previous_misc_info: bool,
        /// Whether a failed inspection must be submitted.
        "onFailRequireSubmit" => on_fail_require_submit: bool,
        /// Whether a failed inspection needs a repair; the server does not describe the numbers.
        "onFailRequireRepair" => on_fail_require_repair: i32,
        /// Whether each step says who did it.
        "logOperator" => log_operator: bool,
        /// Whether the report has the descriptions of steps.
        "logDescription" => log_description: bool,
        /// Whether a failed step makes a report before the inspection is submitted.
        "createUnsubmittedReportOnFailedStep" => report_on_failed_step: bool,
        /// Codes of the sites for which it is.
        "sites" => sites: Vec<String>,
        /// What it is for.
        "miRelations" => relations: Vec<InspectionRelation>,
        /// Definitions that are for the same.
        "conflictingRelations" => conflicts: Vec<DefinitionConflict>,
        /// User-defined values.
        "tags" => tags: Vec<Setting>,
    }
}
