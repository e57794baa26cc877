//! Operations on products.

use std::collections::HashMap;
use std::sync::Arc;

use wats_batch::batch_map;
use wats_http::Call;

use super::route;
use super::{Product, ProductSummary};
use crate::ask::list::{Key, Options};
use crate::ask::{Ask, Core, Kept, List};
use crate::error::{Result, none_if_missing};
use crate::odata::{Filter, Literal};
use crate::scanned::{self, Kind};

/// Part numbers per query of [`ProductService::get_many`]: about 600 bytes of URL.
const NUMBERS_PER_QUERY: usize = 20;

/// Longest escaped filter of one query, in bytes; common servers refuse URLs from 8 KiB, older ones from 4 KiB on.
const FILTER_BYTES: usize = 3_000;

/// Queries of one `get_many` under way at once.
const QUERIES_AT_ONCE: usize = 5;

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
    of: |product| product.part_number.clone().map(Literal::Text),
};

/// Operations on products; from [`Wats::product`](crate::Wats::product).
#[derive(Debug, Clone)]
pub struct ProductService {
    core: Arc<Core>,
}

impl ProductService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// A product by part number (`GET /api/Product/{partNumber}`); any characters are allowed in it but those that nobody
    /// sees.
    ///
    /// It comes from memory if it was read lately ([`CacheOptions::products`](crate::CacheOptions::products)): what this
    /// client saves is seen at once, what others change when its time is over or after a [`refresh`](Self::refresh).
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
    pub fn get(&self, part_number: &str) -> Ask<Product> {
        let call = scanned::check("part number", part_number, Kind::Number)
            .map(|()| route::get.call().path("partNumber", part_number));
        self.core.ask(&route::get, call)
    }

    /// As [`get`](Self::get), with `None` where there is no such product.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, part_number: &str) -> Ask<Option<Product>> {
        let get = self.get(part_number);
        self.core.run(|_| async { none_if_missing(get.await) })
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

    /// Looks up many part numbers with few calls: 20 per query, 5 queries at once. The result has one element per part
    /// number asked for, in that order; `None` where there is no such product.
    ///
    /// Lists hold the [`ProductSummary`] of a product; revisions need [`get`](Self::get).
    ///
    /// # Errors
    /// The first query that fails; queries only read, so nothing is lost by asking again.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let found = api.product().get_many(&["PCBA-001", "PCBA-002", "unknown"]).await?;
    /// assert_eq!(found.len(), 3);
    /// assert!(found[2].is_none());
    /// # Ok(()) }
    /// ```
    pub fn get_many<S: AsRef<str>>(&self, part_numbers: &[S]) -> Ask<Vec<Option<ProductSummary>>> {
        let owned = |number: &S| number.as_ref().to_owned();
        let numbers: Vec<String> = part_numbers.iter().map(owned).collect();
        self.core.run(|core| async move {
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let answers = batch_map(queries(&numbers), QUERIES_AT_ONCE, |filter| {
                ProductService::new(&core)
                    .query(&ProductQuery::default().filter(filter))
                    .into_future()
            });
            let mut found = Found::default();
            for products in answers.await {
                found.extend(products?);
            }
            Ok(numbers
                .into_iter()
                .map(|number| found.get(number))
                .collect())
        })
    }

    /// Inserts or updates a product (`PUT /api/Product`) and returns it as the server holds it, with its id.
    ///
    /// # Errors
    /// The call fails; saving again is safe, because the whole product is written. A new product or revision whose number
    /// has a line end or a character that nobody sees is refused ([`Error::Query`](crate::Error::Query)); one that the
    /// server has already is not.
    pub fn save(&self, product: &Product) -> Ask<Product> {
        let call = self.saving(product);
        self.core.ask(&route::save, call)
    }

    /// Forgets products and lists of them in memory: the next reads ask the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Products);
        self.core.clear(Kept::ProductLists);
    }

    fn saving(&self, product: &Product) -> Result<Call> {
        if product.product_id.is_none() {
            scanned::check("part number", product.part_number(), Kind::Number)?;
        }
        for revision in product
            .revisions()
            .iter()
            .filter(|revision| revision.revision_id.is_none())
        {
            let number = revision.revision.as_deref().unwrap_or_default();
            scanned::check("revision", number, Kind::Number)?;
        }
        let body = self
            .core
            .encode("the product cannot be written as JSON", product)?;
        Ok(route::save.call().body(body, "application/json"))
    }
}

