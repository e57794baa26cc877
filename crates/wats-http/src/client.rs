//! The client: configuration in, calls out.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, USER_AGENT};
use tokio::time::timeout;
use tracing::Instrument;

use crate::address::{self, BaseUrl};
use crate::any_transport::{AnyBody, AnyTransport};
use crate::body::{Payload, Upload};
use crate::breaker::{Breaker, BreakerConfig};
use crate::budget::Budget;
use crate::call::{Call, Options};
use crate::config::{PoolConfig, RetryConfig, SizeLimits, Timeouts, or_forever};
use crate::context::CallContext;
use crate::encoding::{self, CompressionState, RequestCompression};
use crate::error::{Deadline, Error, ErrorKind, Result, ServiceName};
use crate::identity::{Current, Identity};
use crate::intercept::Intercept;
use crate::observe;
use crate::operation::Idempotency;
use crate::pipeline::{Buffered, Pipeline, ResponseMode, Streamed};
use crate::pool::{Pool, PoolStats};
use crate::proxy::ProxyConfig;
use crate::rate_limit::{self, RateLimit};
use crate::request::{AttemptProgress, PreparedRequest};
use crate::response::{Download, Response};
#[cfg(feature = "test-util")]
use crate::test_util::MockTransport;
use crate::tls::TlsConfig;
use crate::token::{Secrets, Token, TokenProvider};
use crate::token_refresh::TokenRefresh;

/// A pooled HTTP client for one server. Cheap to clone; clones share the pool.
///
/// It must be used within one tokio runtime: connections are driven by tasks of the runtime that opened them. For another
/// runtime take [`with_own_pool`](Client::with_own_pool).
///
/// ```no_run
/// use wats_http::{Call, Client, Idempotency, Operation};
/// use http::Method;
///
/// static VERSION: Operation = Operation::new("app.version", Method::GET, "/api/App/Version", Idempotency::Idempotent);
///
/// # async fn example() -> wats_http::Result<()> {
/// let client = Client::builder().base_url("https://server.example").token("dXNlcjpwYXNz").build()?;
/// let version: String = client.execute(Call::new(&VERSION)).await?.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What all clones, and the answers they gave, have in common.
pub(crate) struct Shared {
    pub(crate) base: Arc<BaseUrl>,
    pub(crate) identity: Arc<Current>,
    pipeline: Arc<Pipeline>,
    transport: AnyTransport,
    /// Makes another transport as this one was at first: without connections.
    another: Arc<dyn Fn() -> AnyTransport + Send + Sync>,
}

impl Client {
    /// Starts the configuration of a client; base URL and token are required.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Sends a call and returns its successful (2xx) answer, whole and decompressed.
    ///
    /// # Errors
    /// Anything but a 2xx answer within the deadlines and caps; see [`ErrorKind`](crate::ErrorKind). Tries are repeated
    /// as [`RetryConfig`] and the operation's [`Idempotency`] allow.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection in use (HTTP/1.1) or resets the stream (HTTP/2) and frees the slot. The
    /// server may have carried out the call.
    pub fn execute(&self, call: Call) -> impl Future<Output = Result<Response>> + Send {
        // An `async fn` around it would hold the call once more, beside the one within.
        self.call::<Buffered>(call).map(|sent| {
            let (received, attempts, call) = sent?;
            Ok(Response {
                status: received.status,
                version: received.version,
                headers: received.headers,
                body: received.body,
                attempts,
                call,
            })
        })
    }

    /// Sends a call and hands its successful (2xx) answer out piece by piece, decompressed and within the caps.
    ///
    /// Repeats and deadlines hold until the answer begins; from then on only [`Timeouts::read_idle`] does, while a
    /// piece is waited for.
    ///
    /// # Errors
    /// As [`execute`](Self::execute) until the answer begins.
    ///
    /// ```no_run
    /// # use wats_http::{Call, Client, Operation};
    /// # async fn example(client: Client, operation: Operation) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = tokio::fs::File::create("report.json").await?;
    /// let download = client.download(Call::new(&operation)).await?;
    /// let bytes = download
    ///     .on_progress(|p| println!("{} of {:?} bytes", p.bytes, p.total))
    ///     .write_to(&mut file)
    ///     .await?;
    /// # let _ = bytes;
    /// # Ok(()) }
    /// ```
    pub fn download(&self, call: Call) -> impl Future<Output = Result<Download>> + Send {
        let limits = call
            .options
            .as_ref()
            .and_then(|options| options.limits.as_ref());
        let cap = limits.unwrap_or(self.limits()).decoded;
        self.call::<Streamed>(call).map(move |sent| {
            let (answer, attempts, call) = sent?;
            Download::new(answer, attempts, cap, call)
        })
    }

