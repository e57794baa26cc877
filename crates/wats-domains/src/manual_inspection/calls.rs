//! A call of each row, for the tests of the table.

use super::{
    DefinitionStatus, InspectedUnit, InspectionDefinition, InspectionEntity, InspectionMiscInfo,
    InspectionRelation, InspectionStep,
};
use crate::Wats;
use crate::route::tests::{AWKWARD, ID, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let inspection = api.manual_inspection();
    let unit = InspectedUnit {
        serial_number: AWKWARD,
        part_number: AWKWARD,
        revision: "A",
        batch_number: "",
    };
    let sequences = inspection.sequences(unit).station_name(AWKWARD);
    drop(sequences.status(DefinitionStatus::Released).await);
    drop(inspection.definitions(true).await);
    drop(inspection.definition(ID).await);
    drop(inspection.copy_of(ID).await);
    let definition = InspectionDefinition::new(AWKWARD);
    drop(inspection.create(&definition).default_steps(true).await);
    let create = inspection.create_entity(&definition);
    drop(create.default_steps(true).await);
    let entity = InspectionEntity {
        definition_id: Some(ID),
        ..InspectionEntity::default()
    };
    drop(inspection.update(&entity).await);
    drop(inspection.xaml(ID).await);
    let save = inspection.save_xaml(ID, "<Activity/>");
    drop(save.user_name(AWKWARD).await);
    drop(inspection.workflow(ID).await);
    drop(inspection.instances_count(ID).await);
    drop(inspection.relations(ID).await);
    drop(inspection.relation_conflicts(ID).await);
    drop(inspection.definition_conflicts(ID).await);
    let mut relation = InspectionRelation::new(ID);
    drop(inspection.create_relation(&relation).await);
    relation.relation_id = Some(ID);
    drop(inspection.update_relation(&relation).await);
    drop(inspection.delete_relations(&[ID]).await);
    drop(inspection.details(ID).await);
    drop(inspection.details_new(ID).await);
    let step = InspectionStep::default();
    let save = inspection.save_steps(std::slice::from_ref(&step));
    drop(save.submit(true).return_root_sequence(true).await);
    drop(inspection.save_string_test(&step).await);
    let info = InspectionMiscInfo::default();
    drop(inspection.check_misc_info(&info).await);
}
