//! Every shape of address that was thought of, beside what the `url` crate (2.5.8) made of it, which read addresses here
//! before. Where this is meant to differ, a table of its own says so.

use proptest::prelude::*;

use super::*;
use crate::address::BaseUrl;
use crate::redirect::follow;

/// Base URLs that can be read, and what is asked of their root.
#[rustfmt::skip]
const BASES: &[(&str, &str)] = &[
    ("https://a.example", "https://a.example/"),
    ("https://a.example/", "https://a.example/"),
    ("HTTPS://A.Example", "https://a.example/"),
    ("hTTp://a.example/Sub/Path/", "http://a.example/Sub/Path/"),
    ("http://a.example:80", "http://a.example/"),
    ("https://a.example:443/", "https://a.example/"),
    ("https://a.example:80", "https://a.example:80/"),
    ("http://a.example:443", "http://a.example:443/"),
    ("http://a.example:0", "http://a.example:0/"),
    ("http://a.example:65535", "http://a.example:65535/"),
    ("http://a.example:", "http://a.example/"),
    ("http://a.example:/x", "http://a.example/x/"),
    ("http://a.example:0080", "http://a.example/"),
    ("https:a.example", "https://a.example/"),
    ("https:/a.example", "https://a.example/"),
    ("https:///a.example/x", "https://a.example/x/"),
    ("https:\\\\a.example\\x", "https://a.example/x/"),
    ("https:/\\a.example", "https://a.example/"),
    ("http://a.example/x/../y", "http://a.example/y/"),
    ("http://a.example/x/./y/", "http://a.example/x/y/"),
    ("http://a.example/%2e%2E/x", "http://a.example/x/"),
    ("http://a.example/x/..", "http://a.example/"),
    ("http://a.example/../../x", "http://a.example/x/"),
    ("http://a.example/x//y", "http://a.example/x//y/"),
    ("http://a.example//", "http://a.example/"),
    ("http://a.example/api", "http://a.example/api/"),
    ("http://a.example/API//", "http://a.example/API/"),
    ("http://a.example/x/api/", "http://a.example/x/api/"),
    ("http://a.example/xapi", "http://a.example/xapi/"),
    ("http://a.example/api/api", "http://a.example/api/api/"),
    ("http://a.example/x/%61pi", "http://a.example/x/%61pi/"),
    ("http://a.example/a b", "http://a.example/a%20b/"),
    ("http://a.example/a\tb\nc", "http://a.example/abc/"),
    ("ht\ntp://a.ex\tample/", "http://a.example/"),
    ("\u{0}http://a.example\u{1f}", "http://a.example/"),
    ("http://a.example/\u{1}\u{7f}", "http://a.example/%01%7F/"),
    ("http://a.example/\"<>^`{|}", "http://a.example/%22%3C%3E^%60%7B|%7D/"),
    ("http://a.example/[x]", "http://a.example/[x]/"),
    ("http://a.example/ø/€", "http://a.example/%C3%B8/%E2%82%AC/"),
    ("http://a.example/%zz%4", "http://a.example/%zz%4/"),
    ("http://a.example/x\\y\\..\\z", "http://a.example/x/z/"),
    ("http://a.example/'();,=!$&*+@:~", "http://a.example/'();,=!$&*+@:~/"),
    ("http://[::1]", "http://[::1]/"),
    ("http://[::1]:8080/", "http://[::1]:8080/"),
    ("http://[0:0::0:1]:80", "http://[::1]/"),
    ("http://[FE80::A]/", "http://[fe80::a]/"),
    ("http://[2001:db8:0:0:1:0:0:1]", "http://[2001:db8::1:0:0:1]/"),
    ("http://[::1]:", "http://[::1]/"),
    ("http://10.0.0.1", "http://10.0.0.1/"),
    ("http://10.0.0.1.", "http://10.0.0.1/"),
    ("http://127.1", "http://127.0.0.1/"),
    ("http://0x7f.1", "http://127.0.0.1/"),
    ("http://2130706433", "http://127.0.0.1/"),
    ("http://0177.0.0.1", "http://127.0.0.1/"),
    ("http://256", "http://0.0.1.0/"),
    ("http://0x", "http://0.0.0.0/"),
    ("http://1.a", "http://1.a/"),
    ("http://010.8.8.8:1", "http://8.8.8.8:1/"),
    ("http://xn--bcher-kva.example", "http://xn--bcher-kva.example/"),
    ("http://ex%61mple", "http://example/"),
    ("http://a%2eb", "http://a.b/"),
    ("http://a_b.example", "http://a_b.example/"),
    ("http://-a-.example", "http://-a-.example/"),
    ("http://a..b", "http://a..b/"),
    ("http://.a", "http://.a/"),
    ("http://a.example.", "http://a.example./"),
    ("http://a.example..", "http://a.example../"),
    ("http://.", "http://./"),
    ("http://a'b", "http://a'b/"),
    ("http://a!b$c&d(e)f*g+h,i;j=k~", "http://a!b$c&d(e)f*g+h,i;j=k~/"),
    ("http://@a.example", "http://a.example/"),
    ("http://:@a.example", "http://a.example/"),
    ("http://a.example\u{a0}", "http://a.example/"),
];

