//! How calls hand slots, connections, streams and the right to dial to each other, in every order in which two or three
//! threads can run. A lost wake-up shows as a deadlock.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-http --lib loom_tests
//! ```

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::thread;

use super::fakes::{FakeHttp1, FakeHttp2, Socket, Under, failed, fake_http2, pool_state};
use super::idle::Exclusive;
use super::state::{Checkout, ConnectPermit};
use super::streams::{Driven, Stream, UNKNOWN};
use super::sync::AtomicUsize;
use crate::error::ErrorKind;

/// A shared connection for `most` calls in the pool, with its first stream and what keeps it open.
fn laid(pool_state: &Under, most: usize) -> (Stream, Driven) {
    let new = fake_http2(pool_state);
    let driven = Driven(Arc::clone(&new.streams));
    driven.0.allow(most);
    (pool_state.add(&new, None), driven)
}

fn find(pool_state: &Under) -> Checkout<'_, FakeHttp1, FakeHttp2> {
    match pool_state.find() {
        Checkout::Wait(position) => block_on(pool_state.wait(position)),
        found => found,
    }
}

fn stream(pool_state: &Under) -> Stream {
    match find(pool_state) {
        Checkout::Shared(_, stream) => stream,
        other => panic!("{other:?}"),
    }
}

fn connect_permit(pool_state: &Under) -> ConnectPermit<'_, FakeHttp1, FakeHttp2> {
    match find(pool_state) {
        Checkout::Dial(Some(permit)) => permit,
        other => panic!("{other:?}"),
    }
}

/// All orders with at most three switches away from a thread that could have gone on.
fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// Nobody waits and nothing is held.
fn at_rest(pool_state: &Under) {
    assert_eq!((pool_state.taken(), pool_state.queued()), (0, 0));
}

/// One call over an exclusive connection, which it keeps or closes.
fn one_call(pool_state: &Under, sockets: &Arc<Count>, most: usize, keep: bool) {
    let slot = block_on(Arc::clone(pool_state.slots()).acquire_owned()).unwrap();
    let pipe = match find(pool_state) {
        Checkout::Exclusive(pipe) => pipe,
        Checkout::Dial(None) => FakeHttp1::new(Socket::open(sockets, most)),
        other => panic!("{other:?}"),
    };
    pipe.hold(slot);
    if keep {
        pool_state.keep(pipe);
    }
}

#[test]
fn a_slot_goes_from_call_to_call_and_no_socket_is_open_without_one() {
    for (most, mine, theirs) in [
        (1, true, true),
        (1, false, true),
        (1, false, false),
        (2, true, true),
    ] {
        model(move || {
            let pool_state = pool_state(most, 1, false);
            let sockets = Arc::new(Count::new(0));
            let others: Vec<_> = (0..most)
                .map(|_| {
                    let (pool_state, sockets) = (Arc::clone(&pool_state), Arc::clone(&sockets));
                    thread::spawn(move || one_call(&pool_state, &sockets, most, theirs))
                })
                .collect();
            one_call(&pool_state, &sockets, most, mine);
            for other in others {
                other.join().unwrap();
            }
            at_rest(&pool_state);
            assert_eq!(sockets.load(SeqCst), pool_state.idle());
        });
    }
}

#[test]
fn a_new_connection_beside_idle_ones_makes_room_first() {
    model(|| {
        let pool_state = pool_state(1, 1, false);
        let sockets = Arc::new(Count::new(0));
        one_call(&pool_state, &sockets, 1, true);
        let other = {
            let (pool_state, sockets) = (Arc::clone(&pool_state), Arc::clone(&sockets));
            thread::spawn(move || one_call(&pool_state, &sockets, 1, true))
        };
        let slot = loop {
            let slot = block_on(Arc::clone(pool_state.slots()).acquire_owned()).unwrap();
            match pool_state.surplus() {
                Some(oldest) => oldest.hold(slot),
                None => break slot,
            }
        };
        drop(Socket::open(&sockets, 1));
        drop(slot);
        other.join().unwrap();
        at_rest(&pool_state);
    });
}

#[test]
fn a_stream_that_ends_goes_to_who_waits() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (first, _driven) = laid(&pool_state, 1);
        let others = [(); 2].map(|()| {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || drop(stream(&pool_state)))
        });
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&pool_state);
    });
}

#[test]
fn a_cancelled_wait_takes_no_wake_up_along() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (first, _driven) = laid(&pool_state, 1);
        let cancelled = {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || {
                if let Checkout::Wait(position) = pool_state.find() {
                    let mut wait = pin!(pool_state.wait(position));
                    let _ = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                }
            })
        };
        let waiting = {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || drop(stream(&pool_state)))
        };
        drop(first);
        cancelled.join().unwrap();
        waiting.join().unwrap();
        at_rest(&pool_state);
    });
}

