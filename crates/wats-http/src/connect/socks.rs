//! SOCKS5 (RFC 1928) with user name and password (RFC 1929): the handshake that turns a socket to a proxy into one to
//! the server.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::{Error, ErrorKind, Result};
use crate::proxy::Login;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks the proxy at the other end of `stream` to connect to `host:port`.
pub(super) async fn connect<S>(
    stream: &mut S,
    login: Option<&Login>,
    host: &str,
    port: u16,
) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // With a login both are offered, because many proxies that need none take no other offer.
    let offer: &[u8] = match login {
        Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
        None => &[VERSION, 1, NO_LOGIN],
    };
    write(stream, offer).await?;
    let login = match (read(stream).await?, login) {
        ([VERSION, NO_LOGIN], _) => None,
        ([VERSION, PASSWORD], Some(login)) => Some(login),
        ([VERSION, _], Some(_)) => {
            return Err(refused(
                "takes neither a user name and password nor calls without",
            ));
        }
        ([VERSION, _], None) => return Err(refused("wants a user name and password")),
        _ => return Err(not_socks()),
    };
    if let Some(login) = login {
        let mut message = vec![PASSWORD_VERSION];
        push(&mut message, &login.user)?;
        push(&mut message, &login.password)?;
        write(stream, &message).await?;
        let [_, outcome] = read(stream).await?;
        if outcome != 0 {
            return Err(refused("does not accept the user name and password"));
        }
    }
    let mut message = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            message.push(IPV4);
            message.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            message.push(IPV6);
            message.extend(address.octets());
        }
        Err(_) => {
            message.push(NAME);
            push(&mut message, host)?;
        }
    }
    message.extend(port.to_be_bytes());
    write(stream, &message).await?;
    let [version, outcome, _, kind] = read(stream).await?;
    if version != VERSION {
        return Err(not_socks());
    }
    if outcome != 0 {
        return Err(not_connected(outcome, host, port));
    }
    // Where the proxy is bound is of no use, but it stands before the server's first byte.
    let address = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let [length] = read(stream).await?;
            usize::from(length)
        }
        _ => return Err(not_socks()),
    };
    let mut bound = [0; 255 + 2];
    let bound = &mut bound[..address + 2];
    stream.read_exact(bound).await.map_err(broke)?;
    Ok(())
}

fn push(message: &mut Vec<u8>, text: &str) -> Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| Error::config(format!("`{text:.20}…` is too long for a SOCKS5 proxy")))?;
    message.push(length);
    message.extend(text.as_bytes());
    Ok(())
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, message: &[u8]) -> Result<()> {
    stream.write_all(message).await.map_err(broke)?;
    stream.flush().await.map_err(broke)
}

async fn read<const N: usize, S: AsyncRead + Unpin>(stream: &mut S) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(broke)?;
    Ok(bytes)
}

fn broke(source: io::Error) -> Error {
    Error::new(ErrorKind::Connect)
        .message("the connection to the SOCKS5 proxy broke during its handshake")
        .source(source)
}

fn refused(how: &str) -> Error {
    Error::new(ErrorKind::Proxy).message(format!("the SOCKS5 proxy {how}"))
}

fn not_socks() -> Error {
    Error::new(ErrorKind::Proxy).message("what answers at the proxy's address is no SOCKS5 proxy")
}

