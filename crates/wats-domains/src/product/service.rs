//! Operations on products.

use std::borrow::Borrow;
use std::sync::Arc;

use bytes::Bytes;
use wats_batch::Partition;
use wats_http::Call;

use super::route;
use super::{Product, ProductSummary};
use crate::ask::list::{Key, Options};
use crate::ask::{Ask, Core, Gathered, Kept, List};
use crate::bulk::{BulkOptions, InOrder, Lookup};
use crate::error::{Error, Result, none_if_missing};
use crate::odata::{Filter, Literal};
use crate::scanned::{self, Kind};

/// Products by part number. A full query is about 600 bytes of URL; common servers refuse URLs from 8 KiB, older ones from
/// 4 KiB on.
static BY_NUMBER: Lookup<ProductSummary> = Lookup {
    what: "product",
    member: "partNumber",
    per_query: 20,
    bytes: 3_000,
    key: |product| product.part_number.clone(),
};

/// Which products to list and how; all are optional.
///
/// ```
/// use wats_domains::{Filter, ProductQuery};
///
/// let query = ProductQuery::default().filter(Filter::eq("category", "PCB")).order_by("partNumber").top(50);
/// # let _ = query;
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProductQuery {
    /// Condition on the members of [`ProductSummary`].
    pub filter: Option<Filter>,
    /// Most products to return. Without a filter the server returns at most 1000 unless asked for more.
    pub top: Option<u32>,
    /// Member to sort by, with ` desc` for descending order.
    pub order_by: Option<String>,
}

impl ProductQuery {
    /// Sets the condition.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Sets the most products to return.
    pub fn top(mut self, n: u32) -> Self {
        self.top = Some(n);
        self
    }

    /// Sets the order.
    pub fn order_by(mut self, order: impl Into<String>) -> Self {
        self.order_by = Some(order.into());
        self
    }
}

/// Part numbers tell products apart.
static KEY: Key<ProductSummary> = Key {
    member: "partNumber",
    most: Some(100_000),
    of: |product| product.part_number.clone().map(Literal::Text),
};

/// Operations on products; from [`Wats::product`](crate::Wats::product).
#[derive(Debug, Clone)]
pub struct ProductService {
    pub(super) core: Arc<Core>,
    gathered: Gathered<String, ProductSummary>,
}