#[test]
fn settings_are_noticed_and_let_the_next_call_go() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let new = fake_http2(&pool_state);
        let streams = Arc::clone(&new.streams);
        // The first call does not end before the second has begun.
        let _first = pool_state.add(&new, None);
        let driver = thread::spawn(move || streams.allow(2));
        drop(stream(&pool_state));
        driver.join().unwrap();
        at_rest(&pool_state);
    });
}

#[test]
fn one_signal_is_enough_for_all_whom_it_lets_go() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (_first, driven) = laid(&pool_state, 1);
        // Nobody ends before all have begun.
        let others = [(); 2].map(|()| {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || stream(&pool_state))
        });
        driven.0.allow(3);
        for other in others {
            drop(other.join().unwrap());
        }
        at_rest(&pool_state);
    });
}

#[test]
fn one_dial_decides_for_all_and_never_two_are_under_way() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let sockets = Arc::new(Count::new(0));
        let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
        let call =
            |pool_state: &Under, sockets: &Arc<Count>, kept: &std::sync::Mutex<Vec<_>>| match find(
                pool_state,
            ) {
                Checkout::Shared(_, stream) => drop(stream),
                Checkout::Dial(Some(permit)) => {
                    let socket = Socket::open(sockets, 1);
                    let new = fake_http2(pool_state);
                    new.streams.allow(2);
                    let stream = pool_state.add(&new, Some(permit));
                    drop(stream);
                    kept.lock().unwrap().push((socket, new));
                }
                other => panic!("{other:?}"),
            };
        let others = [(); 2].map(|()| {
            let (pool_state, sockets, kept) = (
                Arc::clone(&pool_state),
                Arc::clone(&sockets),
                Arc::clone(&kept),
            );
            thread::spawn(move || call(&pool_state, &sockets, &kept))
        });
        call(&pool_state, &sockets, &kept);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(kept.lock().unwrap().len(), 1);
        at_rest(&pool_state);
    });
}

#[test]
fn a_dial_that_ends_in_another_thread_frees_the_line() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        // Whoever dials fails; whoever waits shares that or dials next.
        let call = |pool_state: &Under| match find(pool_state) {
            Checkout::Dial(Some(permit)) => {
                pool_state.dial_failed(failed(ErrorKind::Connect));
                drop(permit);
            }
            Checkout::ConnectFailed(_) => {}
            other => panic!("{other:?}"),
        };
        let others = [(); 2].map(|()| {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || call(&pool_state))
        });
        call(&pool_state);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&pool_state);
    });
}

#[test]
fn a_connection_that_ends_sends_everybody_who_waited_for_it_on() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (first, driven) = laid(&pool_state, 1);
        let others = [(); 2].map(|()| {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || match find(&pool_state) {
                // The next connection cannot be opened.
                Checkout::Dial(Some(permit)) => {
                    pool_state.dial_failed(failed(ErrorKind::Connect));
                    drop(permit);
                }
                Checkout::ConnectFailed(_) => {}
                // Just before it ended.
                Checkout::Shared(_, stream) => drop(stream),
                other => panic!("{other:?}"),
            })
        });
        drop(driven);
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&pool_state);
    });
}

#[test]
fn a_connection_that_ends_is_told_though_its_call_has_not_noticed() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (_first, driven) = laid(&pool_state, 1);
        let other = {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || drop(connect_permit(&pool_state)))
        };
        drop(driven);
        other.join().unwrap();
        at_rest(&pool_state);
    });
}

#[test]
fn a_retired_connection_makes_way_for_the_next() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let new = fake_http2(&pool_state);
        new.streams.allow(1);
        let _first = pool_state.add(&new, None);
        let other = {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || drop(connect_permit(&pool_state)))
        };
        pool_state.drain(&new.streams);
        other.join().unwrap();
        at_rest(&pool_state);
    });
}

#[test]
fn a_kept_connection_goes_to_who_waits_for_a_stream() {
    model(|| {
        let pool_state = pool_state(9, 1, true);
        let (_first, _driven) = laid(&pool_state, 1);
        let other = {
            let pool_state = Arc::clone(&pool_state);
            thread::spawn(move || assert!(matches!(find(&pool_state), Checkout::Exclusive(_))))
        };
        pool_state.keep(FakeHttp1::new(Socket::open(&Arc::default(), 1)));
        other.join().unwrap();
        at_rest(&pool_state);
    });
}