/// The reply codes of RFC 1928, section 6. What may be over in a moment is a failed connection like any other.
fn not_connected(code: u8, host: &str, port: u16) -> Error {
    let (kind, reason) = match code {
        1 => (ErrorKind::Connect, "general failure"),
        2 => (ErrorKind::Proxy, "its rules forbid it"),
        3 => (ErrorKind::Connect, "network unreachable"),
        4 => (ErrorKind::Connect, "host unreachable"),
        5 => (ErrorKind::Connect, "connection refused"),
        6 => (ErrorKind::Connect, "time to live expired"),
        7 | 8 => (ErrorKind::Proxy, "it does not support this"),
        _ => (ErrorKind::Proxy, "unknown reason"),
    };
    Error::new(kind).message(format!(
        "the SOCKS5 proxy did not connect to {host}:{port}: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_test_stream::Script;

    use super::*;

    /// A stream that answers from a script and keeps what is written.
    mod tokio_test_stream {
        use std::pin::Pin;
        use std::task::{Context, Poll};

        use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};

        #[derive(Default)]
        pub(super) struct Script {
            pub(super) answers: Vec<u8>,
            pub(super) written: Vec<u8>,
        }

        impl AsyncRead for Script {
            fn poll_read(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                // One byte at a time: messages do not arrive in one piece.
                if !self.answers.is_empty() {
                    buffer.put_slice(&[self.answers.remove(0)]);
                }
                Poll::Ready(Ok(()))
            }
        }

        impl AsyncWrite for Script {
            fn poll_write(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.written.extend(bytes);
                Poll::Ready(Ok(bytes.len()))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    }

    fn outcome(answers: &[u8], login: bool, host: &str) -> (Result<()>, Script) {
        let mut stream = Script {
            answers: answers.to_vec(),
            ..Script::default()
        };
        let login = login.then(|| {
            Login::new(crate::proxy::ProxyCredentials {
                user: "me",
                password: "pw",
            })
            .unwrap()
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let done = runtime.block_on(connect(&mut stream, login.as_ref(), host, 443));
        (done, stream)
    }

    #[test]
    fn the_bytes_are_those_of_the_standard() {
        let (done, stream) = outcome(&[5, 0, 5, 0, 0, 1, 9, 9, 9, 9, 1, 1, 77], false, "h.x");
        done.unwrap();
        assert_eq!(
            stream.written,
            b"\x05\x01\x00\x05\x01\x00\x03\x03h.x\x01\xbb"
        );
        assert_eq!(stream.answers, [77], "the server's first byte is left");
        let answers = [&[5, 2, 1, 0, 5, 0, 0, 4][..], &[0; 18]].concat();
        let (done, stream) = outcome(&answers, true, "10.0.0.1");
        done.unwrap();
        assert_eq!(
            stream.written,
            b"\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb"
        );
        // A proxy that needs no login is not told it.
        let (done, stream) = outcome(&[5, 0, 5, 0, 0, 1, 9, 9, 9, 9, 1, 1], true, "h.x");
        done.unwrap();
        assert_eq!(
            stream.written,
            b"\x05\x02\x00\x02\x05\x01\x00\x03\x03h.x\x01\xbb"
        );
        let (done, _) = outcome(&[5, 0, 5, 0, 0, 3, 1, b'x', 0, 0], false, "::1");
        done.unwrap();
    }

    #[test]
    fn refusals_say_why() {
        for (answers, login, kind, words) in [
            (&[5, 0xff][..], false, ErrorKind::Proxy, "wants a user name"),
            (&[5, 0xff], true, ErrorKind::Proxy, "takes neither"),
            (&[5, 1], true, ErrorKind::Proxy, "takes neither"),
            (&[5, 2], false, ErrorKind::Proxy, "wants a user name"),
            (&[5, 2, 1, 1], true, ErrorKind::Proxy, "does not accept"),
            (b"HTTP/1.1", false, ErrorKind::Proxy, "no SOCKS5 proxy"),
            (&[5, 0, 5, 5, 0, 1], false, ErrorKind::Connect, "refused"),
            (&[5, 0, 5, 2, 0, 1], false, ErrorKind::Proxy, "rules"),
            (&[5, 0, 5], false, ErrorKind::Connect, "broke"),
        ] {
            let error = outcome(answers, login, "h").0.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        let long = "x".repeat(256);
        assert_eq!(
            outcome(&[5, 0], false, &long).0.unwrap_err().kind(),
            ErrorKind::Config
        );
    }

    proptest! {
        #[test]
        fn no_answer_panics(answers in proptest::collection::vec(any::<u8>(), 0..300), login: bool) {
            let _ = outcome(&answers, login, "host");
            let _ = outcome(&[&[5, 0, 5, 0, 0][..], &answers].concat(), false, "host");
        }
    }
}
