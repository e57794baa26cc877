//! `api/internal/ManualInspection`: definitions of manual inspections, what they are for, and inspections by them.
//!
//! - here: the tables and the members; `definitions`: definitions and their steps as XAML,
//! - `relations`: what they are for, and what is for the same; `runs`: inspections.
//!
//! Only a draft may be changed. A definition that is released takes the released one of its name out of use.

mod definitions;
mod relations;
mod runs;

use serde_json::Value;

use crate::answer::Answer;
use crate::call::{guid, invalid, not_found};
use crate::routes::routes;
use crate::shape::{Shape, shape};
use crate::store::State;

routes! {
    GET "/api/internal/ManualInspection/GetTestSequenceDefinitions" => definitions::list;
    GET "/api/internal/ManualInspection/GetTestSequenceDefinition" => definitions::get;
    GET "/api/internal/ManualInspection/GetDefinitionCopy/{Id}" => definitions::copy;
    POST "/api/internal/ManualInspection/PostDefinition" => definitions::create;
    PUT "/api/internal/ManualInspection/PutDefinitionNew" => definitions::update;
    GET "/api/internal/ManualInspection/GetTestSequenceDefinitionXaml" => definitions::xaml;
    PUT "/api/internal/ManualInspection/PutTestSequenceDefinitionXaml" => definitions::save_xaml;
    GET "/api/internal/ManualInspection/GetWatswwfContent/{Id}" => definitions::workflow;
    GET "/api/internal/ManualInspection/GetInstancesCount/{Id}" => definitions::instances_count;
    GET "/api/internal/ManualInspection/GetRelations/{Id}" => relations::list;
    GET "/api/internal/ManualInspection/GetRelationConflicts/{Id}" => relations::conflicts;
    GET "/api/internal/ManualInspection/GetRelationConflictsNew/{Id}" => relations::definition_conflicts;
    POST "/api/internal/ManualInspection/PostRelation" => relations::create;
    PUT "/api/internal/ManualInspection/PutRelation" => relations::update;
    PUT "/api/internal/ManualInspection/DeleteRelationNew" => relations::delete;
    GET "/api/internal/ManualInspection/GetSequences" => runs::sequences;
    GET "/api/internal/ManualInspection/GetMiDetails/{id}" => runs::details;
    GET "/api/internal/ManualInspection/GetMiDetailsNew/{id}" => runs::details;
    PUT "/api/internal/ManualInspection/PutSequence" => runs::save_steps;
    PUT "/api/internal/ManualInspection/PutStringTest" => runs::save_string_test;
    PUT "/api/internal/ManualInspection/ValidateMiscInfo" => runs::check_misc_info;
}

/// Definitions by id.
const DEFINITIONS: &str = "inspection.definition";
/// The steps of definitions as XAML, by definition.
const XAML: &str = "inspection.xaml";
/// What definitions are for, by definition and relation.
const RELATIONS: &str = "inspection.relation";
/// Inspections by id.
const RUNS: &str = "inspection.run";

/// The members of a definition that are kept; relations, steps and the number of inspections are elsewhere.
const DEFINITION: Shape = shape! {
    Guid: "TestSequenceDefinitionId" "VirtualFolderId" "RepairProcessId";
    Text: "Name" "Description" "CreatedBy" "CreatedBySite" "ReleasedBy" "ModifiedBy" "RevokedBy";
    Integer: "Version" "Status" "OnFailRequireRepair";
    Time: "Created" "Released" "Modified" "Revoked";
    Bool: "IsGlobal" "OnFailGotoCleanup" "OnFailRequireSubmit" "LogOperator" "LogDescription"
        "CreateUnsubmittedReportOnFailedStep" "AddChildUnits" "IncludeUURMiscInfoInUUT" "LoadPreviousMiscInfo";
};

const DRAFT: i64 = 0;
const PENDING: i64 = 1;
const RELEASED: i64 = 2;
const REVOKED: i64 = 3;

fn definition<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let known = guid(id).and_then(|id| state.get(DEFINITIONS, &id));
    known.ok_or_else(|| not_found(format!("definition '{id}'")))
}

/// The definition, if it may be changed.
fn draft<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let definition = definition(state, id)?;
    if status(definition) != DRAFT {
        return Err(invalid("only a draft may be changed"));
    }
    Ok(definition)
}

fn status(definition: &Value) -> i64 {
    integer(definition, "Status")
}

fn integer(document: &Value, name: &str) -> i64 {
    let number = document.get(name).and_then(Value::as_i64);
    number.unwrap_or_default()
}
