//! Callers send and wait in their own threads: what becomes of the others when one goes away or stands still.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use futures_util::future::join_all;
use futures_util::task::noop_waker;

use super::*;

type Running = Pin<Box<dyn Future<Output = Result<Value>> + Send>>;

/// An operation that was polled once: its command is sent, and nobody waits for the answer.
fn polled_once(session: &Arc<Session>, text: &str) -> Running {
    let session = Arc::clone(session);
    let mut command = cmd("ECHO");
    command.arg(text);
    let mut running: Running = Box::pin(async move { session.run(command).await });
    let waker = noop_waker();
    let polled = running.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Pending));
    running
}

fn echo(session: &Arc<Session>, text: &str) -> impl Future<Output = ()> + use<> {
    let (session, text) = (Arc::clone(session), text.to_owned());
    async move {
        let mut command = cmd("ECHO");
        command.arg(&text);
        let value = session.run(command).await.unwrap();
        assert_eq!(value, Value::BulkString(text.into_bytes()));
    }
}

#[test]
fn callers_that_stand_still_hold_up_nobody() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    // One writes itself; of several the thread of the link does.
    for still in [1, 2, 3, 30] {
        let standing: Vec<_> = (0..still)
            .map(|number| polled_once(&session, &number.to_string()))
            .collect();
        block_on(echo(&session, "one"));
        block_on(join_all(
            (0..20).map(|number| echo(&session, &number.to_string())),
        ));
        drop(standing);
        block_on(echo(&session, "one more"));
    }
    assert_eq!(link.stats().timeouts, 0);
    assert_eq!(link.session().unwrap().number(), session.number());
}

#[test]
fn an_answer_that_has_come_counts_however_late_it_is_looked_at() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    let late = polled_once(&session, "late");
    let begin = std::time::Instant::now();
    eventually("the limit is over", || {
        begin.elapsed() > 2 * link.op_timeout()
    });
    let value = block_on(late).unwrap();
    assert_eq!(value, Value::BulkString(b"late".to_vec()));
    assert_eq!(link.stats().timeouts, 0);
}

#[test]
fn callers_of_all_kinds_at_once_have_their_own_answers() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    let many = |begin: usize| {
        let session = Arc::clone(&session);
        async move {
            for number in begin..begin + 50 {
                echo(&session, &number.to_string()).await;
                drop(polled_once(&session, "given up"));
                join_all((0..3).map(|other| echo(&session, &format!("{number}.{other}")))).await;
            }
        }
    };
    thread::scope(|scope| {
        for kind in 0..6 {
            let many = many(kind * 1000);
            scope.spawn(move || match kind {
                0 | 1 => block_on(many),
                2 | 3 => tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
                    .block_on(many),
                _ => tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .build()
                    .unwrap()
                    .block_on(async { tokio::spawn(many).await.unwrap() }),
            });
        }
    });
    assert_eq!(link.session().unwrap().number(), session.number());
}

#[test]
fn a_link_that_ends_ends_what_is_under_way() {
    let Some(server) = Server::start() else {
        return;
    };
    let (shared, link) = member(&server.url());
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    server.freeze();
    let waiting: Vec<_> = (0..5).map(|_| polled_once(&session, "a")).collect();
    drop((shared, link));
    for waiting in waiting {
        let error = block_on(waiting).unwrap_err();
        assert!(
            matches!(error, Error::SessionEnded(_) | Error::Timeout(_)),
            "{error}"
        );
    }
    assert!(block_on(session.run(cmd("PING"))).is_err());
}
