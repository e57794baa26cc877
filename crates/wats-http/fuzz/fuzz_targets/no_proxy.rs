//! Any list and any host through the matcher of `NO_PROXY`. First line the host, the rest the list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wats_http::NoProxy;

fuzz_target!(|text: &str| {
    let (host, list) = text.split_once('\n').unwrap_or((text, ""));
    let alone = NoProxy::parse(list).matches(host, 443);
    // More entries never take a match away.
    let more = NoProxy::parse(&format!("{list},other.example")).matches(host, 443);
    assert!(more || !alone);
    assert!(NoProxy::parse("*").matches(host, 443));
});
