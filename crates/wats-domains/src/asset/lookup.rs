//! Assets found by serial number with few queries.

use std::sync::Arc;

use wats_batch::Partition;

use super::{Asset, AssetService, route};
use crate::ask::list::Options;
use crate::ask::{Ask, Core, Gathered};
use crate::bulk::{BulkOptions, Lookup};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

static BY_SERIAL_NUMBER: Lookup<Asset> = Lookup {
    what: "asset",
    member: "serialNumber",
    per_query: 20,
    bytes: 3_000,
    key: |asset| asset.serial_number.clone(),
};

impl AssetService {
    /// Single look-ups share queries.
    pub(crate) fn sharing(mut self, gathered: Gathered<String, Asset>) -> Self {
        self.gathered = gathered;
        self
    }

    /// Look-ups of serial numbers by live queries.
    pub(crate) async fn look_up(
        core: &Core,
        numbers: Vec<String>,
    ) -> Result<Partition<Asset, Error>> {
        let query = |filter| {
            let options = Options {
                filter: Some(filter),
                ..Options::default()
            };
            core.rows(&route::list, options.fill(route::list.call()))
        };
        BY_SERIAL_NUMBER
            .run(numbers, &BulkOptions::lenient(), query)
            .await
    }

    /// Looks up many serial numbers with few calls (`GET /api/Asset`): 20 per query, 5 queries at once. Each serial number
    /// has an outcome at its place: the asset, or why there is none. One that the server does not have is
    /// [`Error::NotFound`]; one whose query failed has the error of that query; one that cannot be asked for is
    /// [`Error::Query`].
    ///
    /// Lists show less of an asset than [`get`](Self::get): not its log, its type in full, its tags and what belongs to it.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let meters = api.asset().get_many(["DMM-1", "DMM-2"]).await?;
    /// for (_, meter) in &meters.ok {
    ///     println!("{:?}: {:?}", meter.serial_number, meter.next_calibration);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_many<I>(&self, serial_numbers: I) -> Ask<Partition<Asset, Error>>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let owned = |number: I::Item| number.as_ref().to_owned();
        let numbers = serial_numbers.into_iter().map(owned).collect();
        self.core
            .run(|core| async move { Self::look_up(&core, numbers).await })
    }

    /// An asset by serial number as lists show it (`GET /api/Asset`): less than [`get`](Self::get), but with
    /// [`Wats::batching`](crate::Wats::batching) those that are asked for at once share queries. It is not kept in memory.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, with status 404; [`Error::Query`] for a serial number that is empty or
    /// holds what nobody sees; or the call fails.
    pub fn summary(&self, serial_number: &str) -> Ask<Arc<Asset>> {
        let number = scanned::check_some("serial number", serial_number, Kind::Number)
            .map(|()| serial_number.to_owned());
        let gathered = self.gathered.clone();
        self.core.run(|core| async move {
            let alone =
                |core: Arc<Core>, numbers| async move { Self::look_up(&core, numbers).await };
            core.one(&route::list, number?, &gathered, alone).await
        })
    }
}
