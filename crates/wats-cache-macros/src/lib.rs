//! The `#[cached]` attribute; use it through `wats_cache::cached`.
//!
//! `options` reads what stands in the parentheses, `expand` writes the function anew around its body.

mod expand;
mod options;

use options::Options;
use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Caches what a `fn` or `async fn` returns.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `ttl = "1h"` | how long a value lives: a number with `ms`, `s`, `m`, `h` or `d`; `"0s"` is for ever | `"5m"` |
/// | `max_entries = 1000` | the most values held | 1000 |
/// | `key = expression` | the key, from the arguments | all arguments |
/// | `cache_none = false` | of an `Option`, cache `Some` only | `true` |
/// | `cache_err = true` | of a `Result`, cache `Err` too (it must be `Clone`) | `false` |
/// | `crate = "path"` | where `wats-cache` is found, if not as `::wats_cache`: `"wats::cache"` through the facade | `"::wats_cache"` |
///
/// Calls with the same key run the body once, also at the same time; then the waiting calls share its value. The key
/// and the value must be `Clone + Send + Sync + 'static`, and the key `Hash + Eq`; references among the arguments are
/// owned for the key. The cache belongs to the function and lives as long as the program; of a method, it is shared by
/// all values of the type, so a method needs a `key`. To look into a cache or to empty it, use `memoize` instead.
///
/// A function that calls itself with the key it is running with would never end; it panics instead.
///
/// Functions with type parameters cannot be cached, because all their types would share one cache.
#[proc_macro_attribute]
pub fn cached(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attributes as Options);
    let function = parse_macro_input!(item as ItemFn);
    expand::expand(options, function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
