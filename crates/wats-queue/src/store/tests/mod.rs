//! The store by itself: one step after the other, on a real folder.
//!
//! `model.rs` compares it with a pure model, `orders.rs` walks through all orders of what two drains and a writer do.

#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the methods are not general over the lifetime"
)]

mod model;
mod orders;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::clock::ManualClock;
use crate::item::{Body, Class, Ended, Fault, Key, Receipt, State, Stored};
use crate::options::{Bounds, WhenFull};
use crate::plan::Verdict;

const START: i64 = 1_700_000_000_000;

struct Fixture {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    options: QueueOptions,
}

impl Fixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let options = QueueOptions::default()
            .bounds(Bounds::default().min_free(0))
            .ballast(1 << 10)
            .clock(Arc::<ManualClock>::clone(&clock));
        Self {
            folder: fast_folder(),
            clock,
            options,
        }
    }

    fn open(&self) -> Store {
        Store::open(self.folder.path(), self.options.clone()).unwrap()
    }
}

/// In memory where the system has such a place: nothing here depends on it.
fn fast_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

fn key(number: u8) -> Key {
    Key([number; 16])
}

fn item(number: u8, text: &str) -> NewItem {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    NewItem {
        key: key(number),
        lane: None,
        class: Class::Live,
        kind: "text".to_owned(),
        labels: String::new(),
        body: NewBody::Bytes(bytes.clone(), Sha256::of(&bytes)),
        forced: false,
        before: None,
    }
}

fn in_lane(number: u8, lane: &str) -> NewItem {
    NewItem {
        lane: Some(lane.to_owned()),
        ..item(number, "x")
    }
}

fn put(store: &mut Store, mut new: NewItem) -> Receipt {
    store.write(true, |write| write.enqueue(&mut new)).unwrap()
}

fn take(store: &mut Store, most: u32) -> Vec<Leased> {
    let wanted = Wanted {
        most,
        most_backfill: most,
        credential: 0,
        refused: false,
    };
    store.write(false, |write| write.take(wanted)).unwrap()
}

fn settle(store: &mut Store, leased: &Leased, verdict: &Verdict) -> Settled {
    store
        .write(true, |write| write.settle(leased.lease, verdict.clone()))
        .unwrap()
}

fn sent() -> Verdict {
    Verdict::Sent {
        reference: "ref".to_owned(),
    }
}

fn fault() -> Fault {
    Fault::new("test", "because")
}

fn states(store: &mut Store) -> Vec<(u8, State)> {
    let items = store.read(|read| read.list(&Filter::all())).unwrap();
    items
        .iter()
        .map(|item| (item.key.0[0], item.state))
        .collect()
}

#[test]
fn what_is_enqueued_is_there_after_a_new_start_and_becomes_a_receipt_when_sent() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let receipt = put(&mut store, item(1, "one"));
    assert_eq!(receipt.outcome, Stored::New);
    drop(store);
    let mut store = fixture.open();
    let taken = take(&mut store, 5);
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].item.key, key(1));
    assert!(matches!(&taken[0].body, Body::Bytes(bytes) if &bytes[..] == b"one"));
    settle(&mut store, &taken[0], &sent());
    assert_eq!(states(&mut store), []);
    let past = store
        .read(|read| read.receipt(receipt.seq))
        .unwrap()
        .unwrap();
    assert_eq!((past.ended, past.note.as_str()), (Ended::Sent, "ref"));
    assert_eq!(past.sha256, Sha256::of(b"one"));
}

#[test]
fn the_same_bytes_are_stored_once() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let first = put(&mut store, item(1, "one"));
    let again = put(&mut store, item(1, "one"));
    assert_eq!((again.seq, again.outcome), (first.seq, Stored::SameAsOpen));
    let taken = take(&mut store, 1);
    // Also while it is on its way.
    assert_eq!(put(&mut store, item(1, "one")).outcome, Stored::SameAsOpen);
    settle(&mut store, &taken[0], &sent());
    assert_eq!(
        put(&mut store, item(1, "one")).outcome,
        Stored::AlreadySent(START)
    );
    let forced = NewItem {
        forced: true,
        ..item(1, "one")
    };
    assert_eq!(put(&mut store, forced).outcome, Stored::New);
}

