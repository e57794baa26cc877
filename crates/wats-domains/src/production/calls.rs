//! A call of each row, for the tests of the table.

use jiff::Timestamp;
use wats_http::Part;

use super::{
    AddChild, FileFormat, InternalProduction, NewUnit, NumberRange, ProductionBatch, Reference,
    Reservation, SerialNumberRange, Unit, UnitKey, UnitPair, UnitPhase,
};
use crate::route::tests::{Lacks, NUMBER, arg, range, said, text};
use crate::{BulkOptions, Wats};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "production.upload_serial_numbers",
    Lacks::Body,
    "the file is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let production = api.production();
    let unit = UnitKey {
        serial_number: text(),
        part_number: text(),
    };
    let pair = UnitPair {
        parent: unit,
        child: unit,
    };
    let other = AddChild::As {
        part_number: text(),
        revision: text(),
    };
    said(production.get(unit).await);
    said(production.verify(text()).part_number(text()).await);
    said(production.set_phase(unit, UnitPhase::Scrapped).await);
    said(production.set_process(unit, text()).await);
    let many = BulkOptions::default();
    said(production.save_many([Unit::new(unit)], &many).await);
    said(production.changes(arg("most", 10)).await);
    said(production.delete_change(arg("change_id", NUMBER)).await);
    said(production.add_child(pair, AddChild::ByBoxBuild).await);
    said(production.add_child(pair, other).await);
    said(production.remove_child(pair).await);
    said(production.check_children(unit).await);
    said(
        production
            .save_batches([ProductionBatch::new(text(), arg("batch_size", 5))], &many)
            .await,
    );
    said(production.serial_number_types().await);
    let take = production.take_serial_numbers(text(), arg("quantity", 3), FileFormat::Xml);
    let take = take.for_serial_number(text()).for_part_number(text());
    said(take.station(text()).only_in_sequence(true).await);
    let numbers = NumberRange {
        first: text(),
        last: text(),
    };
    let (from, until) = range::<(Timestamp, Timestamp)>("until");
    said(
        production
            .serial_numbers_in(text(), numbers)
            .from(from)
            .until(until)
            .await,
    );
    for reference in [
        Reference::Unit(unit),
        Reference::SerialNumber(text()),
        Reference::PartNumber(text()),
    ] {
        let (from, until) = range::<(Timestamp, Timestamp)>("until");
        said(
            production
                .serial_numbers_of(text(), reference)
                .from(from)
                .until(until)
                .await,
        );
    }
    let (from, until) = range::<(Timestamp, Timestamp)>("until");
    let export = production.export_serial_numbers(text(), FileFormat::Csv);
    said(
        export
            .first(text())
            .last(text())
            .from(from)
            .until(until)
            .await,
    );
    let file = Part::bytes("1;2").file_name("numbers.csv");
    said(
        production
            .upload_serial_numbers(text(), FileFormat::Csv, file)
            .await,
    );
    call_internal(&production.internal(), pair, numbers).await;
}

async fn call_internal(
    internal: &InternalProduction,
    pair: UnitPair<'_>,
    numbers: NumberRange<'_>,
) {
    let unit = pair.parent;
    let new = NewUnit {
        serial_number: text(),
        part_number: text(),
        revision: text(),
    };
    said(
        internal
            .unit_by_serial_number(text())
            .part_number(text())
            .await,
    );
    said(internal.unit_info(unit).await);
    said(internal.unit_hierarchy(unit).await);
    said(internal.unit_phase(unit).await);
    said(internal.unit_process(unit).await);
    said(internal.unit_history(unit).await);
    said(internal.unit_contents(new).await);
    said(internal.phases().await);
    said(internal.sites().await);
    said(internal.is_connected().await);
    let create = internal.create_unit(new).batch_number(text());
    said(create.phase(UnitPhase::Finalized).await);
    let add = internal.add_child(pair, AddChild::ByBoxBuild, text());
    said(add.check_phase(true).await);
    said(internal.remove_child(pair).culture_code(text()).await);
    let all = internal.remove_all_children(unit);
    said(all.culture_code(text()).await);
    said(internal.check_children(unit, text()).await);
    let (from, until) = range::<(Timestamp, Timestamp)>("until");
    let find = internal.serial_numbers(text(), numbers);
    said(find.from(from).until(until).await);
    let (from, until) = range::<(Timestamp, Timestamp)>("until");
    let count = internal.serial_number_count(text());
    said(
        count
            .first(text())
            .last(text())
            .from(from)
            .until(until)
            .await,
    );
    said(internal.serial_number_ranges().of_type(text()).await);
    said(internal.serial_number_statistics().of_type(text()).await);
    let ranges = [SerialNumberRange::new(text(), numbers)];
    said(internal.free_serial_numbers(arg("ranges", &ranges)).await);
    said(
        internal
            .delete_free_serial_numbers(arg("ranges", &ranges))
            .await,
    );
    let reservation = Reservation {
        type_name: text(),
        quantity: arg("quantity", 3),
        station: text(),
        only_in_sequence: true,
    };
    said(internal.reserve_serial_numbers(reservation).await);
}
