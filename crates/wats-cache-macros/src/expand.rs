//! The function, written anew: key, cache, and the old body as the loader.

use crate::options::Options;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Error, Expr, FnArg, GenericParam, ItemFn, Pat, Result, ReturnType, Signature, Type, parse_quote,
};

pub(crate) fn expand(options: Options, function: ItemFn) -> Result<TokenStream> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = function;
    check(&sig)?;
    let key = match options.key {
        Some(key) => key,
        None => key_of_arguments(&sig)?,
    };
    let output = match &sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, output) => quote!(#output),
    };
    let build = options.max_entries.map(|max| quote!(.max_entries(#max)));
    let ttl = options
        .ttl
        .map(|ms| quote!(.default_ttl(::std::time::Duration::from_millis(#ms))));
    let krate = &options.krate;
    let is_async = sig.asyncness.is_some();
    let (face, closure, wait) = if is_async {
        (
            quote!(AsyncTtlCache),
            quote!(async move || -> #output #block),
            quote!(.await),
        )
    } else {
        (
            quote!(TtlCache),
            quote!(move || -> #output #block),
            quote!(),
        )
    };
    let look_up = if returns(&sig, "Result") && !options.cache_err {
        quote!(#krate::memo::own_error(__cache.get_or_try_insert_with(__key, #closure) #wait))
    } else if returns(&sig, "Option") && !options.cache_none {
        let load = if is_async {
            quote!(async move || (#closure)().await.ok_or(()))
        } else {
            quote!(move || (#closure)().ok_or(()))
        };
        quote!(#krate::memo::own_error(__cache.get_or_try_insert_with(__key, #load) #wait).ok())
    } else {
        quote!(__cache.get_or_insert_with(__key, #closure) #wait)
    };
    Ok(quote! {
        #(#attrs)*
        #vis #sig {
            static __CACHE: #krate::memo::Slot = #krate::memo::Slot::new();
            #[allow(clippy::used_underscore_binding)]
            let __key = {
                #[allow(unused_imports)]
                use ::std::borrow::ToOwned as _;
                #key
            };
            let __cache = __CACHE.get(|| #krate::#face::builder() #build #ttl .build());
            #look_up
        }
    })
}

fn check(sig: &Signature) -> Result<()> {
    if let Some(parameter) = sig
        .generics
        .params
        .iter()
        .find(|p| !matches!(p, GenericParam::Lifetime(_)))
    {
        let why =
            "a function with type parameters cannot be cached: all its types would share one cache";
        return Err(Error::new_spanned(parameter, why));
    }
    if let Some(constness) = &sig.constness {
        return Err(Error::new_spanned(
            constness,
            "a `const fn` cannot be cached",
        ));
    }
    Ok(())
}

/// All arguments, owned.
fn key_of_arguments(sig: &Signature) -> Result<Expr> {
    let mut parts = Vec::new();
    for argument in &sig.inputs {
        let name = match argument {
            FnArg::Receiver(this) => {
                return Err(Error::new_spanned(
                    this,
                    "say which `key` calls of this method share: #[cached(key = …)]",
                ));
            }
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pattern) => &pattern.ident,
                other => {
                    return Err(Error::new_spanned(
                        other,
                        "name this argument, or give a `key`",
                    ));
                }
            },
        };
        parts.push(quote!(#name.to_owned()));
    }
    // A function without arguments has one value; clippy would object to `()` as its key.
    Ok(if parts.is_empty() {
        parse_quote!(0_u8)
    } else {
        parse_quote!((#(#parts,)*))
    })
}

/// Whether the return type is called `name`, whatever path it is written with.
fn returns(sig: &Signature, name: &str) -> bool {
    match &sig.output {
        ReturnType::Type(_, output) => match &**output {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == name),
            _ => false,
        },
        ReturnType::Default => false,
    }
}