#[test]
fn an_older_version_is_not_taken_for_the_newest() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    for text in ["a", "b"] {
        put(&mut store, item(1, text));
        let taken = take(&mut store, 1);
        settle(&mut store, &taken[0], &sent());
    }
    // The receiver has "b": "a" has to be sent again to be there.
    assert_eq!(put(&mut store, item(1, "a")).outcome, Stored::New);
    assert_eq!(put(&mut store, item(1, "b")).outcome, Stored::New);
    assert_eq!(put(&mut store, item(1, "b")).outcome, Stored::SameAsOpen);
    assert_eq!(put(&mut store, item(1, "a")).outcome, Stored::New);
    assert_eq!(
        states(&mut store),
        [(1, State::Ready), (1, State::Behind), (1, State::Behind)]
    );
}

#[test]
fn a_lane_is_sent_in_order_and_goes_on_past_what_is_parked() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    for number in 1..=3 {
        put(&mut store, in_lane(number, "unit"));
    }
    put(&mut store, in_lane(4, "other"));
    let taken = take(&mut store, 9);
    assert_eq!(
        taken.iter().map(|it| it.item.key.0[0]).collect::<Vec<_>>(),
        [1, 4]
    );
    assert!(take(&mut store, 9).is_empty());
    settle(&mut store, &taken[0], &Verdict::Failed(fault()));
    assert!(take(&mut store, 9).is_empty(), "2 waits for 1, which waits");
    fixture.clock.advance(20_000);
    let again = take(&mut store, 9);
    assert_eq!(again.len(), 1);
    settle(&mut store, &again[0], &Verdict::Refused(fault()));
    assert_eq!(
        states(&mut store),
        [
            (1, State::Parked),
            (2, State::Ready),
            (3, State::Behind),
            (4, State::Leased)
        ]
    );
    // Sent again while 2 is on its way, it does not overtake it, and comes before 3.
    let second = take(&mut store, 1);
    store.write(true, |write| write.retry(&key(1))).unwrap();
    assert_eq!(states(&mut store)[0], (1, State::Behind));
    settle(&mut store, &second[0], &sent());
    assert_eq!(states(&mut store)[0], (1, State::Ready));
}

#[test]
fn with_strict_lanes_what_is_parked_holds_its_lane_up() {
    let mut fixture = Fixture::new();
    fixture.options = fixture.options.clone().strict_lanes(true);
    let mut store = fixture.open();
    put(&mut store, in_lane(1, "unit"));
    put(&mut store, in_lane(2, "unit"));
    let taken = take(&mut store, 1);
    settle(&mut store, &taken[0], &Verdict::Refused(fault()));
    put(&mut store, in_lane(3, "unit"));
    assert!(take(&mut store, 9).is_empty());
    store
        .write(true, |write| write.discard(&key(1), "bad").map(|_| ()))
        .unwrap();
    assert_eq!(take(&mut store, 9)[0].item.key, key(2));
}

#[test]
fn a_newer_version_takes_the_place_of_one_that_is_set_aside_and_of_no_other() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let first = put(&mut store, item(1, "bad"));
    let taken = take(&mut store, 1);
    let second = put(&mut store, item(1, "mended"));
    assert_eq!(states(&mut store), [(1, State::Leased), (1, State::Behind)]);
    // Refused only now: the newer one is its place already.
    settle(&mut store, &taken[0], &Verdict::Refused(fault()));
    assert_eq!(states(&mut store), [(1, State::Ready)]);
    let past = store.read(|read| read.receipt(first.seq)).unwrap().unwrap();
    assert_eq!(past.ended, Ended::Replaced);
    let taken = take(&mut store, 1);
    assert_eq!(taken[0].item.seq, second.seq);
    settle(&mut store, &taken[0], &Verdict::Quarantined(fault()));
    put(&mut store, item(1, "mended again"));
    assert_eq!(states(&mut store), [(1, State::Ready)]);
}

