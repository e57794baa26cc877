//! Many items saved by a route that takes a list of them.
//!
//! Items are written when their turn comes and sent in lists of bounded size, several at once. A list that is refused for
//! what is in it is halved until it is taken or has one item only, so an item that is wrong fails alone. Sending again
//! what the server may have taken is no harm: such a route saves by key.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::iter::Fuse;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::watch;
use wats_batch::{BatchProgress, Partition};
use wats_http::http::StatusCode;

use super::{Bulk, BulkOptions, Report};
use crate::error::{Error, Result};

/// Most items in one list, and most bytes unless one item alone is longer. Servers of this kind refuse bodies from 4 MiB
/// on unless they are set up otherwise.
const PER_LIST: usize = 100;
const BYTES: usize = 1 << 20;

/// How items of a type are saved in lists.
pub(crate) struct Arrays<T: 'static> {
    /// What is saved, in the words of an error.
    pub(crate) what: &'static str,
    /// Refuses an item that must not be sent.
    pub(crate) check: fn(&T) -> Result<()>,
    /// What tells an item from others, each a key by itself; the first one is shown in errors.
    pub(crate) keys: fn(&T) -> Vec<String>,
}

/// An item, written.
struct Item {
    place: usize,
    name: String,
    keys: Vec<String>,
    body: Bytes,
}

/// What is sent in one call, and what is not.
#[derive(Default)]
struct List {
    items: Vec<Item>,
    unsent: Vec<(usize, Error)>,
}

/// Items that are still to be saved, and why a list in which they were is refused.
struct Part {
    items: Vec<Item>,
    refusal: Option<Arc<Error>>,
}

/// What became of the items, by their places.
type Outcomes = Vec<(usize, Result<()>)>;

impl<T> Arrays<T> {
    /// Saves items: each has its outcome at its place. `put` sends a list and gives the server's answer, if there is one.
    pub(crate) async fn save<I, W, P, F>(
        &'static self,
        items: I,
        options: &BulkOptions,
        write: W,
        put: P,
    ) -> Result<Partition<(), Error>>
    where
        I: Iterator,
        I::Item: Borrow<T>,
        W: Fn(&T) -> Result<Bytes>,
        P: Fn(Bytes) -> F,
        F: Future<Output = Result<Option<Value>>>,
    {
        let (map, bulk) = options.without_progress()?;
        let progress = Reporter::new(&items, options.progress.clone());
        let order = Order::default();
        let lists = Lists {
            arrays: self,
            items: items.fuse(),
            write,
            place: 0,
            next: None,
        };
        let (bulk, progress, put) = (&bulk, &progress, &put);
        let outcomes = map.run(lists, |list| {
            // Lists are taken one after the other, so permits are in the order of the items.
            let permit = order.permit(&list.items);
            async move {
                permit.wait().await;
                let outcomes = self.send(list, bulk, progress, put).await;
                drop(permit);
                outcomes
            }
        });
        let mut outcomes: Outcomes = outcomes.await.into_iter().flatten().collect();
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    async fn send<P, F>(&self, list: List, bulk: &Bulk, progress: &Reporter, put: &P) -> Outcomes
    where
        P: Fn(Bytes) -> F,
        F: Future<Output = Result<Option<Value>>>,
    {
        let mut outcomes = Vec::with_capacity(list.items.len() + list.unsent.len());
        let mut end = |place, outcome: Result<()>| {
            progress.seen(outcome.is_err());
            outcomes.push((place, outcome));
        };
        for (place, error) in list.unsent {
            end(place, Err(error));
        }
        let mut open = vec![Part {
            items: list.items,
            refusal: None,
        }];
        while let Some(Part { mut items, refusal }) = open.pop() {
            if items.is_empty() {
                continue;
            }
            let body = body_of(&items);
            let failure = match bulk.call(|| put(body.clone())).await {
                Ok(answer) => self
                    .complaint(answer.as_ref(), &items)
                    .map(|error| (error, true)),
                Err(error) => {
                    let is_for_content = is_for_content(&error);
                    Some((error, is_for_content))
                }
            };
            match failure {
                None => items.iter().for_each(|item| end(item.place, Ok(()))),
                Some((error, true)) if items.len() > 1 => {
                    let refusal = Some(Arc::new(error));
                    let second = items.split_off(items.len() / 2);
                    let part = |items| Part {
                        items,
                        refusal: refusal.clone(),
                    };
                    open.extend([part(second), part(items)]);
                }
                Some((error, _)) => {
                    // An item that was in a refused list was sent; what stopped it from being sent again is not why it failed.
                    let error = match (error, refusal) {
                        (Error::Stopped | Error::Unsent(_), Some(refusal)) => refusal,
                        (error, _) => Arc::new(error),
                    };
                    let all: Vec<usize> = items.iter().map(|item| item.place).collect();
                    let mut left = Some(error);
                    for (at, place) in all.iter().enumerate() {
                        let is_last = at + 1 == all.len();
                        let error = if is_last { left.take() } else { left.clone() };
                        if let Some(error) = error {
                            end(*place, Err(alone(error)));
                        }
                    }
                }
            }
        }
        outcomes
    }

    /// What an answer of success says against these items being saved.
    fn complaint(&self, answer: Option<&Value>, items: &[Item]) -> Option<Error> {
        let problem = match answer? {
            Value::Object(counters) if counts_errors(counters) => "it counts errors".to_owned(),
            Value::Array(saved) if saved.len() < items.len() => {
                format!("it names {} of {}", saved.len(), items.len())
            }
            Value::Bool(false) => "it says no".to_owned(),
            _ => return None,
        };
        let what = self.what;
        let which = match items {
            [item] => format!("the {what} {:?}", item.name),
            items => format!("all {} items (each a {what})", items.len()),
        };
        let answer = answer?.to_string();
        Some(Error::Data(format!(
            "the server does not say that it has saved {which}: {problem}: {answer:.200}"
        )))
    }
}

/// Whether the list was refused for what is in it, so that a part of it may be taken.
fn is_for_content(error: &Error) -> bool {
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::CONFLICT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    let sent = !matches!(error, Error::Unsent(_));
    sent && error
        .status()
        .is_some_and(|status| refusals.contains(&status))
}

/// Whether counters say that there were errors. What is no number is taken as one that is not zero.
fn counts_errors(counters: &Map<String, Value>) -> bool {
    let named = |name: &str| name.eq_ignore_ascii_case("errorCount");
    let counts = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => text.trim().parse() != Ok(0),
        other => other.as_f64() != Some(0.0),
    };
    counters
        .iter()
        .any(|(name, value)| named(name) && counts(value))
}

