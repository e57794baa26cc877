//! What the server says: whether it is WATS, its clock, and what the token may do.

use std::time::Duration;

use wats::http::{Response, http::Method};
use wats::server::{Access, ClockSkew};
use wats::{Error, ErrorKind, Wats};

use super::findings::Findings;
use super::way::milliseconds;
use crate::Outcome;
use crate::exit::Exit;

/// Clocks that differ by more are worth a look.
const ODD: Duration = Duration::from_secs(60);

/// Where clocks differ by more, the server sets reports aside that begin in its future.
const WRONG: Duration = Duration::from_secs(300);

const VERSION: &str = "/api/App/Version";
const SUBMIT: &str = "/api/Report/WSJF";

const NEW_TOKEN: &str = "put a token that the server accepts into WATS_AUTH_TOKEN, the token file or the profile; they are made in the \
                         Control Panel of the server";
const RIGHTS: &str =
    "have the right added to the token in the Control Panel of the server, or take another token";

pub(super) async fn ask(findings: &mut Findings<'_>, wats: &Wats) -> Outcome<()> {
    match wats.http().get(VERSION).send().await {
        Ok(response) => {
            let version = format!("{:?}", response.version());
            let is_wats = response.json::<String>();
            match is_wats {
                Ok(_) => findings.good("http", version)?,
                Err(error) => {
                    not_wats(findings, &version, &error.into())?;
                    return Ok(());
                }
            }
            clock(findings, wats).await?;
            limits(findings, &response)?;
        }
        Err(error) => return refused(findings, error.into()),
    }
    rights(findings, wats).await
}

/// Why the first call failed.
fn refused(findings: &mut Findings<'_>, error: Error) -> Outcome<()> {
    match error.status().map(|status| status.as_u16()) {
        Some(401) => findings.error("token", error, NEW_TOKEN),
        Some(403) => findings.error("token", error, RIGHTS),
        _ if error.kind() == ErrorKind::Proxy => {
            let remedy = "put the user name and the password of the proxy into its address in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY";
            findings.error("proxy", error, remedy)
        }
        Some(429) => {
            let remedy = "too many calls were made with this token: wait, or look which program makes them";
            findings.error("server", error, remedy)
        }
        Some(404) => not_wats(findings, "", &error),
        _ if error.kind() == ErrorKind::Decode => not_wats(findings, "", &error),
        _ => findings.error(
            "server",
            error,
            "the connection works, and the server does not answer as it should: try later, or ask who runs it",
        ),
    }
}

fn not_wats(findings: &mut Findings<'_>, version: &str, error: &Error) -> Outcome<()> {
    let found = format!("something else than WATS answers: {error:#} {version}");
    let remedy =
        "check the address of the server; a network with a login page answers in its place, too";
    findings.fail("server", Exit::Failed, found.trim_end(), remedy)
}

async fn clock(findings: &mut Findings<'_>, wats: &Wats) -> Outcome<()> {
    let ping = match wats.ping().await {
        Ok(ping) => ping,
        Err(error) => return refused(findings, error),
    };
    let found = format!(
        "WATS {}, {} away",
        ping.version,
        milliseconds(ping.round_trip)
    );
    findings.good("server", found)?;
    let Some(skew) = ping.clock_skew else {
        let remedy = "compare the clocks by hand";
        return findings.warn("clock", "the server does not tell the time", remedy);
    };
    let found = difference(&skew);
    let remedy = "set the clock of this machine (NTP): reports that begin in the server's future are set aside by it";
    if skew.exceeds(WRONG) {
        findings.fail("clock", Exit::Failed, found, remedy)
    } else if skew.exceeds(ODD) {
        findings.warn("clock", found, remedy)
    } else {
        findings.good("clock", found)
    }
}

fn difference(skew: &ClockSkew) -> String {
    let seconds = skew.offset.as_secs();
    match seconds {
        0 => "the clock is that of the server".to_owned(),
        ahead @ 1.. => format!("the server's clock is {ahead} s ahead"),
        behind => format!("the server's clock is {} s behind", behind.unsigned_abs()),
    }
}

/// What the server says of its limit of calls.
fn limits(findings: &mut Findings<'_>, response: &Response) -> Outcome<()> {
    let told: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            name.contains("ratelimit") || name.contains("rate-limit")
        })
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let found = match told.len() {
        0 => "the server tells none; this program keeps to 500 calls a minute".to_owned(),
        _ => told.join(", "),
    };
    findings.good("limit", found)
}

async fn rights(findings: &mut Findings<'_>, wats: &Wats) -> Outcome<()> {
    let can = wats.capabilities().await?;
    match can.reads {
        Ok(Access::Allowed) => findings.good("read", "the token may read")?,
        Ok(Access::Refused(error)) => right(findings, "read", error)?,
        Err(error) => findings.error("read", error, "try again")?,
    }
    submits(findings, wats).await?;
    match can.internal_routes {
        Ok(Access::Allowed) => {
            findings.good("internal", "the token may ask what became of reports")?;
        }
        Ok(Access::Refused(error)) => {
            let found = format!("what became of reports cannot be asked: {error:#}");
            let remedy =
                "only --confirm needs it; the right is one of the token in the Control Panel";
            findings.warn("internal", found, remedy)?;
        }
        Err(error) => {
            let found =
                format!("whether it can be asked what became of reports is not known: {error:#}");
            findings.warn("internal", found, "only --confirm needs it")?;
        }
    }
    Ok(())
}

fn right(findings: &mut Findings<'_>, check: &str, error: Error) -> Outcome<()> {
    let remedy = match error.status().map(|status| status.as_u16()) {
        Some(401) => NEW_TOKEN,
        Some(403) => RIGHTS,
        _ => "the server has no such route: check the address and the version of the server",
    };
    findings.error(check, error, remedy)
}

/// Whether the token may submit: by an empty text, which no server can take for a report. One that looks at it has let it in.
async fn submits(findings: &mut Findings<'_>, wats: &Wats) -> Outcome<()> {
    let empty = wats
        .http()
        .request(Method::POST, SUBMIT)
        .body("", "application/json");
    let error = match empty.send().await {
        Ok(_) => return findings.good("submit", "the token may submit"),
        Err(error) => Error::from(error),
    };
    match error.status().map(|status| status.as_u16()) {
        Some(401 | 403 | 404 | 405) => right(findings, "submit", error),
        Some(400..=499) if error.status().is_some_and(|status| status.as_u16() != 429) => {
            findings.good("submit", "the token may submit")
        }
        Some(500) => findings.good("submit", "the token may submit"),
        _ => findings.error("submit", error, "try again"),
    }
}
