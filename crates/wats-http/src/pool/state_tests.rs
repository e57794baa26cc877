//! The state of the pool under generated schedules, step by step on one thread, and its decisions one by one.
//!
//! A step is what happens outside: a call begins, ends or is cancelled, a dial ends, settings arrive, a connection ends.
//! After each step every call that was woken runs on. Then nobody who was *not* woken may find anything, or a wake-up
//! was lost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::fakes::{FakeHttp1, FakeHttp2, Socket, Under, failed, fake_http2, pool_state};
use super::idle::Exclusive;
use super::state::{Checkout, ConnectPermit};
use super::streams::{Driven, Stream, UNKNOWN};
use super::sync::Slot;
use crate::config::{PoolConfig, or_forever};
use crate::error::ErrorKind;

/// One step of a schedule. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    Begin,
    /// A call that was answered ends, and keeps its connection or closes it.
    End(usize, bool),
    /// A call is cancelled: out of a queue, a dial, or an exchange.
    GoAway(usize),
    /// A dial ends in a shared connection, an exclusive one, or none.
    Shares(usize),
    Excludes(usize),
    Fails(usize),
    /// A server says how many calls it takes.
    Settings(usize, usize),
    /// A shared connection ends, or refuses a call.
    Ends(usize),
    Refuses(usize),
    /// A call over an exclusive connection got no answer.
    Unanswered,
    /// The reaper comes, at once or after an hour.
    Reap(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = any::<usize>;
    let step = prop_oneof![
        6 => Just(Step::Begin),
        4 => (n(), any::<bool>()).prop_map(|(n, keep)| Step::End(n, keep)),
        2 => n().prop_map(Step::GoAway),
        4 => n().prop_map(Step::Shares),
        1 => n().prop_map(Step::Excludes),
        1 => n().prop_map(Step::Fails),
        3 => (n(), 0_usize..4).prop_map(|(n, most)| Step::Settings(n, most)),
        1 => n().prop_map(Step::Ends),
        1 => n().prop_map(Step::Refuses),
        1 => Just(Step::Unanswered),
        1 => any::<bool>().prop_map(Step::Reap),
    ];
    proptest::collection::vec(step, 1..120)
}

/// Whether a task was woken since it last ran.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

type Queued<'a> = Pin<Box<dyn Future<Output = CheckedOut<'a>> + 'a>>;

type CheckedOut<'a> = (Slot, Checkout<'a, FakeHttp1, FakeHttp2>);

enum Call<'a> {
    Queued(Queued<'a>, Arc<Woken>),
    Dials(Slot, Option<ConnectPermit<'a, FakeHttp1, FakeHttp2>>),
    #[expect(dead_code, reason = "held for their drop")]
    Shares(Slot, FakeHttp2, Stream),
    Excludes(FakeHttp1),
    SharedConnectError,
}

/// A pool in the making: the state, its calls in the order in which they began, and the shared connections.
struct World<'a> {
    pool_state: &'a Under,
    cap: usize,
    shared: usize,
    calls: Vec<Call<'a>>,
    trunks: Vec<Driven>,
    sockets: Arc<AtomicUsize>,
}

async fn checkout(pool_state: &Under) -> CheckedOut<'_> {
    let slot = Arc::clone(pool_state.slots())
        .acquire_owned()
        .await
        .unwrap();
    let found = match pool_state.find() {
        Checkout::Wait(position) => pool_state.wait(position).await,
        found => found,
    };
    (slot, found)
}

impl<'a> World<'a> {
    fn new(pool_state: &'a Under, cap: usize, shared: usize) -> Self {
        Self {
            pool_state,
            cap,
            shared,
            calls: Vec::new(),
            trunks: Vec::new(),
            sockets: Arc::default(),
        }
    }

