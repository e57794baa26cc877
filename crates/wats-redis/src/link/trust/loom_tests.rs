//! Trust in every order in which the thread of the link and one that reads from memory can run.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-redis --lib loom_tests
//! ```

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use wats_background::clock;

use super::Trust;

const HOUR: Duration = Duration::from_secs(3600);

/// A value in memory, from before a change that nobody was told of, and as it is.
const OLD: u64 = 1;
const NEW: u64 = 2;

/// What the link does when a session begins: all in memory is suspect, and then there is trust.
fn begins(memory: &AtomicU64, trust: &Trust) {
    memory.store(NEW, Ordering::Relaxed);
    trust.extend(clock::precise(), HOUR);
}

fn model(reads: fn(&AtomicU64, &Arc<Trust>) -> Option<u64>) {
    loom::model(move || {
        let memory = Arc::new(AtomicU64::new(OLD));
        let trust = Arc::<Trust>::default();
        let (of_link, its_memory) = (Arc::clone(&trust), Arc::clone(&memory));
        let link = thread::spawn(move || begins(&its_memory, &of_link));
        let served = reads(&memory, &trust);
        assert!(served.is_none_or(|value| value == NEW), "{served:?}");
        link.join().unwrap();
        assert_eq!(reads(&memory, &trust), Some(NEW));
    });
}

#[test]
fn who_finds_trust_finds_what_it_was_given_for() {
    model(|memory, trust| trust.holds().then(|| memory.load(Ordering::Relaxed)));
}

#[test]
fn what_was_found_before_is_not_served_with_it() {
    model(|memory, trust| {
        let may_serve = Arc::clone(trust).around();
        let found = memory.load(Ordering::Relaxed);
        may_serve().then_some(found)
    });
}

#[test]
fn nothing_is_served_after_it_has_ended() {
    loom::model(|| {
        let trust = Arc::<Trust>::default();
        trust.extend(clock::precise(), HOUR);
        let ended = Arc::new(AtomicU64::new(0));
        let (of_link, told) = (Arc::clone(&trust), Arc::clone(&ended));
        let link = thread::spawn(move || {
            of_link.end();
            // As the session, which nobody is given any more.
            told.store(1, Ordering::Release);
        });
        if ended.load(Ordering::Acquire) == 1 {
            assert!(!trust.holds());
        }
        link.join().unwrap();
        assert!(!trust.holds());
    });
}