#[test]
fn a_late_settle_changes_nothing() {
    let mut fixture = Fixture::new();
    fixture.options = fixture
        .options
        .clone()
        .stalled_after(Duration::from_secs(60));
    let (mut slow, mut other) = (fixture.open(), fixture.open());
    put(&mut slow, item(1, "one"));
    let late = take(&mut slow, 1);
    let minute = 60_000;
    let look = |store: &mut Store, now| {
        store
            .write(false, |write| write.take_over(minute, now))
            .unwrap();
    };
    look(&mut other, 0);
    look(&mut other, minute - 1);
    assert!(take(&mut other, 1).is_empty(), "it may be alive");
    // A sign of life counts from when it is seen.
    slow.beat();
    look(&mut other, minute);
    look(&mut other, minute * 2 - 1);
    assert!(take(&mut other, 1).is_empty());
    look(&mut other, minute * 2);
    let taken = take(&mut other, 1);
    assert_eq!(taken.len(), 1);
    assert!(matches!(
        settle(&mut slow, &late[0], &sent()),
        Settled::Void
    ));
    assert!(matches!(
        settle(&mut slow, &late[0], &Verdict::Refused(fault())),
        Settled::Void
    ));
    assert_eq!(states(&mut other), [(1, State::Leased)]);
    assert!(matches!(
        settle(&mut other, &taken[0], &sent()),
        Settled::Done(_)
    ));
    assert!(matches!(
        settle(&mut other, &taken[0], &sent()),
        Settled::Void
    ));
}

#[test]
fn the_leases_of_who_has_ended_are_free_at_once() {
    let fixture = Fixture::new();
    let (mut one, mut two) = (fixture.open(), fixture.open());
    put(&mut one, item(1, "one"));
    assert_eq!(take(&mut one, 1).len(), 1);
    two.write(false, |write| write.take_over(i64::MAX, 0))
        .unwrap();
    assert!(take(&mut two, 1).is_empty());
    drop(one);
    two.write(false, |write| write.take_over(i64::MAX, 0))
        .unwrap();
    assert_eq!(take(&mut two, 1).len(), 1);
}

#[test]
fn large_bodies_are_files_that_go_with_their_last_item() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let large = |number| {
        let mut writer = TempWriter::new(fixture.folder.path()).unwrap();
        writer.write(&vec![7; 300_000]).unwrap();
        NewItem {
            body: NewBody::file(writer.finish().unwrap()),
            ..item(number, "")
        }
    };
    let files = || blob::all(fixture.folder.path()).len();
    put(&mut store, large(1));
    put(&mut store, large(2));
    assert_eq!(put(&mut store, large(2)).outcome, Stored::SameAsOpen);
    assert_eq!(
        files(),
        1,
        "the same bytes are one file, and what was not needed is gone"
    );
    let taken = take(&mut store, 2);
    let Body::File { path, len } = &taken[0].body else {
        panic!("{:?}", taken[0].body)
    };
    assert_eq!(
        (*len, std::fs::metadata(path).unwrap().len()),
        (300_000, 300_000)
    );
    settle(&mut store, &taken[0], &sent());
    assert_eq!(files(), 1);
    settle(&mut store, &taken[1], &sent());
    assert_eq!(files(), 0);
    // What a crash left over is swept: a named file that no row refers to.
    put(&mut store, large(3));
    let orphan = blob::path_of(fixture.folder.path(), &Sha256::of(b"orphan"));
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::write(&orphan, b"orphan").unwrap();
    store.sweep().unwrap();
    assert!(!orphan.exists());
    assert_eq!(files(), 1);
}

#[test]
fn bounds_refuse_and_settled_items_free_room() {
    let mut fixture = Fixture::new();
    fixture.options = fixture
        .options
        .clone()
        .bounds(Bounds::default().max_items(2).max_bytes(10).min_free(0));
    let mut store = fixture.open();
    let refused = |store: &mut Store, mut new: NewItem| {
        store
            .write(true, |write| write.enqueue(&mut new))
            .unwrap_err()
    };
    put(&mut store, item(1, "123456"));
    let error = refused(&mut store, item(2, "12345"));
    assert!(matches!(error, Error::Full { limit: 10, .. }), "{error}");
    put(&mut store, item(2, "1234"));
    let error = refused(&mut store, item(3, ""));
    assert!(matches!(error, Error::Full { limit: 2, .. }), "{error}");
    let taken = take(&mut store, 1);
    settle(&mut store, &taken[0], &sent());
    put(&mut store, item(3, ""));
    fixture.options = fixture
        .options
        .clone()
        .bounds(Bounds::default().min_free(u64::MAX));
    let mut store = fixture.open();
    let error = refused(&mut store, item(4, ""));
    assert!(error.to_string().contains("free bytes"), "{error}");
}

