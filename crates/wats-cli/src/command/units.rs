//! `wats units`: units by their serial numbers.

use wats::production::{Unit, UnitKey};

use super::each::Each;
use crate::Outcome;
use crate::context::Context;
use crate::output::{Cell, Column};

/// Look up units by their serial numbers.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats units SN-42 SN-43 --part PCBA-001    # exit code 5 when one is not there
  wats units SN-42 --part PCBA-001 --json")]
pub(crate) struct Args {
    /// Serial numbers.
    #[arg(value_name = "SERIAL", required = true)]
    serials: Vec<String>,
    /// Part number of the units.
    #[arg(long, value_name = "NUMBER")]
    part: String,
}

const COLUMNS: &[Column<Unit>] = &[
    Column::new("serial", |unit| Cell::text(unit.serial_number.as_ref())),
    Column::new("part", |unit| Cell::text(unit.part_number.as_ref())),
    Column::new("revision", |unit| Cell::text(unit.revision.as_ref())),
    Column::new("phase", |unit| match (&unit.phase_name, &unit.phase) {
        (Some(name), _) => name.clone().into(),
        (None, phase) => Cell::text(phase.as_ref().map(|phase| format!("{phase:?}"))),
    }),
    Column::new("process_code", |unit| {
        Cell::text(unit.process_code.as_ref())
    }),
    Column::new("location", |unit| Cell::text(unit.location.as_ref())),
    Column::new("batch", |unit| Cell::text(unit.batch_number.as_ref())),
    Column::new("parent", |unit| {
        Cell::text(unit.parent_serial_number.as_ref())
    }),
    Column::further("serial_date", |unit| Cell::text(unit.serial_date.as_ref())),
    Column::further("product", |unit| {
        Cell::text(
            unit.product
                .as_ref()
                .and_then(|product| product.name.as_ref()),
        )
    }),
    Column::further("sub_units", |unit| {
        let parts = unit.sub_units.iter().flatten();
        let serials: Vec<String> = parts
            .filter_map(|part| part.serial_number.clone())
            .collect();
        Cell::list(Some(&serials))
    }),
];

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let production = context.wats()?.production();
    let mut rows = context.output.rows(COLUMNS)?;
    let mut each = Each::new(&context.output);
    for serial in &args.serials {
        let unit = UnitKey {
            serial_number: serial,
            part_number: &args.part,
        };
        if let Some(unit) = each.got(serial, production.get(unit).await)? {
            rows.row(&unit)?;
        }
    }
    rows.finish()?;
    Ok(each.exit())
}