/// Filters that together ask for each of the numbers once, each within the limits of one query.
fn queries(numbers: &[&str]) -> Vec<Filter> {
    let mut unique: Vec<&str> = numbers.to_vec();
    unique.sort_unstable();
    unique.dedup();
    let mut filters = Vec::new();
    let mut chunk: Vec<&str> = Vec::new();
    let mut bytes = 0;
    for number in unique {
        // What one number adds: `partNumber eq '…' or `, with blanks and quotes escaped.
        let doubled_quotes = 3 * number.matches('\'').count();
        let added = wats_http::encoded_len(number)
            + doubled_quotes
            + "%20or%20partNumber%20eq%20%27%27".len();
        if !chunk.is_empty() && (chunk.len() == NUMBERS_PER_QUERY || bytes + added > FILTER_BYTES) {
            filters.push(Filter::any_of("partNumber", chunk.drain(..)));
            bytes = 0;
        }
        chunk.push(number);
        bytes += added;
    }
    if !chunk.is_empty() {
        filters.push(Filter::any_of("partNumber", chunk));
    }
    filters
}

/// Products by part number. The server may compare without regard to case, so an exact match comes first and one that
/// differs only in case second.
#[derive(Default)]
struct Found {
    exact: HashMap<String, ProductSummary>,
    folded: HashMap<String, String>,
}

impl Found {
    fn extend(&mut self, products: Vec<ProductSummary>) {
        for product in products {
            let number = product.part_number().to_owned();
            self.folded.insert(number.to_lowercase(), number.clone());
            self.exact.insert(number, product);
        }
    }

    fn get(&self, number: &str) -> Option<ProductSummary> {
        let by_case = || self.exact.get(self.folded.get(&number.to_lowercase())?);
        self.exact.get(number).or_else(by_case).cloned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_numbers_are_five_queries() {
        let numbers: Vec<String> = (0..100).map(|i| format!("PART-{i:04}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(queries(&numbers).len(), 5);
        assert_eq!(
            queries(&[numbers.clone(), numbers].concat()).len(),
            5,
            "duplicates are asked for once"
        );
        assert!(queries(&[]).is_empty());
    }

    #[test]
    fn an_exact_match_beats_one_in_other_case() {
        let summary = |number: &str| ProductSummary {
            part_number: Some(number.to_owned()),
            ..ProductSummary::default()
        };
        let mut found = Found::default();
        found.extend(vec![summary("abc"), summary("ABC"), summary("Xyz")]);
        assert_eq!(found.get("abc").unwrap().part_number(), "abc");
        assert_eq!(found.get("xYZ").unwrap().part_number(), "Xyz");
        assert!(found.get("other").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_query_is_too_long_and_no_number_is_forgotten(numbers in prop::collection::vec("[a-zæ\u{4e00} '/&%+#?]{1,100}", 0..80)) {
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let filters = queries(&numbers);
            let texts: Vec<String> = filters.iter().map(|f| f.to_odata().unwrap()).collect();
            for text in &texts {
                // One number alone may be longer than the limit; nothing can be done about that.
                prop_assert!(wats_http::encoded_len(text) <= FILTER_BYTES || !text.contains(" or "));
            }
            for number in numbers {
                let term = Filter::eq("partNumber", number).to_odata().unwrap();
                prop_assert_eq!(texts.iter().filter(|t| t.contains(&term)).count().min(1), 1);
            }
        }
    }
}