impl ProductService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
            gathered: None,
        }
    }

    /// Single look-ups share queries.
    pub(crate) fn sharing(mut self, gathered: Gathered<String, ProductSummary>) -> Self {
        self.gathered = gathered;
        self
    }

    /// Look-ups of part numbers by live queries.
    pub(crate) async fn look_up(
        core: &Core,
        numbers: Vec<String>,
    ) -> Result<Partition<ProductSummary, Error>> {
        let query = |filter| {
            let options = Options {
                filter: Some(filter),
                ..Options::default()
            };
            core.rows(&route::query, options.fill(route::query.call()))
        };
        BY_NUMBER.run(numbers, &BulkOptions::lenient(), query).await
    }

    /// A product by part number (`GET /api/Product/{partNumber}`); any characters are allowed in it but those that nobody
    /// sees.
    ///
    /// It comes from memory if it was read lately ([`CacheOptions::products`](crate::CacheOptions::products)): what this
    /// client saves is seen at once, what others change when its time is over or after a [`refresh`](Self::refresh). All who
    /// ask share one product; [`Arc::unwrap_or_clone`] gives one to change.
    ///
    /// # Errors
    /// Status 404 when there is none; [`find`](Self::find) turns that into `None`. [`Error::Query`](crate::Error::Query) for
    /// a part number with a line end and the like; see [`clean_scanned`](crate::clean_scanned).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let product = api.product().get("A/B #1").await?;
    /// println!("{} has {} revisions", product.part_number(), product.revisions().len());
    /// # Ok(()) }
    /// ```
    pub fn get(&self, part_number: &str) -> Ask<Arc<Product>> {
        self.core.ask_kept(&route::get, getting(part_number))
    }

    /// As [`get`](Self::get), with `None` where there is no such product.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, part_number: &str) -> Ask<Option<Arc<Product>>> {
        self.core.find_kept(&route::get, getting(part_number))
    }

    /// A product by part number as lists show it (`GET /api/Product/Query`): less than [`get`](Self::get), without
    /// revisions, but with [`Wats::batching`](crate::Wats::batching) those that are asked for at once share queries.
    ///
    /// It comes from memory as the answers of [`query`](Self::query) do, and all who ask share one. That there is none is
    /// not kept.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, with status 404; [`Error::Query`] for a part number that is empty or holds
    /// what nobody sees; or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, numbers: Vec<String>) -> wats_domains::Result<()> {
    /// let api = api.batching();
    /// let products = numbers.iter().map(|number| api.product().summary(number));
    /// for product in futures_util::future::join_all(products).await {
    ///     println!("{:?}", product?.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn summary(&self, part_number: &str) -> Ask<Arc<ProductSummary>> {
        let number = scanned::check_some("part number", part_number, Kind::Number)
            .map(|()| part_number.to_owned());
        let gathered = self.gathered.clone();
        self.core.run(|core| async move {
            let alone =
                |core: Arc<Core>, numbers| async move { Self::look_up(&core, numbers).await };
            core.one(&route::query, number?, &gathered, alone).await
        })
    }

    /// As [`summary`](Self::summary), with `None` where there is no such product.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find_summary(&self, part_number: &str) -> Ask<Option<Arc<ProductSummary>>> {
        let summary = self.summary(part_number);
        self.core.run(|_| async { none_if_missing(summary.await) })
    }

    /// Lists products (`GET /api/Product/Query`), or [`each`](List::each) of them in the order of their part numbers; from
    /// memory as [`get`](Self::get) does
    /// ([`CacheOptions::product_lists`](crate::CacheOptions::product_lists)).
    ///
    /// # Errors
    /// The filter cannot be expressed, or the call fails.
    ///
    /// ```no_run
    /// # fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::{Filter, ProductQuery};
    ///
    /// let active = ProductQuery::default().filter(Filter::eq("state", 1));
    /// for product in api.product().query(&active).each().wait() {
    ///     println!("{}", product?.part_number());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn query(&self, query: &ProductQuery) -> List<ProductSummary> {
        let options = Options {
            filter: query.filter.clone(),
            top: query.top,
            order_by: query.order_by.clone(),
            ..Options::default()
        };
        List::new(&self.core, &route::query, &KEY, options)
    }

    /// Looks up many part numbers with few calls: 20 per query, 5 queries at once. Each part number has an outcome at its
    /// place: the product, or why there is none. One that the server does not have is [`Error::NotFound`];
    /// one whose query failed has the error of that query; one that cannot be asked for ([`get`](Self::get)) is
    /// [`Error::Query`]. [`Partition::into_values`] is what was found. Answers come from memory as those of
    /// [`query`](Self::query) do.
    ///
    /// Lists hold the [`ProductSummary`] of a product; revisions need [`get`](Self::get). Queries only read, so nothing is
    /// lost by asking again. One that the server refuses as too long, or for one of its part numbers, is halved.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::Error;
    ///
    /// let products = api.product().get_many(["PCBA-001", "PCBA-002", "unknown"]).await?;
    /// for (place, error) in &products.failed {
    ///     match error {
    ///         Error::NotFound { key, .. } => eprintln!("{key} is unknown"),
    ///         error => eprintln!("part number {place}: {error:#}"),
    ///     }
    /// }
    /// for product in products.into_values() {
    ///     println!("{}", product.part_number());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_many<I>(&self, part_numbers: I) -> Ask<Partition<ProductSummary, Error>>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let owned = |number: I::Item| number.as_ref().to_owned();
        let numbers: Vec<String> = part_numbers.into_iter().map(owned).collect();
        let service = self.clone();
        self.core.run(|_| async move {
            let list = |filter| service.query(&ProductQuery::default().filter(filter));
            BY_NUMBER
                .run(numbers, &BulkOptions::lenient(), |filter| {
                    list(filter).into_future()
                })
                .await
        })
    }

    /// Saves many products, some at a time, each as [`save`](Self::save) does. One that fails stops no other: the outcome
    /// has the products as the server holds them and the failures apart, each with its place in the list. Of products of
    /// one part number the last one is what stays. An outage is waited out, see [`BulkOptions::outage_wait`].
    ///
    /// It takes one call for each: what the server answers to a list of products is not described, and may not have the
    /// products with their ids. Where those are not needed, [`save_many`](Self::save_many) takes fewer calls. Products are
    /// taken from the list and written when their turn comes; see [`submit_many`](crate::ReportService::submit_many).
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then.
    ///
    /// ```no_run
    /// # fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::{BulkOptions, Product};
    ///
    /// let products = ["PCBA-001", "PCBA-002"].map(Product::new);
    /// let saved = api.product().save_each(products, &BulkOptions::default()).wait()?;
    /// println!("{} saved, {} failed", saved.ok.len(), saved.failed.len());
    /// # Ok(()) }
    /// ```
    pub fn save_each<I>(&self, products: I, many: &BulkOptions) -> Ask<Partition<Product, Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<Product> + Send + 'static,
    {
        let products = products.into_iter();
        let checked = many.checked();
        let service = self.clone();
        self.core.run(|core| async move {
            let (map, bulk) = checked?;
            let order = InOrder::default();
            let (core, service, bulk, order) = (&core, &service, &bulk, &order);
            let save = |product: I::Item| async move {
                let _permit = order
                    .acquire(product.borrow().part_number().to_owned())
                    .await;
                let body = service.written(product.borrow())?;
                drop(product);
                bulk.call(|| core.ask(&route::save, Ok(saving(body.clone()))))
                    .await
            };
            Ok(map.partition(products, save).await)
        })
    }

    /// Inserts or updates a product (`PUT /api/Product`) and returns it as the server holds it, with its id.
    ///
    /// # Errors
    /// The call fails; saving again is safe, because the whole product is written. A new product or revision whose number
    /// is empty or has a line end or a character that nobody sees is refused ([`Error::Query`](crate::Error::Query)); one that the
    /// server has already is not.
    pub fn save(&self, product: &Product) -> Ask<Product> {
        self.core
            .ask(&route::save, self.written(product).map(saving))
    }

    /// Forgets products, lists of them, vendors and groups in memory: the next reads ask the server.
    pub fn refresh(&self) {
        for kept in [
            Kept::Products,
            Kept::ProductLists,
            Kept::Vendors,
            Kept::Boms,
            Kept::ProductGroups,
        ] {
            self.core.clear(kept);
        }
    }

    /// The body of a save.
    fn written(&self, product: &Product) -> Result<Bytes> {
        check_new(product)?;
        self.core
            .encode("the product cannot be written as JSON", product)
    }
}

fn getting(part_number: &str) -> Result<Call> {
    scanned::check_some("part number", part_number, Kind::Number)?;
    Ok(route::get.call().path("partNumber", part_number))
}

/// Refuses a new product, or a new revision of it, whose number is empty or holds what nobody sees.
pub(super) fn check_new(product: &Product) -> Result<()> {
    if product.product_id.is_none() {
        scanned::check_some("part number", product.part_number(), Kind::Number)?;
    }
    for revision in product
        .revisions()
        .iter()
        .filter(|revision| revision.revision_id.is_none())
    {
        let number = revision.revision.as_deref().unwrap_or_default();
        scanned::check_some("revision", number, Kind::Number)?;
    }
    Ok(())
}

fn saving(body: Bytes) -> Call {
    route::save.call().body(body, "application/json")
}
