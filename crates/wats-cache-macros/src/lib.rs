//! The `#[cached]` attribute; use it through `wats_cache::cached`.
//!
//! `options` reads what stands in the parentheses, `expand` writes the function anew around its body,
//! `types` reads the types in its signature.

mod expand;
mod options;
mod types;

use options::Options;
use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Caches what a `fn` or `async fn` returns.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `ttl = "1h"` | how long a value lives: a number with `ms`, `s`, `m`, `h` or `d`, or a constant of type `Duration`; `None` is for ever | `"5m"` |
/// | `max_entries = 1000` | the most values held: a number, or a constant | 1000 |
/// | `key = expression` | the key, from the arguments; it must be owned | all arguments |
/// | `cache_none = false` | of an `Option`, cache `Some` only | `true` |
/// | `cache_err = true` | of a `Result`, cache `Err` too (it must be `Clone`) | `false` |
/// | `crate = "path"` | where `wats-cache` is found, if not as `::wats_cache`: `"wats::cache"` through the facade | `"::wats_cache"` |
///
/// Calls with the same key run the body once, also at the same time; then the waiting calls share its value. The key
/// and the value must be `Clone + Send + Sync + 'static`, and the key `Hash + Eq`; references among the arguments are
/// owned for the key, and types that hold references, such as `Option<&str>`, need a `key`. A `&mut` is refused where
/// arguments are the key: a hit would not make the change. The cache belongs to the
/// function and lives as long as the program; of a method, it is shared by all values of the type, so a method needs a
/// `key`. To look into a cache or to empty it, use `memoize` instead.
///
/// Where types differ, caches do: of a generic function, of a method of a generic type or trait, and of a function with
/// `impl Trait` or constants among its parameters, each combination of types and constants has a cache of its own.
///
/// What a `Result` is says the compiler, not the name: an alias of it is one, another type of that name is none. Where the
/// return type is a type parameter or an associated type of one (`fn get(&self) -> T`), and turns out to be a `Result`,
/// nothing is cached.
///
/// A function that calls itself with the key it is running with would never end; it panics instead.
#[proc_macro_attribute]
pub fn cached(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attributes as Options);
    let function = parse_macro_input!(item as ItemFn);
    expand::expand(options, function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
