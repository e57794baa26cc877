//! What stands in the parentheses of the attribute.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitBool, LitInt, LitStr, Path, Result, Token, parse_quote};

pub(crate) struct Options {
    /// Milliseconds; 0 is for ever.
    pub(crate) ttl: Option<u64>,
    pub(crate) max_entries: Option<usize>,
    pub(crate) key: Option<Expr>,
    pub(crate) cache_none: bool,
    pub(crate) cache_err: bool,
    /// Where `wats-cache` is found.
    pub(crate) krate: Path,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self {
            ttl: None,
            max_entries: None,
            key: None,
            cache_none: true,
            cache_err: false,
            krate: parse_quote!(::wats_cache),
        };
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "ttl" => {
                    let text: LitStr = input.parse()?;
                    options.ttl =
                        Some(millis(&text.value()).map_err(|why| Error::new(text.span(), why))?);
                }
                "max_entries" => {
                    options.max_entries = Some(input.parse::<LitInt>()?.base10_parse()?);
                }
                "key" => options.key = Some(input.parse()?),
                "cache_none" => options.cache_none = input.parse::<LitBool>()?.value,
                "crate" => options.krate = input.parse::<LitStr>()?.parse()?,
                "cache_err" => options.cache_err = input.parse::<LitBool>()?.value,
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
        Ok(options)
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

    #[test]
    fn unknown_options_are_named() {
        let error = syn::parse_str::<super::Options>("size = 3")
            .err()
            .map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("unknown option `size`")));
    }
}
