//! Tokens that change: a server over real TCP that refuses the one in use.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};

use futures_util::future::join_all;
use tokio::sync::Barrier;
use wats_http::http::StatusCode;
use wats_http::{
    Acquire, Attempt, BodySource, Call, Client, Error, Intercept, MakeRateLimiter, Outcome,
    RateLimit, RateLimiter, RetryConfig, Token, TokenFingerprint, TokenProvider,
};

use crate::common::{GET, POST, Server, Speaks, ok};

const OLD: &str = "b2xkOnRva2VuLTE=";
const NEW: &str = "bmV3OnRva2VuLTI=";
const THIRD: &str = "dGhpcmQ6dG9rZW4tMw==";

/// Accepts one token, and counts what it is sent.
#[derive(Clone)]
struct Gate {
    accepts: Arc<Mutex<&'static str>>,
    refused: Arc<AtomicUsize>,
    carried_out: Arc<AtomicUsize>,
    /// Refusals are held back until there are so many.
    together: Arc<Barrier>,
}

impl Gate {
    async fn start(accepts: &'static str, together: usize) -> (Self, Server) {
        let gate = Self {
            accepts: Arc::new(Mutex::new(accepts)),
            refused: Arc::default(),
            carried_out: Arc::default(),
            together: Arc::new(Barrier::new(together)),
        };
        let own = gate.clone();
        let server = Server::start(Speaks::Plain, move |request| {
            let gate = own.clone();
            async move {
                let token = request.headers()["authorization"].to_str().unwrap();
                if token == format!("Basic {}", *gate.accepts.lock().unwrap()) {
                    gate.carried_out.fetch_add(1, SeqCst);
                    return ok(request.body().clone());
                }
                gate.refused.fetch_add(1, SeqCst);
                gate.together.wait().await;
                let mut answer = ok(format!(r#"{{"Message":"not {token}"}}"#));
                *answer.status_mut() = StatusCode::UNAUTHORIZED;
                answer
            }
        })
        .await;
        (gate, server)
    }

    fn counts(&self) -> (usize, usize) {
        (self.refused.load(SeqCst), self.carried_out.load(SeqCst))
    }
}

/// Gives the tokens in turn, the last one for ever, and counts how often it is asked.
fn in_sequence(tokens: &'static [&'static str]) -> (TokenProvider, Arc<AtomicUsize>) {
    let reads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reads);
    let provider = TokenProvider::callback(move || {
        let n = count.fetch_add(1, SeqCst);
        Ok::<_, std::io::Error>(tokens[n.min(tokens.len() - 1)].to_owned())
    });
    (provider, reads)
}

/// A client that never repeats for another reason.
fn client(server: &Server, provider: TokenProvider) -> Client {
    Client::builder()
        .base_url(server.url())
        .token_provider(provider)
        .retry(RetryConfig::never())
        .rate_limit(None)
        .build()
        .unwrap()
}

