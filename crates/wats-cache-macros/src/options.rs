//! What stands in the parentheses of the attribute.

use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashSet;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitBool, LitStr, Path, Result, Token, parse_quote};

pub(crate) struct Options {
    /// An expression of type `Duration`.
    pub(crate) ttl: Option<TokenStream>,
    /// An expression of type `usize`.
    pub(crate) max_entries: Option<TokenStream>,
    pub(crate) key: Option<Expr>,
    pub(crate) cache_none: Option<LitBool>,
    pub(crate) cache_err: Option<LitBool>,
    /// Where `wats-cache` is found.
    pub(crate) krate: Path,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self {
            ttl: None,
            max_entries: None,
            key: None,
            cache_none: None,
            cache_err: None,
            krate: parse_quote!(::wats_cache),
        };
        let mut given = HashSet::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            if !given.insert(name.to_string()) {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "ttl" => options.ttl = Some(ttl(&input.parse()?)?),
                "max_entries" => options.max_entries = Some(max_entries(&input.parse()?)?),
                "key" => options.key = Some(input.parse()?),
                "cache_none" => options.cache_none = Some(input.parse()?),
                "cache_err" => options.cache_err = Some(input.parse()?),
                "crate" => options.krate = input.parse::<LitStr>()?.parse()?,
                _ => {
                    let known = "ttl, max_entries, key, cache_none, cache_err or crate";
                    return Err(Error::new(
                        name.span(),
                        format!("unknown option `{name}`: use {known}"),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let (Some(_), Some(second)) = (&options.cache_none, &options.cache_err) {
            let why = "`cache_none` is for an `Option` and `cache_err` for a `Result`: one of them says nothing here";
            return Err(Error::new(second.span(), why));
        }
        Ok(options)
    }
}

/// A time as text, or a constant of type `Duration`. Constants only, because the cache is made once and
/// must not depend on the arguments of that call.
fn ttl(value: &Expr) -> Result<TokenStream> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => {
            let ms = millis(&text.value()).map_err(|why| Error::new(text.span(), why))?;
            if ms == 0 {
                let why = "a time of zero keeps nothing: leave the attribute away, or write `ttl = None` for values that never expire";
                return Err(Error::new(text.span(), why));
            }
            Ok(quote!(::std::time::Duration::from_millis(#ms)))
        }
        Expr::Lit(number) => {
            let unit = quote!(#number).to_string();
            let why = format!(
                "a time needs its unit: write `ttl = \"{unit}s\"`, with ms, s, m, h or d, or a constant of type `Duration`"
            );
            Err(Error::new(value.span(), why))
        }
        constant => Ok(quote!(const { #constant })),
    }
}

/// A number, or a constant of type `usize`.
fn max_entries(value: &Expr) -> Result<TokenStream> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => match number.base10_parse::<usize>()? {
            0 => {
                let why = "a cache of no entries keeps nothing: leave the attribute away";
                Err(Error::new(value.span(), why))
            }
            max => Ok(quote!(#max)),
        },
        Expr::Lit(_) => {
            let why = "`max_entries` is a whole number, or a constant of type `usize`";
            Err(Error::new(value.span(), why))
        }
        constant => Ok(quote!(const { #constant })),
    }
}

/// The milliseconds of a text like `90s`.
fn millis(text: &str) -> std::result::Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => {
            return Err(format!(
                "`{text}` is no time: write a number and ms, s, m, h or d, like \"90s\""
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` does not begin with a whole number"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn times_are_read() {
        assert_eq!(millis("1h"), Ok(3_600_000));
        assert_eq!(millis(" 90 s "), Ok(90_000));
        assert_eq!(millis("5ms"), Ok(5));
        assert_eq!(millis("0s"), Ok(0));
        assert_eq!(millis("2d"), Ok(172_800_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "5",
            "h",
            "-1s",
            "1.5h",
            "1y",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(millis(text).is_err(), "{text}");
        }
    }

    /// What is said of these options.
    fn why(options: &str) -> String {
        match syn::parse_str::<super::Options>(options) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn options_are_refused_with_what_to_write() {
        for (options, words) in [
            ("size = 3", "unknown option `size`: use ttl,"),
            ("ttl = 60", r#"write `ttl = "60s"`"#),
            ("ttl = 1.5", "needs its unit"),
            (r#"ttl = "60""#, r#"like "90s""#),
            (r#"max_entries = "5""#, "whole number"),
            ("max_entries = 0", "keeps nothing"),
            (r#"ttl = "0s""#, "keeps nothing"),
            ("ttl = \"1s\", ttl = \"2s\"", "`ttl` is given twice"),
            (
                "cache_none = false, cache_err = true",
                "one of them says nothing",
            ),
            ("cache_err = 1", "expected boolean literal"),
        ] {
            assert!(why(options).contains(words), "{options}: {}", why(options));
        }
        for options in [
            "",
            "ttl = TTL, max_entries = Self::MAX",
            "ttl = std::time::Duration::from_secs(5)",
            r#"ttl = None, max_entries = 1, key = (a, b), cache_err = true, crate = "wats::cache""#,
            "max_entries = 2 * MAX,",
        ] {
            assert_eq!(why(options), "nothing", "{options}");
        }
    }
}
