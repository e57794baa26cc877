//! The modules of a crate and which of them use which, read from its sources.
//!
//! A module is a file; what stands in an inline `mod` counts as its file's. A path is followed through imports and
//! re-exports to the file that defines the item. A `pub use` alone is no use: it gives a name and needs nothing. Nor is what
//! a file takes from a module that it stands below.
//! What only tests contain is left out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// For each module of a crate the modules that it uses; `crate` is the root.
pub(crate) type Uses = BTreeMap<String, BTreeSet<String>>;

/// Reads the crate whose root is the file `root`, such as `src/lib.rs`.
pub(crate) fn uses(root: &Path) -> Uses {
    let mut reader = Reader::default();
    let text = fs::read_to_string(root).unwrap();
    let folder = root.parent().unwrap().to_path_buf();
    reader.module("crate", None, None);
    reader.source(0, &text, &folder, root);
    reader.finish()
}

/// One module, a file or inline.
#[derive(Default)]
struct Module {
    name: String,
    parent: Option<usize>,
    /// The module of the file that this stands in; itself for a file.
    file: usize,
    children: BTreeMap<String, usize>,
    defines: HashSet<String>,
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// Paths that its code goes by.
    mentions: BTreeSet<Vec<String>>,
}

#[derive(Default)]
struct Reader {
    modules: Vec<Module>,
}

/// How deep re-exports of re-exports are followed, so that a circle of them ends.
const DEPTH: usize = 16;

impl Reader {
    fn module(&mut self, name: &str, parent: Option<usize>, file: Option<usize>) -> usize {
        let at = self.modules.len();
        self.modules.push(Module {
            name: name.to_owned(),
            parent,
            file: file.unwrap_or(at),
            ..Module::default()
        });
        if let Some(parent) = parent {
            self.modules[parent].children.insert(name.to_owned(), at);
        }
        at
    }

    fn source(&mut self, at: usize, text: &str, folder: &Path, path: &Path) {
        let parsed = syn::parse_file(text)
            .map_err(|error| format!("{}: {error}", path.display()))
            .unwrap();
        self.items(at, &parsed.items, folder);
    }

    fn items(&mut self, at: usize, items: &[syn::Item], folder: &Path) {
        for item in items.iter().filter(|item| !for_tests(attributes(item))) {
            match item {
                syn::Item::Mod(inner) => self.inner(at, inner, folder),
                syn::Item::Use(import) => {
                    let private = matches!(import.vis, syn::Visibility::Inherited);
                    self.import(at, &import.tree, &mut Vec::new(), private);
                }
                item => {
                    if let Some(name) = defined(item) {
                        self.modules[at].defines.insert(name);
                    }
                    let mut mentions = Mentions::default();
                    mentions.visit_item(item);
                    self.modules[at].mentions.extend(mentions.paths);
                    for tree in mentions.imports {
                        self.import(at, &tree, &mut Vec::new(), true);
                    }
                }
            }
        }
    }

