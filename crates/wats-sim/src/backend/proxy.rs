//! Hands requests on to a real server, one connection each, and archives the exchanges.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::archive::{Exchange, RequestKey};
use super::writer::Archive;
use crate::answer::Answer;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A real server and where its answers are kept.
pub(crate) struct Proxy {
    host: String,
    port: u16,
    /// What comes before `/api`.
    path: String,
    tls: Option<TlsConnector>,
    archive: Archive,
    /// Most bytes of an answer.
    max_body: usize,
}

impl Proxy {
    /// `url` is that of the server, without `/api`.
    pub(crate) fn open(url: &str, archive: &Path, max_body: usize) -> Result<Self, String> {
        let uri: Uri = url
            .parse()
            .map_err(|error| format!("'{url}' is not a URL: {error}"))?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(format!(
                "'{url}' is not a URL such as https://factory.wats.com"
            ));
        };
        let tls = match scheme {
            "https" => Some(connector().map_err(|error| format!("cannot set up TLS: {error}"))?),
            _ => None,
        };
        Ok(Self {
            host: host.to_owned(),
            port: uri
                .port_u16()
                .unwrap_or(if tls.is_some() { 443 } else { 80 }),
            path: uri.path().trim_end_matches('/').to_owned(),
            tls,
            archive: Archive::open(archive)
                .map_err(|problem| format!("{}: {problem}", archive.display()))?,
            max_body,
        })
    }

    /// The server's answer; 502 says why there is none.
    pub(crate) async fn answer(&self, head: &Parts, body: Bytes) -> Answer {
        let request = RequestKey::new(
            head.method.as_str(),
            head.uri.path(),
            head.uri.query(),
            &body,
        );
        let answer = match self.exchange(head, body).await {
            Ok(answer) => answer,
            Err(problem) => return bad_gateway(format!("{} did not answer: {problem}", self.host)),
        };
        let text = |(name, value): &(HeaderName, HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = answer.headers.iter().filter_map(text).collect();
        let exchange = Exchange::scrubbed(request, answer.status.as_u16(), headers, &answer.body);
        match self.archive.add(&exchange) {
            Ok(()) => answer,
            Err(problem) => bad_gateway(format!("The exchange cannot be archived: {problem}")),
        }
    }

    async fn exchange(&self, head: &Parts, body: Bytes) -> Result<Answer, Failure> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                self.exchange_over(tls.connect(name, stream).await?, head, body)
                    .await
            }
            None => self.exchange_over(stream, head, body).await,
        }
    }

    async fn exchange_over<S>(
        &self,
        stream: S,
        head: &Parts,
        body: Bytes,
    ) -> Result<Answer, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let running = tokio::spawn(connection);
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = format!("{}{path}", self.path).parse()?;
        for (name, value) in &head.headers {
            if !is_of_connection(name) {
                request.headers_mut().append(name, value.clone());
            }
        }
        let host = if [80, 443].contains(&self.port) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        };
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::try_from(host)?);
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.max_body)
            .collect()
            .await?
            .to_bytes();
        running.abort();
        let headers = head
            .headers
            .iter()
            .filter(|(name, _)| !is_of_connection(name));
        Ok(Answer {
            status: head.status,
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            body,
        })
    }
}

/// Headers that are between two neighbours only, and the packing of bodies, which is left out.
fn is_of_connection(name: &HeaderName) -> bool {
    const OF_CONNECTION: &[HeaderName] = &[
        header::HOST,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::ACCEPT_ENCODING,
        header::TE,
        header::UPGRADE,
        header::DATE,
    ];
    OF_CONNECTION.contains(name) || name == "keep-alive"
}

/// TLS that trusts what the system trusts.
fn connector() -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn bad_gateway(message: String) -> Answer {
    Answer::message(StatusCode::BAD_GATEWAY, message)
}
