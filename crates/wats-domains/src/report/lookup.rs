//! Report headers found by the ids of their reports with few queries.

use std::sync::Arc;

use uuid::Uuid;
use wats_batch::Partition;

use super::{ReportHeader, ReportService, route};
use crate::ask::list::Options;
use crate::ask::{Ask, Core, Gathered};
use crate::bulk::{BulkOptions, Lookup};
use crate::error::{Error, Result};

static BY_ID: Lookup<ReportHeader> = Lookup {
    what: "report",
    member: "uuid",
    per_query: 40,
    bytes: 3_000,
    key: |header| header.id.map(|id| id.to_string()),
};

/// The server gives 10 headers unless it is asked for more; there are no more than ids, but nobody has promised it.
const TOP: u32 = 1_000;

impl ReportService {
    /// Single look-ups share queries.
    pub(crate) fn sharing(mut self, gathered: Gathered<Uuid, ReportHeader>) -> Self {
        self.gathered = gathered;
        self
    }

    /// Look-ups of ids by live queries.
    pub(crate) async fn look_up(
        core: &Core,
        ids: Vec<Uuid>,
    ) -> Result<Partition<ReportHeader, Error>> {
        let query = |filter| {
            let options = Options {
                filter: Some(filter),
                top: Some(TOP),
                ..Options::default()
            };
            core.rows(&route::headers, options.fill(route::headers.call()))
        };
        BY_ID.run(ids, &BulkOptions::lenient(), query).await
    }

    /// Looks up the headers of many reports with few calls (`GET /api/Report/Query/Header`): 40 per query, 5 queries at
    /// once. Each id has an outcome at its place: the header, or why there is none. One that the server does not list is
    /// [`Error::NotFound`]; one whose query failed has the error of that query. What is kept of
    /// [`headers`](Self::headers) is not used.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
    /// let headers = api.report().headers_many(ids).await?;
    /// println!("{} listed, {} not", headers.ok.len(), headers.failed.len());
    /// # Ok(()) }
    /// ```
    pub fn headers_many(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Ask<Partition<ReportHeader, Error>> {
        let ids = ids.into_iter().collect();
        self.core
            .run(|core| async move { Self::look_up(&core, ids).await })
    }

    /// The header of a report (`GET /api/Report/Query/Header`). With [`Wats::batching`](crate::Wats::batching) those that
    /// are asked for at once share queries. It comes from memory if headers are kept
    /// ([`CacheOptions::headers`](crate::CacheOptions::headers)), which they are not unless a time is set.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the server does not list it, with status 404; or the call fails.
    pub fn header(&self, id: Uuid) -> Ask<Arc<ReportHeader>> {
        let gathered = self.gathered.clone();
        self.core.run(move |core| async move {
            let alone = |core: Arc<Core>, ids| async move { Self::look_up(&core, ids).await };
            core.one(&route::headers, id, &gathered, alone).await
        })
    }
}