fn assert_hidden(error: &Error) {
    let shown = format!("{error:#} {error:?}");
    for secret in [OLD, NEW, THIRD, "token-1", "token-2", "token-3"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn calls_that_are_refused_at_once_share_one_reading_and_are_each_carried_out_once() {
    const CALLS: usize = 60;
    let (gate, server) = Gate::start(NEW, CALLS).await;
    let (provider, reads) = in_sequence(&[OLD, NEW]);
    let client = client(&server, provider);
    let calls = (0..CALLS).map(|n| {
        // Half of them must not be done twice.
        let call = Call::new(if n % 2 == 0 { &GET } else { &POST });
        client.execute(if n % 2 == 0 { call } else { call.json(&n) })
    });
    for (n, answer) in join_all(calls).await.into_iter().enumerate() {
        let answer = answer.unwrap();
        assert_eq!(answer.attempts(), 2);
        if n % 2 == 1 {
            assert_eq!(answer.json::<usize>().unwrap(), n, "the body is sent again");
        }
    }
    assert_eq!(reads.load(SeqCst), 2, "one at the start, one for all");
    assert_eq!(gate.counts(), (CALLS, CALLS));
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(
        gate.counts(),
        (CALLS, CALLS + 1),
        "the old one is not used again"
    );
}

#[tokio::test]
async fn a_token_that_stays_the_same_is_read_once_for_all_and_nothing_is_repeated() {
    const CALLS: usize = 60;
    let (gate, server) = Gate::start(NEW, CALLS).await;
    let (provider, reads) = in_sequence(&[OLD]);
    let client = client(&server, provider);
    let calls = (0..CALLS).map(|_| client.execute(Call::new(&GET)));
    for answer in join_all(calls).await {
        let error = answer.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
        assert_eq!(error.attempts(), 1);
        assert!(
            error.to_string().contains("gives the same token"),
            "{error}"
        );
        assert_hidden(&error);
    }
    assert_eq!((reads.load(SeqCst), gate.counts()), (2, (CALLS, 0)));
}

#[tokio::test]
async fn a_second_token_that_is_refused_too_is_the_end() {
    let (gate, server) = Gate::start(THIRD, 1).await;
    let (provider, reads) = in_sequence(&[OLD, NEW, THIRD]);
    let client = client(&server, provider);
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert!(error.to_string().contains("is refused, too"), "{error}");
    assert_eq!((error.attempts(), reads.load(SeqCst)), (2, 2));
    assert_hidden(&error);
    // The next call begins with the second one, not with the first.
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!((reads.load(SeqCst), gate.counts()), (3, (3, 1)));
}

#[tokio::test]
async fn a_file_is_picked_up_when_it_changes_and_named_when_it_is_gone() {
    let (gate, server) = Gate::start(OLD, 1).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, format!("{OLD}\n")).unwrap();
    let client = client(&server, TokenProvider::file(&path));
    client.execute(Call::new(&GET)).await.unwrap();

    *gate.accepts.lock().unwrap() = NEW;
    std::fs::write(&path, format!("\u{feff}{NEW}\r\n")).unwrap();
    client.execute(Call::new(&POST)).await.unwrap();
    // It may have been seen to have changed before it was needed.
    let (refused, carried_out) = gate.counts();
    assert!(refused <= 1 && carried_out == 2);

    *gate.accepts.lock().unwrap() = THIRD;
    std::fs::remove_file(&path).unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
    assert_hidden(&error);
    std::fs::write(&path, "no token").unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert!(error.to_string().contains("white space"), "{error}");
    std::fs::write(&path, THIRD).unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_does_not_take_the_reading_with_it() {
    let (gate, server) = Gate::start(NEW, 2).await;
    let (asked, is_asked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let first = AtomicUsize::new(0);
    let client = client(
        &server,
        TokenProvider::callback(move || {
            if first.fetch_add(1, SeqCst) == 0 {
                return Ok(OLD.to_owned());
            }
            asked.send(()).unwrap();
            released.lock().unwrap().recv().map(|()| NEW.to_owned())
        }),
    );
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(Call::new(&GET)).await.map(drop) })
        })
        .collect();
    tokio::task::spawn_blocking(move || is_asked.recv().map(|()| is_asked))
        .await
        .unwrap()
        .unwrap();
    let mut calls = calls.into_iter();
    let (dropped, stays) = (calls.next().unwrap(), calls.next().unwrap());
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    stays.await.unwrap().unwrap();
    assert_eq!(gate.counts(), (2, 1));
}

