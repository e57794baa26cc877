//! Hands requests on to a real server, over HTTP/1.1 and one connection each, and archives the exchanges. Bodies of answers are
//! kept unpacked, since what is packed cannot be looked through for secrets.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::archive::{Exchange, RequestKey};
use super::writer::Archive;
use crate::access::given;
use crate::answer::Answer;
use crate::body;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A real server and where its answers are kept.
pub(crate) struct Proxy {
    /// Scheme and authority, as in a `Location`.
    origin: String,
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
    /// `url` is that of the server, without `/api`; `authority` is the only one that is trusted, as PEM; without it, those that the system trusts.
    pub(crate) fn open(
        url: &str,
        authority: Option<&str>,
        archive: &Path,
        max_body: usize,
    ) -> Result<Self, String> {
        let uri: Uri = url
            .parse()
            .map_err(|error| format!("'{url}' is not a URL: {error}"))?;
        let (Some(scheme), Some(of_server)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!(
                "'{url}' is not a URL such as https://factory.wats.com"
            ));
        };
        let tls = match scheme {
            "https" => {
                Some(connector(authority).map_err(|error| format!("cannot set up TLS: {error}"))?)
            }
            _ => None,
        };
        Ok(Self {
            origin: format!("{scheme}://{of_server}"),
            host: of_server.host().to_owned(),
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
        let request = RequestKey::new(head, &body);
        let answer = match self.exchange(head, body).await {
            Ok(answer) => answer,
            Err(problem) => return bad_gateway(format!("{} did not answer: {problem}", self.host)),
        };
        let text = |(name, value): &(HeaderName, HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = answer.headers.iter().filter_map(text).collect();
        let exchange = Exchange::scrubbed(
            request,
            answer.status.as_u16(),
            headers,
            &answer.body,
            given(&head.headers),
        );
        match self.archive.add(&exchange) {
            Ok(()) => answer,
            Err(problem) => bad_gateway(format!("The exchange cannot be archived: {problem}")),
        }
    }

    /// The host without the brackets of an IPv6 address.
    fn host_name(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    async fn exchange(&self, head: &Parts, body: Bytes) -> Result<Answer, Failure> {
        let stream = TcpStream::connect((self.host_name(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host_name().to_owned())?;
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
            if !is_of_connection(name) || name == header::CONTENT_ENCODING {
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
        request.headers_mut().insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.max_body)
            .collect()
            .await?
            .to_bytes();
        running.abort();
        let body = match head.headers.get(header::CONTENT_ENCODING) {
            // An answer to HEAD tells of a body that it does not have.
            _ if body.is_empty() => body,
            Some(coding) if coding.as_bytes().eq_ignore_ascii_case(b"gzip") => {
                body::unpack(&body, self.max_body).map_err(|answer| answer.words())?
            }
            Some(coding) => {
                return Err(format!("it packs answers as {coding:?}, though not asked to").into());
            }
            None => body,
        };
        let headers = head
            .headers
            .iter()
            .filter(|(name, _)| !is_of_connection(name));
        Ok(Answer {
            status: head.status,
            headers: headers
                .map(|(name, value)| (name.clone(), self.without_origin(name, value)))
                .collect(),
            body,
        })
    }
}

impl Proxy {
    /// A header's value; where the server tells its own address, the path.
    fn without_origin(&self, name: &HeaderName, value: &HeaderValue) -> HeaderValue {
        let path = || {
            let path = value.to_str().ok()?.strip_prefix(&self.origin)?;
            HeaderValue::try_from(path).ok()
        };
        let path = (name == header::LOCATION).then(path).flatten();
        path.unwrap_or_else(|| value.clone())
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
        header::CONTENT_ENCODING,
        header::DATE,
    ];
    OF_CONNECTION.contains(name) || name == "keep-alive"
}

fn connector(authority: Option<&str>) -> Result<TlsConnector, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?;
    let config = match authority {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate?)?;
            }
            config.with_root_certificates(roots)
        }
        None => config.with_platform_verifier()?,
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

fn bad_gateway(message: String) -> Answer {
    Answer::message(StatusCode::BAD_GATEWAY, message)
}
