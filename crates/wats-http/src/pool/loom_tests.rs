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

use super::fakes::{Pipe, Socket, Trunk, Under, failed, stock, trunk};
use super::idle::Exclusive;
use super::stock::{ConnectPermit, Found};
use super::streams::{Driven, Stream, UNKNOWN};
use super::sync::AtomicUsize;
use crate::error::ErrorKind;

/// A trunk for `most` calls in the stock, with its first stream and what keeps it open.
fn laid(stock: &Under, most: usize) -> (Stream, Driven) {
    let new = trunk(stock);
    let driven = Driven(Arc::clone(&new.streams));
    driven.0.allow(most);
    (stock.add(&new, None), driven)
}

fn find(stock: &Under) -> Found<'_, Pipe, Trunk> {
    match stock.find() {
        Found::Wait(place) => block_on(stock.wait(place)),
        found => found,
    }
}

fn stream(stock: &Under) -> Stream {
    match find(stock) {
        Found::Shared(_, stream) => stream,
        other => panic!("{other:?}"),
    }
}

fn dialling(stock: &Under) -> ConnectPermit<'_, Pipe, Trunk> {
    match find(stock) {
        Found::Dial(Some(dialling)) => dialling,
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
fn at_rest(stock: &Under) {
    assert_eq!((stock.taken(), stock.in_line()), (0, 0));
}

/// One call over an exclusive connection, which it keeps or closes.
fn one_call(stock: &Under, sockets: &Arc<Count>, most: usize, keep: bool) {
    let slot = block_on(Arc::clone(stock.slots()).acquire_owned()).unwrap();
    let pipe = match find(stock) {
        Found::Exclusive(pipe) => pipe,
        Found::Dial(None) => Pipe::new(Socket::open(sockets, most)),
        other => panic!("{other:?}"),
    };
    pipe.hold(slot);
    if keep {
        stock.keep(pipe);
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
            let stock = stock(most, 1, false);
            let sockets = Arc::new(Count::new(0));
            let others: Vec<_> = (0..most)
                .map(|_| {
                    let (stock, sockets) = (Arc::clone(&stock), Arc::clone(&sockets));
                    thread::spawn(move || one_call(&stock, &sockets, most, theirs))
                })
                .collect();
            one_call(&stock, &sockets, most, mine);
            for other in others {
                other.join().unwrap();
            }
            at_rest(&stock);
            assert_eq!(sockets.load(SeqCst), stock.idle());
        });
    }
}

#[test]
fn a_new_connection_beside_idle_ones_makes_room_first() {
    model(|| {
        let stock = stock(1, 1, false);
        let sockets = Arc::new(Count::new(0));
        one_call(&stock, &sockets, 1, true);
        let other = {
            let (stock, sockets) = (Arc::clone(&stock), Arc::clone(&sockets));
            thread::spawn(move || one_call(&stock, &sockets, 1, true))
        };
        let slot = loop {
            let slot = block_on(Arc::clone(stock.slots()).acquire_owned()).unwrap();
            match stock.surplus() {
                Some(oldest) => oldest.hold(slot),
                None => break slot,
            }
        };
        drop(Socket::open(&sockets, 1));
        drop(slot);
        other.join().unwrap();
        at_rest(&stock);
    });
}

#[test]
fn a_stream_that_ends_goes_to_who_waits() {
    model(|| {
        let stock = stock(9, 1, true);
        let (first, _driven) = laid(&stock, 1);
        let others = [(); 2].map(|()| {
            let stock = Arc::clone(&stock);
            thread::spawn(move || drop(stream(&stock)))
        });
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&stock);
    });
}

#[test]
fn who_goes_away_takes_no_wake_up_along() {
    model(|| {
        let stock = stock(9, 1, true);
        let (first, _driven) = laid(&stock, 1);
        let fickle = {
            let stock = Arc::clone(&stock);
            thread::spawn(move || {
                if let Found::Wait(place) = stock.find() {
                    let mut wait = pin!(stock.wait(place));
                    let _ = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                }
            })
        };
        let patient = {
            let stock = Arc::clone(&stock);
            thread::spawn(move || drop(stream(&stock)))
        };
        drop(first);
        fickle.join().unwrap();
        patient.join().unwrap();
        at_rest(&stock);
    });
}