/// Those that cannot, and a part of what is said.
#[rustfmt::skip]
const NO_BASES: &[(&str, &str)] = &[
    ("http://a.example:65536", "port number"),
    ("http://a.example:8o", "port number"),
    ("http://a.example:-1", "port number"),
    ("http://a.example:+80", "port number"),
    ("//a.example", "must start with http"),
    ("a.example", "must start with http"),
    ("/x", "must start with http"),
    ("", "is empty"),
    ("http://a.example?", "query or fragment"),
    ("http://a.example#", "query or fragment"),
    ("http://a.example/?q", "query or fragment"),
    ("http://a.example/#f", "query or fragment"),
    ("http://[::1", "IPv6"),
    ("http://::1/", "IPv6"),
    ("http://[fe80::1%eth0]", "IPv6"),
    ("http://[fe80::1%25eth0]", "IPv6"),
    ("http://[]", "IPv6"),
    ("http://[::1]x", "IPv6"),
    ("http://[1.2.3.4]", "IPv6"),
    ("http://[::g]", "IPv6"),
    ("http://1.2.3.256", "IPv4"),
    ("http://1.2.3.4.5", "IPv4"),
    ("http://a.1", "IPv4"),
    ("http://1..2", "IPv4"),
    ("http://a%00b", "characters"),
    ("http://a%20b", "characters"),
    ("http://a b", "characters"),
    ("http://a<b", "characters"),
    ("http://a|b", "characters"),
    ("http://a^b", "characters"),
    ("http://a%b", "characters"),
    ("http://a%25b", "characters"),
    ("http://u@a.example", "user name"),
    ("http://u:p@a.example", "user name"),
    ("http://u:@a.example", "user name"),
    ("http://:p@a.example", "user name"),
    ("http://u@p@a.example", "user name"),
    ("http://a.example@", "names no host"),
    ("http://u:p@", "names no host"),
    ("http://", "names no host"),
    ("http:///", "names no host"),
    ("http:", "names no host"),
    ("http", "must start with http"),
    ("ftp://a.example", "must start with http"),
    ("ws://a.example", "must start with http"),
    ("foo://a.example", "must start with http"),
    ("foo:bar", "must start with http"),
    ("file:///x", "must start with http"),
    ("mailto:a@b", "must start with http"),
    ("http ://a", "must start with http"),
    ("http://a:80:90", "port number"),
    ("http:// a", "characters"),
    ("http://a.example /", "characters"),
    ("https://a.example/x?", "query or fragment"),
];

/// Where this is not what `url` made of it, and why: what that was, and what it is here.
#[rustfmt::skip]
const OTHER_BASES: &[(&str, &str, &str)] = &[
    ("http://[::ffff:10.0.0.1]", "http://[::ffff:a00:1]/", "http://[::ffff:10.0.0.1]/"),
    ("http://bücher.example", "http://xn--bcher-kva.example/", "punycode"),
    ("http://b%C3%BCcher.example", "http://xn--bcher-kva.example/", "punycode"),
    ("http://a\"b", "http://a\"b/", "characters"),
    ("http://a{b}", "http://a{b}/", "characters"),
    ("http://a`b", "http://a`b/", "characters"),
    ("http://ａ.example", "http://a.example/", "punycode"),
    ("http://a\u{ad}b.example", "http://ab.example/", "punycode"),
    ("http://a。b", "http://a.b/", "punycode"),
    ("http://xn--.example", "refused", "http://xn--.example/"),
    ("http://xn--a.example", "refused", "http://xn--a.example/"),
    ("http://xn--zzzz", "refused", "http://xn--zzzz/"),
    ("https://ａ１.example", "https://a1.example/", "punycode"),
];

