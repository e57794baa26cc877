//! The function, written anew: key, cache, and the old body as the loader. What it returns and what
//! types it is called with is left to the compiler: see `attribute` of `wats-cache`.

use crate::options::Options;
use crate::types::{borrows, with_inferred_impls};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Error, Expr, FnArg, Ident, ItemFn, Pat, Path, Result, ReturnType, Signature, Type, parse_quote,
};

pub(crate) fn expand(options: Options, function: ItemFn) -> Result<TokenStream> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = function;
    if let Some(constness) = &sig.constness {
        let why = "a `const fn` cannot be cached";
        return Err(Error::new_spanned(constness, why));
    }
    let output = match &sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => {
            if borrows(output) {
                let why = "what is cached outlives the call, so it must be owned: return a `String` in place of a `&str`, for example, or an `Arc`";
                return Err(Error::new_spanned(output, why));
            }
            with_inferred_impls(output)
        }
    };
    let krate = options.krate;
    let attribute: Path = parse_quote!(#krate::attribute);
    let key = match options.key {
        Some(key) => {
            owned_key(&key, &sig)?;
            quote!(#key)
        }
        None => key_of_arguments(&sig, &attribute)?,
    };
    let max = options
        .max_entries
        .map(|max| quote!(config.max_entries = #max;));
    let ttl = options
        .ttl
        .map(|ttl| quote!(config.default_ttl = ::core::convert::Into::into(#ttl);));
    // Hygienic: the body sees none of these names.
    let [key_name, load, returns] =
        ["key", "load", "returns"].map(|name| Ident::new(name, Span::mixed_site()));
    let (closure, of, look_up, wait) = if sig.asyncness.is_some() {
        (
            quote!(async move || -> #output #block),
            quote!(of_async),
            quote!(look_up_async),
            quote!(.await),
        )
    } else {
        (
            quote!(move || -> #output #block),
            quote!(of),
            quote!(look_up),
            quote!(),
        )
    };
    let mut kept = quote!(#returns.kept());
    let mut check = None;
    if let Some(errors) = options.cache_err {
        check = Some(quote!(#returns.is_result();));
        if errors.value {
            kept = quote!(#returns.errors_too());
        }
    }
    if let Some(none) = options.cache_none {
        check = Some(quote!(#returns.is_option();));
        if !none.value {
            kept = quote!(#returns.some_only());
        }
    }
    Ok(quote! {
        #(#attrs)*
        #vis #sig {
            #[allow(clippy::used_underscore_binding)]
            let #key_name = #key;
            let #load = #closure;
            {
                #[allow(unused_imports)]
                use #attribute::Values as _;
                static CACHES: #attribute::Caches = #attribute::Caches::new();
                let #returns = #attribute::Returns::#of(&#load);
                #check
                #attribute::#look_up(
                    #kept,
                    &CACHES,
                    #attribute::instance(&|| ()),
                    || {
                        #[allow(unused_mut)]
                        let mut config = #krate::CacheConfig::default();
                        #max
                        #ttl
                        config
                    },
                    #key_name,
                    #load,
                ) #wait
            }
        }
    })
}

/// The arguments with names, and their types.
fn named(sig: &Signature) -> impl Iterator<Item = (&Ident, &Type)> {
    sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) => Some((&pattern.ident, &*typed.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// All arguments, owned.
fn key_of_arguments(sig: &Signature, attribute: &Path) -> Result<TokenStream> {
    for argument in &sig.inputs {
        match argument {
            FnArg::Receiver(this) => {
                let why = "say which `key` calls of this method share: #[cached(key = …)]";
                return Err(Error::new_spanned(this, why));
            }
            FnArg::Typed(typed) if !matches!(&*typed.pat, Pat::Ident(_)) => {
                let why = "name this argument, or give a `key`";
                return Err(Error::new_spanned(&typed.pat, why));
            }
            FnArg::Typed(_) => {}
        }
    }
    let mut parts = Vec::new();
    for (name, argument) in named(sig) {
        let part = match argument {
            Type::Reference(reference) if reference.mutability.is_some() => {
                let why = "a function that changes its argument cannot be cached: a hit would leave it unchanged";
                return Err(Error::new_spanned(argument, why));
            }
            Type::Reference(reference) if !borrows(&reference.elem) => quote!(&*#name),
            _ if borrows(argument) => {
                let text = quote!(#argument).to_string();
                let text = text
                    .replace("& ", "&")
                    .replace(" < ", "<")
                    .replace(" >", ">");
                let why = format!(
                    "`{text}` borrows, and the key must be owned: choose it with #[cached(key = …)], for example `key = {name}.map(str::to_owned)` of an `Option<&str>`"
                );
                return Err(Error::new_spanned(argument, why));
            }
            _ => quote!(&#name),
        };
        parts.push(quote!(#attribute::key_part(#part)));
    }
    // A function without arguments has one value; clippy would object to `()` as its key.
    Ok(if parts.is_empty() {
        quote!(0_u8)
    } else {
        quote!((#(#parts,)*))
    })
}

/// Refuses a key that is an argument which borrows, or has one as a member.
fn owned_key(key: &Expr, sig: &Signature) -> Result<()> {
    match key {
        Expr::Tuple(tuple) => tuple.elems.iter().try_for_each(|part| owned_key(part, sig)),
        Expr::Paren(paren) => owned_key(&paren.expr, sig),
        Expr::Path(path) => {
            let borrowed =
                named(sig).find(|(name, argument)| path.path.is_ident(*name) && borrows(argument));
            match borrowed {
                Some((name, _)) => {
                    let why = format!("the key must be owned: `{name}.to_owned()`, for example");
                    Err(Error::new_spanned(path, why))
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

    use super::*;

    fn refusal(options: Options, function: ItemFn) -> Option<String> {
        expand(options, function)
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn arguments_that_the_body_changes_are_no_key() {
        let options = |text: &str| syn::parse_str::<Options>(text).unwrap();
        for function in [
            parse_quote!(
                fn push(list: &mut Vec<u32>) -> usize {
                    1
                }
            ),
            parse_quote!(
                fn push(n: u32, list: &mut [u32]) -> usize {
                    1
                }
            ),
            parse_quote!(
                async fn push(name: &mut String) -> usize {
                    1
                }
            ),
        ] {
            let why = refusal(options(""), function).unwrap();
            assert!(why.contains("changes its argument"), "{why}");
        }
        let chosen = parse_quote!(
            fn read(n: u32, from: &mut Reader) -> u32 {
                1
            }
        );
        assert_eq!(
            refusal(options("key = n"), chosen),
            None,
            "who chooses the key knows"
        );
        let plain = parse_quote!(
            fn add(mut a: u32, b: &u32) -> u32 {
                1
            }
        );
        assert_eq!(refusal(options(""), plain), None);
    }
}
