//! Answers without a network. Everything above the wire is real: addresses, repeats, deadlines, decoding, errors.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    RETRY_AFTER, TRANSFER_ENCODING,
};
use http::{Method, StatusCode, Version};
use http_body_util::BodyExt;
use serde::Serialize;

use crate::body::Outgoing;
use crate::capture::Trace;
use crate::error::{Error, ErrorKind, Result};
use crate::request::{PreparedRequest, RedirectTarget};
use crate::transport::{Answer, Transport};
use crate::uri::Address;

/// A stand-in for the network; clones share rules and notes. See [`ClientBuilder::transport`](crate::ClientBuilder::transport).
///
/// A request gets the next answer of the first rule that matches it; the last answer of a rule is given for ever. A
/// request without a rule is an error that says so.
///
/// ```
/// use wats_http::test_util::{MockAnswer, MockTransport};
/// use wats_http::{Call, Client, Idempotency, Operation, http::Method};
///
/// static VERSION: Operation = Operation::new("app.version", Method::GET, "/api/App/Version", Idempotency::Idempotent);
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> wats_http::Result<()> {
/// let mock = MockTransport::new().on(
///     Method::GET,
///     "/api/App/Version",
///     [MockAnswer::status(503), MockAnswer::json(&"2025.3")],
/// );
/// let client = Client::builder().base_url("http://mock").token("dXNlcjpwYXNz").transport(mock.clone()).build()?;
/// let answer = client.execute(Call::new(&VERSION)).await?;
/// assert_eq!(answer.json::<String>()?, "2025.3");
/// assert_eq!((answer.attempts(), mock.requests().len()), (2, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MockTransport {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<MockRequest>,
}

struct Rule {
    method: Method,
    target: Target,
    answers: Vec<MockAnswer>,
    given: usize,
    /// Whether the last answer is given again.
    endless: bool,
    /// Makes the answers, in the place of the list.
    answer: Option<Respond>,
}

type Respond = Arc<dyn Fn(&MockRequest) -> MockAnswer + Send + Sync>;

/// The next answer of a rule.
enum Next {
    Given(MockAnswer),
    Made(Respond),
}

/// Which requests a rule is for.
#[derive(Debug)]
enum Target {
    /// With any query.
    Path(String),
    /// Paths that begin so.
    Below(String),
    /// With this query.
    PathAndQuery(String),
}

impl Target {
    fn read(text: String) -> Self {
        match text.strip_suffix('*') {
            Some(start) => Self::Below(start.to_owned()),
            None if text.contains('?') => Self::PathAndQuery(text),
            None => Self::Path(text),
        }
    }

    fn fits(&self, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or_default();
        match self {
            Self::Path(only) => path == only,
            Self::Below(start) => path.starts_with(start),
            Self::PathAndQuery(only) => target == only,
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.answers.len().saturating_sub(self.given);
        write!(f, "{} {:?} ({left} left)", self.method, self.target)
    }
}

impl Rule {
    fn next(&mut self) -> Option<Next> {
        if let Some(respond) = &self.answer {
            return Some(Next::Made(Arc::clone(respond)));
        }
        let answer = match self.answers.get(self.given) {
            Some(answer) => Some(answer),
            None if self.endless => self.answers.last(),
            None => None,
        };
        self.given += 1;
        answer.cloned().map(Next::Given)
    }
}

/// What a client asked of a [`MockTransport`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MockRequest {
    /// The method.
    pub method: Method,
    /// Path and query as sent, escaped.
    pub target: String,
    /// The headers of the call; the token is not among them.
    pub headers: HeaderMap,
    /// The body as sent; a streamed one was read to its end.
    pub body: Bytes,
}

/// What a [`MockTransport`] does with a request.
#[derive(Debug, Clone)]
pub struct MockAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    delay: Duration,
    fails: Option<Fails>,
}

#[derive(Debug, Clone, Copy)]
enum Fails {
    Refused,
    Broken,
    Never,
}

impl MockAnswer {
    /// An answer with this status and no body. A number that is no status counts as 500.
    pub fn status(code: u16) -> Self {
        Self {
            status: StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            delay: Duration::ZERO,
            fails: None,
        }
    }

