//! The terms that are not used.

/// Words that are not used, and what is said instead.
pub(super) struct Term {
    /// Forms of the word, or phrases of several words.
    pub(super) not: &'static [&'static str],
    pub(super) instead: &'static str,
    pub(super) within: Within,
    /// The crates that it is about; none for all.
    pub(super) of: &'static [&'static str],
    /// Phrases in which the word has a meaning of its own.
    pub(super) but: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Within {
    /// All text of Rust and Markdown files, and the paths of files.
    Text,
    /// The names that code defines: of functions, types, variants, fields, modules and constants. Those of tests are prose.
    Names,
    /// The same, where a name is this alone, in this spelling.
    Alone,
}

const fn text(not: &'static [&'static str], instead: &'static str) -> Term {
    Term {
        not,
        instead,
        within: Within::Text,
        of: &[],
        but: &[],
    }
}

const fn names(not: &'static [&'static str], instead: &'static str) -> Term {
    Term {
        within: Within::Names,
        ..text(not, instead)
    }
}

const fn alone(
    of: &'static [&'static str],
    not: &'static [&'static str],
    instead: &'static str,
) -> Term {
    Term {
        within: Within::Alone,
        of,
        ..text(not, instead)
    }
}

impl Term {
    const fn of(self, of: &'static [&'static str]) -> Self {
        Self { of, ..self }
    }

    const fn but(self, but: &'static [&'static str]) -> Self {
        Self { but, ..self }
    }
}

const CACHE: &[&str] = &["wats-cache"];
const BATCH: &[&str] = &["wats-batch"];
const HTTP: &[&str] = &["wats-http"];
const CODEC: &[&str] = &["wats-codec"];
const DOMAINS: &[&str] = &["wats-domains", "wats-report"];

pub(super) const TERMS: &[Term] = &[
    // Everywhere.
    text(&["airport", "baton"], "leader and waiter"),
    text(&["aboard", "boarding"], "join"),
    text(&["boat", "boats"], "batch"),
    text(&["breathe", "breathes"], "yield"),
    text(&["chore", "chores"], "maintenance task"),
    text(&["depart", "departs", "departed", "departure"], "lead"),
    text(&["distrust", "distrusts", "distrusted"], "mark as stale"),
    text(&["fate", "fates"], "outcome, state of a submission"),
    text(&["flight", "flights"], "load in flight").but(&[
        "in flight",
        "single flight",
        "cold flight",
    ]),
    text(&["heed", "heeds", "heeded"], "observe"),
    text(&["honest", "honestly"], "genuine, valid"),
    text(&["hop", "hops"], "redirect").but(&["hop by hop"]),
    text(&["keeper", "keepers"], "sweeper"),
    text(
        &["land", "lands", "landed", "landing"],
        "complete, outcome of a load",
    ),
    text(&["outbox", "outboxes"], "removals to be told"),
    text(&["owed", "ripe", "gathering"], "flushing, due, pending"),
    text(&["patience", "patient", "patiently"], "timeout"),
    text(&["poke", "pokes", "poked"], "wake"),
    text(&["renew", "renews", "renewed", "renewal"], "refresh"),
    text(&["silence", "silences"], "no answer, no traffic"),
    text(&["stock", "stocks", "stocked"], "state of the pool"),
    text(&["taste", "tastes"], "what is accepted"),
    text(&["tray", "trays"], "intake buffer"),
    text(
        &[
            "behind the caller",
            "come round",
            "comes round",
            "twice harmless",
            "who goes away",
        ],
        "in the background, ready, idempotent, a cancelled future",
    ),
    // In names.
    names(&["arrive", "arrives", "arrival"], "complete, receive"),
    names(&["behind redirect"], "after_redirect"),
    names(&["cut off"], "abort").of(BATCH),
    names(&["dialling"], "connecting, connect permit"),
    names(&["elsewhere"], "cross_origin, background"),
    names(&["employ", "employed"], "worker"),
    names(&["in line"], "queued"),
    names(&["judge", "judges", "judged"], "parse_strict, check"),
    names(&["lane", "lanes"], "queue of an id").of(DOMAINS),
    names(&["manner"], "options"),
    names(&["retire", "retires", "retired"], "drain"),
    names(&["starter", "starters"], "spawn function"),
    names(&["supersede", "superseded"], "invalidate"),
    names(&["todo"], "effects"),
    names(
        &["turn", "turns"],
        "permit, outcome of a wait, loop iterations",
    ),
    names(&["worth"], "expanded size"),
    // Names that say something else in the field.
    alone(CACHE, &["Begun", "Started"], "LoadGuard"),
    alone(CACHE, &["Chosen"], "PolicyImpl"),
    alone(CACHE, &["Extra"], "EntryMeta"),
    alone(CACHE, &["face"], "api"),
    alone(CACHE, &["ForTasks", "ForThreads"], "ForAsync, ForSync"),
    alone(CACHE, &["Life"], "Expiry"),
    alone(BATCH, &["Caller"], "Waiter"),
    alone(BATCH, &["Gone"], "Removed"),
    alone(BATCH, &["Left"], "Buffered"),
    alone(BATCH, &["May"], "WhenFull"),
    alone(BATCH, &["Part"], "SubBatch"),
    alone(BATCH, &["Place"], "QueuePosition"),
    alone(BATCH, &["Receipt"], "EntryId"),
    alone(BATCH, &["Unsent"], "Drained"),
    alone(BATCH, &["engine"], "concurrency"),
    alone(HTTP, &["Failed"], "SharedConnectError"),
    alone(
        HTTP,
        &["Found", "Pick", "Place"],
        "Checkout, Candidate, WaiterSlot",
    ),
    alone(HTTP, &["Metered"], "CountingIo"),
    alone(HTTP, &["Packing"], "RequestCompressionState"),
    alone(HTTP, &["Prepared"], "PreparedRequest"),
    alone(HTTP, &["Repeat"], "Idempotency"),
    alone(HTTP, &["Want", "Got", "Whole", "Pieces"], "ResponseMode"),
    alone(HTTP, &["Wire"], "AnyTransport"),
    alone(CODEC, &["Ends"], "EndMarks"),
    alone(CODEC, &["GiveUp"], "Fallback"),
    alone(CODEC, &["Head"], "Header"),
    alone(CODEC, &["Naming"], "KeyMode"),
    alone(CODEC, &["Remembered"], "Dictionary"),
    alone(CODEC, &["Room"], "Budget"),
    // `report::Detail` stays: it stands in its module beside `DetailLevel`, and no other crate has a public name like it.
    alone(DOMAINS, &["EqualNames"], "DuplicateNames"),
    alone(DOMAINS, &["NotFinite"], "NonFinitePolicy"),
    alone(DOMAINS, &["Several"], "MeasurementGroup"),
    alone(DOMAINS, &["Stay"], "QueueGuard"),
    // Names that would mean two things to whoever uses the facade.
    alone(
        &[],
        &["Progress"],
        "BatchProgress, RecordProgress, TransferProgress",
    ),
    alone(DOMAINS, &["Download"], "ReportFile"),
    alone(DOMAINS, &["Limits"], "MeasurementLimits"),
];
