//! What the documentation of the reference client promises, and the rows that stand for it here.
//!
//! The texts are those of the reference's summary of its performance work, of January 2026: its own figures, from its
//! own machine and server. They can be compared with each other, not with ours; what can be compared are the gains.

/// One of the reference's tables.
pub(super) struct Promised {
    pub(super) title: &'static str,
    pub(super) lines: &'static [Line],
}

/// A line of it.
pub(super) struct Line {
    pub(super) what: &'static str,
    /// The reference's figure without its improvement, and with it.
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    /// The row here.
    pub(super) row: &'static str,
    /// What stands here for the way without the improvement.
    pub(super) without: Without,
}

/// The way without the improvement.
pub(super) enum Without {
    /// There is none.
    Nothing,
    /// Our own code in another way, in the same row: one call after the other.
    OwnNaive,
    /// Another candidate of the row.
    Peer(&'static str),
    /// Our own figure in another row.
    Row(&'static str),
}

use Without::{Nothing, OwnNaive, Peer, Row};

const fn line(
    what: &'static str,
    before: &'static str,
    after: &'static str,
    row: &'static str,
    without: Without,
) -> Line {
    Line {
        what,
        before,
        after,
        row,
        without,
    }
}

/// The tables in the order of the reference.
pub(super) const TABLES: [Promised; 6] = [
    Promised {
        title: "Before and after: get 100 products",
        lines: &[
            line(
                "time",
                "12.5 s",
                "2.1 s (5.9×)",
                "scenario.products_100.time",
                OwnNaive,
            ),
            line(
                "server calls",
                "100",
                "5 (95 % fewer)",
                "scenario.products_100.calls",
                OwnNaive,
            ),
            line(
                "memory",
                "150 MB",
                "80 MB (47 % less)",
                "scenario.products_100.peak",
                OwnNaive,
            ),
            line(
                "bandwidth",
                "2.5 MB",
                "1.2 MB (52 % less)",
                "scenario.products_100.bytes",
                OwnNaive,
            ),
        ],
    },
    Promised {
        title: "Real-world improvements",
        lines: &[
            line(
                "query 1000 reports",
                "45 s",
                "8 s (5.6×)",
                "scenario.reports_1000.time",
                OwnNaive,
            ),
            line(
                "load operation types, 2nd call",
                "100 ms",
                "<1 ms (100×)",
                "scenario.processes_second_call.time",
                Nothing,
            ),
            line(
                "submit 100 reports",
                "25 s",
                "6 s (4.2×)",
                "scenario.submit_100.time",
                OwnNaive,
            ),
            line(
                "transfer a data set of 10 MB: bytes on the wire",
                "10 MB",
                "4.5 MB (55 % less)",
                "scenario.transfer_10mb.bytes",
                OwnNaive,
            ),
            line(
                "the same: time",
                "",
                "",
                "scenario.transfer_10mb.time",
                OwnNaive,
            ),
            line(
                "the same: memory",
                "",
                "",
                "scenario.transfer_10mb.peak",
                OwnNaive,
            ),
        ],
    },
    Promised {
        title: "Caching",
        lines: &[
            line(
                "processes from the cache",
                "95.2 ms",
                "0.3 ms (317×)",
                "scenario.processes_second_call.time",
                Nothing,
            ),
            line(
                "calls of the second time",
                "1",
                "0",
                "scenario.processes_second_call.calls",
                Nothing,
            ),
            line(
                "a hit of the cache itself",
                "",
                "",
                "cache.get_hit.1k.1t",
                Nothing,
            ),
            line(
                "insert that evicts",
                "",
                "",
                "cache.insert_evict.1k.1t",
                Nothing,
            ),
            line(
                "memory of an entry",
                "",
                "about 50 KB in all",
                "cache.memory_per_entry",
                Nothing,
            ),
        ],
    },
    Promised {
        title: "Connection pooling",
        lines: &[
            line(
                "100 product queries at the same time",
                "8.5 s",
                "2.1 s (4.0×)",
                "scenario.concurrent_100.time",
                Nothing,
            ),
            line(
                "processor time of one pooled GET",
                "",
                "",
                "http.get.1.h1.cpu",
                Nothing,
            ),
            line(
                "the same with TLS and HTTP/2, 100 at a time",
                "",
                "",
                "http.get.100.tls_h2.cpu",
                Nothing,
            ),
            line(
                "connections opened for 300 tasks",
                "",
                "100 at most",
                "http.cap",
                Nothing,
            ),
        ],
    },
    Promised {
        title: "Request batching",
        lines: &[
            line(
                "query 1000 reports",
                "45.2 s",
                "8.1 s (5.6×)",
                "scenario.reports_1000.time",
                OwnNaive,
            ),
            line(
                "the same: server calls",
                "",
                "10× fewer",
                "scenario.reports_1000.calls",
                OwnNaive,
            ),
            line(
                "submit 100 reports",
                "25 s",
                "6 s (4.2×)",
                "scenario.submit_100.time",
                OwnNaive,
            ),
            line(
                "the batcher itself, for an item",
                "",
                "",
                "batch.add.1t.pure",
                Nothing,
            ),
        ],
    },
    Promised {
        title: "Serialisation",
        lines: &[
            line(
                "MessagePack: size, 100 reports",
                "245.3 KB",
                "128.7 KB (47.5 % less)",
                "codec.msgpack.size",
                Row("codec.json.size"),
            ),
            line(
                "write",
                "12.5 ms",
                "3.8 ms (3.3×)",
                "codec.msgpack.ser",
                Row("codec.json.ser"),
            ),
            line(
                "read",
                "8.2 ms",
                "2.1 ms (3.9×)",
                "codec.msgpack.de",
                Row("codec.json.de"),
            ),
            line(
                "MessagePack: size, the reference's own demonstration",
                "245.3 KB",
                "128.7 KB (47.5 % less)",
                "codec.demo.msgpack.size",
                Row("codec.demo.json.size"),
            ),
            line(
                "write",
                "12.5 ms",
                "3.8 ms (3.3×)",
                "codec.demo.msgpack.ser",
                Row("codec.demo.json.ser"),
            ),
            line(
                "read",
                "8.2 ms",
                "2.1 ms (3.9×)",
                "codec.demo.msgpack.de",
                Row("codec.demo.json.de"),
            ),
            line(
                "JSON + gzip: size",
                "100 %",
                "20–30 %",
                "codec.json_gzip.size",
                Row("codec.json.size"),
            ),
            line(
                "JSON + gzip: write",
                "1.0×",
                "0.8×",
                "codec.json_gzip.ser",
                Row("codec.json.ser"),
            ),
            line(
                "JSON: write",
                "12.5 ms",
                "",
                "codec.json.ser",
                Peer("serde_json"),
            ),
            line(
                "JSON: read",
                "8.2 ms",
                "",
                "codec.json.de",
                Peer("serde_json"),
            ),
        ],
    },
];
