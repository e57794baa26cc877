//! Which server to connect to: the one that is named, the one that sentinels call master, or the node of a cluster that
//! has the namespace.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::Value;
use tokio::time::{Instant, timeout, timeout_at};
use wats_http::TlsConnector;

use crate::error::{Error, Result};
use crate::link::address::Server;
use crate::link::connect::{Greeting, connect};
use crate::link::session::failure;
use crate::link::settings::{Config, Sentinel};
use crate::link::state::State;

/// The server for an attempt after so many failures.
pub(super) async fn find(
    config: &Config,
    tls: Option<&TlsConnector>,
    state: &Arc<State>,
    failures: u32,
) -> Result<Server> {
    if let Some(server) = state.take_redirect() {
        return Ok(server);
    }
    if let Some(sentinel) = &config.sentinel {
        // The rest is for the master itself.
        let limit = config.connect_timeout / 2;
        return master(sentinel, tls, state, limit).await;
    }
    let next = failures as usize % config.servers.len().max(1);
    config.servers.get(next).cloned().ok_or(Error::NoSession)
}

/// What more than half of the sentinels say; if they do not agree in time, what most of those say that have answered.
async fn master(
    sentinel: &Sentinel,
    tls: Option<&TlsConnector>,
    state: &Arc<State>,
    limit: Duration,
) -> Result<Server> {
    let mut answers: Vec<Server> = Vec::new();
    let mut error = Error::NoSession;
    let deadline = Instant::now() + limit;
    let mut asked: FuturesUnordered<_> = sentinel
        .servers
        .iter()
        .map(|server| timeout(limit, ask(server, sentinel, tls, state)))
        .collect();
    while let Ok(Some(answer)) = timeout_at(deadline, asked.next()).await {
        match answer {
            Ok(Ok(master)) => {
                answers.push(master.clone());
                if times(&answers, &master) > sentinel.servers.len() / 2 {
                    return Ok(master);
                }
            }
            Ok(Err(other)) => error = other,
            Err(_) => error = Error::Timeout(limit),
        }
    }
    let most = answers.iter().max_by_key(|server| times(&answers, server));
    most.cloned().ok_or(error)
}

fn times(answers: &[Server], server: &Server) -> usize {
    answers.iter().filter(|answer| *answer == server).count()
}

async fn ask(
    server: &Server,
    sentinel: &Sentinel,
    tls: Option<&TlsConnector>,
    state: &Arc<State>,
) -> Result<Server> {
    let greeting = Greeting {
        credentials: sentinel.credentials.as_ref(),
        database: 0,
        tls,
    };
    let mut connected = connect(server, greeting, state, None).await?;
    let mut command = redis::cmd("SENTINEL");
    command.arg("get-master-addr-by-name").arg(&sentinel.master);
    let answer = connected.connection.send_packed_command(&command).await;
    let answer = answer.and_then(Value::extract_error);
    match answer.map_err(|error| failure(&error))? {
        Value::Array(parts) => match parts.as_slice() {
            [Value::BulkString(host), Value::BulkString(port)] => read(host, port),
            _ => None,
        }
        .ok_or(Error::Protocol("the master's address of a sentinel")),
        _ => Err(Error::Connect {
            address: server.to_string(),
            reason: format!("knows no master `{}`", sentinel.master),
        }),
    }
}

fn read(host: &[u8], port: &[u8]) -> Option<Server> {
    Some(Server {
        host: std::str::from_utf8(host).ok()?.to_owned(),
        port: std::str::from_utf8(port).ok()?.parse().ok()?,
    })
}