#[tokio::test]
async fn what_cannot_be_sent_again_and_what_is_not_the_clients_own_token_is_not_repeated() {
    let (gate, server) = Gate::start(NEW, 1).await;
    let (provider, reads) = in_sequence(&[OLD, NEW, THIRD]);
    let client = client(&server, provider);
    let own = Call::new(&GET).header("authorization", "Bearer 0123456789");
    client.execute(own).await.unwrap_err();
    assert_eq!(reads.load(SeqCst), 1, "that token is not the client's");
    let once = BodySource::reader(std::io::Cursor::new(vec![b'x'; 10]));
    let error = client
        .execute(Call::new(&POST).stream(once, "text/plain"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("can be sent only once"),
        "{error}"
    );
    assert_eq!((reads.load(SeqCst), gate.counts()), (2, (2, 0)));
    // The token is changed for those who come later.
    client.execute(Call::new(&POST)).await.unwrap();
    assert_eq!(gate.counts(), (2, 1));
}

#[tokio::test]
async fn a_panic_of_the_callback_is_told_and_stops_nobody() {
    let (_, server) = Gate::start(NEW, 1).await;
    let reads = AtomicUsize::new(0);
    let provider = TokenProvider::callback(move || match reads.fetch_add(1, SeqCst) {
        0 => Ok::<_, std::io::Error>(OLD.to_owned()),
        1 => panic!("a panic of the callback, as meant"),
        _ => Ok(NEW.to_owned()),
    });
    let client = client(&server, provider);
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    client.execute(Call::new(&GET)).await.unwrap();
}

#[tokio::test]
async fn a_client_begins_only_with_a_token() {
    let refused = |provider| {
        let builder = Client::builder()
            .base_url("http://h")
            .token_provider(provider);
        let shown = format!("{builder:?}");
        assert!(shown.contains("TokenProvider"), "{shown}");
        let error = builder.build().unwrap_err();
        format!("{error:#}")
    };
    let line = refused(TokenProvider::file("no/such/file"));
    assert!(
        line.contains("no/such/file") || line.contains(r"no\such\file") || line.contains("no/such"),
        "{line}"
    );
    let line = refused(TokenProvider::callback(|| Err::<String, _>("sealed")));
    assert!(line.contains("sealed"), "{line}");
}

/// Keeps the fingerprint of each attempt.
#[derive(Debug, Clone, Default)]
struct Prints(Arc<Mutex<Vec<TokenFingerprint>>>);

impl Intercept for Prints {
    fn after_attempt(&self, attempt: &Attempt<'_>, _: &Outcome<'_>) {
        self.0.lock().unwrap().push(attempt.token_fingerprint());
    }
}

#[tokio::test]
async fn the_fingerprint_is_that_of_the_token_an_attempt_had() {
    let (_, server) = Gate::start(NEW, 1).await;
    let (provider, _) = in_sequence(&[OLD, NEW]);
    let prints = Prints::default();
    let client = Client::builder()
        .base_url(server.url())
        .token_provider(provider)
        .intercept(prints.clone())
        .build()
        .unwrap();
    let of = |token| Token::new(token).unwrap().fingerprint();
    assert_eq!(client.token_fingerprint(), of(OLD));
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(*prints.0.lock().unwrap(), [of(OLD), of(NEW)]);
    assert_eq!(client.token_fingerprint(), of(NEW));
    assert_eq!(client.token_changes(), 1);
    client.set_token(THIRD).unwrap();
    assert_eq!(client.token_fingerprint(), of(THIRD));
    // The same again is no change, and that of a clone is.
    client.set_token(THIRD).unwrap();
    assert_eq!(client.token_changes(), 2);
    client.with_own_pool().set_token(OLD).unwrap();
    assert_eq!(client.token_changes(), 3);
}

/// Makes a limiter for the first token alone, and notes all of them.
#[derive(Debug, Clone, Default)]
struct Noted(Accounts, Arc<Mutex<Vec<String>>>);

impl MakeRateLimiter for Noted {
    fn make(
        &self,
        authority: &str,
        token: &str,
        limit: &RateLimit,
    ) -> Result<Arc<dyn RateLimiter>, Box<dyn std::error::Error + Send + Sync>> {
        self.1.lock().unwrap().push(token.to_owned());
        if token == OLD {
            return self.0.make(authority, token, limit);
        }
        Err("there is one already".into())
    }
}

#[test]
fn tokens_that_are_set_at_once_end_with_the_limiter_of_the_one_in_use() {
    let noted = Noted::default();
    let client = Client::builder()
        .base_url("http://127.0.0.1:1")
        .token(OLD)
        .rate_limit(RateLimit::new(7, std::time::Duration::from_secs(3600)))
        .make_rate_limiter(Arc::new(noted.clone()))
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for round in 0..250 {
                    client.set_token(format!("{thread}-{round}")).unwrap();
                }
            });
        }
    });
    assert_eq!(client.token_changes(), 1000);
    let made = noted.1.lock().unwrap();
    assert_eq!(made.len(), 1001);
    let last = Token::new(made.last().unwrap()).unwrap();
    assert_eq!(client.token_fingerprint(), last.fingerprint());
}

