//! The wire models of manual inspections (`Mes.MI.TestSequenceDefinition`, `TestSequenceRelation`, `Step` and `MiscInfo` of
//! the server).

use uuid::Uuid;
use wats_report::wire::Number;
use wats_report::{ReportTime, wire};

wats_report::numbers! {
    /// How far a definition has come.
    pub enum DefinitionStatus: "the status of a definition" {
        /// It is worked on.
        Draft = 0,
        /// It waits to be released.
        Pending = 1,
        /// It is in use.
        Released = 2,
        /// It is no longer in use.
        Revoked = 3,
    }
}

wire! {
    /// A definition of manual inspections.
    pub struct InspectionDefinition {
        /// Identifier given by the server; `None` for one that is not created yet.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// The folder that it is in.
        "VirtualFolderId" => folder_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// Version, which the server counts.
        "Version" => version: i32,
        /// Description.
        "Description" => description: String,
        /// When it was created.
        "Created" => created: ReportTime,
        /// By whom.
        "CreatedBy" => created_by: String,
        /// Code of the site where it was created.
        "CreatedBySite" => created_by_site: String,
        /// When it was released.
        "Released" => released: ReportTime,
        /// By whom.
        "ReleasedBy" => released_by: String,
        /// When it was changed.
        "Modified" => modified: ReportTime,
        /// By whom.
        "ModifiedBy" => modified_by: String,
        /// When it was taken out of use.
        "Revoked" => revoked: ReportTime,
        /// By whom.
        "RevokedBy" => revoked_by: String,
        /// How far it has come.
        "Status" => status: DefinitionStatus,
        /// Whether it is for all sites.
        "IsGlobal" => is_global: bool,
        /// Whether a failed step leads to the cleanup at once.
        "OnFailGotoCleanup" => on_fail_goto_cleanup: bool,
        /// Whether a failed inspection must be submitted.
        "OnFailRequireSubmit" => on_fail_require_submit: bool,
        /// Whether a failed inspection needs a repair; the server does not describe the numbers.
        "OnFailRequireRepair" => on_fail_require_repair: i32,
        /// Whether each step says who did it.
        "LogOperator" => log_operator: bool,
        /// Whether the report has the descriptions of steps.
        "LogDescription" => log_description: bool,
        /// Whether a failed step makes a report before the inspection is submitted.
        "CreateUnsubmittedReportOnFailedStep" => report_on_failed_step: bool,
        /// The process of repairs.
        "RepairProcessId" => repair_process_id: Uuid,
        /// Whether child units are added.
        "AddChildUnits" => add_child_units: bool,
        /// Whether misc infos of repairs come along in the test report.
        "IncludeUURMiscInfoInUUT" => include_repair_misc_info: bool,
        /// Whether misc infos are taken from the report before.
        "LoadPreviousMiscInfo" => load_previous_misc_info: bool,
        /// What it is for.
        "Relations" => relations: Vec<InspectionRelation>,
        /// How many inspections were made by it.
        "InstancesCount" => instances_count: i32,
        /// Its steps.
        "XAML" => xaml: DefinitionXaml,
    }

    /// The steps of a definition.
    pub struct DefinitionXaml {
        /// The definition.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// The steps, as XAML.
        "Definition" => definition: String,
    }

    /// What a definition is for: what has a value in some member, such as products by their part number.
    pub struct InspectionRelation {
        /// Identifier given by the server; `None` for one that is not created yet.
        "TestSequenceRelationId" => relation_id: Uuid,
        /// The definition.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// Schema of what it is for.
        "EntitySchema" => entity_schema: String,
        /// Kind of what it is for.
        "EntityName" => entity_name: String,
        /// The member by which that is chosen.
        "EntityKey" => entity_key: String,
        /// Its value.
        "EntityValue" => entity_value: String,
        /// Its state; the server does not describe the numbers.
        "Status" => status: i32,
        /// The sites for which it holds.
        "TestSequenceSiteRelations" => sites: Vec<SiteRelation>,
        /// The processes for which it holds.
        "TestSequenceProcessRelations" => processes: Vec<ProcessRelation>,
        /// Name of the product.
        "ProductName" => product_name: String,
    }

    /// A site for which a relation holds.
    pub struct SiteRelation {
        /// Identifier given by the server.
        "TestSequenceSiteRelationId" => site_relation_id: Uuid,
        /// Code of the site.
        "SiteCode" => site_code: String,
        /// The relation.
        "TestSequenceRelationId" => relation_id: Uuid,
    }

    /// A process for which a relation holds.
    pub struct ProcessRelation {
        /// Identifier given by the server.
        "TestSequenceProcessRelationId" => process_relation_id: Uuid,
        /// The relation.
        "TestSequenceRelationId" => relation_id: Uuid,
        /// The process.
        "ProcessId" => process_id: Uuid,
    }

    /// A relation of another definition for the same. The server does not describe it.
    pub struct RelationConflict {
        /// The other definition.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// Its relation.
        "TestSequenceRelationId" => relation_id: Uuid,
        /// Name of the other definition.
        "Name" => name: String,
        /// Kind of what it is for.
        "EntityName" => entity_name: String,
        /// What it is for.
        "EntityValue" => entity_value: String,
        /// Its state.
        "Status" => status: i32,
    }

    /// A definition that is for the same as another.
    pub struct DefinitionConflict {
        /// Identifier.
        "id" => definition_id: Uuid,
        /// Name.
        "name" => name: String,
        /// Version.
        "version" => version: i32,
    }

    /// A sequence that a unit may go through. The server does not describe it.
    pub struct InspectionSequence {
        /// Its definition.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// Version.
        "Version" => version: i32,
        /// How far the definition has come.
        "Status" => status: DefinitionStatus,
    }

    /// An inspection of a unit. The server does not describe it.
    pub struct Inspection {
        /// Identifier given by the server.
        "TestSequenceInstanceId" => inspection_id: Uuid,
        /// Its definition.
        "TestSequenceDefinitionId" => definition_id: Uuid,
        /// The unit.
        "UnitId" => unit_id: Uuid,
        /// Serial number of the unit.
        "SerialNumber" => serial_number: String,
        /// Part number of the unit.
        "PartNumber" => part_number: String,
        /// Revision of the unit.
        "Revision" => revision: String,
        /// When it began.
        "Created" => created: ReportTime,
        /// When something last happened.
        "LastEventTime" => last_event: ReportTime,
    }

    /// A step of an inspection, as it was done.
    pub struct InspectionStep {
        /// The definition.
        "definitionId" => definition_id: Uuid,
        /// Number of the step within the inspection.
        "id" => id: i32,
        /// The step that it is part of.
        "parentId" => parent_id: i32,
        /// Name.
        "name" => name: String,
        /// Type.
        "type" => kind: String,
        /// Description.
        "desc" => description: String,
        /// The result; the server does not describe the numbers 0 to 6.
        "result" => result: i32,
        /// Who did it.
        "operator" => operator: String,
        /// Address of a page that goes with it.
        "url" => url: String,
        /// How long it took; the server does not say in which unit.
        "execTime" => execution_time: Number,
        /// Whether passing it passes all that are affected.
        "passAllAffected" => pass_all_affected: bool,
        /// Whether it may be skipped.
        "allowSkip" => allow_skip: bool,
        /// What the operator says of it.
        "comment" => comment: String,
        /// Whether files may or must be added; the server does not describe the numbers 0 to 2.
        "addAttachments" => add_attachments: i32,
    }

    /// A misc info of an inspection.
    pub struct InspectionMiscInfo {
        /// Identifier.
        "guid" => id: Uuid,
        /// Name.
        "name" => name: String,
        /// Regular expression that the value must fit.
        "regex" => pattern: String,
        /// The value.
        "value" => value: String,
        /// Whether the value fits.
        "isValid" => is_valid: bool,
        /// What it is; the server does not describe the numbers 0 and 1.
        "type" => kind: i32,
    }
}

impl InspectionDefinition {
    /// A definition that is not created yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}

impl InspectionRelation {
    /// A relation of a definition that is not created yet.
    pub fn new(definition_id: Uuid) -> Self {
        Self {
            definition_id: Some(definition_id),
            ..Self::default()
        }
    }
}
