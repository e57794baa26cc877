//! A server that reads reports, keeps nothing, and says that it has them: what it would keep must not be in anybody's memory.

use crate::Result;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};

/// Answers each request with the id of the one report that is sent to it. The thread ends with the program.
pub(super) fn start(id: String) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::Builder::new()
        .name("sink".to_owned())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that breaks off is the client's to tell.
                let _ = serve(stream, &id);
            }
        })?;
    Ok(address)
}

fn serve(stream: TcpStream, id: &str) -> std::io::Result<()> {
    let mut output = stream.try_clone()?;
    let mut input = BufReader::with_capacity(64 << 10, stream);
    loop {
        let (mut length, mut chunked) = (0_u64, false);
        let mut line = String::new();
        loop {
            line.clear();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
            if header.starts_with("expect:") {
                output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
        }
        if chunked {
            loop {
                line.clear();
                input.read_line(&mut line)?;
                let size = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
                skip(&mut input, size + 2)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            skip(&mut input, length)?;
        }
        let body = format!(r#"[{{"ID":"{id}","uuid":"{id}"}}]"#);
        write!(
            output,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

fn skip(input: &mut impl Read, bytes: u64) -> std::io::Result<()> {
    std::io::copy(&mut input.take(bytes), &mut std::io::sink()).map(drop)
}
