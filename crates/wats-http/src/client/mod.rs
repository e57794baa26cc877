//! The client: calls out, answers in. [`builder`] makes it of its configuration.

mod builder;

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Method;
use tokio::time::timeout;
use tracing::Instrument;

pub use self::builder::ClientBuilder;
use crate::address::{self, BaseUrl};
use crate::any_transport::{AnyBody, AnyTransport};
use crate::body::{Payload, Upload};
use crate::call::{Call, Options};
use crate::config::{SizeLimits, Timeouts, or_forever};
use crate::context::CallContext;
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::identity::Current;
use crate::observe;
use crate::operation::Idempotency;
use crate::pipeline::{Buffered, Pipeline, ResponseMode, Streamed};
use crate::pool::PoolStats;
use crate::probe::{Probe, Prober};
use crate::request::{AttemptProgress, PreparedRequest};
use crate::response::{Download, Response};
use crate::token::{Token, TokenFingerprint};

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
    prober: Arc<Prober>,
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
    /// as [`RetryConfig`](crate::RetryConfig) and the operation's [`Idempotency`] allow.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection in use (HTTP/1.1) or resets the stream (HTTP/2) and frees the slot. The
    /// server may have carried out the call.
    pub fn execute(&self, call: Call) -> impl Future<Output = Result<Response>> + Send {
        Self::response(&*self.shared, call)
    }

    /// As [`execute`](Self::execute), in a box.
    ///
    /// The code of a call is long. The compiler makes it anew in every crate that awaits `execute`, and once for all that
    /// await this.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn execute_boxed(
        &self,
        call: Call,
    ) -> Pin<Box<dyn Future<Output = Result<Response>> + Send>> {
        let shared = Arc::clone(&self.shared);
        // Made where it stays: it is large.
        let future = Box::write(Box::new_uninit(), Self::response(shared, call));
        let pinned: Pin<Box<_>> = Box::into_pin(future);
        pinned
    }

    /// As [`download`](Self::download), in a box; see [`execute_boxed`](Self::execute_boxed).
    ///
    /// # Errors
    /// As [`download`](Self::download).
    pub fn download_boxed(
        &self,
        call: Call,
    ) -> Pin<Box<dyn Future<Output = Result<Download>> + Send>> {
        let shared = Arc::clone(&self.shared);
        let future = Box::write(Box::new_uninit(), Self::opened(shared, call));
        let pinned: Pin<Box<_>> = Box::into_pin(future);
        pinned
    }

    fn response<S>(shared: S, call: Call) -> impl Future<Output = Result<Response>> + Send
    where
        S: Borrow<Shared> + Send,
    {
        // An `async fn` around it would hold the call once more, beside the one within.
        Self::call::<Buffered, S>(shared, call).map(|sent| {
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

    fn opened<S>(shared: S, call: Call) -> impl Future<Output = Result<Download>> + Send
    where
        S: Borrow<Shared> + Send,
    {
        let limits = call
            .options
            .as_ref()
            .and_then(|options| options.limits.as_ref());
        let cap = limits.unwrap_or(&shared.borrow().pipeline.limits).decoded;
        Self::call::<Streamed, S>(shared, call).map(move |sent| {
            let (answer, attempts, call) = sent?;
            Download::new(answer, attempts, cap, call)
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
        Self::opened(&*self.shared, call)
    }

    /// The client is lent, or the future's own.
    async fn call<W: ResponseMode<AnyBody>, S: Borrow<Shared>>(
        shared: S,
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
        let shared = shared.borrow();
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
        let most = options.as_ref().and_then(|options| options.max_attempts);
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
            max_attempts: most.unwrap_or(u32::MAX),
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
    /// [`PoolConfig::max_idle`](crate::PoolConfig) of them stay open for longer than a moment. Once the first one has told the protocol, at
    /// most eight are being opened at a time.
    ///
    /// # Errors
    /// The server cannot be reached; connections opened by then stay.
    pub async fn warm(&self, n: usize) -> Result<()> {
        self.shared.transport.warm(n).await
    }

    /// Has calls that begin from now on use this token; calls under way keep theirs. Connections stay open, and the rate
    /// limit is that of the new token. Earlier tokens stay secret. A [`TokenProvider`](crate::TokenProvider) gives its own again when this one is
    /// refused.
    ///
    /// # Errors
    /// As [`Token::new`]; the token stays what it was.
    pub fn set_token(&self, token: impl AsRef<str>) -> Result<()> {
        let token = Token::new(token.as_ref())?;
        self.shared.identity.change(&token);
        Ok(())
    }

    /// The fingerprint of the token that calls have that begin now.
    pub fn token_fingerprint(&self) -> TokenFingerprint {
        self.shared.identity.get().fingerprint
    }

    /// How often the token was changed, by [`set_token`](Self::set_token) or a [`TokenProvider`](crate::TokenProvider). An
    /// answer is that of one token if this says the same before its call began and after it has come: for who keeps answers.
    #[inline]
    pub fn token_changes(&self) -> u64 {
        self.shared.identity.changes()
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
                prober: Arc::clone(&shared.prober),
            }),
        }
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Goes the way to the server step by step with a connection of its own, which is closed at once: name, proxy,
    /// socket, TLS. No request is sent, and no token. Each step has at most [`Timeouts::connect`], or 10 s.
    ///
    /// ```no_run
    /// # async fn example(client: wats_http::Client) {
    /// let way = client.probe().await;
    /// match &way.connected {
    ///     Some(Ok(time)) => println!("{}:{} is {time:?} away", way.host, way.port),
    ///     Some(Err(error)) => println!("there is no connection: {error:#}"),
    ///     None => println!("{} has no address", way.host),
    /// }
    /// # }
    /// ```
    pub async fn probe(&self) -> Probe {
        self.shared.prober.probe(&self.shared.base).await
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

    /// The path that stands before the paths of all calls, such as `/wats`; empty where the server has the whole address.
    pub fn base_path(&self) -> &str {
        self.shared.base.prefix()
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
