//! What a user, an environment or a file says: addresses, tokens, proxies, certificates, captures.

use wats_http::http::{Method, Uri};
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{
    Call, ErrorKind, Idempotency, NoProxy, Operation, ProxyConfig, ProxyCredentials, TlsConfig,
    Token, Trace,
};

use super::host::{check, client, run};

static ITEM: Operation = Operation::new(
    "fuzz.item",
    Method::GET,
    "/item/{id}",
    Idempotency::Idempotent,
);

/// A text that is no part of any message of ours.
const SECRET: &str = "hunter2hunter2";

/// Any list and any host through the matcher of `NO_PROXY`. First line the host, the rest the list.
pub(crate) fn no_proxy(text: &str) {
    let (host, list) = text.split_once('\n').unwrap_or((text, ""));
    let alone = NoProxy::parse(list).matches(host, 443);
    // More entries never take a match away.
    let more = NoProxy::parse(&format!("{list},other.example")).matches(host, 443);
    assert!(more || !alone);
    assert!(NoProxy::parse("*").matches(host, 443));
}

/// Any base URL (the first line) and any value in path and query (the rest): what is sent is one path segment more than
/// the base has, and a query of one value.
pub(crate) fn address(text: &str) {
    let (base, value) = text.split_once('\n').unwrap_or((text, "value"));
    let mock = MockTransport::new().on(Method::GET, "/*", [MockAnswer::json(&1)]);
    let client = match client(base).transport(mock.clone()).build() {
        Ok(client) => client,
        Err(error) => {
            check(&error);
            assert_eq!(error.kind(), ErrorKind::Config);
            return;
        }
    };
    let call = Call::new(&ITEM).path("id", value).query("$filter", value);
    if let Err(error) = run(client.execute(call)) {
        check(&error);
        let is_step = |piece: &str| {
            let dots = piece.replace("%2e", ".").replace("%2E", ".");
            matches!(&dots[..], "." | "..")
        };
        let steps = value.split(['/', '\\']).any(is_step);
        assert!(value.is_empty() || steps, "{error:#}");
        return;
    }
    let target = &mock.requests()[0].target;
    assert!(target.parse::<Uri>().is_ok(), "{target}");
    let (path, query) = target.split_once('?').expect("a query");
    let (_, segment) = path.rsplit_once('/').expect("a path");
    assert_eq!(query, format!("$filter={segment}"));
    assert_eq!(segment.len(), wats_http::encoded_len(value));
    assert!(path.ends_with(&format!("/item/{segment}")), "{target}");
}

/// Any text as token, proxy, password and certificate: taken or refused, and never shown.
pub(crate) fn settings(text: &str) {
    let mut shown = String::new();
    let mut note = |told: String| shown.push_str(&told);
    match Token::new(&format!("{SECRET}{text}")) {
        Ok(token) => note(format!("{token:?}")),
        Err(error) => note(format!("{error:#} {error:?}")),
    }
    for address in [
        format!("http://user:{SECRET}@{text}"),
        format!("socks5h://{SECRET}:{SECRET}@{text}"),
        format!("{text}://user:{SECRET}@host"),
        format!("user:{SECRET}{text}"),
    ] {
        match ProxyConfig::url(&address) {
            Ok(proxy) => {
                let login = proxy.clone().credentials(ProxyCredentials {
                    user: text,
                    password: SECRET,
                });
                note(format!("{proxy:?} {login:?}"));
            }
            Err(error) => note(format!("{error:#} {error:?}")),
        }
        match client(&address).build() {
            Ok(client) => note(format!("{client:?}")),
            Err(error) => note(format!("{error:#} {error:?}")),
        }
    }
    assert!(!shown.contains(SECRET), "{text:?}: {shown}");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let key = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    for text in [text, &pem, &key] {
        if let Ok(tls) = TlsConfig::default().only_ca_pem(text) {
            let _ = client("https://host").tls(tls).build();
        }
        if let Ok(tls) = TlsConfig::default().client_certificate_pem(&pem, text) {
            let _ = client("https://host").tls(tls).build();
        }
    }
}

/// Any file as a capture: read, printed and replayed, or refused.
pub(crate) fn capture(bytes: &[u8]) {
    let Ok(trace) = serde_json::from_slice::<Trace>(bytes) else {
        return;
    };
    // A terminal must not obey what a server or a file says.
    let shown = format!("{trace}");
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!shown.contains(control), "{shown:?}");
    let again = serde_json::to_vec(&trace).expect("what was read can be written");
    let again: Trace = serde_json::from_slice(&again).expect("what was written can be read");
    assert_eq!(again, trace);
    if let Err(error) = MockTransport::replay(&trace) {
        check(&error);
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
