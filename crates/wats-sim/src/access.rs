//! Who may come in, to what, and how often: tokens with their expiry, rights and rate limits.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::answer::Answer;

/// A token that a server accepts, and for what.
///
/// ```
/// use std::time::Duration;
/// use wats_sim::Access;
///
/// // May do everything, for an hour.
/// let station = Access::new("c3RhdGlvbg==").valid_for(Duration::from_secs(3600));
/// // May read reports and products, 500 times a minute.
/// let dashboard = Access::new("ZGFzaA==")
///     .read_only()
///     .only("/api/Report")
///     .only("/api/Product")
///     .rate_limit(500, Duration::from_secs(60));
/// # let _ = (station, dashboard);
/// ```
#[derive(Clone)]
pub struct Access {
    token: String,
    valid_for: Option<Duration>,
    read_only: bool,
    /// Beginnings of routes; none means all.
    only: Vec<String>,
    rate_limit: Option<(usize, Duration)>,
}

impl Access {
    /// Everything, without end, for this token as it stands after `Basic`.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            valid_for: None,
            read_only: false,
            only: Vec::new(),
            rate_limit: None,
        }
    }

    /// How long the token is accepted from now on, or from the start of the server; then it gets 401.
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }

    /// Only what reads: other requests get 403. The queries that are sent by POST (`/api/App/…`) read.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Only routes that begin with these segments, such as `/api/Report`; others get 403. Several add up.
    pub fn only(mut self, route: impl Into<String>) -> Self {
        self.only.push(route.into());
        self
    }

    /// At most `requests` of this token within any `per`; others get 429 with `Retry-After`. In place of the limit of the
    /// server ([`Builder::rate_limit`](crate::Builder::rate_limit)).
    pub fn rate_limit(mut self, requests: usize, per: Duration) -> Self {
        self.rate_limit = Some((requests, per));
        self
    }

    /// Whether the token may call a route.
    fn permits(&self, method: &str, template: &str) -> bool {
        let segments = |path: &str| -> Vec<String> {
            path.split('/')
                .filter(|part| !part.is_empty())
                .map(str::to_ascii_lowercase)
                .collect()
        };
        let route = segments(template);
        let reads = method == "GET" || method == "POST" && is_query(&route);
        (reads || !self.read_only)
            && (self.only.is_empty()
                || self
                    .only
                    .iter()
                    .any(|only| route.starts_with(&segments(only))))
    }
}

/// Statistics and lists that are asked for by POST.
fn is_query(route: &[String]) -> bool {
    let route: Vec<&str> = route.iter().map(String::as_str).collect();
    matches!(
        route.as_slice(),
        ["api", "app", ..] | ["api", "internal", "app" | "unitflow" | "trigger", ..]
    )
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("valid_for", &self.valid_for)
            .field("read_only", &self.read_only)
            .field("only", &self.only)
            .field("rate_limit", &self.rate_limit)
            .finish_non_exhaustive()
    }
}

/// The tokens that are accepted at this moment.
pub(crate) struct Tokens {
    /// What steers this server, whatever becomes of it elsewhere.
    own: String,
    /// The limit of those that have none of their own.
    rate_limit: Option<(usize, Duration)>,
    accepted: Mutex<Vec<Accepted>>,
}

struct Accepted {
    access: Access,
    until: Option<Instant>,
    limit: Option<RateLimit>,
}

impl Tokens {
    pub(crate) fn new(
        own: String,
        accesses: Vec<Access>,
        rate_limit: Option<(usize, Duration)>,
    ) -> Self {
        let tokens = Self {
            own,
            rate_limit,
            accepted: Mutex::default(),
        };
        for access in accesses {
            tokens.grant(access);
        }
        tokens
    }

    /// Accepts a token from now on, in place of what it was accepted for.
    pub(crate) fn grant(&self, access: Access) {
        let limit = access.rate_limit.or(self.rate_limit);
        let accepted = Accepted {
            until: access
                .valid_for
                .and_then(|valid| Instant::now().checked_add(valid)),
            limit: limit.map(|(requests, per)| RateLimit::new(requests, per)),
            access,
        };
        let mut all = self.accepted();
        all.retain(|known| known.access.token != accepted.access.token);
        all.push(accepted);
    }

