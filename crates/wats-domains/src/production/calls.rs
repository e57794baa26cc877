//! A call of each row, for the tests of the table.

use jiff::Timestamp;
use wats_http::Part;

use super::{
    AddChild, FileFormat, InternalProduction, NewUnit, NumberRange, ProductionBatch, Reference,
    Reservation, SerialNumberRange, UnitKey, UnitPair, UnitPhase,
};
use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks, NUMBER};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "production.upload_serial_numbers",
    Lacks::Body,
    "the file is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let production = api.production();
    let unit = UnitKey {
        serial_number: AWKWARD,
        part_number: AWKWARD,
    };
    let pair = UnitPair {
        parent: unit,
        child: unit,
    };
    let other = AddChild::As {
        part_number: AWKWARD,
        revision: "B",
    };
    drop(production.unit(unit).await);
    drop(production.verify(AWKWARD).part_number(AWKWARD).await);
    drop(production.set_phase(unit, UnitPhase::Scrapped).await);
    drop(production.set_process(unit, AWKWARD).await);
    drop(production.changes(10).await);
    drop(production.handled(NUMBER).await);
    drop(production.add_child(pair, AddChild::ByBoxBuild).await);
    drop(production.add_child(pair, other).await);
    drop(production.remove_child(pair).await);
    drop(production.check_children(unit).await);
    drop(
        production
            .save_batches(&[ProductionBatch::new("B", 5)])
            .await,
    );
    drop(production.serial_number_types().await);
    let now = Timestamp::UNIX_EPOCH;
    let take = production.take_serial_numbers(AWKWARD, 3, FileFormat::Xml);
    let take = take.for_serial_number(AWKWARD).for_part_number(AWKWARD);
    drop(take.station(AWKWARD).only_in_sequence(true).await);
    let range = NumberRange {
        first: AWKWARD,
        last: AWKWARD,
    };
    drop(
        production
            .serial_numbers_in(AWKWARD, range)
            .from(now)
            .until(now)
            .await,
    );
    for reference in [
        Reference::Unit(unit),
        Reference::SerialNumber(AWKWARD),
        Reference::PartNumber(AWKWARD),
    ] {
        drop(
            production
                .serial_numbers_of(AWKWARD, reference)
                .from(now)
                .until(now)
                .await,
        );
    }
    let export = production.export_serial_numbers(AWKWARD, FileFormat::Csv);
    drop(export.first("1").last("2").from(now).until(now).await);
    let file = Part::bytes("1;2").file_name("numbers.csv");
    drop(
        production
            .upload_serial_numbers(AWKWARD, FileFormat::Csv, file)
            .await,
    );
    call_internal(&production.internal(), pair, range).await;
}

async fn call_internal(internal: &InternalProduction, pair: UnitPair<'_>, range: NumberRange<'_>) {
    let unit = pair.parent;
    let new = NewUnit {
        serial_number: AWKWARD,
        part_number: AWKWARD,
        revision: AWKWARD,
    };
    drop(internal.unit(AWKWARD).part_number(AWKWARD).await);
    drop(internal.unit_info(unit).await);
    drop(internal.unit_hierarchy(unit).await);
    drop(internal.unit_phase(unit).await);
    drop(internal.unit_process(unit).await);
    drop(internal.unit_history(unit).await);
    drop(internal.unit_contents(new).await);
    drop(internal.phases().await);
    drop(internal.sites().await);
    drop(internal.is_connected().await);
    let create = internal.create_unit(new).batch_number(AWKWARD);
    drop(create.phase(UnitPhase::Finalized).await);
    let add = internal.add_child(pair, AddChild::ByBoxBuild, "en-US");
    drop(add.check_phase(true).await);
    drop(internal.remove_child(pair).culture_code("en-US").await);
    let all = internal.remove_all_children(unit);
    drop(all.culture_code("en-US").await);
    drop(internal.check_children(unit, "en-US").await);
    let now = Timestamp::UNIX_EPOCH;
    let find = internal.serial_numbers(AWKWARD, range);
    drop(find.from(now).until(now).await);
    let count = internal.serial_number_count(AWKWARD);
    drop(count.first("1").last("2").from(now).until(now).await);
    drop(internal.serial_number_ranges().of_type(AWKWARD).await);
    drop(internal.serial_number_statistics().of_type(AWKWARD).await);
    let ranges = [SerialNumberRange::new(AWKWARD, range)];
    drop(internal.free_serial_numbers(&ranges).await);
    drop(internal.delete_free_serial_numbers(&ranges).await);
    let reservation = Reservation {
        type_name: AWKWARD,
        quantity: 3,
        station: AWKWARD,
        only_in_sequence: true,
    };
    drop(internal.reserve_serial_numbers(reservation).await);
}