    async fn call<W: ResponseMode<AnyBody>>(
        &self,
        call: Call,
    ) -> Result<(W::Response, u32, CallContext)> {
        let Call {
            operation,
            params,
            query,
            headers,
            body,
            mut options,
            weight,
            mistake,
        } = call;
        let shared = &*self.shared;
        let mut call = CallContext {
            base: Arc::clone(&shared.base),
            identity: shared.identity.get().for_call(&headers),
            refreshed: OnceLock::new(),
            operation,
            target: String::new(),
        };
        let target = if call.operation.is_literal() {
            shared.base.literal(call.operation.path())
        } else {
            shared.base.target(call.operation.path(), &params, &query)
        };
        let target = target.and_then(|target| address::fits(target, &params, &query));
        match target {
            Ok(target) => call.target = target,
            Err(error) => {
                let path = call.operation.path();
                // A whole address may hold a password.
                if path.starts_with('/') && !path.starts_with("//") {
                    call.target = path.to_owned();
                }
                return Err(error.context(call.context()));
            }
        }
        if let Some(mistake) = mistake {
            return Err(mistake.context(call.context()));
        }
        let timeouts = options.as_mut().and_then(|options| options.timeouts.take());
        let timeouts = timeouts.as_ref().unwrap_or(&shared.pipeline.timeouts);
        let method = call.operation.method();
        let body = payload(body, options.as_deref_mut(), method, timeouts)
            .await
            .map_err(|error| error.context(call.context()))?;
        let limits = options.as_ref().and_then(|options| options.limits.as_ref());
        let mut request = PreparedRequest {
            method: call.operation.method().clone(),
            target: &call.target,
            common: &call.identity.headers,
            headers,
            body,
            plain: None,
            may_repeat: call.operation.idempotency() == Idempotency::Idempotent,
            weight,
            timeouts,
            limits: limits.unwrap_or(&shared.pipeline.limits),
            progress: AttemptProgress::default(),
        };
        let span = observe::call_span(&call);
        // Pinned where it is made: wrapped as a whole it would be moved about, which costs more than the wrapper.
        let sent = {
            let sending = pin!(shared.pipeline.execute::<W, _>(
                &shared.transport,
                &mut request,
                &call
            ));
            sending.instrument(span.clone()).await
        };
        let status = sent.as_ref().map(|(got, _)| W::view(got).status());
        observe::ended(&span, status);
        let attempts = sent.as_ref().map_or_else(Error::attempts, |(_, n)| *n);
        observe::resent(&span, attempts);
        let (got, attempts) = sent?;
        Ok((got, attempts, call))
    }

    /// Opens `n` connections ahead of need (one over HTTP/2), so that the first calls find them open. At most
    /// [`PoolConfig::max_idle`] of them stay open for longer than a moment. Once the first one has told the protocol, at
    /// most eight are being opened at a time.
    ///
    /// # Errors
    /// The server cannot be reached; connections opened by then stay.
    pub async fn warm(&self, n: usize) -> Result<()> {
        self.shared.transport.warm(n).await
    }

    /// Has calls that begin from now on use this token; calls under way keep theirs. Connections stay open, and the rate
    /// limit is that of the new token. Earlier tokens stay secret. A [`TokenProvider`] gives its own again when this one is
    /// refused.
    ///
    /// # Errors
    /// As [`Token::new`]; the token stays what it was.
    pub fn set_token(&self, token: impl AsRef<str>) -> Result<()> {
        let token = Token::new(token.as_ref())?;
        self.shared.identity.change(&token);
        Ok(())
    }

    /// The same client with connections of its own: a pool as large, and everything else shared, such as the token, the
    /// rate limit and the breaker. For a second runtime, because connections move only while the runtime does that opened
    /// them.
    pub fn with_own_pool(&self) -> Self {
        let shared = &*self.shared;
        Self {
            shared: Arc::new(Shared {
                base: Arc::clone(&shared.base),
                identity: Arc::clone(&shared.identity),
                pipeline: Arc::clone(&shared.pipeline),
                transport: (shared.another)(),
                another: Arc::clone(&shared.another),
            }),
        }
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What the connection pool did so far and holds now.
    pub fn pool_stats(&self) -> PoolStats {
        self.shared.transport.stats()
    }

    /// The deadlines of calls that have none of their own.
    pub fn timeouts(&self) -> &Timeouts {
        &self.shared.pipeline.timeouts
    }

    /// The caps on the size of answers.
    pub fn limits(&self) -> &SizeLimits {
        &self.shared.pipeline.limits
    }

    /// The address of the server, without credentials.
    pub fn base_url(&self) -> String {
        self.shared.base.display("")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base.display(""))
            .field("pipeline", &self.pipeline)
            .field("pool", &self.transport.stats())
            .finish_non_exhaustive()
    }
}