#[tokio::test]
async fn the_rate_limit_is_that_of_the_new_token() {
    let (gate, server) = Gate::start(NEW, 1).await;
    let (provider, _) = in_sequence(&[OLD, NEW]);
    // One call for each token: the repeat goes on the account of the new one.
    let client = Client::builder()
        .base_url(server.url())
        .token_provider(provider)
        .rate_limit(RateLimit::new(1, std::time::Duration::from_secs(3600)))
        .build()
        .unwrap();
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(gate.counts(), (1, 1));
}

/// The calls of each token, by its account. There are two accounts at most.
#[derive(Debug, Default, Clone)]
struct Accounts(Arc<Mutex<Vec<(String, u32)>>>);

#[derive(Debug)]
struct Account(Accounts, usize);

impl Accounts {
    fn calls(&self) -> Vec<u32> {
        self.0.lock().unwrap().iter().map(|(_, n)| *n).collect()
    }
}

impl MakeRateLimiter for Accounts {
    fn make(
        &self,
        authority: &str,
        token: &str,
        limit: &RateLimit,
    ) -> Result<Arc<dyn RateLimiter>, Box<dyn std::error::Error + Send + Sync>> {
        assert!(authority.starts_with("127.0.0.1:"), "{authority}");
        assert_eq!(limit.calls, 7);
        let mut accounts = self.0.lock().unwrap();
        if accounts.len() == 2 {
            return Err("no more accounts".into());
        }
        assert!(accounts.iter().all(|(known, _)| known != token));
        accounts.push((token.to_owned(), 0));
        Ok(Arc::new(Account(self.clone(), accounts.len() - 1)))
    }
}

impl RateLimiter for Account {
    fn try_acquire(&self, calls: u32, _: tokio::time::Instant) -> bool {
        self.0.0.lock().unwrap()[self.1].1 += calls;
        true
    }

    fn acquire(&self, _: u32, _: Option<tokio::time::Instant>) -> Acquire<'_> {
        Box::pin(async { Ok(()) })
    }

    fn pause(&self, _: std::time::Duration) {}
}

#[tokio::test]
async fn a_limiter_that_is_made_for_a_token_is_made_anew_for_another() {
    let (_, server) = Gate::start(OLD, 1).await;
    let accounts = Accounts::default();
    let client = Client::builder()
        .base_url(server.url())
        .token(OLD)
        .retry(RetryConfig::default().max_attempts(1))
        .rate_limit(RateLimit::new(7, std::time::Duration::from_secs(3600)))
        .make_rate_limiter(Arc::new(accounts.clone()))
        .build()
        .unwrap();
    let call = async || drop(client.execute(Call::new(&GET)).await);
    call().await;
    assert_eq!(accounts.calls(), [1]);
    client.set_token(NEW).unwrap();
    call().await;
    // The same once more is no other token.
    client.set_token(NEW).unwrap();
    call().await;
    assert_eq!(accounts.calls(), [1, 2]);
    // There is none for the third: its calls go on counting.
    client.set_token(THIRD).unwrap();
    call().await;
    assert_eq!(accounts.calls(), [1, 3]);
}
