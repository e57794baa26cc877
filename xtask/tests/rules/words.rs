//! The words of the field instead of metaphors, in names, comments, messages and guides (see `docs/glossary.md`).
//!
//! A word may be unwanted in all text, in the names that code defines, or as one whole name. Text is read word by word:
//! `InFlight`, `in_flight` and "in flight" are the same two words. A phrase of `but` may stand nevertheless.

use crate::workspace::root;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// Words that are not used, and what is said instead.
struct Term {
    /// Forms of the word, or phrases of several words.
    not: &'static [&'static str],
    instead: &'static str,
    within: Within,
    /// The crates that it is about; none for all.
    of: &'static [&'static str],
    /// Phrases in which the word has a meaning of its own.
    but: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq)]
enum Within {
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

const TERMS: &[Term] = &[
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
    alone(DOMAINS, &["Detail"], "ReportDetail"),
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

/// What still stands, by crate, and how often. The list only shrinks.
const KNOWN: &[(&str, &[(&str, usize)])] = &[
    ("docs", &[("fate", 5), ("patience", 1), ("stock", 2)]),
    (
        "wats-batch",
        &[
            ("Place", 3),
            ("Progress", 1),
            ("cut off", 3),
            ("engine", 3),
            ("fate", 1),
            ("flight", 34),
            ("flights", 21),
            ("gathering", 22),
            ("judged", 1),
            ("owed", 37),
            ("patience", 11),
            ("ripe", 22),
            ("starter", 2),
            ("turn", 1),
        ],
    ),
    (
        "wats-domains",
        &[
            ("Detail", 1),
            ("Download", 1),
            ("Stay", 1),
            ("fate", 73),
            ("honest", 3),
            ("judge", 2),
            ("lane", 1),
            ("lanes", 2),
            ("patience", 12),
            ("patient", 16),
            ("renewed", 2),
            ("turn", 5),
            ("who goes away", 1),
        ],
    ),
    (
        "wats-http",
        &[
            ("Failed", 4),
            ("Found", 2),
            ("Got", 2),
            ("Packing", 1),
            ("Pick", 1),
            ("Pieces", 2),
            ("Place", 1),
            ("Progress", 1),
            ("Repeat", 1),
            ("Want", 1),
            ("Whole", 6),
            ("Wire", 2),
            ("behind redirect", 1),
            ("come round", 2),
            ("dialling", 6),
            ("distrust", 12),
            ("distrusted", 16),
            ("elsewhere", 9),
            ("heed", 5),
            ("honest", 7),
            ("hop", 57),
            ("in line", 5),
            ("owed", 24),
            ("patience", 18),
            ("patient", 9),
            ("retire", 2),
            ("silence", 22),
            ("stock", 309),
            ("taste", 1),
            ("turn", 7),
            ("who goes away", 5),
            ("worth", 1),
        ],
    ),
    ("wats-report", &[("silence", 1), ("turn", 1)]),
];

/// This file, which has to name them.
const ITSELF: &str = "xtask/tests/rules/words.rs";

#[test]
fn the_words_are_those_of_the_field() {
    let root = root();
    let mut found: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for path in files(&root) {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        if name == ITSELF {
            continue;
        }
        let of = package(&name);
        for (word, place) in unwanted(&name, of, &fs::read_to_string(&path).unwrap()) {
            found.entry((of.to_owned(), word)).or_default().push(place);
        }
    }
    let known = |of: &str, word: &str| {
        KNOWN
            .iter()
            .filter(|(other, _)| *other == of)
            .flat_map(|(_, words)| *words)
            .find(|(other, _)| *other == word)
            .map_or(0, |(_, count)| *count)
    };
    let mut wrong = Vec::new();
    for ((of, word), places) in &found {
        if places.len() > known(of, word) {
            let instead = TERMS.iter().find(|term| term.not.contains(word));
            wrong.push(format!(
                "{of}: `{word}` {} times, say: {}\n  {}",
                places.len(),
                instead.map_or("", |term| term.instead),
                places.join("\n  ")
            ));
        }
    }
    for (of, words) in KNOWN {
        for (word, _) in *words {
            if !found.contains_key(&((*of).to_owned(), *word)) {
                wrong.push(format!("{of}: `{word}` is gone, to be taken off KNOWN"));
            }
        }
    }
    let left: BTreeMap<String, Vec<String>> =
        found
            .iter()
            .fold(BTreeMap::new(), |mut left, ((of, word), places)| {
                let words: &mut Vec<String> = left.entry(of.clone()).or_default();
                words.push(format!("(\"{word}\", {})", places.len()));
                left
            });
    let left: Vec<String> = left
        .iter()
        .map(|(of, words)| format!("    (\"{of}\", &[{}]),", words.join(", ")))
        .collect();
    assert!(
        wrong.is_empty(),
        "words that are not the field's (docs/glossary.md):\n{}\n\nwhat there is now:\n{}",
        wrong.join("\n"),
        left.join("\n")
    );
}

/// The unwanted words of a file, with where each stands.
fn unwanted(name: &str, of: &str, content: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let lines = std::iter::once(name).chain(content.lines());
    let in_text: Vec<&Term> = terms(of)
        .filter(|term| term.within == Within::Text)
        .collect();
    let first: HashSet<&str> = in_text
        .iter()
        .flat_map(|term| term.not)
        .filter_map(|not| not.split(' ').next())
        .collect();
    for (number, line) in lines.enumerate() {
        let words = words_of(line);
        if !words.iter().any(|word| first.contains(word.as_str())) {
            continue;
        }
        for term in &in_text {
            for word in matches(term, &words) {
                found.push((word, format!("{name}:{number}: {}", line.trim())));
            }
        }
    }
    for defined in definitions(name, content) {
        let words = words_of(&defined);
        for term in terms(of) {
            let matched = match term.within {
                Within::Text => Vec::new(),
                Within::Names => matches(term, &words),
                Within::Alone => term
                    .not
                    .iter()
                    .filter(|not| **not == defined)
                    .copied()
                    .collect(),
            };
            found.extend(
                matched
                    .into_iter()
                    .map(|word| (word, format!("{name}: {defined}"))),
            );
        }
    }
    found
}

fn terms(of: &str) -> impl Iterator<Item = &'static Term> {
    TERMS
        .iter()
        .filter(move |term| term.of.is_empty() || term.of.contains(&of))
}

/// Which words of a term stand in a text, but for those that are part of a phrase that may stand.
fn matches(term: &Term, words: &[String]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for not in term.not {
        for at in occurrences(not, words) {
            let allowed = term.but.iter().any(|phrase| {
                let length = phrase.split(' ').count();
                occurrences(phrase, words)
                    .iter()
                    .any(|start| (*start..start + length).contains(&at))
            });
            if !allowed {
                found.push(*not);
            }
        }
    }
    found
}

fn occurrences(phrase: &str, words: &[String]) -> Vec<usize> {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words
        .windows(phrase.len())
        .enumerate()
        .filter(|(_, window)| window.iter().zip(&phrase).all(|(word, part)| word == part))
        .map(|(at, _)| at)
        .collect()
}

/// The words of a line in small letters; a capital letter begins one, too.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in line.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The names that a file of Rust defines.
fn definitions(name: &str, content: &str) -> Vec<String> {
    let mut found = Definitions::default();
    if Path::new(name).extension().is_some_and(|end| end == "rs")
        && let Ok(parsed) = syn::parse_file(content)
    {
        found.visit_file(&parsed);
    }
    found.0
}

#[derive(Default)]
struct Definitions(Vec<String>);

macro_rules! definitions {
    ($($visit:ident $type:ident $($field:ident).+;)*) => {
        impl<'ast> Visit<'ast> for Definitions {
            $(
                fn $visit(&mut self, item: &'ast syn::$type) {
                    self.0.push(item.$($field).+.to_string());
                    visit::$visit(self, item);
                }
            )*

            fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
                let is_test = |attribute: &syn::Attribute| {
                    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
                };
                if !item.attrs.iter().any(is_test) {
                    self.0.push(item.sig.ident.to_string());
                }
                visit::visit_item_fn(self, item);
            }

            fn visit_field(&mut self, field: &'ast syn::Field) {
                self.0.extend(field.ident.as_ref().map(ToString::to_string));
                visit::visit_field(self, field);
            }
        }
    };
}

