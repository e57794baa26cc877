//! From the settings to the connection.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use wats::Wats;
use wats::http::TlsFacts;

use super::findings::Findings;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;

/// A certificate should be replaced before so little time is left.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// The settings, each with where it comes from; and the client, if they make one.
pub(super) fn settings(findings: &mut Findings<'_>, context: &Context) -> Outcome<Option<Wats>> {
    let config = match context.config() {
        Ok(config) => config,
        Err(failure) => {
            let remedy = "mend it; `wats config` shows all settings";
            findings.fail("settings", failure.exit, &failure.message, remedy)?;
            return Ok(None);
        }
    };
    findings.good("settings", config.place())?;
    let entries = config.entries();
    for entry in &entries {
        findings.good("setting", entry.to_string())?;
    }
    let has = |keys: &[&str]| entries.iter().any(|entry| keys.contains(&entry.key));
    if !has(&["base_url"]) {
        let remedy = "set WATS_BASE_URL, give --base-url, or put base_url into a profile";
        findings.fail(
            "settings",
            Exit::Usage,
            "there is no address of a server",
            remedy,
        )?;
        return Ok(None);
    }
    if !has(&["auth_token", "token_file"]) {
        let remedy =
            "set WATS_AUTH_TOKEN or WATS_TOKEN_FILE, give --token-file, or put it into a profile";
        findings.fail("settings", Exit::Access, "there is no token", remedy)?;
        return Ok(None);
    }
    match context.client_of(&config) {
        Ok(wats) => Ok(Some(wats)),
        Err(failure) => {
            let remedy =
                "mend the setting that is named; `wats config` shows where each comes from";
            findings.fail("settings", failure.exit, &failure.message, remedy)?;
            Ok(None)
        }
    }
}

/// The way to the server. Says whether there is one.
pub(super) async fn connection(findings: &mut Findings<'_>, wats: &Wats) -> Outcome<bool> {
    let way = wats.http().probe().await;
    let server = format!("{}:{}", way.host, way.port);
    let proxy = way.proxy.as_deref();
    if let Some(proxy) = proxy {
        findings.good("proxy", format!("{proxy} leads to {server}"))?;
    } else {
        findings.good("proxy", "none, the server is reached directly")?;
    }
    match way.addresses {
        Ok(addresses) => {
            let shown: Vec<String> = addresses.iter().take(4).map(IpAddr::to_string).collect();
            let time = milliseconds(way.lookup_time);
            let name = proxy.unwrap_or(&way.host);
            findings.good("name", format!("{name} is {} ({time})", shown.join(", ")))?;
        }
        Err(error) => {
            let remedy = match proxy {
                Some(_) => "check the name of the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
                None => {
                    "check the name in the address of the server, the network and its DNS; where there is a proxy, set HTTPS_PROXY"
                }
            };
            findings.error("name", error.into(), remedy)?;
            return Ok(false);
        }
    }
    match way.connected {
        Some(Ok(time)) => {
            // Without TLS a proxy takes each request by itself: whether it leads on is seen then.
            let other = proxy.filter(|_| way.tls.is_none()).unwrap_or(&server);
            findings.good(
                "connection",
                format!("{other} answers ({})", milliseconds(time)),
            )?;
        }
        Some(Err(error)) => {
            let remedy = match proxy {
                Some(_) => {
                    "check the proxy: its address, its user name and password, and whether it lets this machine to the server"
                }
                None => {
                    "check whether the server runs, its port, and the firewall; where there is a proxy, set HTTPS_PROXY"
                }
            };
            findings.error("connection", error.into(), remedy)?;
            return Ok(false);
        }
        None => return Ok(false),
    }
    match way.tls {
        Some(Ok(tls)) => certificate(findings, &tls)?,
        Some(Err(error)) => {
            let remedy = of_refused(&format!("{error:#}"));
            findings.error("tls", error.into(), remedy)?;
            return Ok(false);
        }
        None => {
            let is_here = way
                .host
                .parse::<IpAddr>()
                .map_or(way.host == "localhost", |address| address.is_loopback());
            if is_here {
                findings.good("tls", "none, the server is on this machine")?;
            } else {
                let found = "none: the token and all reports go over the network unencrypted";
                findings.warn("tls", found, "use an address that begins with https://")?;
            }
        }
    }
    Ok(true)
}

/// What to do about a certificate that is not trusted, by the words that tell why.
fn of_refused(why: &str) -> &'static str {
    // What the library advises stands behind a dash, and names all of these.
    let why = why.split('—').next().unwrap_or_default();
    let why: String = why.to_lowercase().split_whitespace().collect();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&["expired"]) {
        "have the certificate of the server replaced; check the clock of this machine, too"
    } else if says(&["notvalidyet"]) {
        "check the clock of this machine: by it the certificate is not valid yet"
    } else if says(&["notvalidforname"]) {
        "write the address of the server with a name that its certificate has"
    } else if says(&[
        "unknownissuer",
        "selfsigned",
        "self-signed",
        "notrustedroot",
    ]) {
        "give the certificate of the authority that signed it with --ca, if it is your company's own; a proxy that looks into TLS signs \
         with its own, too"
    } else {
        "if a company's own authority signed the certificate, give it with --ca; if it has expired or names another host, mend the \
         server; check the clock of this machine"
    }
}

fn certificate(findings: &mut Findings<'_>, tls: &TlsFacts) -> Outcome<()> {
    let time = milliseconds(tls.elapsed);
    let version = tls.version.replace("TLSv1_", "TLS 1.");
    let by = tls.issuer.as_ref().map(|name| format!(" of {name}"));
    let what = format!(
        "{version}, a trusted certificate{} (chain of {})",
        by.unwrap_or_default(),
        tls.certificates
    );
    let left = tls
        .valid_until
        .and_then(|end| end.duration_since(SystemTime::now()).ok());
    let days = left.map(|left| left.as_secs() / 86_400);
    match (left, days) {
        (Some(left), Some(days)) if left < SOON => {
            let found = format!("{what}, which expires in {days} days ({time})");
            findings.warn("tls", found, "have the certificate of the server replaced")
        }
        (_, Some(days)) => findings.good("tls", format!("{what}, valid for {days} days ({time})")),
        _ => findings.good("tls", format!("{what} ({time})")),
    }
}

pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
