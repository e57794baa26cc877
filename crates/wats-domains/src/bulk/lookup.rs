//! Many looked up by their keys with few queries of a list.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use wats_batch::Partition;
use wats_http::http::StatusCode;

use super::BulkOptions;
use crate::error::{Error, Result};
use crate::odata::{Filter, Literal};

/// How items of a list are found by a key: which member holds it, and how much one query asks for.
pub(crate) struct Lookup<T> {
    /// What is looked up, in the words of an error.
    pub(crate) what: &'static str,
    /// The member that holds the key, by its name on the wire.
    pub(crate) member: &'static str,
    /// Most keys in one query.
    pub(crate) per_query: usize,
    /// Longest filter of one query, escaped, in bytes. A single key may be longer.
    pub(crate) bytes: usize,
    /// The key of an item that was answered.
    pub(crate) key: fn(&T) -> Option<String>,
}

/// After so many queries for a single key that were refused, with not one answered, no further one is sent: the list itself
/// refuses.
const REFUSALS: usize = 3;

impl<T: Clone> Lookup<T> {
    /// Looks up keys by `query`, which answers a filter with what fits. Each key that is asked for has an outcome at its
    /// place; one that is in no answer is [`Error::NotFound`]. Items are told apart by their key, never by their place:
    /// the server leaves out what it does not find.
    ///
    /// A query that is refused for what it asks is halved until it is answered, or asks for one key only.
    pub(crate) async fn run<K, F>(
        &self,
        keys: Vec<K>,
        options: &BulkOptions,
        query: impl Fn(Filter) -> F,
    ) -> Result<Partition<T, Error>>
    where
        K: Ord + Clone + Into<Literal> + ToString,
        F: Future<Output = Result<Vec<T>>>,
    {
        let (map, bulk) = options.checked()?;
        let refused = Refused::default();
        let (bulk, refused, query) = (&bulk, &refused, &query);
        let chunks = map.run(self.queries(&keys), |chunk| async move {
            let mut found = Vec::new();
            let mut failed = Vec::new();
            let mut open = vec![chunk];
            while let Some(mut chunk) = open.pop() {
                let outcome = match refused.verdict() {
                    Some(refusal) => Err(Error::Unsent(refusal)),
                    None => {
                        let filter = || Filter::any_of(self.member, chunk.iter().cloned());
                        bulk.call(|| query(filter())).await
                    }
                };
                match outcome {
                    Ok(items) => {
                        refused.answered();
                        found.extend(items);
                    }
                    Err(error) if chunk.len() > 1 && asks_too_much(&error) => {
                        let second = chunk.split_off(chunk.len() / 2);
                        open.extend([second, chunk]);
                    }
                    Err(error) => {
                        let error = Arc::new(error);
                        refused.count(&error);
                        failed.extend(chunk.into_iter().map(|key| (key, Arc::clone(&error))));
                    }
                }
            }
            (found, failed)
        });
        let (mut found, mut failed) = (Found::default(), BTreeMap::new());
        for (items, unanswered) in chunks.await {
            for item in items {
                found.put((self.key)(&item), item);
            }
            failed.extend(unanswered);
        }
        let outcome = |key: &K| {
            let text = key.to_string();
            if let Some(item) = found.get(&text) {
                return Ok(item.clone());
            }
            if let Some(error) = failed.get(key) {
                return Err(Error::Shared(Arc::clone(error)));
            }
            self.condition(key)?;
            Err(Error::NotFound {
                what: self.what,
                key: text,
            })
        };
        Ok(keys.iter().map(outcome).collect())
    }

    /// Each key that can be asked for, once, in queries within the limits.
    fn queries<K: Ord + Clone + Into<Literal>>(&self, keys: &[K]) -> Vec<Vec<K>> {
        let mut unique: Vec<&K> = keys.iter().collect();
        unique.sort_unstable();
        unique.dedup();
        let mut queries: Vec<Vec<K>> = Vec::new();
        let mut room = 0;
        for key in unique {
            let Ok(condition) = self.condition(key) else {
                continue;
            };
            let added = wats_http::encoded_len(&condition) + "%20or%20".len();
            match queries.last_mut() {
                Some(chunk) if chunk.len() < self.per_query && added <= room => {
                    chunk.push(key.clone());
                    room -= added;
                }
                _ => {
                    queries.push(vec![key.clone()]);
                    room = self.bytes.saturating_sub(added);
                }
            }
        }
        queries
    }

    /// The filter for one key, if it can be asked for.
    fn condition<K: Clone + Into<Literal>>(&self, key: &K) -> Result<String> {
        Filter::eq(self.member, key.clone()).to_odata()
    }
}

/// Whether fewer keys in one query may help: a server or a proxy refuses an address that is too long in either of these
/// ways, and so does one that cannot read one of the keys.
fn asks_too_much(error: &Error) -> bool {
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::URI_TOO_LONG,
    ];
    let sent = !matches!(error, Error::Unsent(_));
    sent && error
        .status()
        .is_some_and(|status| refusals.contains(&status))
}

/// Refusals of single keys, as long as nothing was answered.
#[derive(Default)]
struct Refused(Mutex<Refusals>);