#[test]
fn the_oldest_are_dropped_only_when_that_was_chosen_and_never_what_is_leased() {
    let mut fixture = Fixture::new();
    let bounds = Bounds::default().max_items(2).min_free(0);
    fixture.options = fixture
        .options
        .clone()
        .bounds(bounds.when_full(WhenFull::DropOldest(Class::Live, Arc::new(|_| {}))));
    let mut store = fixture.open();
    put(&mut store, item(1, "1"));
    let taken = take(&mut store, 1);
    put(&mut store, item(2, "2"));
    let third = put(&mut store, item(3, "3"));
    assert_eq!(states(&mut store), [(1, State::Leased), (3, State::Ready)]);
    let past = store
        .read(|read| read.receipt(third.seq - 1))
        .unwrap()
        .unwrap();
    assert_eq!((past.key, past.ended), (key(2), Ended::Dropped));
    settle(&mut store, &taken[0], &sent());
}

#[test]
fn live_comes_before_backfill_and_backfill_is_not_starved() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    for number in 0..40 {
        let class = if number < 20 {
            Class::Backfill
        } else {
            Class::Live
        };
        put(
            &mut store,
            NewItem {
                class,
                ..item(number, "x")
            },
        );
    }
    let mut order = Vec::new();
    for _ in 0..16 {
        let taken = take(&mut store, 1);
        order.push(taken[0].item.class);
        settle(&mut store, &taken[0], &sent());
    }
    let backfill: Vec<usize> = (0..16).filter(|at| order[*at] == Class::Backfill).collect();
    assert_eq!(backfill, [7, 15]);
    // Backfill never has more than its share of what is under way.
    let wanted = Wanted {
        most: 30,
        most_backfill: 2,
        credential: 0,
        refused: false,
    };
    let taken = store.write(false, |write| write.take(wanted)).unwrap();
    let backfill = taken.iter().filter(|it| it.item.class == Class::Backfill);
    assert_eq!((taken.len(), backfill.count()), (6 + 2, 2));
}

#[test]
fn waits_end_in_time_whatever_the_wall_clock_does() {
    let year = 365 * 24 * 3_600_000;
    for jump in [-10 * year, 2 * 3_600_000, -3_600_000, 10 * year] {
        let fixture = Fixture::new();
        let mut store = fixture.open();
        put(&mut store, item(1, "one"));
        let taken = take(&mut store, 1);
        settle(&mut store, &taken[0], &Verdict::Failed(fault()));
        fixture.clock.advance(3_000);
        fixture.clock.jump(jump);
        // The first wait is 15 s at most, and starts anew at worst.
        let _ = take(&mut store, 1);
        fixture.clock.advance(15_000);
        let again = take(&mut store, 1);
        let freed = again.len() == 1 || states(&mut store) == [(1, State::Leased)];
        assert!(freed, "{jump}: {:?}", states(&mut store));
    }
}

#[test]
fn a_pause_is_shared_by_all_and_ends_with_one_probe() {
    let fixture = Fixture::new();
    let (mut one, mut two) = (fixture.open(), fixture.open());
    for number in 1..=6 {
        put(&mut one, item(number, "x"));
    }
    let taken = take(&mut one, 2);
    settle(&mut one, &taken[0], &Verdict::Unreachable(fault()));
    settle(&mut one, &taken[1], &Verdict::Unreachable(fault()));
    assert!(take(&mut one, 9).is_empty());
    assert!(take(&mut two, 9).is_empty());
    fixture.clock.advance(1_000);
    let probe = take(&mut two, 9);
    assert_eq!(probe.len(), 1);
    assert!(take(&mut one, 9).is_empty(), "one probe at a time");
    settle(&mut two, &probe[0], &Verdict::Unreachable(fault()));
    assert!(take(&mut two, 9).is_empty());
    fixture.clock.advance(2_000);
    let probe = take(&mut one, 9);
    settle(&mut one, &probe[0], &sent());
    assert_eq!(take(&mut two, 9).len(), 5);
    let items = two.read(|read| read.list(&Filter::all())).unwrap();
    assert!(items.iter().all(|item| item.tries == 0), "nobody is blamed");
}

