//! `NO_PROXY`: which hosts are reached without the proxy.
//!
//! The variable has no standard. This reads what curl, Go and Python agree on, and forgives what people add to it:
//!
//! | entry | matches |
//! |---|---|
//! | `*` | every host |
//! | `example.com`, `.example.com`, `*.example.com` | that host and all below it |
//! | `10.1.2.3`, `::1`, `[::1]` | that address, when the base URL has an address |
//! | `10.0.0.0/8`, `fd00::/8`, `169.254/16`, `10.*` | addresses of that network |
//! | `<local>` | names without a dot |
//! | any but a network with `:port` | the same, on that port only |
//!
//! Entries are parted by commas, semicolons or white space. One that cannot be understood matches nothing, and is
//! [told](NoProxy::unreadable).

use std::net::IpAddr;

use crate::uri::{self, Unreadable};

/// A list of hosts that are reached directly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy {
    entries: Vec<Entry>,
    /// The first entry that cannot be understood.
    unreadable: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name in lower case, without a leading dot; names below it match too.
    Below(String),
    /// Names without a dot.
    Local,
    Network {
        address: IpAddr,
        prefix: u8,
    },
}

impl NoProxy {
    /// Reads a list as it stands in `NO_PROXY`.
    pub fn parse(list: &str) -> Self {
        let mut read = Self::default();
        for text in list.split(|c: char| c == ',' || c == ';' || c.is_whitespace()) {
            match Entry::parse(text) {
                Some(entry) => read.entries.push(entry),
                None if text.is_empty() => {}
                None => {
                    read.unreadable.get_or_insert_with(|| text.to_owned());
                }
            }
        }
        read
    }

    /// Why the first entry that cannot be understood cannot, if there is one.
    ///
    /// ```
    /// let list = wats_http::NoProxy::parse("intranet.example, 10.0.0.0/33");
    /// assert!(list.unreadable().is_some_and(|why| why.contains("10.0.0.0/33")));
    /// ```
    pub fn unreadable(&self) -> Option<String> {
        let entry = match &*crate::error::one_line(self.unreadable.as_deref()?, 100) {
            // It may hold a password.
            text if text.contains('@') => "an entry".to_owned(),
            text => format!("`{text}`"),
        };
        let advice = if self.unreadable.as_ref()?.is_ascii() {
            ""
        } else {
            "; letters beyond ASCII are written in punycode, such as xn--bcher-kva.example"
        };
        Some(format!(
            "{entry} is neither a host, nor an address, nor a network such as 10.0.0.0/8{advice}"
        ))
    }

    /// Whether `host` (a name, or an address with or without brackets) is reached directly on `port`.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = bare(&host).parse().ok().map(|ip: IpAddr| ip.to_canonical());
        self.entries.iter().any(|entry| {
            entry.port.is_none_or(|only| only == port) && entry.hosts.contain(&host, address)
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        // People paste whole addresses.
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let text = text.trim_end_matches('/');
        if let Some((address, prefix)) = text.split_once('/') {
            let hosts = Hosts::network(address, prefix)?;
            return Some(Self { hosts, port: None });
        }
        let (host, port) = split_port(text)?;
        let hosts = if host == "*" {
            Hosts::All
        } else if host.eq_ignore_ascii_case("<local>") {
            Hosts::Local
        } else if let Some(hosts) = Hosts::first_numbers(host) {
            hosts
        } else if let Ok(address) = bare(host).parse::<IpAddr>() {
            let address = address.to_canonical();
            let prefix = bits(address);
            Hosts::Network { address, prefix }
        } else {
            Hosts::below(host)?
        };
        Some(Self { hosts, port })
    }
}

impl Hosts {
    fn below(name: &str) -> Option<Self> {
        let name = name.strip_prefix('*').unwrap_or(name);
        let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
        if name.is_empty() || name.contains(['*', ':', '[', ']', '<', '>', '@', '/', '\\']) {
            return None;
        }
        // Names arrive from the base URL in this form.
        match uri::host(name) {
            Err(Unreadable::NotAscii) => None,
            Ok(host) if host.parse::<IpAddr>().is_err() => Some(Self::Below(host)),
            _ => Some(Self::Below(name.to_ascii_lowercase())),
        }
    }

    fn network(address: &str, prefix: &str) -> Option<Self> {
        // The rest of `169.254/16` is zero.
        let numbers = address.split('.').count();
        let whole = format!("{address}{}", ".0".repeat(4_usize.saturating_sub(numbers)));
        let is_short = numbers < 4 && !address.contains(':');
        let address = if is_short { &whole } else { bare(address) };
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        if prefix > bits(address) {
            return None;
        }
        // Mapped addresses are looked up as those of IPv4 that they are.
        let canonical = address.to_canonical();
        let (address, prefix) = match prefix.checked_sub(bits(address) - bits(canonical)) {
            Some(rest) => (canonical, rest),
            None => (address, prefix),
        };
        Some(Self::Network { address, prefix })
    }

    /// The network of `192.168.*` and `10.*.*.*`.
    fn first_numbers(text: &str) -> Option<Self> {
        let mut first = text;
        while let Some(shorter) = first.strip_suffix(".*") {
            first = shorter;
        }
        let numbers = first.split('.').count();
        let prefix = (first != text && numbers < 4).then(|| (numbers * 8).to_string())?;
        Self::network(first, &prefix)
    }