/// The error itself where nobody else has it.
fn alone(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(Error::Shared)
}

fn body_of(items: &[Item]) -> Bytes {
    let length: usize = items.iter().map(|item| item.body.len() + 1).sum();
    let mut body = Vec::with_capacity(length + 1);
    for item in items {
        body.push(if body.is_empty() { b'[' } else { b',' });
        body.extend_from_slice(&item.body);
    }
    body.push(b']');
    body.into()
}

/// Cuts items into lists. A list has each key once, so it does not matter in which order the server saves it.
struct Lists<I: Iterator, T: 'static, W> {
    arrays: &'static Arrays<T>,
    items: Fuse<I>,
    write: W,
    place: usize,
    /// The first one of the next list.
    next: Option<Item>,
}

impl<I, T, W> Lists<I, T, W>
where
    I: Iterator,
    I::Item: Borrow<T>,
    W: Fn(&T) -> Result<Bytes>,
{
    fn written(&self, place: usize, item: &T) -> Result<Item> {
        (self.arrays.check)(item)?;
        let keys = (self.arrays.keys)(item);
        Ok(Item {
            place,
            name: keys.first().cloned().unwrap_or_default(),
            // The server may compare without regard to case and to spaces at the end.
            keys: keys
                .iter()
                .map(|key| key.trim_end().to_lowercase())
                .collect(),
            body: (self.write)(item)?,
        })
    }
}

impl<I, T, W> Iterator for Lists<I, T, W>
where
    I: Iterator,
    I::Item: Borrow<T>,
    W: Fn(&T) -> Result<Bytes>,
{
    type Item = List;

    fn next(&mut self) -> Option<List> {
        let mut list = List::default();
        let mut keys = HashSet::new();
        let mut room = BYTES;
        while list.items.len() < PER_LIST && list.unsent.len() < PER_LIST {
            let item = if let Some(item) = self.next.take() {
                item
            } else {
                let Some(item) = self.items.next() else { break };
                let place = self.place;
                self.place += 1;
                match self.written(place, item.borrow()) {
                    Ok(item) => item,
                    Err(error) => {
                        list.unsent.push((place, error));
                        continue;
                    }
                }
            };
            let length = item.body.len() + 1;
            let is_there = item.keys.iter().any(|key| keys.contains(key));
            if !list.items.is_empty() && (length > room || is_there) {
                self.next = Some(item);
                break;
            }
            room = room.saturating_sub(length);
            keys.extend(item.keys.iter().cloned());
            list.items.push(item);
        }
        let is_empty = list.items.is_empty() && list.unsent.is_empty();
        (!is_empty).then_some(list)
    }
}

/// Which keys are in lists under way. A list waits for those before it that have a key of its own: the last item of a key
/// is what stays.
#[derive(Default)]
struct Order(Mutex<HashMap<String, watch::Receiver<()>>>);

/// What a list waits for, and what those behind it wait for until it is dropped.
struct Permit {
    before: Vec<watch::Receiver<()>>,
    _end: watch::Sender<()>,
}

impl Order {
    fn permit(&self, items: &[Item]) -> Permit {
        let (end, ended) = watch::channel(());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|_, list| list.has_changed().is_ok());
        let keys = items.iter().flat_map(|item| &item.keys);
        // Keys of one item may be alike; a list does not wait for itself.
        let before = keys
            .filter_map(|key| last.insert(key.clone(), ended.clone()))
            .filter(|list| !list.same_channel(&ended))
            .collect();
        Permit { before, _end: end }
    }
}

impl Permit {
    async fn wait(&self) {
        for list in &self.before {
            // Nothing is ever sent; it ends with the sender.
            while list.clone().changed().await.is_ok() {}
        }
    }
}

/// Tells how far it has come, item by item.
struct Reporter {
    report: Option<Report>,
    so_far: Mutex<BatchProgress>,
}

impl Reporter {
    fn new(items: &impl Iterator, report: Option<Report>) -> Self {
        let (least, most) = items.size_hint();
        let mut so_far = BatchProgress::default();
        so_far.total = most.filter(|most| *most == least);
        Self {
            report,
            so_far: Mutex::new(so_far),
        }
    }

    fn seen(&self, failed: bool) {
        let Some(report) = &self.report else { return };
        let progress = {
            let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
            so_far.done += 1;
            so_far.failed += usize::from(failed);
            let done = so_far.done;
            so_far.total = so_far.total.filter(|total| *total >= done);
            *so_far
        };
        report(progress);
    }
}