#[test]
fn a_probe_whose_process_ends_is_tried_anew() {
    let fixture = Fixture::new();
    let (mut one, mut two) = (fixture.open(), fixture.open());
    put(&mut one, item(1, "x"));
    let taken = take(&mut one, 1);
    settle(&mut one, &taken[0], &Verdict::Unreachable(fault()));
    fixture.clock.advance(1_000);
    assert_eq!(take(&mut one, 1).len(), 1);
    drop(one);
    two.write(false, |write| write.take_over(i64::MAX, 0))
        .unwrap();
    assert_eq!(take(&mut two, 1).len(), 1);
}

#[test]
fn an_unconfirmed_item_keeps_its_body_until_something_is_known() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let one = |store: &mut Store, number| {
        let receipt = put(store, item(number, "x"));
        let taken = take(store, 1);
        let verdict = Verdict::Unconfirmed {
            reference: "r".to_owned(),
        };
        settle(store, &taken[0], &verdict);
        assert_eq!(put(store, item(number, "x")).outcome, Stored::SameAsOpen);
        receipt.seq
    };
    let (a, b, c) = (one(&mut store, 1), one(&mut store, 2), one(&mut store, 3));
    let unconfirmed = store.read(|read| read.unconfirmed(0, 9)).unwrap();
    assert_eq!(unconfirmed.len(), 3);
    assert_eq!(unconfirmed[0].1, "r");
    for (seq, confirmation) in [
        (a, Confirmation::Stored),
        (b, Confirmation::Quarantined(fault())),
        (c, Confirmation::Lost),
    ] {
        store
            .write(true, |write| write.confirm(seq, confirmation.clone()))
            .unwrap();
    }
    assert_eq!(
        states(&mut store),
        [(2, State::Quarantined), (3, State::Ready)]
    );
    let past = store.read(|read| read.receipt(a)).unwrap().unwrap();
    assert_eq!(past.note, "r");
    // Where nothing is unconfirmed, that is known, until something is again.
    let known = |store: &mut Store| {
        store.note_all_confirmed().unwrap();
        store.read(|read| Ok(read.flow()?.all_confirmed)).unwrap()
    };
    assert!(known(&mut store));
    one(&mut store, 4);
    assert!(!known(&mut store));
}

#[test]
fn a_folder_serves_one_target() {
    let mut fixture = Fixture::new();
    fixture.options = fixture.options.clone().target("https://a");
    drop(fixture.open());
    drop(fixture.open());
    let other = fixture.options.clone().target("https://b");
    let error = Store::open(fixture.folder.path(), other).unwrap_err();
    assert!(matches!(error, Error::OtherTarget { .. }), "{error}");
}

#[test]
fn old_receipts_are_forgotten_and_free_pages_given_back() {
    let mut fixture = Fixture::new();
    fixture.options = fixture
        .options
        .clone()
        .keep_receipts(Duration::from_secs(100), 5);
    let mut store = fixture.open();
    let text = "x".repeat(20_000);
    for number in 0..20 {
        put(&mut store, item(number, &text));
    }
    store.checkpoint().unwrap();
    let full = std::fs::metadata(database(fixture.folder.path()))
        .unwrap()
        .len();
    for taken in take(&mut store, 20) {
        settle(&mut store, &taken, &sent());
    }
    let receipts = |store: &mut Store| {
        (1..=20)
            .filter(|seq| store.read(|read| read.receipt(*seq)).unwrap().is_some())
            .count()
    };
    while store.upkeep().unwrap() {}
    assert_eq!(receipts(&mut store), 5);
    fixture.clock.advance(200_000);
    while store.upkeep().unwrap() {}
    assert_eq!(receipts(&mut store), 0);
    store.checkpoint().unwrap();
    while store.free_pages(1).unwrap() {}
    store.checkpoint().unwrap();
    let emptied = std::fs::metadata(database(fixture.folder.path()))
        .unwrap()
        .len();
    assert!(emptied < full / 4, "{full} {emptied}");
    // A number is never given out twice.
    assert_eq!(put(&mut store, item(1, "new")).seq, 21);
}
