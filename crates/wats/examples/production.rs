//! Production: a unit is made known, gets a serial number, is verified and finished, and what has changed is handled.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example production
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use wats::production::{FileFormat, Reference, Unit, UnitKey, UnitPhase};
use wats::{BulkOptions, Wats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> wats::Result<()> {
    let wats = Wats::from_env()?;
    let production = wats.production();
    let unit = UnitKey {
        serial_number: "0001",
        part_number: "PCBA-001",
    };
    let mut made = Unit::new(unit);
    made.revision = Some("A".to_owned());
    let saved = production
        .save_many([made], &BulkOptions::default())
        .await?;
    for (_, error) in &saved.failed {
        println!("the unit was not saved: {error:#}");
    }

    // Taken for a unit, so that it is found again if the answer is lost: taking is never repeated.
    let take = production
        .take_serial_numbers("MACAddress", 1, FileFormat::Xml)
        .for_serial_number(unit.serial_number)
        .for_part_number(unit.part_number)
        .only_in_sequence(true);
    match take.await {
        Ok(file) => println!("{}", String::from_utf8_lossy(&file.contents)),
        Err(error) => {
            println!("{error:#}");
            let taken = production.serial_numbers_of("MACAddress", Reference::Unit(unit));
            println!("taken for the unit: {}", taken.await?);
        }
    }

    let grade = production
        .verify(unit.serial_number)
        .part_number(unit.part_number)
        .await?;
    println!("{:?} {:?}", grade.status, grade.grade);
    if grade.all_passed_last_run == Some(true) {
        production.set_phase(unit, UnitPhase::Finalized).await?;
    }
    println!("now it is {:?}", production.get(unit).await?.phase);

    for change in production.changes(100).await? {
        println!("{:?}: {:?}", change.serial_number, change.new_phase);
        if let Some(id) = change.id {
            production.delete_change(id).await?;
        }
    }
    Ok(())
}