    /// The place of one of the calls that `wanted` describes.
    fn choose(&self, n: usize, wanted: fn(&Call<'_>) -> bool) -> Option<usize> {
        let matching = self.calls.iter().enumerate();
        let matching: Vec<_> = matching.filter(|(_, call)| wanted(call)).collect();
        let chosen = matching.get(n.checked_rem(matching.len())?)?;
        Some(chosen.0)
    }

    fn take(&mut self, n: usize, wanted: fn(&Call<'_>) -> bool) -> Option<Call<'a>> {
        self.choose(n, wanted).map(|at| self.calls.remove(at))
    }

    fn step(&mut self, step: Step) {
        let dials = |call: &Call<'_>| matches!(call, Call::Dials(..));
        let served = |call: &Call<'_>| matches!(call, Call::Shares(..) | Call::Excludes(_));
        match step {
            Step::Begin => {
                let woken = Arc::new(Woken(AtomicBool::new(true)));
                self.calls
                    .push(Call::Queued(Box::pin(checkout(self.pool_state)), woken));
            }
            Step::End(n, keep) => match self.take(n, served) {
                Some(Call::Excludes(pipe)) if keep => self.pool_state.keep(pipe),
                ended => drop(ended),
            },
            Step::GoAway(n) => drop(self.take(n, |_| true)),
            Step::Shares(n) => {
                if let Some(at) = self.choose(n, dials)
                    && let Call::Dials(slot, permit) = self.calls.remove(at)
                {
                    let new = fake_http2(self.pool_state);
                    self.trunks.push(Driven(Arc::clone(&new.streams)));
                    let stream = self.pool_state.add(&new, permit);
                    self.calls.insert(at, Call::Shares(slot, new, stream));
                }
            }
            Step::Excludes(n) => {
                if let Some(at) = self.choose(n, dials)
                    && let Call::Dials(slot, permit) = self.calls.remove(at)
                {
                    let pipe = FakeHttp1::new(Socket::open(&self.sockets, self.cap));
                    self.pool_state.dialled_exclusive();
                    drop(permit);
                    self.calls.insert(at, exclusive(pipe, slot));
                }
            }
            Step::Fails(n) => {
                if let Some(Call::Dials(slot, permit)) = self.take(n, dials) {
                    self.pool_state.dial_failed(failed(ErrorKind::Connect));
                    drop((permit, slot));
                }
            }
            Step::Settings(n, most) => {
                if let Some(at) = n.checked_rem(self.trunks.len()) {
                    self.trunks[at].0.allow(most);
                }
            }
            Step::Ends(n) => {
                if let Some(at) = n.checked_rem(self.trunks.len()) {
                    self.trunks.remove(at);
                }
            }
            Step::Refuses(n) => {
                if let Some(Call::Shares(_, fake_http2, _)) =
                    self.take(n, |call| matches!(call, Call::Shares(..)))
                {
                    self.pool_state.drain(&fake_http2.streams);
                }
            }
            Step::Unanswered => self.pool_state.mark_stale(Instant::now()),
            Step::Reap(at_once) => {
                let later = if at_once { 0 } else { 3600 };
                let now = Instant::now() + Duration::from_secs(later);
                drop(self.pool_state.reap(&PoolConfig::default(), now));
            }
        }
    }

    /// Lets calls run on: those that were woken, or all. Tells whether one got something.
    fn run(&mut self, all: bool) -> bool {
        let mut any = false;
        for call in &mut self.calls {
            let Call::Queued(future, woken) = call else {
                continue;
            };
            if !woken.0.swap(false, SeqCst) && !all {
                continue;
            }
            let waker = Waker::from(Arc::clone(woken));
            if let Poll::Ready((slot, found)) =
                future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                any = true;
                *call = match found {
                    Checkout::Shared(fake_http2, stream) => Call::Shares(slot, fake_http2, stream),
                    Checkout::Exclusive(pipe) | Checkout::Expired(pipe) => exclusive(pipe, slot),
                    Checkout::Dial(permit) => Call::Dials(slot, permit),
                    Checkout::ConnectFailed(_) => Call::SharedConnectError,
                    Checkout::Wait(_) => panic!("still waiting"),
                };
            }
        }
        self.calls
            .retain(|call| !matches!(call, Call::SharedConnectError));
        any
    }

    fn settle(&mut self) {
        while self.run(false) || self.is_anyone_woken() {}
        self.check();
        assert!(!self.run(true), "a wake-up was lost");
    }

    fn is_anyone_woken(&self) -> bool {
        let woken =
            |call: &Call<'_>| matches!(call, Call::Queued(_, woken) if woken.0.load(SeqCst));
        self.calls.iter().any(woken)
    }

    fn check(&self) {
        let count = |wanted: fn(&Call<'_>) -> bool| self.calls.iter().filter(|c| wanted(c)).count();
        let queued = count(|call| matches!(call, Call::Queued(..)));
        let alone = count(|call| matches!(call, Call::Dials(_, Some(_))));
        let dials = count(|call| matches!(call, Call::Dials(..)));
        let excludes = count(|call| matches!(call, Call::Excludes(_)));
        assert!(alone <= 1, "two dial at once");
        assert!(self.pool_state.shared() + alone <= self.shared.max(1));
        assert!(
            dials + excludes + self.pool_state.idle() <= self.cap,
            "beyond the cap"
        );
        let holders = self.calls.len() - queued + self.pool_state.queued();
        assert_eq!(self.pool_state.taken(), holders, "a slot is lost");
        // First come, first served.
        let first = self
            .calls
            .iter()
            .position(|call| matches!(call, Call::Queued(..)));
        let last = self
            .calls
            .iter()
            .rposition(|call| !matches!(call, Call::Queued(..)));
        if let (Some(first), Some(last)) = (first, last) {
            assert!(last < first, "somebody was overtaken");
        }
    }
}

fn exclusive<'a>(pipe: FakeHttp1, slot: Slot) -> Call<'a> {
    pipe.hold(slot);
    Call::Excludes(pipe)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_schedule_keeps_the_caps_and_the_order_and_loses_nobody(
        cap in 1_usize..8,
        shared in 1_usize..4,
        may_share in any::<bool>(),
        steps in steps(),
    ) {
        let pool_state = pool_state(cap, shared, may_share);
        let mut world = World::new(&pool_state, cap, shared);
        for step in steps {
            world.step(step);
            world.settle();
        }
        // Whoever still waits gets something once the others end: each round, the first one does.
        while !world.calls.is_empty() {
            let before = world.calls.len();
            for driven in &world.trunks {
                driven.0.allow(9);
            }
            world.settle();
            world.step(Step::Excludes(0));
            world.settle();
            world.step(Step::End(0, false));
            world.settle();
            prop_assert!(world.calls.len() < before, "stuck");
        }
        assert_eq!((pool_state.taken(), pool_state.queued()), (0, 0));
    }
}

/// A shared connection that was dialled for a call, with the settings `most` unless they are unknown.
fn laid(pool_state: &Under, most: usize) -> (FakeHttp2, Stream, Driven) {
    let new = fake_http2(pool_state);
    let driven = Driven(Arc::clone(&new.streams));
    if most != UNKNOWN {
        driven.0.allow(most);
    }
    let stream = pool_state.add(&new, None);
    (new, stream, driven)
}

#[test]
fn a_connection_whose_first_call_ends_before_its_settings_are_told_is_not_taken_for_a_full_one() {
    let pool_state = pool_state(9, 3, true);
    let (_, first, driven) = laid(&pool_state, UNKNOWN);
    // The answer has come, and with it the settings; the driver has not told them yet.
    drop(first);
    let Checkout::Shared(_, second) = pool_state.find() else {
        panic!("there is room for one");
    };
    let Checkout::Wait(position) = pool_state.find() else {
        panic!("how much room there is will be known in a moment");
    };
    drop(position);
    driven.0.allow(2);
    let Checkout::Shared(_, third) = pool_state.find() else {
        panic!("there is room for two");
    };
    assert!(matches!(pool_state.find(), Checkout::Dial(Some(_))));
    drop((second, third));
}

/// Those who queue are let go one after the other. Calls that come meanwhile must not queue behind them for nothing: the
/// queue would never end.
#[test]
fn who_comes_while_there_is_room_for_all_who_queue_and_him_does_not_queue() {
    let pool_state = pool_state(9, 1, true);
    let (_, _first, driven) = laid(&pool_state, 1);
    let queued = [(); 2].map(|()| match pool_state.find() {
        Checkout::Wait(position) => position,
        found => panic!("there is no room: {found:?}"),
    });
    driven.0.allow(3);
    let Checkout::Wait(third) = pool_state.find() else {
        panic!("the two streams are of those who queue");
    };
    drop(third);
    driven.0.allow(4);
    assert!(matches!(pool_state.find(), Checkout::Shared(..)));
    drop(queued);
}

#[test]
fn a_connection_with_room_is_found_beside_an_emptier_one_without() {
    let pool_state = pool_state(9, 3, true);
    let (_, _one, _large) = laid(&pool_state, 9);
    let Checkout::Shared(_, _two) = pool_state.find() else {
        panic!("there is room")
    };
    // One call, and no room before its settings come.
    let (_, _three, _narrow) = laid(&pool_state, UNKNOWN);
    assert!(matches!(pool_state.find(), Checkout::Shared(..)));
}

#[test]
fn a_connection_in_use_is_not_given_up_however_long_ago_its_last_call_began() {
    let pool_state = pool_state(9, 1, true);
    let config = PoolConfig::default();
    let (_, call, _driven) = laid(&pool_state, 9);
    let later = Instant::now() + or_forever(config.idle_timeout) * 2;
    let (due, shared) = pool_state.reap(&config, later).expect("there is one");
    assert!(due.is_empty() && shared.is_empty());
    drop(call);
    let (_, shared) = pool_state.reap(&config, later).expect("there is one");
    assert_eq!(shared.len(), 1);
    assert!(pool_state.reap(&config, later).is_none(), "the reaper ends");
}

#[tokio::test]
async fn the_reaper_is_started_when_none_runs_any_more() {
    let pool_state = pool_state(9, 1, true);
    let config = PoolConfig::default();
    let (_, call, _driven) = laid(&pool_state, 9);
    drop(call);
    let started = AtomicUsize::new(0);
    let ensure = || {
        pool_state.ensure_reaper(|| {
            started.fetch_add(1, SeqCst);
            tokio::spawn(std::future::pending::<()>()).abort_handle()
        });
    };
    ensure();
    ensure();
    assert_eq!(started.load(SeqCst), 1);
    // It ends when nothing is left.
    let later = Instant::now() + or_forever(config.idle_timeout) * 2;
    assert!(pool_state.reap(&config, later).is_some());
    assert!(pool_state.reap(&config, later).is_none());
    ensure();
    assert_eq!(started.load(SeqCst), 2);
}

#[test]
fn a_connection_that_expired_while_it_was_idle_is_closed_and_not_used() {
    let pool_state = pool_state(2, 1, false);
    let mut old = FakeHttp1::new(Socket::open(&Arc::default(), 1));
    old.expired = true;
    pool_state.keep(old);
    assert!(matches!(pool_state.find(), Checkout::Expired(_)));
    assert!(matches!(pool_state.find(), Checkout::Dial(None)));
}

#[test]
fn connections_that_were_idle_before_nothing_came_are_closed_and_not_used() {
    let pool_state = pool_state(9, 1, false);
    let sockets = Arc::default();
    let park = || pool_state.keep(FakeHttp1::new(Socket::open(&sockets, 9)));
    park();
    park();
    let sent = Instant::now();
    while Instant::now() == sent {}
    park();
    pool_state.mark_stale(sent);
    // An earlier time makes none usable again.
    pool_state.mark_stale(sent.checked_sub(Duration::from_secs(1)).unwrap());
    assert!(matches!(pool_state.find(), Checkout::Exclusive(_)));
    assert!(matches!(pool_state.find(), Checkout::Expired(_)));
    let (due, _) = pool_state
        .reap(&PoolConfig::default(), sent)
        .expect("there is one");
    assert_eq!((due.len(), pool_state.idle()), (1, 0));
    assert!(matches!(pool_state.find(), Checkout::Dial(None)));
}

#[test]
fn what_the_reaper_closes_has_a_slot_until_its_socket_is_closed() {
    let pool_state = pool_state(2, 1, false);
    let sockets = Arc::default();
    let config = PoolConfig::default();
    let later = Instant::now() + or_forever(config.idle_timeout) * 2;
    for _ in 0..2 {
        pool_state.keep(FakeHttp1::new(Socket::open(&sockets, 2)));
    }
    // A call that has a slot and has not looked yet: only one slot is left to close with.
    let slot = Arc::clone(pool_state.slots()).try_acquire_owned().unwrap();
    let (due, _) = pool_state.reap(&config, later).expect("there are two");
    assert_eq!(
        (due.len(), pool_state.idle(), pool_state.taken()),
        (1, 1, 2)
    );
    drop(due);
    assert_eq!((sockets.load(SeqCst), pool_state.taken()), (1, 1));
    drop(slot);
    let (due, _) = pool_state.reap(&config, later).expect("there is one");
    assert_eq!(
        (due.len(), pool_state.idle(), pool_state.taken()),
        (1, 0, 1)
    );
}

#[test]
fn connections_that_turn_out_to_be_shared_beyond_what_may_be_open_serve_one_call() {
    let pool_state = pool_state(9, 1, true);
    let (_, _one, _first) = laid(&pool_state, 9);
    let (_, _two, _second) = laid(&pool_state, 9);
    assert_eq!(pool_state.shared(), 1);
}

/// Polls once, with nobody to wake.
fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn who_waits_for_a_dial_shares_its_failure_and_who_comes_later_dials() {
    let pool_state = pool_state(9, 1, true);
    let Checkout::Dial(Some(permit)) = pool_state.find() else {
        panic!("nothing is there")
    };
    let mut waiting = [(); 2].map(|()| Box::pin(checkout(&pool_state)));
    for call in &mut waiting {
        assert!(poll(call.as_mut()).is_none());
    }
    pool_state.dial_failed(failed(ErrorKind::Tls));
    drop(permit);
    for call in &mut waiting {
        let Some((_, Checkout::ConnectFailed(failure))) = poll(call.as_mut()) else {
            panic!("they waited for that dial")
        };
        assert_eq!(failure, failed(ErrorKind::Tls));
    }
    assert!(matches!(pool_state.find(), Checkout::Dial(Some(_))));
}

#[test]
fn who_waits_for_a_dial_that_was_given_up_dials() {
    let pool_state = pool_state(9, 1, true);
    let Checkout::Dial(Some(permit)) = pool_state.find() else {
        panic!("nothing is there")
    };
    let mut waiting = [(); 2].map(|()| Box::pin(checkout(&pool_state)));
    for call in &mut waiting {
        assert!(poll(call.as_mut()).is_none());
    }
    drop(permit);
    let [first, second] = &mut waiting;
    assert!(poll(second.as_mut()).is_none(), "it is not its turn");
    let Some((_, Checkout::Dial(Some(_permit)))) = poll(first.as_mut()) else {
        panic!("somebody has to dial")
    };
    assert!(
        poll(second.as_mut()).is_none(),
        "now it waits for the next dial"
    );
}

#[test]
fn whatever_may_let_the_head_of_the_line_go_wakes_it() {
    type Event = fn(&Under, FakeHttp2, Stream, Driven);
    let events: [(&str, Event); 6] = [
        ("settings", |_, _, stream, driven| {
            driven.0.allow(2);
            std::mem::forget((stream, driven));
        }),
        ("a stream that ends", |_, _, stream, driven| {
            drop(stream);
            std::mem::forget(driven);
        }),
        ("the connection's end", |_, _, stream, driven| {
            drop(driven);
            std::mem::forget(stream);
        }),
        ("its refusal", |pool_state, fake_http2, stream, driven| {
            pool_state.drain(&fake_http2.streams);
            std::mem::forget((stream, driven));
        }),
        (
            "a connection that is kept",
            |pool_state, _, stream, driven| {
                pool_state.keep(FakeHttp1::new(Socket::open(&Arc::default(), 1)));
                std::mem::forget((stream, driven));
            },
        ),
        ("another one", |pool_state, _, stream, driven| {
            let (_, other, second) = laid(pool_state, 9);
            std::mem::forget((stream, driven, other, second));
        }),
    ];
    for (what, event) in events {
        // So that one more may be added, though the queue waits for the settings of the first.
        let pool_state = pool_state(9, 2, true);
        let (fake_http2, stream, driven) = laid(&pool_state, UNKNOWN);
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut waiting = Box::pin(checkout(&pool_state));
        let mut context = Context::from_waker(&waker);
        assert!(waiting.as_mut().poll(&mut context).is_pending(), "{what}");
        woken.0.store(false, SeqCst);
        event(&pool_state, fake_http2, stream, driven);
        assert!(woken.0.load(SeqCst), "{what} wakes nobody");
        assert!(waiting.as_mut().poll(&mut context).is_ready(), "{what}");
    }
}

#[test]
fn who_comes_later_does_not_get_what_was_freed_for_the_line() {
    let pool_state = pool_state(9, 1, true);
    let (_, first, _driven) = laid(&pool_state, 1);
    let mut waiting = Box::pin(checkout(&pool_state));
    assert!(poll(waiting.as_mut()).is_none());
    drop(first);
    let mut late = Box::pin(checkout(&pool_state));
    assert!(poll(late.as_mut()).is_none());
    assert!(matches!(
        poll(waiting.as_mut()),
        Some((_, Checkout::Shared(..)))
    ));
    assert!(matches!(
        poll(late.as_mut()),
        Some((_, Checkout::Shared(..)))
    ));
}

#[test]
fn a_new_connection_takes_the_place_of_the_oldest_idle_one_only_when_all_are_open() {
    let pool_state = pool_state(2, 1, false);
    let sockets = Arc::default();
    let slot = || Arc::clone(pool_state.slots()).try_acquire_owned().unwrap();
    pool_state.keep(FakeHttp1::new(Socket::open(&sockets, 2)));
    let first = slot();
    assert!(pool_state.surplus().is_none());
    let _second = slot();
    assert!(pool_state.surplus().is_some());
    drop(first);
}
