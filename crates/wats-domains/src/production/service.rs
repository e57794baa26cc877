//! Operations on units.

use wats_batch::Partition;

use super::{Unit, UnitChange, UnitKey, UnitPhase, UnitVerificationGrade, route};
use crate::argument;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Kept};
use crate::bulk::BulkOptions;
use crate::error::{Error, none_if_missing};
use crate::scanned::{self, Kind};

request! {
    /// From [`ProductionService::verify`].
    pub struct Verify -> UnitVerificationGrade, by ask {
        /// Its part number, where serial numbers alone do not tell units apart.
        "partNumber" => part_number: String as Number,
    }
}

service! {
    /// Operations on units and their serial numbers; from [`Wats::production`](crate::Wats::production).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::production::{UnitKey, UnitPhase};
    ///
    /// let unit = UnitKey { serial_number: "0001", part_number: "PCBA-001" };
    /// let grade = api.production().verify(unit.serial_number).part_number(unit.part_number).await?;
    /// if grade.all_passed_last_run == Some(true) {
    ///     api.production().set_phase(unit, UnitPhase::Finalized).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub struct ProductionService;
}

impl ProductionService {
    /// A unit with those that are part of it (`GET /api/Production/Unit/{serialNumber}/{partNumber}`).
    ///
    /// # Errors
    /// Status 404 when there is none; [`find`](Self::find) turns that into `None`. [`Error::Query`] for a number that is
    /// empty or holds what nobody sees.
    pub fn get(&self, unit: UnitKey<'_>) -> Ask<Unit> {
        let call = unit.check().map(|()| {
            let call = route::get.call().path("serialNumber", unit.serial_number);
            call.path("partNumber", unit.part_number)
        });
        self.core.ask(&route::get, call)
    }

    /// As [`get`](Self::get), with `None` where there is no such unit.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, unit: UnitKey<'_>) -> Ask<Option<Unit>> {
        let get = self.get(unit);
        self.core.run(|_| async { none_if_missing(get.await) })
    }

    /// Reads many units, some at a time, with one call for each: the server finds them by no list. One that fails stops no
    /// other: the outcome has the units and the failures apart, each with its place in the list. An outage is waited out, see
    /// [`BulkOptions::outage_wait`].
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then. A unit that is not there, and one whose
    /// numbers [`get`](Self::get) refuses, fails in its place.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, serial_numbers: Vec<String>) -> wats_domains::Result<()> {
    /// use wats_domains::BulkOptions;
    /// use wats_domains::production::UnitKey;
    ///
    /// let key = |serial_number| UnitKey { serial_number, part_number: "PCBA-001" };
    /// let keys = serial_numbers.iter().map(|number| key(number));
    /// let units = api.production().get_many(keys, &BulkOptions::default()).await?;
    /// for (place, error) in &units.failed {
    ///     eprintln!("{}: {error:#}", serial_numbers[*place]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_many<'a>(
        &self,
        units: impl IntoIterator<Item = UnitKey<'a>>,
        many: &BulkOptions,
    ) -> Ask<Partition<Unit, Error>> {
        let owned =
            |unit: UnitKey<'_>| (unit.serial_number.to_owned(), unit.part_number.to_owned());
        let units: Vec<_> = units.into_iter().map(owned).collect();
        let checked = many.checked();
        self.core.run(|core| async move {
            let (map, bulk) = checked?;
            let (service, bulk) = (&Self::new(&core), &bulk);
            let get = |(serial_number, part_number): (String, String)| async move {
                let unit = UnitKey {
                    serial_number: &serial_number,
                    part_number: &part_number,
                };
                bulk.call(|| service.get(unit)).await
            };
            Ok(map.partition(units, get).await)
        })
    }

    /// How good a unit is by the verification rules (`GET /api/Production/UnitVerification`).
    ///
    /// # Errors
    /// [`Error::Query`] for a number that is empty or holds what nobody sees; or the call fails.
    pub fn verify(&self, serial_number: &str) -> Verify {
        let call = scanned::check_some("serial number", serial_number, Kind::Number)
            .map(|()| route::verify.call().query("serialNumber", serial_number));
        Verify::new(&self.core, &route::verify, call)
    }

    /// Sets the phase of a unit (`PUT /api/Production/SetUnitPhase`).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn set_phase(&self, unit: UnitKey<'_>, phase: UnitPhase) -> Ask<()> {
        let call = unit.query(route::set_phase.call());
        self.core.tell(
            &route::set_phase,
            call.map(|call| call.query("phase", phase)),
        )
    }

    /// Sets the process that a unit is in, by its name (`PUT /api/Production/SetUnitProcess`).
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and for an empty name.
    pub fn set_process(&self, unit: UnitKey<'_>, process_name: &str) -> Ask<()> {
        let call = scanned::check_some("process name", process_name, Kind::Name)
            .and_then(|()| unit.query(route::set_process.call()))
            .map(|call| call.query("processName", process_name));
        self.core.tell(&route::set_process, call)
    }

    /// Changes of units that nobody has handled yet (`GET /api/Production/Units/Changes`); who has handled one
    /// [deletes](Self::delete_change) it.
    ///
    /// # Errors
    /// [`Error::Query`] for at most none; or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// for change in api.production().changes(100).await? {
    ///     println!("{:?} is in the phase {:?} now", change.serial_number, change.new_phase);
    ///     if let Some(id) = change.id {
    ///         api.production().delete_change(id).await?;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn changes(&self, most: u32) -> Ask<Vec<UnitChange>> {
        let call =
            argument::count("most", most).map(|most| route::changes.call().query("maxCount", most));
        self.core.ask(&route::changes, call)
    }

    /// Deletes a change that was handled (`DELETE /api/Production/Units/Changes/{id}`).
    pub fn delete_change(&self, change_id: i32) -> Ask<()> {
        let call = argument::given("change_id", change_id)
            .map(|id| route::delete_change.call().path("id", id));
        self.core.tell(&route::delete_change, call)
    }

    /// Forgets types of serial numbers, phases and sites in memory: the next reads ask the server.
    pub fn refresh(&self) {
        for kept in [Kept::SerialNumberTypes, Kept::Phases, Kept::Sites] {
            self.core.clear(kept);
        }
    }
}
