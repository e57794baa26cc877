//! What the server saw: the public snapshot [`Counters`] and the live [`Meter`] behind it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// What the server has seen since it started, or since
/// [`Simulator::reset_counters`](crate::Simulator::reset_counters).
///
/// A request is counted when its head has arrived and its status before the answer is written, so
/// both are complete once a client holds the answer. A closed connection leaves
/// [`connections_live`](Self::connections_live) when the server notices, which may be a moment
/// after the client closed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Requests by method and route, such as `"GET /api/Product/{partNumber}"`. Requests that match
    /// no route stand under `"GET (unknown route)"`.
    pub requests: BTreeMap<String, u64>,
    /// TCP connections accepted.
    pub connections_opened: u64,
    /// TCP connections open at this moment.
    pub connections_live: u64,
    /// Most TCP connections open at one time.
    pub connections_peak: u64,
    /// Bytes read from the sockets: heads, bodies, TLS, HTTP/2 frames.
    pub bytes_in: u64,
    /// Bytes written to the sockets.
    pub bytes_out: u64,
    /// Most requests being worked on at one time, from the head's arrival to the answer.
    pub in_flight_peak: u64,
    /// Requests by HTTP version: `"HTTP/1.1"`, `"HTTP/2"`.
    pub http_versions: BTreeMap<String, u64>,
    /// Answers by status. A request whose connection was cut on purpose has none.
    pub statuses: BTreeMap<u16, u64>,
}

impl Counters {
    /// All requests, whatever their route.
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Requests to one route, such as `"GET /api/Product/{partNumber}"`; 0 if none came.
    pub fn requests_to(&self, method_and_route: &str) -> u64 {
        self.requests.get(method_and_route).copied().unwrap_or(0)
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "requests            {}", self.total_requests())?;
        for (route, count) in &self.requests {
            writeln!(f, "  {count:>8}  {route}")?;
        }
        writeln!(f, "statuses            {}", listed(&self.statuses))?;
        writeln!(f, "HTTP versions       {}", listed(&self.http_versions))?;
        writeln!(
            f,
            "connections         {} opened, {} live, {} at the peak",
            self.connections_opened, self.connections_live, self.connections_peak
        )?;
        writeln!(f, "in flight           {} at the peak", self.in_flight_peak)?;
        write!(
            f,
            "bytes               {} in, {} out",
            self.bytes_in, self.bytes_out
        )
    }
}

fn listed<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let parts: Vec<_> = counts
        .iter()
        .map(|(key, count)| format!("{key}: {count}"))
        .collect();
    parts.join(", ")
}

/// Method and route template of a request; both come from fixed lists, so the map stays small.
pub(crate) type RouteKey = (&'static str, &'static str);

/// The live counters of one server.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    opened: AtomicU64,
    live: AtomicU64,
    live_peak: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    in_flight: AtomicU64,
    in_flight_peak: AtomicU64,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    requests: BTreeMap<RouteKey, u64>,
    versions: BTreeMap<&'static str, u64>,
    statuses: BTreeMap<u16, u64>,
}

impl Meter {
    pub(crate) fn connection_opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let live = self.live.fetch_add(1, Ordering::Relaxed) + 1;
        self.live_peak.fetch_max(live, Ordering::Relaxed);
    }

    pub(crate) fn connection_closed(&self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn bytes_in(&self, count: u64) {
        self.bytes_in.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn bytes_out(&self, count: u64) {
        self.bytes_out.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts a request that has arrived; it is in flight until the guard is dropped.
    pub(crate) fn request(&self, route: RouteKey, version: http::Version) -> InFlight<'_> {
        let version = match version {
            http::Version::HTTP_09 => "HTTP/0.9",
            http::Version::HTTP_10 => "HTTP/1.0",
            http::Version::HTTP_11 => "HTTP/1.1",
            http::Version::HTTP_2 => "HTTP/2",
            _ => "other",
        };
        let mut tables = self.tables();
        *tables.requests.entry(route).or_default() += 1;
        *tables.versions.entry(version).or_default() += 1;
        drop(tables);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.in_flight_peak.fetch_max(now, Ordering::Relaxed);
        InFlight { meter: self }
    }

    pub(crate) fn status(&self, status: u16) {
        *self.tables().statuses.entry(status).or_default() += 1;
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let tables = self.tables();
        let (mut requests, mut http_versions) = (BTreeMap::new(), BTreeMap::new());
        let counts = tables.requests.iter();
        requests.extend(counts.map(|((method, route), n)| (format!("{method} {route}"), *n)));
        let counts = tables.versions.iter();
        http_versions.extend(counts.map(|(version, n)| ((*version).to_owned(), *n)));
        Counters {
            requests,
            connections_opened: self.opened.load(Ordering::Relaxed),
            connections_live: self.live.load(Ordering::Relaxed),
            connections_peak: self.live_peak.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            in_flight_peak: self.in_flight_peak.load(Ordering::Relaxed),
            http_versions,
            statuses: tables.statuses.clone(),
        }
    }

    /// Starts counting anew. What is open or in flight now stays so and is the new peak.
    pub(crate) fn reset(&self) {
        let mut tables = self.tables();
        *tables = Tables::default();
        self.opened.store(0, Ordering::Relaxed);
        self.live_peak
            .store(self.live.load(Ordering::Relaxed), Ordering::Relaxed);
        self.bytes_in.store(0, Ordering::Relaxed);
        self.bytes_out.store(0, Ordering::Relaxed);
        self.in_flight_peak
            .store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request being worked on.
#[derive(Debug)]
pub(crate) struct InFlight<'a> {
    meter: &'a Meter,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.meter.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_survive_and_a_reset_keeps_what_is_open() {
        let meter = Meter::default();
        meter.connection_opened();
        meter.connection_opened();
        meter.connection_closed();
        let key = ("GET", "/x");
        let one = meter.request(key, http::Version::HTTP_11);
        drop(meter.request(key, http::Version::HTTP_2));
        let counters = meter.snapshot();
        assert_eq!(
            (counters.connections_opened, counters.connections_live),
            (2, 1)
        );
        assert_eq!((counters.connections_peak, counters.in_flight_peak), (2, 2));
        assert_eq!(counters.requests_to("GET /x"), 2);
        assert_eq!(counters.http_versions.get("HTTP/2"), Some(&1));

        meter.reset();
        let counters = meter.snapshot();
        assert_eq!(
            (counters.connections_opened, counters.connections_live),
            (0, 1)
        );
        assert_eq!((counters.connections_peak, counters.in_flight_peak), (1, 1));
        assert_eq!(counters.total_requests(), 0);
        drop(one);
    }

    #[test]
    fn the_table_is_readable() {
        let meter = Meter::default();
        drop(meter.request(("GET", "/api/App/Version"), http::Version::HTTP_11));
        meter.status(200);
        let text = meter.snapshot().to_string();
        assert!(text.contains("1  GET /api/App/Version"), "{text}");
        assert!(text.contains("200: 1"), "{text}");
    }
}