/// Where `Location` leads from `https://a.example/api/here?q=1`, or why it is not followed.
#[rustfmt::skip]
const LOCATIONS: &[(&str, Result<&str, &str>)] = &[
    ("/x", Ok("https://a.example/x")),
    ("x", Ok("https://a.example/api/x")),
    ("./x", Ok("https://a.example/api/x")),
    ("../x", Ok("https://a.example/x")),
    ("../../../x", Ok("https://a.example/x")),
    ("?q=2", Ok("https://a.example/api/here?q=2")),
    ("?", Ok("https://a.example/api/here?")),
    ("#f", Ok("https://a.example/api/here?q=1")),
    ("", Ok("https://a.example/api/here?q=1")),
    ("/", Ok("https://a.example/")),
    ("//", Err("not an address")),
    ("//b.example", Ok("https://b.example/")),
    ("//b.example/x", Ok("https://b.example/x")),
    ("\\\\b.example\\x", Ok("https://b.example/x")),
    ("/\\b.example/x", Ok("https://b.example/x")),
    ("\\x\\y", Ok("https://a.example/x/y")),
    ("/x\\y?a\\b", Ok("https://a.example/x/y?a\\b")),
    ("/x?a b", Ok("https://a.example/x?a%20b")),
    ("/x?'\"<>", Ok("https://a.example/x?%27%22%3C%3E")),
    ("/x?{}|^`[]", Ok("https://a.example/x?{}|^`[]")),
    ("/x?é", Ok("https://a.example/x?%C3%A9")),
    ("/é", Ok("https://a.example/%C3%A9")),
    ("/x#y?z", Ok("https://a.example/x")),
    ("/x?y#z", Ok("https://a.example/x?y")),
    ("x?y?z", Ok("https://a.example/api/x?y?z")),
    ("/a/./b/../c", Ok("https://a.example/a/c")),
    ("/a/%2e/%2E%2e/c", Ok("https://a.example/c")),
    ("/a/..", Ok("https://a.example/")),
    ("/a/.", Ok("https://a.example/a/")),
    ("/a/b/../..//c", Ok("https://a.example//c")),
    ("/..", Ok("https://a.example/")),
    ("/.", Ok("https://a.example/")),
    ("..", Ok("https://a.example/")),
    (".", Ok("https://a.example/api/")),
    ("/a//b", Ok("https://a.example/a//b")),
    ("https://b.example", Ok("https://b.example/")),
    ("HTTPS://B.Example/X", Ok("https://b.example/X")),
    ("https://b.example:443/x", Ok("https://b.example/x")),
    ("https://b.example:8443/x", Ok("https://b.example:8443/x")),
    ("https:/x", Ok("https://a.example/x")),
    ("https:x", Ok("https://a.example/api/x")),
    ("https:///b.example/x", Ok("https://b.example/x")),
    ("https:\\\\b.example/x", Ok("https://b.example/x")),
    ("https:/\\b.example", Ok("https://b.example/")),
    ("https:", Ok("https://a.example/api/here?q=1")),
    ("https:?x", Ok("https://a.example/api/here?x")),
    ("https:#x", Ok("https://a.example/api/here?q=1")),
    ("https:../y", Ok("https://a.example/y")),
    ("https://", Err("not an address")),
    ("http://a.example/x", Err("https to http")),
    ("http:/b.example/x", Err("https to http")),
    ("http:b.example", Err("https to http")),
    ("ftp://b.example/", Err("not an address")),
    ("mailto:x@y", Err("not an address")),
    ("javascript:alert(1)", Err("not an address")),
    ("foo:/x", Err("not an address")),
    ("1:/x", Ok("https://a.example/api/1:/x")),
    ("a:b", Err("not an address")),
    ("a/b:c", Ok("https://a.example/api/a/b:c")),
    ("/a:b", Ok("https://a.example/a:b")),
    ("./a:b", Ok("https://a.example/api/a:b")),
    ("https://u:p@b.example/", Err("user name")),
    ("//u:p@b.example/x", Err("user name")),
    ("https:u:p@b.example", Ok("https://a.example/api/u:p@b.example")),
    ("https:\\\\u@b.example", Err("user name")),
    ("https://@b.example/x", Ok("https://b.example/x")),
    ("https://:@b.example/x", Ok("https://b.example/x")),
    ("/@x", Ok("https://a.example/@x")),
    ("/x?u:p@y", Ok("https://a.example/x?u:p@y")),
    ("https://b.example/@x", Ok("https://b.example/@x")),
    ("u:p@b.example", Err("not an address")),
    ("https://b.example:99999/", Err("not an address")),
    ("https://b.example:/", Ok("https://b.example/")),
    ("https://b.example:x/", Err("not an address")),
    ("https://[::1]:1/x", Ok("https://[::1]:1/x")),
    ("https://[::1/x", Err("not an address")),
    ("https://[fe80::1%25eth0]/", Err("not an address")),
    ("https://127.1/x", Ok("https://127.0.0.1/x")),
    ("https://a b/", Err("not an address")),
    ("https://b.example?x", Ok("https://b.example/?x")),
    ("https://b.example#x", Ok("https://b.example/")),
    ("https://b.example\\x", Ok("https://b.example/x")),
    ("/ x", Ok("https://a.example/%20x")),
    ("/x y/z", Ok("https://a.example/x%20y/z")),
    ("\t/x\n/y", Ok("https://a.example/x/y")),
    ("/x%20y%zz", Ok("https://a.example/x%20y%zz")),
    ("/%", Ok("https://a.example/%")),
    ("/a\u{1}b\u{7f}", Ok("https://a.example/a%01b%7F")),
    ("/[x]", Ok("https://a.example/[x]")),
    ("/x;p=1,2", Ok("https://a.example/x;p=1,2")),
    ("/x?y=%zz", Ok("https://a.example/x?y=%zz")),
    ("/\"<>^`{|}", Ok("https://a.example/%22%3C%3E^%60%7B|%7D")),
    ("https://A.EXAMPLE/x", Ok("https://a.example/x")),
    ("https://a.example./x", Ok("https://a.example./x")),
    ("/ø?ø#ø", Ok("https://a.example/%C3%B8?%C3%B8")),
    ("//[::1]", Ok("https://[::1]/")),
    ("//b.example:0/", Ok("https://b.example:0/")),
    ("/x?#", Ok("https://a.example/x?")),
    ("/x?y=\\..\\z", Ok("https://a.example/x?y=\\..\\z")),
    ("https://ex%61mple/x", Ok("https://example/x")),
];

