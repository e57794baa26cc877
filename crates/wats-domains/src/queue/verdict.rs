//! What the outcome of a submit means for a report in a queue: an outage is everybody's, a refusal is the report's own.

use wats_http::{ErrorKind, http::StatusCode};
use wats_queue::{Fault, Verdict};

use crate::error::Error;
use crate::report::Finding;

/// So many bytes of findings are kept with a report; a [`Fault`] has no room for more.
const MOST_FINDINGS: usize = 2_500;

/// What a failed submit means.
pub(super) fn of(error: &Error) -> Verdict {
    let fault = fault(error);
    match error.kind() {
        ErrorKind::Status(status) => of_status(status, error, fault),
        ErrorKind::Config
        | ErrorKind::Connect
        | ErrorKind::Proxy
        | ErrorKind::Tls
        | ErrorKind::CircuitOpen => Verdict::Unreachable(fault),
        // It never got as far as the server: the wait for a connection, or for the rate limit, took too long.
        ErrorKind::Timeout(_) | ErrorKind::Transport if error.is_unsent() => {
            Verdict::Unreachable(fault)
        }
        ErrorKind::TooLarge | ErrorKind::Decode => Verdict::WrongReceiver(fault),
        _ if matches!(error, Error::Report(_) | Error::Codec { .. }) => Verdict::Refused(fault),
        // A deadline, a broken connection, or something of this program that stood in the way: the report may be the reason.
        _ => Verdict::Failed(fault),
    }
}

fn of_status(status: StatusCode, error: &Error, fault: Fault) -> Verdict {
    match status.as_u16() {
        401 => Verdict::Unauthorized(fault),
        403 => Verdict::Forbidden(fault),
        400 | 422 if is_page(error) => Verdict::Failed(fault),
        // Proxies say 413 too, with a page of their own: it is the size that is refused, not who asks.
        400 | 413 | 422 => Verdict::Refused(fault),
        429 => Verdict::Throttled {
            retry_after: error.as_http().and_then(wats_http::Error::retry_after_hint),
            fault,
        },
        300..=399 | 404 | 405 | 410 | 415 | 501 => Verdict::WrongReceiver(fault),
        407 | 502..=504 | 520..=530 => Verdict::Unreachable(fault),
        _ => Verdict::Failed(fault),
    }
}

/// Whether a web page was the answer: the server's own refusals are JSON.
fn is_page(error: &Error) -> bool {
    error
        .body_excerpt()
        .is_some_and(|answer| answer.trim_start().starts_with('<'))
}

/// Why, as it is stored with the report.
pub(super) fn fault(error: &Error) -> Fault {
    let kind = match error.kind() {
        ErrorKind::Status(status) => format!("status {}", status.as_u16()),
        ErrorKind::Timeout(_) => "deadline".to_owned(),
        kind => kind.to_string(),
    };
    Fault::new(kind, format!("{error:#}")).detail(findings(&error.findings()))
}

/// Findings as a JSON list: as many as there is room for.
fn findings(findings: &[Finding]) -> String {
    let mut list = String::new();
    for finding in findings {
        let Ok(text) = serde_json::to_string(finding) else {
            continue;
        };
        if list.len() + text.len() + 2 > MOST_FINDINGS {
            break;
        }
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(&text);
    }
    if !list.is_empty() {
        list.push(']');
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, lint};

    #[test]
    fn findings_are_kept_as_whole_ones() {
        assert_eq!(findings(&[]), "");
        let one = lint(&Report::default());
        assert!(!one.is_empty());
        let many: Vec<Finding> = one.iter().cloned().cycle().take(100).collect();
        for list in [findings(&one), findings(&many)] {
            assert!(list.len() <= MOST_FINDINGS);
            let read: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
            assert!(!read.is_empty());
        }
    }

    #[test]
    fn what_never_left_blames_no_report() {
        for error in [Error::Config(String::new()), Error::Stopped] {
            assert!(!matches!(of(&error), Verdict::Refused(_)), "{error}");
        }
        assert!(matches!(
            of(&Error::Report(Vec::new())),
            Verdict::Refused(_)
        ));
    }
}