/// The body of a call in the form in which each attempt can begin with it.
async fn payload(
    body: Bytes,
    options: Option<&mut Options>,
    method: &Method,
    timeouts: &Timeouts,
) -> Result<Payload> {
    let Some(options) = options else {
        return Ok(Payload::Buffered(body));
    };
    let Some(source) = options.source.take() else {
        return Ok(Payload::Buffered(body));
    };
    let limit = or_forever(timeouts.attempt);
    let upload = Box::pin(timeout(
        limit,
        Upload::prepare(source, options.on_upload.take()),
    ));
    // A file may be far away, and a source that may be empty is asked.
    let upload = upload.await.map_err(|_| {
        Error::new(ErrorKind::Timeout(Deadline::Attempt))
            .message(format!("{limit:?}, while the body was looked at"))
            .never_sent()
    })??;
    if !upload.has_length() && matches!(*method, Method::GET | Method::HEAD) {
        return Err(Error::request(
            "a GET or HEAD has a body only if its length is known; say it with BodySource::length",
        ));
    }
    Ok(Payload::Stream(Arc::new(upload)))
}

/// Configuration of a [`Client`].
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    base_url: Option<String>,
    token: Option<Result<Token>>,
    provider: Option<TokenProvider>,
    pool: PoolConfig,
    timeouts: Timeouts,
    retry: RetryConfig,
    limits: SizeLimits,
    rate_limit: OnByDefault<RateLimit>,
    breaker: OnByDefault<BreakerConfig>,
    request_compression: RequestCompression,
    tls: TlsConfig,
    proxy: ProxyConfig,
    user_agent: Option<String>,
    service: ServiceName,
    intercepts: Vec<Arc<dyn Intercept>>,
    redirects: u32,
    #[cfg(feature = "test-util")]
    mock: Option<MockTransport>,
}

/// A part that is on by default and can be switched off.
#[derive(Debug)]
struct OnByDefault<T>(Option<T>);

impl<T: Default> Default for OnByDefault<T> {
    fn default() -> Self {
        Self(Some(T::default()))
    }
}