    fn inner(&mut self, at: usize, inner: &syn::ItemMod, folder: &Path) {
        let name = inner.ident.to_string();
        if let Some((_, items)) = &inner.content {
            let file = self.modules[at].file;
            let child = self.module(&name, Some(at), Some(file));
            self.items(child, items, &folder.join(&name));
            return;
        }
        let flat = folder.join(format!("{name}.rs"));
        let path = if flat.is_file() {
            flat
        } else {
            folder.join(&name).join("mod.rs")
        };
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))
            .unwrap();
        let child = self.module(&name, Some(at), None);
        self.source(child, &text, &folder.join(&name), &path);
    }

    /// Takes in what a `use` brings; `private` if it is there for the module's own code.
    fn import(&mut self, at: usize, tree: &syn::UseTree, before: &mut Vec<String>, private: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(at, &path.tree, before, private);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(at, tree, before, private);
                }
            }
            syn::UseTree::Name(name) => self.named(at, &name.ident, &name.ident, before, private),
            syn::UseTree::Rename(name) => {
                self.named(at, &name.ident, &name.rename, before, private);
            }
            syn::UseTree::Glob(_) => {
                self.modules[at].globs.push(before.clone());
                if private {
                    self.modules[at].mentions.insert(before.clone());
                }
            }
        }
    }

    fn named(
        &mut self,
        at: usize,
        name: &syn::Ident,
        known_as: &syn::Ident,
        before: &[String],
        private: bool,
    ) {
        let (mut path, mut known_as) = (before.to_vec(), known_as.to_string());
        if name == "self" {
            if known_as == "self" {
                known_as = before.last().cloned().unwrap_or_default();
            }
        } else {
            path.push(name.to_string());
        }
        if private {
            self.modules[at].mentions.insert(path.clone());
        }
        self.modules[at].imports.insert(known_as, path);
    }

    fn finish(self) -> Uses {
        let mut uses = Uses::new();
        for at in 0..self.modules.len() {
            let from = self.modules[at].file;
            let entry = uses.entry(self.path_of(from)).or_default();
            for path in &self.modules[at].mentions {
                if let Some(to) = self.resolve(at, path, DEPTH) {
                    let to = self.modules[to].file;
                    if to != from && !self.within(from, to) {
                        entry.insert(self.path_of(to));
                    }
                }
            }
        }
        uses
    }

    /// The module that defines what `path` means in the module `at`; `None` for what is not of this crate.
    fn resolve(&self, at: usize, path: &[String], depth: usize) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(at, rest, depth),
            "super" => self.resolve_super(at, rest, depth),
            name if self.modules[at].children.contains_key(name) => self.descend(at, path, depth),
            name if self.modules[at].imports.contains_key(name) => self.descend(at, path, depth),
            _ => None,
        }
    }

    fn resolve_super(&self, at: usize, rest: &[String], depth: usize) -> Option<usize> {
        let parent = self.modules[at].parent?;
        match rest.split_first() {
            Some((next, rest)) if next == "super" => self.resolve_super(parent, rest, depth),
            _ => self.descend(parent, rest, depth),
        }
    }

    fn descend(&self, at: usize, path: &[String], depth: usize) -> Option<usize> {
        let Some((first, rest)) = path.split_first() else {
            return Some(at);
        };
        let module = &self.modules[at];
        if let Some(child) = module.children.get(first) {
            return self.descend(*child, rest, depth);
        }
        if module.defines.contains(first) {
            return Some(at);
        }
        if let Some(import) = module.imports.get(first) {
            let mut whole = import.clone();
            whole.extend_from_slice(rest);
            // An import that shares its first name with what it brings would be followed for ever.
            if import.first() == Some(first) {
                return module
                    .children
                    .contains_key(first)
                    .then(|| self.resolve(at, &whole, depth))?;
            }
            return self.resolve(at, &whole, depth);
        }
        module
            .globs
            .iter()
            .find_map(|glob| {
                let mut whole = glob.clone();
                whole.extend_from_slice(path);
                self.resolve(at, &whole, depth)
                    .filter(|found| self.knows(*found, first))
            })
            .or(Some(at))
    }

    /// Whether `inner` stands below `outer` in the tree.
    fn within(&self, inner: usize, outer: usize) -> bool {
        std::iter::successors(self.modules[inner].parent, |at| self.modules[*at].parent)
            .any(|at| self.modules[at].file == outer)
    }

    fn knows(&self, at: usize, name: &str) -> bool {
        let module = &self.modules[at];
        module.defines.contains(name) || module.name == name
    }

    fn path_of(&self, at: usize) -> String {
        match self.modules[at].parent {
            None => "crate".to_owned(),
            Some(0) => self.modules[at].name.clone(),
            Some(parent) => format!("{}::{}", self.path_of(parent), self.modules[at].name),
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        let words = list.tokens.to_string();
        list.path.is_ident("cfg")
            && words
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == "test" || word == "wats_loom")
            && !words.contains("not")
    })
}

fn defined(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The paths that an item goes by, those within macros included.
#[derive(Default)]
struct Mentions {
    paths: BTreeSet<Vec<String>>,
    imports: Vec<syn::UseTree>,
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.paths.insert(
                path.segments
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect(),
            );
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.imports.push(import.tree.clone());
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        self.tokens(invoked.tokens.clone());
        visit::visit_macro(self, invoked);
    }
}

impl Mentions {
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.paths
                            .extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                        path.clear();
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.paths
                        .extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.paths.extend((!path.is_empty()).then_some(path));
    }
}

/// The roots of a package's libraries and programs.
pub(crate) fn roots(folder: &Path) -> Vec<PathBuf> {
    ["src/lib.rs", "src/main.rs"]
        .iter()
        .map(|root| folder.join(root))
        .filter(|root| root.is_file())
        .collect()
}

/// All files of Rust below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
