//! Servers that stay, and plain requests over TCP with nothing of a client of ours.

use std::cell::RefCell;
use std::rc::Rc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use wats_sim::{ReportRules, Simulator};

/// After so many requests a server is replaced, so that what it keeps does not slow it down.
const LIFE: usize = 3_000;

struct Servers {
    runtime: Runtime,
    basic: (usize, Option<Rc<Simulator>>),
    strict: (usize, Option<Rc<Simulator>>),
}

thread_local! {
    static SERVERS: RefCell<Servers> = RefCell::new(Servers {
        runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
        basic: (0, None),
        strict: (0, None),
    });
}

/// The server of these rules.
pub(crate) fn server(rules: ReportRules) -> Rc<Simulator> {
    SERVERS.with_borrow_mut(|servers| {
        let (uses, one) = match rules {
            ReportRules::Strict => &mut servers.strict,
            _ => &mut servers.basic,
        };
        *uses += 1;
        if *uses % LIFE == 0 {
            *one = None;
        }
        let start = || {
            let builder = Simulator::builder().products(20).report_rules(rules);
            let sim = servers.runtime.block_on(builder.start());
            Rc::new(sim.expect("it starts"))
        };
        Rc::clone(one.get_or_insert_with(start))
    })
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request, with the token, and waits for its answer, which must come.
pub(crate) fn ask(sim: &Simulator, method: &str, target: &str, body: &[u8]) -> Answer {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: x\r\nauthorization: Basic {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        sim.token(),
        body.len()
    );
    let address = sim.base_url().trim_start_matches("http://");
    let mut answer = Vec::new();
    SERVERS.with_borrow(|servers| {
        servers.runtime.block_on(async {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            // A server that refuses early does not read all of it.
            let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
            let _ = stream.read_to_end(&mut answer).await;
        });
    });
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer to {method} {target}"));
    let text = String::from_utf8_lossy(&answer[..end]);
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        body: answer[end + 4..].to_vec(),
    }
}

/// A text as it stands in a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