#[test]
fn settings_are_noticed_and_let_the_next_call_go() {
    model(|| {
        let stock = stock(9, 1, true);
        let new = trunk(&stock);
        let streams = Arc::clone(&new.streams);
        // The first call does not end before the second has begun.
        let _first = stock.add(&new, None);
        let on_the_wire = Arc::new(AtomicUsize::new(UNKNOWN));
        let reader = {
            let (streams, wire) = (Arc::clone(&streams), Arc::clone(&on_the_wire));
            thread::spawn(move || {
                wire.store(2, super::sync::Ordering::SeqCst);
                streams.something_came();
            })
        };
        let driver = thread::spawn(move || {
            block_on(poll_fn(|context| {
                streams.await_settings(context);
                streams.allow(on_the_wire.load(super::sync::Ordering::SeqCst));
                match streams.is_settled() {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            }));
        });
        drop(stream(&stock));
        reader.join().unwrap();
        driver.join().unwrap();
        at_rest(&stock);
    });
}

#[test]
fn one_signal_is_enough_for_all_whom_it_lets_go() {
    model(|| {
        let stock = stock(9, 1, true);
        let (_first, driven) = laid(&stock, 1);
        // Nobody ends before all have begun.
        let others = [(); 2].map(|()| {
            let stock = Arc::clone(&stock);
            thread::spawn(move || stream(&stock))
        });
        driven.0.allow(3);
        for other in others {
            drop(other.join().unwrap());
        }
        at_rest(&stock);
    });
}

#[test]
fn one_dial_decides_for_all_and_never_two_are_under_way() {
    model(|| {
        let stock = stock(9, 1, true);
        let sockets = Arc::new(Count::new(0));
        let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
        let call = |stock: &Under, sockets: &Arc<Count>, kept: &std::sync::Mutex<Vec<_>>| match find(
            stock,
        ) {
            Found::Shared(_, stream) => drop(stream),
            Found::Dial(Some(dialling)) => {
                let socket = Socket::open(sockets, 1);
                let new = trunk(stock);
                new.streams.allow(2);
                let stream = stock.add(&new, Some(dialling));
                drop(stream);
                kept.lock().unwrap().push((socket, new));
            }
            other => panic!("{other:?}"),
        };
        let others = [(); 2].map(|()| {
            let (stock, sockets, kept) =
                (Arc::clone(&stock), Arc::clone(&sockets), Arc::clone(&kept));
            thread::spawn(move || call(&stock, &sockets, &kept))
        });
        call(&stock, &sockets, &kept);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(kept.lock().unwrap().len(), 1);
        at_rest(&stock);
    });
}

#[test]
fn a_dial_that_ends_in_another_thread_frees_the_line() {
    model(|| {
        let stock = stock(9, 1, true);
        // Whoever dials fails; whoever waits shares that or dials next.
        let call = |stock: &Under| match find(stock) {
            Found::Dial(Some(dialling)) => {
                stock.dial_failed(failed(ErrorKind::Connect));
                drop(dialling);
            }
            Found::Failed(_) => {}
            other => panic!("{other:?}"),
        };
        let others = [(); 2].map(|()| {
            let stock = Arc::clone(&stock);
            thread::spawn(move || call(&stock))
        });
        call(&stock);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&stock);
    });
}

#[test]
fn a_connection_that_ends_sends_everybody_who_waited_for_it_on() {
    model(|| {
        let stock = stock(9, 1, true);
        let (first, driven) = laid(&stock, 1);
        let others = [(); 2].map(|()| {
            let stock = Arc::clone(&stock);
            thread::spawn(move || match find(&stock) {
                // The next connection cannot be opened.
                Found::Dial(Some(dialling)) => {
                    stock.dial_failed(failed(ErrorKind::Connect));
                    drop(dialling);
                }
                Found::Failed(_) => {}
                // Just before it ended.
                Found::Shared(_, stream) => drop(stream),
                other => panic!("{other:?}"),
            })
        });
        drop(driven);
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        at_rest(&stock);
    });
}

#[test]
fn a_connection_that_ends_is_told_though_its_call_has_not_noticed() {
    model(|| {
        let stock = stock(9, 1, true);
        let (_first, driven) = laid(&stock, 1);
        let other = {
            let stock = Arc::clone(&stock);
            thread::spawn(move || drop(dialling(&stock)))
        };
        drop(driven);
        other.join().unwrap();
        at_rest(&stock);
    });
}

#[test]
fn a_retired_connection_makes_way_for_the_next() {
    model(|| {
        let stock = stock(9, 1, true);
        let new = trunk(&stock);
        new.streams.allow(1);
        let _first = stock.add(&new, None);
        let other = {
            let stock = Arc::clone(&stock);
            thread::spawn(move || drop(dialling(&stock)))
        };
        stock.retire(&new.streams);
        other.join().unwrap();
        at_rest(&stock);
    });
}

#[test]
fn a_kept_connection_goes_to_who_waits_for_a_stream() {
    model(|| {
        let stock = stock(9, 1, true);
        let (_first, _driven) = laid(&stock, 1);
        let other = {
            let stock = Arc::clone(&stock);
            thread::spawn(move || assert!(matches!(find(&stock), Found::Exclusive(_))))
        };
        stock.keep(Pipe::new(Socket::open(&Arc::default(), 1)));
        other.join().unwrap();
        at_rest(&stock);
    });
}