    fn contain(&self, host: &str, address: Option<IpAddr>) -> bool {
        match self {
            Self::All => true,
            Self::Local => address.is_none() && !host.contains('.'),
            Self::Below(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
            Self::Network {
                address: network,
                prefix,
            } => address.is_some_and(|address| same_network(address, *network, *prefix)),
        }
    }
}

/// Parts `host:port`; an address of IPv6 has its colons and no port unless it is in brackets. `None` for a bad port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let in_brackets = text.starts_with('[');
    if !in_brackets && text.parse::<IpAddr>().is_ok() {
        return Some((text, None));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !in_brackets || host.ends_with(']') => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => Some((text, None)),
    }
}

/// An address without the brackets that URLs put around IPv6.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let differ = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(u32::from(a) ^ u32::from(b)) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(a) ^ u128::from(b),
        _ => return false,
    };
    differ.leading_zeros() >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(list: &str, host: &str) -> bool {
        NoProxy::parse(list).matches(host, 443)
    }

    #[test]
    fn names_match_themselves_and_all_below() {
        for list in [
            "example.com",
            ".example.com",
            "*.example.com",
            "EXAMPLE.com.",
            "a, example.com ,b",
            "x;example.com",
            "https://example.com/",
            "example.com:443",
        ] {
            assert!(matches(list, "example.com"), "{list}");
            assert!(matches(list, "h.Example.com."), "{list}");
            assert!(!matches(list, "notexample.com"), "{list}");
            assert!(!matches(list, "example.com.evil.org"), "{list}");
        }
        assert!(matches("*", "anything") && matches("*", "10.0.0.1"));
        assert!(matches("XN--bcher-kva.example", "xn--bcher-kva.example"));
        assert!(matches("<local>", "host") && !matches("<local>", "host.example"));
        assert!(!matches("<local>", "::1"));
    }

    #[test]
    fn ports_narrow_an_entry() {
        assert!(!matches("example.com:8443", "example.com"));
        assert!(NoProxy::parse("[::1]:81").matches("::1", 81));
        assert!(!NoProxy::parse("[::1]:81").matches("::1", 82));
        assert!(NoProxy::parse("*:80").matches("h", 80));
    }

    #[test]
    fn addresses_and_networks() {
        assert!(matches("10.1.2.3", "10.1.2.3") && !matches("10.1.2.3", "10.1.2.30"));
        assert!(matches("10.0.0.0/8", "10.255.0.1") && !matches("10.0.0.0/8", "11.0.0.1"));
        assert!(matches("10.1.2.3/0", "1.2.3.4"));
        assert!(matches("169.254/16", "169.254.7.7") && !matches("169.254/16", "169.1.1.1"));
        for list in ["192.168.*", "192.168.*.*"] {
            assert!(matches(list, "192.168.7.7"), "{list}");
            assert!(!matches(list, "192.169.7.7"), "{list}");
            assert!(!matches(list, "192.168.example"), "{list}");
        }
        assert!(matches("10.*:443", "10.1.1.1") && !matches("10.*:80", "10.1.1.1"));
        assert!(matches("fd00::/8", "[fd12::1]") && !matches("fd00::/8", "fe80::1"));
        assert!(matches("::1", "::1") && matches("[::1]", "::1"));
        assert!(
            matches("10.0.0.1", "::ffff:10.0.0.1"),
            "the same address, mapped"
        );
        for host in ["10.7.7.7", "::ffff:10.7.7.7"] {
            assert!(matches("::ffff:10.0.0.0/104", host), "the same network");
            assert!(!matches("::ffff:11.0.0.0/104", host));
            assert!(matches("::ffff:0:0/96", host), "all of IPv4");
        }
        assert!(
            !matches("10.0.0.0/8", "host10"),
            "networks say nothing of names"
        );
    }

    #[test]
    fn what_cannot_be_understood_matches_nothing() {
        for list in [
            "",
            ",,",
            ".",
            "*.",
            "a*b",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "h:99999",
            "[::1",
            "300.*",
            "10.1.2.3.*",
            "<remote>",
            "user:hunter2@h",
        ] {
            assert!(
                !matches(list, "h") && !matches(list, "10.0.0.1"),
                "{list:?}"
            );
            let told = NoProxy::parse(&format!("a, {list}, b")).unreadable();
            assert_eq!(told.is_some(), list.contains(|c| c != ','), "{list}");
            assert!(!told.unwrap_or_default().contains("hunter2"), "{list}");
        }
        assert_eq!(NoProxy::parse("a,, b ;c").unreadable(), None);
        let umlaut = NoProxy::parse("bücher.example").unreadable().unwrap();
        assert!(umlaut.contains("punycode"), "{umlaut}");
    }

    proptest! {
        #[test]
        fn nothing_panics(list in "\\PC{0,60}", host in "\\PC{0,30}", port in any::<u16>()) {
            let _ = NoProxy::parse(&list).matches(&host, port);
        }

        #[test]
        fn a_listed_host_matches_among_others(
            host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", before in "[a-z,. :*/]{0,20}", after in "[a-z,. :*/]{0,20}"
        ) {
            let list = format!("{before},{host},{after}");
            prop_assert!(matches(&list, &host));
            let below = format!("x.{host}");
            prop_assert!(matches(&list, &below));
        }

        #[test]
        fn a_network_holds_what_shares_its_first_bits(a in any::<u32>(), b in any::<u32>(), prefix in 0_u8..=32) {
            let (a4, b4) = (std::net::Ipv4Addr::from(a), std::net::Ipv4Addr::from(b));
            let same = prefix == 0 || a >> (32 - prefix) == b >> (32 - prefix);
            prop_assert_eq!(matches(&format!("{a4}/{prefix}"), &b4.to_string()), same);
        }
    }
}