    /// Accepts a token no more; whether it was.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let mut all = self.accepted();
        let before = all.len();
        all.retain(|known| known.access.token != token);
        all.len() < before
    }

    /// Accepts only this one from now on, without end.
    pub(crate) fn replace(&self, token: String) {
        self.accepted().clear();
        self.grant(Access::new(token));
    }

    /// `Authorization: Basic <token>`, the token taken as it is: 401, 403, 429 or nothing.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        method: &str,
        template: &str,
    ) -> Result<(), Answer> {
        let given = given(headers);
        if given == Some(&self.own) && !template.starts_with("/api/") {
            return Ok(());
        }
        let mut all = self.accepted();
        let known = all
            .iter_mut()
            .find(|known| Some(known.access.token.as_str()) == given);
        let Some(known) =
            known.filter(|known| known.until.is_none_or(|until| Instant::now() < until))
        else {
            let message = "Authorization has been denied for this request.";
            let answer = Answer::message(StatusCode::UNAUTHORIZED, message);
            let basic = HeaderValue::from_static("Basic realm=\"WATS\"");
            return Err(answer.with_header(header::WWW_AUTHENTICATE, basic));
        };
        if let Some(limit) = &mut known.limit {
            limit.check()?;
        }
        if !known.access.permits(method, template) {
            let message = format!("The token has no right to {method} {template}.");
            return Err(Answer::message(StatusCode::FORBIDDEN, message));
        }
        Ok(())
    }

    fn accepted(&self) -> MutexGuard<'_, Vec<Accepted>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of a request, as it stands after `Basic`.
pub(crate) fn given(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Basic").then(|| token.trim())
}

/// At most so many requests within any such time; a refused request does not count.
struct RateLimit {
    requests: usize,
    per: Duration,
    /// When the requests of the window came, at most `requests` of them.
    recent: VecDeque<Instant>,
}

impl RateLimit {
    fn new(requests: usize, per: Duration) -> Self {
        Self {
            requests,
            per,
            recent: VecDeque::new(),
        }
    }

    /// Lets a request in or says in how many whole seconds to come again.
    fn check(&mut self) -> Result<(), Answer> {
        let now = Instant::now();
        while self
            .recent
            .front()
            .is_some_and(|came| now.duration_since(*came) >= self.per)
        {
            self.recent.pop_front();
        }
        if self.recent.len() < self.requests {
            self.recent.push_back(now);
            return Ok(());
        }
        let free = self.recent.front().map_or(self.per, |came| {
            self.per.saturating_sub(now.duration_since(*came))
        });
        let seconds = free.as_secs() + u64::from(free.subsec_nanos() > 0);
        let message = format!("Too many requests. Come again in {seconds} s.");
        Err(Answer::message(StatusCode::TOO_MANY_REQUESTS, message)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_of_whole_segments_and_reading_is_more_than_get() {
        let all = Access::new("t");
        assert!(all.permits("DELETE", "/api/Asset"));
        let reader = Access::new("t").read_only();
        for (method, route, may) in [
            ("GET", "/api/Product/{partNumber}", true),
            ("POST", "/api/App/DynamicYield", true),
            ("POST", "/api/internal/UnitFlow/SN", true),
            ("POST", "/api/Report/WSJF", false),
            ("PUT", "/api/Product", false),
        ] {
            assert_eq!(reader.permits(method, route), may, "{method} {route}");
        }
        let products = Access::new("t").only("/api/product").only("/api/App/");
        for (route, may) in [
            ("/api/Product/{partNumber}", true),
            ("/api/Products", false),
            ("/api/Production/Units", false),
            ("/api/App/Version", true),
        ] {
            assert_eq!(products.permits("PUT", route), may, "{route}");
        }
    }
}
