//! A bare HTTP client over hyper: one connection, no pool, no retry, nothing of ours.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper of the tests is the failing test"
)]

pub(crate) mod schema;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use wats_sim::{Builder, Simulator};

pub(crate) enum Client {
    H1(http1::SendRequest<Full<Bytes>>, String),
    H2(http2::SendRequest<Full<Bytes>>, String),
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["Message"]
            .as_str()
            .expect("an error has a Message")
            .to_owned()
    }
}

pub(crate) async fn start(builder: Builder) -> Simulator {
    builder.start().await.expect("the server starts")
}

fn address(sim: &Simulator) -> &str {
    sim.base_url().split_once("://").unwrap().1
}

impl Client {
    pub(crate) async fn h1(sim: &Simulator) -> Self {
        let stream = TcpStream::connect(address(sim)).await.unwrap();
        Self::h1_over(stream, sim).await
    }

    pub(crate) async fn h2(sim: &Simulator) -> Self {
        let stream = TcpStream::connect(address(sim)).await.unwrap();
        Self::h2_over(stream, sim).await
    }

    /// TLS that trusts the server's authority only; speaks what ALPN settles on.
    pub(crate) async fn tls(sim: &Simulator, alpn: &[&[u8]]) -> Self {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, ServerName};
        let mut roots = rustls::RootCertStore::empty();
        let pem = sim
            .ca_certificate_pem()
            .expect("a TLS server has an authority");
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let tcp = TcpStream::connect(address(sim)).await.unwrap();
        let host = address(sim).rsplit_once(':').unwrap().0;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).unwrap();
        let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await
            .unwrap();
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            Self::h2_over(stream, sim).await
        } else {
            Self::h1_over(stream, sim).await
        }
    }

    async fn h1_over<S>(stream: S, sim: &Simulator) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self::H1(sender, sim.base_url().to_owned())
    }

    async fn h2_over<S>(stream: S, sim: &Simulator) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self::H2(sender, sim.base_url().to_owned())
    }

    /// Sends with the default token; the error is the connection's.
    pub(crate) async fn try_send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, hyper::Error> {
        let base = match self {
            Self::H1(_, base) | Self::H2(_, base) => base.clone(),
        };
        let authority = base.split_once("://").unwrap().1.to_owned();
        let is_h2 = matches!(self, Self::H2(..));
        let asked = (method.as_str().to_owned(), path.to_owned());
        let uri = if is_h2 {
            format!("{base}{path}")
        } else {
            path.to_owned()
        };
        let mut request = Request::builder().method(method).uri(uri);
        if !is_h2 {
            request = request.header("Host", authority);
        }
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        {
            request = request.header(
                "Authorization",
                format!("Basic {}", wats_sim::DEFAULT_TOKEN),
            );
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = match self {
            Self::H1(sender, _) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::H2(sender, _) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let header = |name: &str| {
            head.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let is_json = header("content-encoding").is_empty()
            && header("content-type").starts_with("application/json");
        if head.status == StatusCode::OK && is_json {
            schema::check(&asked.0, &asked.1, &body);
        }
        Ok(Reply {
            status: head.status,
            version: head.version,
            headers: head.headers,
            body,
        })
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Reply {
        self.try_send(method, path, &[], body)
            .await
            .expect("an answer")
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn put(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, body.to_string()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// Gets a route with its query options encoded.
    pub(crate) async fn query(&mut self, route: &str, options: &[(&str, &str)]) -> Reply {
        let encoded: Vec<_> = options
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        self.get(&format!("{route}?{}", encoded.join("&"))).await
    }
}

/// Percent-encodes everything but letters and digits.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A part number with everything that goes wrong in paths and filters.
pub(crate) const AWKWARD: &str = "A/B?x=1#2 %2F'ø";

/// The smallest test report the server takes in.
pub(crate) fn report(id: &str, serial_number: &str, result: &str, start: &str) -> Value {
    serde_json::json!({
        "id": id, "type": "T", "pn": "PART-0001", "sn": serial_number, "rev": "A",
        "processCode": 100, "result": result, "machineName": "Station", "location": "Lab",
        "purpose": "Test", "start": start,
        "uut": { "user": "me", "execTime": 1.5, "batchSN": "B1", "comment": "ø" },
        "root": {
            "id": 0, "name": "Main", "group": "M", "status": result, "stepType": "SequenceCall",
            "seqCall": { "path": "p", "name": "main.seq", "version": "1.2" },
            "steps": [
                { "id": 1, "name": "Rail", "group": "M", "status": result,
                  "causedUUTFailure": result == "F",
                  "numericMeas": [{ "compOp": "LOG", "unit": "V", "value": 5.0, "status": result }],
                  "attachment": { "name": "a.png", "contentType": "image/png", "data": "AAAA" } },
            ],
        },
        "miscInfos": [
            { "description": "Text", "text": "value" },
            { "description": "Number", "numeric": 7 },
        ],
        "subUnits": [{ "partType": "PCBA", "pn": "SUB", "rev": "C", "sn": "S-1" }],
        "assets": [{ "assetSN": "FIX-1", "usageCount": 1 }],
    })
}