impl ClientBuilder {
    /// The root of the server, such as `https://server.example`; the paths of calls go below it. A trailing `/` is
    /// accepted.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The API token; see [`Token::new`] for accepted forms. It can be changed later ([`Client::set_token`]).
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.token = Some(Token::new(token.as_ref()));
        self.provider = None;
        self
    }

    /// Where the API token comes from, if it may change: it is read when the client is built, and again when the server
    /// refuses it. In the place of [`token`](Self::token).
    pub fn token_provider(mut self, provider: TokenProvider) -> Self {
        self.provider = Some(provider);
        self.token = None;
        self
    }

    /// Whether there is a base URL, in whatever form.
    pub fn has_base_url(&self) -> bool {
        self.base_url.is_some()
    }

    /// Whether there is a token or where it comes from, in whatever form.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.provider.is_some()
    }

    /// Limits of the connection pool.
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.pool = pool;
        self
    }

    /// Deadlines.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Repeats of failed attempts.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Caps on the size of answers.
    pub fn limits(mut self, limits: SizeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many calls the token may make; default 500 per 60 s, `None` for no limit.
    ///
    /// The budget is shared by all clients of this process with the same token and server.
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.rate_limit = OnByDefault(limit.into());
        self
    }

    /// When calls fail at once because the server keeps failing; `None` for never.
    pub fn breaker(mut self, breaker: impl Into<Option<BreakerConfig>>) -> Self {
        self.breaker = OnByDefault(breaker.into());
        self
    }

    /// Whether the bodies of requests are compressed; default never. Answers always may be.
    pub fn request_compression(mut self, choice: RequestCompression) -> Self {
        self.request_compression = choice;
        self
    }

    /// Which servers to trust.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Whether and how to go through a proxy; by default as the environment says.
    pub fn proxy(mut self, proxy: ProxyConfig) -> Self {
        self.proxy = proxy;
        self
    }

    /// Adds an interceptor, which is called on every attempt. May be called several times.
    pub fn intercept(mut self, hook: impl Intercept + 'static) -> Self {
        self.intercepts.push(Arc::new(hook));
        self
    }

    /// How many redirects in a row are followed; default 0: a redirect is an error that names its target.
    ///
    /// Only GET and HEAD are redirected, never from `https` to `http`. Another origin is sent neither the token nor
    /// cookies nor the client certificate.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sends nothing to a network but asks this instead.
    #[cfg(feature = "test-util")]
    pub fn transport(mut self, mock: MockTransport) -> Self {
        self.mock = Some(mock);
        self
    }

    /// What the client calls itself; default `wats-http/<version>`.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// What messages call the service that this is a client of: with `Acme` they speak of "the Acme server".
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service.name = Some(name.into());
        self
    }

    /// Where users of the service make tokens, such as "the Control Panel", for messages that ask for one.
    pub fn token_source(mut self, place: impl Into<String>) -> Self {
        self.service.token_source = Some(place.into());
        self
    }

    /// Checks the configuration and makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming what is missing or wrong. Every number and time has a meaning
    /// or is refused here by its name.
    pub fn build(self) -> Result<Client> {
        self.timeouts.check(Error::config)?;
        self.retry.check()?;
        self.pool.check()?;
        if let Some(limit) = &self.rate_limit.0 {
            limit.check()?;
        }
        if let Some(breaker) = &self.breaker.0 {
            breaker.check()?;
        }
        let base = self.base_url.ok_or_else(|| {
            Error::config(format!(
                "no base URL; call base_url(..) with the address of {}, such as https://server.example",
                self.service.server()
            ))
        })?;
        let base = Arc::new(BaseUrl::parse(&base)?);
        if base.tls {
            crate::tls::server_name(&base.host)?;
        } else if !base.is_loopback() {
            tracing::warn!(host = %base.host, "the base URL is http://, so the token goes over the network unencrypted; use https://");
        }
        let token = self.provider.as_ref().map(TokenProvider::read);
        let token = token.or(self.token).ok_or_else(|| {
            Error::config(format!(
                "no token; call token(..) with an API token, made {}",
                self.service.token_source()
            ))
        })??;
        let user_agent = self
            .user_agent
            .unwrap_or_else(|| concat!("wats-http/", env!("CARGO_PKG_VERSION")).to_owned());
        let common = HeaderMap::from_iter([
            // The server negotiates; without this some routes answer in XML or HTML.
            (ACCEPT, HeaderValue::from_static("application/json")),
            (
                ACCEPT_ENCODING,
                HeaderValue::from_static(encoding::ACCEPTED),
            ),
            (
                USER_AGENT,
                HeaderValue::try_from(user_agent).map_err(|source| {
                    Error::config("the user agent has illegal characters").source(source)
                })?,
            ),
        ]);
        let proxies = self.proxy.resolve(|name| std::env::var_os(name))?;
        // What the environment says is an error only if it is about this server.
        proxies.for_origin(&base)?;
        let mut secrets = Secrets::default();
        for login in proxies.logins() {
            secrets.add_lasting(&login.user, &login.password);
        }
        let identity = Identity::new(&token, common, &base.host_header, secrets, self.service);
        let limiter = self
            .rate_limit
            .0
            .map(|limit| rate_limit::shared(token.secret().as_bytes(), &base.authority, &limit));
        let identity = Arc::new(Current::new(identity, limiter.clone(), &*base.authority));
        let current = Arc::clone(&identity);
        let another = {
            let (base, timeouts) = (Arc::clone(&base), self.timeouts.clone());
            let (tls, config) = (self.tls, self.pool);
            #[cfg(feature = "test-util")]
            let mock = self.mock;
            move || {
                #[cfg(feature = "test-util")]
                if let Some(mock) = &mock {
                    return AnyTransport::Mock(mock.clone());
                }
                AnyTransport::Pool(Pool::new(
                    Arc::clone(&base),
                    proxies.clone(),
                    tls.clone(),
                    config.clone(),
                    timeouts.clone(),
                ))
            }
        };
        let jitter = self.retry.jitter_seed.map(fastrand::Rng::with_seed);
        let pipeline = Pipeline {
            timeouts: self.timeouts,
            budget: Budget::new(&self.retry),
            intercepts: self.intercepts,
            redirects: self.redirects,
            jitter: jitter.map(Mutex::new),
            retry: self.retry,
            limits: self.limits,
            limiter,
            tokens: self.provider.map(|it| TokenRefresh::new(it, current)),
            breaker: self.breaker.0.as_ref().map(Breaker::new),
            compression: CompressionState::new(self.request_compression),
        };
        Ok(Client {
            shared: Arc::new(Shared {
                base,
                identity,
                pipeline: Arc::new(pipeline),
                transport: another(),
                another: Arc::new(another),
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not checked yet, so it may hold a password.
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url.as_ref().map(|_| "set"))
            .field("token", &self.token.as_ref().map(|_| "set"))
            .field("token_provider", &self.provider)
            .field("pool", &self.pool)
            .field("timeouts", &self.timeouts)
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .field("rate_limit", &self.rate_limit.0)
            .field("breaker", &self.breaker.0)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .field("request_compression", &self.request_compression)
            .field("intercepts", &self.intercepts)
            .field("redirects", &self.redirects)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