    /// `200 OK` with a value as JSON. One that does not serialise is answered with 500 and the reason.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match crate::json::write("the answer", value) {
            Ok(body) => Self::status(200).body(body, "application/json"),
            Err(error) => Self::status(500).body(error.to_string(), "text/plain"),
        }
    }

    /// The connection cannot be opened: nothing was sent.
    pub fn refused() -> Self {
        Self::status(200).failing(Fails::Refused)
    }

    /// The connection breaks after the request was sent.
    pub fn broken() -> Self {
        Self::status(200).failing(Fails::Broken)
    }

    /// No answer ever comes.
    pub fn never() -> Self {
        Self::status(200).failing(Fails::Never)
    }

    fn failing(mut self, how: Fails) -> Self {
        self.fails = Some(how);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>, content_type: impl TryInto<HeaderValue>) -> Self {
        self.body = body.into();
        if let Ok(content_type) = content_type.try_into() {
            self.headers.insert(CONTENT_TYPE, content_type);
        }
        self
    }

    /// Sets a header; one that cannot be sent is left out.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Asks the client to wait this long (`Retry-After`).
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.insert(RETRY_AFTER, seconds.into());
        self
    }

    /// Comes after this time, on tokio's clock.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl MockTransport {
    /// One without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule: requests of this method and path get these answers in turn. The path is matched as it is sent,
    /// escaped, without the query; a `*` at its end matches any rest, and one with a `?` is matched with the query.
    pub fn on(
        self,
        method: Method,
        path: impl Into<String>,
        answers: impl IntoIterator<Item = MockAnswer>,
    ) -> Self {
        let answers = answers.into_iter().collect();
        self.rule(method, Target::read(path.into()), answers, true)
    }

    /// Adds a rule whose answers are made of the requests, by a stand-in for a server that remembers. It runs when the
    /// request was sent, and must not use this mock.
    ///
    /// ```
    /// use wats_http::test_util::{MockAnswer, MockTransport};
    /// use wats_http::http::Method;
    ///
    /// let echo = MockTransport::new().answer(Method::PUT, "/*", |request| MockAnswer::json(&request.target));
    /// # let _ = echo;
    /// ```
    pub fn answer(
        self,
        method: Method,
        path: impl Into<String>,
        respond: impl Fn(&MockRequest) -> MockAnswer + Send + Sync + 'static,
    ) -> Self {
        let mock = self.rule(method, Target::read(path.into()), Vec::new(), true);
        if let Some(rule) = mock.lock().rules.last_mut() {
            rule.answer = Some(Arc::new(respond));
        }
        mock
    }

    /// Answers with what a capture noted, in its order for each method and address; a request too many is an error.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the capture does not hold a whole successful answer: it was cut, streamed, or is not
    /// text. Take it with a larger [`Capture::max_body`](crate::Capture::max_body).
    pub fn replay(trace: &Trace) -> Result<Self> {
        let mut mock = Self::new();
        for exchange in &trace.exchanges {
            let method: Method = exchange.method.parse().map_err(|_| {
                Error::config(format!("`{}` is not an HTTP method", exchange.method))
            })?;
            let address = Address::parse(&exchange.url).map_err(|why| {
                Error::config(format!("`{}` is not an address: {why}", exchange.url))
            })?;
            let target = address.target();
            let answer = match &exchange.answer {
                None => MockAnswer::broken(),
                Some(answer) => {
                    let success = (200..300).contains(&answer.status);
                    if success && !answer.body.exact {
                        return Err(Error::config(format!(
                            "the capture does not hold the whole answer to {method} {target}"
                        )));
                    }
                    let mut replayed = MockAnswer::status(answer.status);
                    replayed.body = Bytes::from(answer.body.text.clone());
                    for (name, value) in &answer.headers {
                        if let (Ok(name), Ok(value)) =
                            (name.parse::<HeaderName>(), HeaderValue::from_str(value))
                        {
                            replayed.headers.append(name, value);
                        }
                    }
                    // The body was taken out of these.
                    for framing in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING] {
                        replayed.headers.remove(framing);
                    }
                    replayed
                }
            };
            mock = mock.rule(method, Target::PathAndQuery(target), vec![answer], false);
        }
        Ok(mock)
    }

    fn rule(self, method: Method, target: Target, answers: Vec<MockAnswer>, endless: bool) -> Self {
        self.lock().rules.push(Rule {
            method,
            target,
            answers,
            given: 0,
            endless,
            answer: None,
        });
        self
    }

    /// What was asked so far, repeats included.
    pub fn requests(&self) -> Vec<MockRequest> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for MockTransport {
    type Body = Bytes;

    async fn send(
        &self,
        request: &PreparedRequest<'_>,
        redirect_target: Option<&RedirectTarget>,
    ) -> Result<Answer<Bytes>> {
        let target =
            redirect_target.map_or(request.target, |redirect_target| &redirect_target.target);
        let answer = self
            .lock()
            .rules
            .iter_mut()
            .filter(|rule| rule.method == request.method && rule.target.fits(target))
            .find_map(Rule::next);
        let refused = matches!(&answer, Some(Next::Given(answer)) if matches!(answer.fails, Some(Fails::Refused)));
        request.mark_sent(!refused);
        let body = if refused {
            Bytes::new()
        } else {
            let body = Outgoing::new(&request.body, None).collect().await;
            body.map_err(|e| Error::request("the body to send cannot be read").source(e))?
                .to_bytes()
        };
        let sent = MockRequest {
            method: request.method.clone(),
            target: target.to_owned(),
            headers: request.headers.clone(),
            body,
        };
        self.lock().requests.push(sent.clone());
        let answer = answer.map(|next| match next {
            Next::Given(answer) => answer,
            Next::Made(respond) => respond(&sent),
        });
        let Some(answer) = answer else {
            let method = &request.method;
            return Err(Error::request(format!(
                "the mock has no answer (left) for {method} {target}"
            )));
        };
        if !answer.delay.is_zero() {
            tokio::time::sleep(answer.delay).await;
        }
        match answer.fails {
            None => {}
            Some(Fails::Refused) => return Err(Error::new(ErrorKind::Connect).never_sent()),
            Some(Fails::Broken) => return Err(Error::new(ErrorKind::Transport)),
            Some(Fails::Never) => std::future::pending().await,
        }
        if answer.body.len() > request.limits.wire {
            return Err(Error::new(ErrorKind::TooLarge).message(format!(
                "{} bytes, the limit is {}",
                answer.body.len(),
                request.limits.wire
            )));
        }
        Ok(Answer {
            status: answer.status,
            version: Version::HTTP_11,
            headers: answer.headers,
            body: answer.body,
        })
    }
}
