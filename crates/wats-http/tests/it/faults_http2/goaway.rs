//! A GOAWAY that names the last stream: what comes after it was not worked on, and goes out again whatever it is.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// The frame (RFC 9113, section 6.8), without debug data.
fn goaway(last: u32) -> Vec<u8> {
    let mut frame = vec![0, 0, 8, 7, 0, 0, 0, 0, 0];
    frame.extend([last, 0].map(u32::to_be_bytes).concat());
    frame
}

/// Reads a connection to its first HEADERS frame, announces its end, ends it after a stream, and closes.
async fn ends_after(last: u32, mut stream: TlsStream<TcpStream>) -> std::io::Result<()> {
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    stream.read_exact(&mut [0; 24]).await?;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await?;
        let [l2, l1, l0, kind, ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, l2, l1, l0]) as usize];
        stream.read_exact(&mut payload).await?;
        if kind == 1 {
            break;
        }
    }
    let announced = goaway(u32::MAX >> 1);
    stream
        .write_all(&[announced, goaway(last)].concat())
        .await?;
    stream.shutdown().await
}

#[tokio::test]
async fn a_call_past_the_last_stream_is_sent_again_whatever_it_is_and_one_before_is_not() {
    for (last, again) in [(0, true), (1, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (acceptor, pem) = tls_acceptor(Speaks::Tls);
        let opened = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&opened);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let stream = acceptor.accept(stream).await.unwrap();
                if counted.fetch_add(1, SeqCst) == 0 {
                    ends_after(last, stream).await.unwrap();
                } else {
                    answer_all(h2::server::handshake(stream).await.unwrap()).await;
                }
            }
        });
        let client = client(&url)
            .tls(TlsConfig::default().only_ca_pem(&pem).unwrap())
            .build()
            .unwrap();
        let outcome = client.execute(Call::new(&POST)).await;
        if again {
            assert_eq!(&outcome.unwrap().body()[..], b"fine");
            assert_eq!(opened.load(SeqCst), 2);
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Transport, 1),
                "{error:#}"
            );
            assert_eq!(opened.load(SeqCst), 1);
        }
    }
}