definitions! {
    visit_impl_item_const ImplItemConst ident;
    visit_impl_item_fn ImplItemFn sig.ident;
    visit_item_const ItemConst ident;
    visit_item_enum ItemEnum ident;
    visit_item_mod ItemMod ident;
    visit_item_static ItemStatic ident;
    visit_item_struct ItemStruct ident;
    visit_item_trait ItemTrait ident;
    visit_item_type ItemType ident;
    visit_trait_item_const TraitItemConst ident;
    visit_trait_item_fn TraitItemFn sig.ident;
    visit_variant Variant ident;
}

/// The crate, or the folder at the root, that a file belongs to.
fn package(name: &str) -> &str {
    let inner = name.strip_prefix("crates/").unwrap_or(name);
    match inner.split_once('/') {
        Some((package, _)) => package,
        None => "root",
    }
}

/// All files of Rust and all of Markdown.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                found.extend(files(&path));
            }
        } else if path
            .extension()
            .is_some_and(|end| end == "rs" || end == "md")
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_word_is_found_in_names_and_in_prose_but_not_in_its_phrases() {
    let found = |content: &str| {
        let mut words: Vec<&str> = unwanted("a.rs", "wats-cache", content)
            .into_iter()
            .map(|(word, _)| word)
            .collect();
        words.sort_unstable();
        words
    };
    assert_eq!(
        found("// A tray of items.\nstruct IntakeTrays;"),
        ["tray", "trays"]
    );
    assert_eq!(
        found("/// Loads in flight.\nstruct InFlight; mod single_flight {}"),
        [""; 0]
    );
    assert_eq!(
        found("fn begin_flight() {} // in-flight, in hop-by-hop headers"),
        ["flight"]
    );
    assert_eq!(found("fn f() { let turn = 1; } // in turn"), [""; 0]);
    assert_eq!(
        found("struct A { turn: u8 } enum B { Turn } fn turn() {}"),
        ["turn"; 3]
    );
    assert_eq!(
        found("#[tokio::test] async fn one_more_turn() { fn turn() {} }"),
        ["turn"]
    );
    assert_eq!(
        found("struct Life; fn life() {} struct LifeTime;"),
        ["Life"]
    );
    assert_eq!(found("const A: &str = \"as we land\";"), ["land"]);
    assert_eq!(unwanted("a.rs", "wats-http", "struct Life;").len(), 0);
    assert_eq!(unwanted("docs/stock.md", "docs", "").len(), 1);
}
