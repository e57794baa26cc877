//! The words of the field instead of metaphors, in names, comments, messages and guides (see `docs/glossary.md`).
//!
//! A word may be unwanted in all text, in the names that code defines, or as one whole name. Text is read word by word:
//! `InFlight`, `in_flight` and "in flight" are the same two words. A phrase of `but` may stand nevertheless.

mod terms;

use crate::workspace::root;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use terms::{TERMS, Term, Within};

/// These files, which have to name them.
const ITSELF: &str = "xtask/tests/rules/words/";

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
        if name.starts_with(ITSELF) {
            continue;
        }
        let of = package(&name);
        for (word, place) in unwanted(&name, of, &fs::read_to_string(&path).unwrap()) {
            found.entry((of.to_owned(), word)).or_default().push(place);
        }
    }
    let wrong: Vec<String> = found
        .iter()
        .map(|((of, word), places)| {
            let instead = TERMS.iter().find(|term| term.not.contains(word));
            format!(
                "{of}: `{word}` {} times, say: {}\n  {}",
                places.len(),
                instead.map_or("", |term| term.instead),
                places.join("\n  ")
            )
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "words that are not the field's (docs/glossary.md):\n{}",
        wrong.join("\n")
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