/// The same where `url` made something else of it: an error of the first, the punycode of the second.
#[rustfmt::skip]
const OTHER_LOCATIONS: &[(&str, Result<&str, &str>)] = &[
    ("///b.example/x", Ok("https://b.example/x")),
    ("https://bücher.example/x", Err("punycode")),
];

/// What is shown of a `Location`: no login, whether or not it can be read.
#[rustfmt::skip]
const SHOWN: &[(&str, &str)] = &[
    ("https://u:p@b.example/x", "https://b.example/x"),
    ("//u@p@b.example", "//b.example"),
    ("http:///u:pw@b.example/x", "http://b.example/x"),
    ("http:\\\\u:pw@b.example/x", "http://b.example/x"),
    ("http:/u:pw@b.example/x", "http://b.example/x"),
    ("\\\\u:pw@b.example/x", "//b.example/x"),
    ("/x?to=https://u@b", "/x?to=https://u@b"),
    ("https://b.example/@x", "https://b.example/@x"),
    ("https://u:hunter2@x:99999/", "https://x:99999/"),
    ("https://u:hun/ter2@x/", "https://x/"),
    ("https:u:p@x", "https:x"),
    ("ftp://u:p@x/", "ftp://x/"),
    ("foo://u:p@x/y", "foo://x/y"),
    ("mailto:u@x", "mailto:x"),
    ("u:p@x", "u:x"),
    ("https://u:p@ b", "https:// b"),
    ("ht\ttps://u:p@b", "https://b"),
    ("https:\t//u:p@b", "https://b"),
    ("https://u:p\n@b", "https://b"),
    ("/\\u:p@b", "//b"),
    ("//u:p@b:x", "//b:x"),
    ("foo:u:p@x", "foo:x"),
    ("https://@b.example/x", "https://b.example/x"),
    ("https://u:p@bücher.example/x", "https://bücher.example/x"),
    ("//u:p@", "//"),
    (" https ://u:hunter2@x", "https ://x"),
    ("https://hunter2:80/w@x", "https://hunter2:80/w@x"),
    ("x?to=https://u:p@b", "x?to=https://u:p@b"),
    ("a/b:c@d", "a/b:c@d"),
];