#[derive(Default)]
struct Refusals {
    answered: bool,
    count: usize,
    last: Option<Arc<Error>>,
}

impl Refused {
    /// The refusal that would meet every key, if there is one.
    fn verdict(&self) -> Option<Arc<Error>> {
        self.with(|refusals| {
            let all = !refusals.answered && refusals.count >= REFUSALS;
            refusals.last.clone().filter(|_| all)
        })
    }

    fn answered(&self) {
        self.with(|refusals| refusals.answered = true);
    }

    fn count(&self, error: &Arc<Error>) {
        if asks_too_much(error) {
            self.with(|refusals| {
                refusals.count += 1;
                refusals.last = Some(Arc::clone(error));
            });
        }
    }

    fn with<R>(&self, with: impl FnOnce(&mut Refusals) -> R) -> R {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Items by key. The server may compare without regard to case, so an exact match comes first and one that differs only in
/// case second.
struct Found<T> {
    exact: HashMap<String, T>,
    folded: HashMap<String, String>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::new(),
            folded: HashMap::new(),
        }
    }
}

impl<T> Found<T> {
    fn put(&mut self, key: Option<String>, item: T) {
        if let Some(key) = key {
            self.folded.insert(key.to_lowercase(), key.clone());
            self.exact.insert(key, item);
        }
    }

    fn get(&self, key: &str) -> Option<&T> {
        let by_case = || self.exact.get(self.folded.get(&key.to_lowercase())?);
        self.exact.get(key).or_else(by_case)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

    use std::cell::RefCell;

    use futures_util::FutureExt as _;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn lookup() -> Lookup<String> {
        Lookup {
            what: "thing",
            member: "partNumber",
            per_query: 20,
            bytes: 3_000,
            key: |item| Some(item.clone()),
        }
    }

    fn numbers(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("PART-{i:04}")).collect()
    }

    #[test]
    fn a_hundred_keys_are_five_queries() {
        let numbers = numbers(100);
        assert_eq!(lookup().queries(&numbers).len(), 5);
        let twice = [numbers.clone(), numbers].concat();
        assert_eq!(lookup().queries(&twice).len(), 5, "each once");
        assert!(lookup().queries::<String>(&[]).is_empty());
    }

    #[test]
    fn an_exact_match_beats_one_in_other_case() {
        let mut found = Found::default();
        for key in ["abc", "ABC", "Xyz"] {
            found.put(Some(key.to_owned()), key);
        }
        found.put(None, "without a key");
        assert_eq!(found.get("abc"), Some(&"abc"));
        assert_eq!(found.get("xYZ"), Some(&"Xyz"));
        assert_eq!(found.get("other"), None);
    }

    #[test]
    fn keys_of_any_kind_are_looked_up_and_matched_by_key() {
        let lookup = Lookup::<(Uuid, u8)> {
            what: "header",
            member: "uuid",
            per_query: 2,
            bytes: 3_000,
            key: |(id, _)| Some(id.to_string()),
        };
        let ids: Vec<Uuid> = [3, 1, 2, 1].map(Uuid::from_u128).to_vec();
        let asked = RefCell::new(Vec::new());
        let query = |filter: Filter| {
            asked.borrow_mut().push(filter.to_odata().unwrap());
            // In an order of its own, and without the second.
            async { Ok([3, 1].map(|n| (Uuid::from_u128(n.into()), n)).to_vec()) }
        };
        let many = BulkOptions::default();
        let parts = lookup.run(ids, &many, query);
        let parts = parts.now_or_never().unwrap().unwrap();
        let values: Vec<(usize, u8)> = parts.ok.iter().map(|(at, (_, n))| (*at, *n)).collect();
        assert_eq!(values, [(0, 3), (1, 1), (3, 1)]);
        let [(2, Error::NotFound { what, key })] = &parts.failed[..] else {
            panic!("{:?}", parts.failed);
        };
        assert_eq!((*what, key), ("header", &Uuid::from_u128(2).to_string()));
        let asked = asked.into_inner();
        assert_eq!(asked.len(), 2);
        assert!(asked[0].starts_with("uuid eq 00000000-") && !asked[0].contains('\''));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_query_is_too_long_and_no_key_is_forgotten(numbers in prop::collection::vec("[a-zæ\u{4e00} '/&%+#?]{1,100}", 0..80)) {
            let lookup = lookup();
            let queries = lookup.queries(&numbers);
            for chunk in &queries {
                let text = Filter::any_of(lookup.member, chunk).to_odata().unwrap();
                // One key alone may be longer than the limit; nothing can be done about that.
                prop_assert!(wats_http::encoded_len(&text) <= lookup.bytes || chunk.len() == 1);
                prop_assert!((1..=lookup.per_query).contains(&chunk.len()));
            }
            let mut asked: Vec<&String> = queries.iter().flatten().collect();
            let mut unique: Vec<&String> = numbers.iter().collect();
            unique.sort_unstable();
            unique.dedup();
            asked.sort_unstable();
            prop_assert_eq!(asked, unique);
        }
    }
}
