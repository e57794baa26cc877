//! Reports read back: whole or in less detail, as the model, as text, as XML, one or many.

use std::borrow::Borrow;

use bytes::Bytes;
use uuid::Uuid;
use wats_batch::Partition;
use wats_http::Call;

use super::route;
use super::{Report, ReportService};
use crate::ask::Ask;
use crate::bulk::BulkOptions;
use crate::error::{Error, none_if_missing};

/// How much of a report to read, from [`IDENTITY`](Self::IDENTITY) to [`FULL`](Self::FULL).
///
/// The server does not publish what the levels between leave out, but that attachments come from 4 and the points of
/// charts from 6 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DetailLevel(u8);

impl DetailLevel {
    /// What identifies the report.
    pub const IDENTITY: Self = Self(0);
    /// Everything.
    pub const FULL: Self = Self(7);

    /// A level from 0 to 7; `None` for others. In a constant a wrong level does not compile:
    ///
    /// ```
    /// use wats_domains::report::DetailLevel;
    ///
    /// const LIGHT: DetailLevel = DetailLevel::new(3).unwrap();
    /// # let _ = LIGHT;
    /// ```
    pub const fn new(level: u8) -> Option<Self> {
        if level <= Self::FULL.0 {
            Some(Self(level))
        } else {
            None
        }
    }

    /// The level as a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How much of a report to read; everything by default.
///
/// ```
/// use wats_domains::report::{Detail, DetailLevel};
///
/// let light = Detail::default().chart_data(false).attachments(false);
/// let least = Detail::default().level(DetailLevel::IDENTITY);
/// # let _ = (light, least);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detail {
    /// The level; the server's default is everything.
    pub level: Option<DetailLevel>,
    /// Whether charts come with their points; the server's default is that they do.
    pub chart_data: Option<bool>,
    /// Whether attachments come with their contents; the server's default is that they do.
    pub attachments: Option<bool>,
}

impl Detail {
    /// Sets the level.
    pub fn level(mut self, level: DetailLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets whether charts come with their points.
    pub fn chart_data(mut self, include: bool) -> Self {
        self.chart_data = Some(include);
        self
    }

    /// Sets whether attachments come with their contents.
    pub fn attachments(mut self, include: bool) -> Self {
        self.attachments = Some(include);
        self
    }

    /// Whether something of the report is left out.
    fn is_less(self) -> bool {
        self.level.is_some_and(|level| level < DetailLevel::FULL)
            || self.chart_data == Some(false)
            || self.attachments == Some(false)
    }

    fn fill(self, call: Call) -> Call {
        call.query_opt("detailLevel", self.level.map(DetailLevel::get))
            .query_opt("includeChartdata", self.chart_data)
            .query_opt("includeAttachments", self.attachments)
    }
}

impl ReportService {
    /// Reads a report back (`GET /api/Report/Wsjf/{id}`). Members that this version does not know are kept.
    ///
    /// # Errors
    /// Status 404 when there is none, as while it is being processed; or the call fails.
    pub fn get(&self, id: Uuid) -> Ask<Report> {
        self.get_with(id, Detail::default())
    }

    /// Reads a report back in less detail. Submitting what was read that way would overwrite the whole by a part, so it
    /// is refused unless [`SubmitOptions::partial`](super::SubmitOptions::partial) says that it is meant.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::report::Detail;
    ///
    /// let report = api.report().get_with(id, Detail::default().attachments(false)).await?;
    /// # let _ = report; Ok(()) }
    /// ```
    pub fn get_with(&self, id: Uuid, detail: Detail) -> Ask<Report> {
        let route = &route::get;
        let call = detail.fill(route.call().path("id", id));
        self.core.run(|core| async move {
            let mut report: Report = core.ask(route, Ok(call)).await?;
            report.set_partial(detail.is_less());
            Ok(report)
        })
    }

    /// As [`get`](Self::get), with `None` where there is no such report.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, id: Uuid) -> Ask<Option<Report>> {
        let get = self.get(id);
        self.core.run(|_| async { none_if_missing(get.await) })
    }

    /// Reads a report back as the server's own JSON text.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_wsjf(&self, id: Uuid) -> Ask<Bytes> {
        let route = &route::get;
        let call = route.call().path("id", id);
        self.core
            .run(|core| async move { Ok(core.send(route, call).await?.into_body()) })
    }

    /// Reads a report back as the server's own XML text (`GET /api/Report/Wsxf/{id}`), with the indexes of steps and
    /// measurements or without.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_wsxf(&self, id: Uuid, detail: Detail, indexes: bool) -> Ask<Bytes> {
        let route = &route::get_wsxf;
        let call = detail
            .fill(route.call().path("id", id))
            .query("includeIndexes", indexes)
            .header("accept", "application/xml, text/xml;q=0.9");
        self.core
            .run(|core| async move { Ok(core.send(route, call).await?.into_body()) })
    }

    /// Reads many reports, some at a time. One that fails stops no other: the outcome has the reports and the failures
    /// apart, each with its place in the list. An outage is waited out, see [`BulkOptions::outage_wait`]. All reports are in
    /// memory at the end; [`get_each`](Self::get_each) gives them one by one.
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
    /// use wats_domains::{BulkOptions, report::Detail};
    ///
    /// let many = BulkOptions::default().progress(|progress| println!("{progress}"));
    /// let reports = api.report().get_many(&ids, Detail::default(), &many).await?;
    /// for (place, error) in &reports.failed {
    ///     eprintln!("{}: {error:#}", ids[*place]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_many<I>(
        &self,
        ids: I,
        detail: Detail,
        many: &BulkOptions,
    ) -> Ask<Partition<Report, Error>>
    where
        I: IntoIterator,
        I::Item: Borrow<Uuid>,
    {
        let ids: Vec<Uuid> = ids.into_iter().map(|id| *id.borrow()).collect();
        let checked = many.checked();
        self.core.run(|core| async move {
            let (map, bulk) = checked?;
            let (service, bulk) = (&Self::new(&core), &bulk);
            let get = |id| async move { bulk.call(|| service.get_with(id, detail)).await };
            Ok(map.partition(ids, get).await)
        })
    }
}
