//! A call of each row, for the tests of the table.

use super::{
    DefinitionStatus, InspectedUnit, InspectionDefinition, InspectionEntity, InspectionMiscInfo,
    InspectionRelation, InspectionStep,
};
use crate::Wats;
use crate::route::tests::{ID, Lacks, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let inspection = api.manual_inspection();
    let unit = InspectedUnit {
        serial_number: text(),
        part_number: text(),
        revision: text(),
        batch_number: text(),
    };
    let sequences = inspection.sequences(unit).station_name(text());
    said(sequences.status(DefinitionStatus::Released).await);
    said(inspection.definitions(true).await);
    said(inspection.definition(arg("id", ID)).await);
    said(inspection.copy_of(arg("id", ID)).await);
    let definition = InspectionDefinition::new(text());
    said(inspection.create(&definition).default_steps(true).await);
    let create = inspection.create_entity(&definition);
    said(create.default_steps(true).await);
    let entity = InspectionEntity {
        definition_id: Some(arg("definition_id", ID)),
        ..InspectionEntity::default()
    };
    said(inspection.update(&entity).await);
    said(inspection.xaml(arg("id", ID)).await);
    let save = inspection.save_xaml(arg("id", ID), "<Activity/>");
    said(save.user_name(text()).await);
    said(inspection.workflow(arg("id", ID)).await);
    said(inspection.instances_count(arg("id", ID)).await);
    said(inspection.relations(arg("id", ID)).await);
    said(inspection.relation_conflicts(arg("id", ID)).await);
    said(inspection.definition_conflicts(arg("id", ID)).await);
    let mut relation = InspectionRelation::new(arg("definition_id", ID));
    said(inspection.create_relation(&relation).await);
    relation.relation_id = Some(arg("relation_id", ID));
    said(inspection.update_relation(&relation).await);
    said(
        inspection
            .delete_relations(arg("relation_ids", &[arg("relation_ids", ID)]))
            .await,
    );
    said(inspection.inspection(arg("id", ID)).await);
    said(inspection.inspection_by_newer_route(arg("id", ID)).await);
    let step = InspectionStep::default();
    let save = inspection.save_steps(arg("steps", std::slice::from_ref(&step)));
    said(save.submit(true).return_root_sequence(true).await);
    said(inspection.save_string_test(&step).await);
    let info = InspectionMiscInfo::default();
    said(inspection.check_misc_info(&info).await);
}