fn base(text: &str) -> Result<String, String> {
    let base = BaseUrl::parse(text).map_err(|error| format!("{error:#}"))?;
    Ok(base.display(&base.target("/", &[], &[]).unwrap()))
}

fn location(text: &str) -> Result<String, &'static str> {
    let own = BaseUrl::parse("https://a.example").unwrap();
    let there = follow(None, "/api/here?q=1", text, &own)?;
    assert!(
        there.target.parse::<http::Uri>().is_ok(),
        "{text:?}: {there:?}"
    );
    Ok(there.other_origin.unwrap_or(own).display(&there.target))
}

#[test]
fn base_urls_of_every_shape() {
    for (text, expected) in BASES {
        assert_eq!(base(text).as_deref(), Ok(*expected), "{text:?}");
    }
    for (text, words) in NO_BASES {
        let error = base(text).unwrap_err();
        assert!(error.contains(words), "{text:?}: {error}");
    }
    for (text, _, expected) in OTHER_BASES {
        match base(text) {
            Ok(base) => assert_eq!(base, *expected, "{text:?}"),
            Err(error) => assert!(error.contains(expected), "{text:?}: {error}"),
        }
    }
}

#[test]
fn locations_of_every_shape() {
    for (text, expected) in LOCATIONS.iter().chain(OTHER_LOCATIONS) {
        match (location(text), expected) {
            (Ok(there), Ok(expected)) => assert_eq!(there, *expected, "{text:?}"),
            (Err(why), Err(words)) => assert!(why.contains(words), "{text:?}: {why}"),
            (there, _) => panic!("{text:?}: {there:?}"),
        }
    }
}

#[test]
fn no_login_is_shown_of_any_shape() {
    for (text, expected) in SHOWN {
        let shown = without_login(text).unwrap_or_else(|| (*text).to_owned());
        assert_eq!(shown, *expected, "{text:?}");
    }
}

#[test]
fn hosts_are_compared_in_one_spelling() {
    for (text, expected) in [
        ("A.Example", "a.example"),
        ("a%2Eb", "a.b"),
        ("1.2.3.4.", "1.2.3.4"),
        ("1.2.772", "1.2.3.4"),
        ("0x01020304", "1.2.3.4"),
        ("4294967295", "255.255.255.255"),
        ("0xg.a", "0xg.a"),
        ("1.0xg", "1.0xg"),
    ] {
        assert_eq!(host(text).as_deref(), Ok(expected), "{text}");
    }
    for text in [
        "4294967296",
        "1.2.3.4.5",
        "1.2.65536",
        "a.08",
        "1.256.1",
        "99999999999",
    ] {
        assert_eq!(host(text), Err(Unreadable::Ipv4), "{text}");
    }
}

proptest! {
    #[test]
    fn what_was_read_is_read_again_as_the_same(
        text in "(http|HTTPS|x)?:?[/\\\\]{0,3}[a-z0-9.@:%\\[\\]/?#\\\\ é]{0,40}",
    ) {
        if let Ok(address) = Address::parse(&text) {
            let base = BaseUrl::origin(&address).unwrap();
            let again = Address::parse(&base.display(&address.target())).unwrap();
            let without = Authority { login: None, ..address.authority.clone() };
            prop_assert_eq!(&again, &Address { authority: without, has_fragment: false, ..address.clone() });
            // Whoever reads it sees no login in what is shown.
            let shown = without_login(&text);
            prop_assert!(address.authority.login.is_none() || shown.is_some());
            let shown = Address::parse(&shown.unwrap_or(text)).map(|shown| shown.authority.login);
            prop_assert!(matches!(shown, Ok(None) | Err(_)), "{:?}", shown);
        }
    }

    #[test]
    fn no_password_before_an_at_is_shown(
        before in "(https?:|[a-z]{1,3}:)?[/\\\\]{2,3}", user in "[a-z]{0,3}", after in "[a-z:/?#.]{0,9}",
    ) {
        let shown = without_login(&format!("{before}{user}:hunter2@{after}")).unwrap();
        prop_assert!(!shown.contains("hunter2"), "{}", shown);
    }

    #[test]
    fn nothing_panics(text in any::<String>(), other in any::<String>()) {
        let _ = (without_login(&text), Authority::parse(&text), host(&text));
        if let Ok(address) = Address::parse(&format!("http:{text}")) {
            let _ = address.join(&other);
        }
    }
}
