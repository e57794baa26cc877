//! A manual inspection is defined for a product, unless it has one, and released; then those that a unit may go through, and
//! what the released definitions are for. The server does not publish these operations, so a token may not be allowed to use
//! them.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example manual_inspection -- SN-1 PCBA-001 A
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;

use wats::Wats;
use wats::manual_inspection::{
    DefinitionStatus, InspectedUnit, InspectionDefinition, InspectionRelation,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [serial_number, part_number, revision] = args.as_slice() else {
        return Err("name a serial number, a part number and a revision".into());
    };
    let wats = Wats::from_env()?;
    let inspection = wats.manual_inspection();

    let unit = InspectedUnit {
        serial_number,
        part_number,
        revision,
        batch_number: "",
    };
    if inspection.sequences(unit).await?.is_empty() {
        let definition = InspectionDefinition::new(format!("Visual check of {part_number}"));
        let create = inspection.create_entity(&definition);
        let mut entity = create.default_steps(true).await?;
        let id = entity.definition_id.ok_or("the definition has no id")?;
        let mut relation = InspectionRelation::new(id);
        relation.entity_name = Some("Product".to_owned());
        relation.entity_key = Some("PartNumber".to_owned());
        relation.entity_value = Some(part_number.clone());
        inspection.create_relation(&relation).await?;
        for status in [DefinitionStatus::Pending, DefinitionStatus::Released] {
            entity.status = Some(status);
            inspection.update(&entity).await?;
        }
    }
    for sequence in inspection.sequences(unit).await? {
        println!("{:?}, version {:?}", sequence.name, sequence.version);
    }
    for definition in inspection.definitions(false).await?.iter() {
        let (Some(DefinitionStatus::Released), Some(id)) =
            (definition.status, definition.definition_id)
        else {
            continue;
        };
        println!("{:?} is for:", definition.name);
        for relation in inspection.relations(id).await?.iter() {
            println!("  {:?} {:?}", relation.entity_key, relation.entity_value);
        }
    }
    Ok(())
}
