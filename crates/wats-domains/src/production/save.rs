//! Many units and batches saved.

use std::borrow::Borrow;

use wats_batch::Partition;

use super::{ProductionBatch, ProductionService, Unit, UnitKey, route};
use crate::argument;
use crate::ask::Ask;
use crate::bulk::{Arrays, BulkOptions};
use crate::error::Error;
use crate::scanned::{self, Kind};

static UNITS: Arrays<Unit> = Arrays {
    what: "unit",
    check: |unit| {
        UnitKey {
            serial_number: unit.serial_number.as_deref().unwrap_or_default(),
            part_number: unit.part_number.as_deref().unwrap_or_default(),
        }
        .check()
    },
    // The server tells units apart by serial number here.
    keys: |unit| unit.serial_number.iter().cloned().collect(),
};

static BATCHES: Arrays<ProductionBatch> = Arrays {
    what: "batch",
    check: |batch| {
        let number = batch.batch_number.as_deref().unwrap_or_default();
        scanned::check_some("batch number", number, Kind::Number)?;
        // It may be left out.
        batch
            .size
            .map_or(Ok(()), |size| argument::given("batch size", size).map(drop))
    },
    keys: |batch| batch.batch_number.iter().cloned().collect(),
};

impl ProductionService {
    /// Inserts or updates many units by serial number (`PUT /api/Production/Units`), in lists of up to 100 and 1 MiB, some
    /// of them at a time. Each unit has its outcome at its place. Of units of one serial number the last one is what
    /// stays. An outage is waited out, see [`BulkOptions::outage_wait`].
    ///
    /// A list that the server refuses for what is in it, or whose answer counts errors or names fewer than were sent, is
    /// halved until it is taken or has one unit only, so a unit that is wrong fails alone. A unit that has failed may be
    /// saved nevertheless; saving it again is safe. An answer without a body is success.
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then. A unit without a serial number or a part
    /// number, or with a character in it that nobody sees, is [`Error::Query`] at its place and not sent.
    ///
    /// ```no_run
    /// # fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::BulkOptions;
    /// use wats_domains::production::{Unit, UnitKey};
    ///
    /// let units = ["0001", "0002"].map(|serial_number| Unit::new(UnitKey { serial_number, part_number: "PCBA-001" }));
    /// let saved = api.production().save_many(units, &BulkOptions::default()).wait()?;
    /// for (place, error) in &saved.failed {
    ///     eprintln!("unit {place}: {error:#}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn save_many<I>(&self, units: I, many: &BulkOptions) -> Ask<Partition<(), Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<Unit> + Send + 'static,
    {
        self.core.save_lists(&route::save_many, &UNITS, units, many)
    }

    /// Inserts or updates many batches by batch number (`PUT /api/Production/Batches`), as
    /// [`save_many`](Self::save_many) does with units.
    ///
    /// # Errors
    /// As [`save_many`](Self::save_many).
    pub fn save_batches<I>(&self, batches: I, many: &BulkOptions) -> Ask<Partition<(), Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<ProductionBatch> + Send + 'static,
    {
        self.core
            .save_lists(&route::save_batches, &BATCHES, batches, many)
    }
}
