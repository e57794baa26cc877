//! All orders of what a slow drain, another one and a writer do. The slow one is taken for stopped at any point: no item is
//! leased twice at a time, and what it says late is void.

use super::*;
use crate::item::Stored;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    SlowTakes,
    SlowSettles,
    OtherTakesOver,
    OtherTakes,
    OtherSettles,
    Enqueues,
    EnqueuesNewer,
}

const SLOW: [Step; 2] = [Step::SlowTakes, Step::SlowSettles];
const OTHER: [Step; 3] = [Step::OtherTakesOver, Step::OtherTakes, Step::OtherSettles];
const WRITER: [Step; 2] = [Step::Enqueues, Step::EnqueuesNewer];

/// Every way to merge three lists of steps.
fn orders(lists: [&[Step]; 3]) -> Vec<Vec<Step>> {
    if lists.iter().all(|list| list.is_empty()) {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for at in 0..3 {
        let Some((first, rest)) = lists[at].split_first() else {
            continue;
        };
        let mut left = lists;
        left[at] = rest;
        for mut order in orders(left) {
            order.insert(0, *first);
            found.push(order);
        }
    }
    found
}

fn walk(order: &[Step]) {
    let fixture = Fixture::new();
    let (mut slow, mut other, mut writer) = (fixture.open(), fixture.open(), fixture.open());
    let (mut slow_has, mut other_has) = (Vec::new(), Vec::new());
    let mut taken_over = false;
    let mut sent = 0;
    let mut accepted = 0;
    let mut accept = |store: &mut Store, text: &str| {
        let receipt = put(store, item(1, text));
        accepted += u32::from(receipt.outcome == Stored::New);
    };
    for step in order {
        match step {
            Step::SlowTakes => slow_has = take(&mut slow, 1),
            Step::OtherTakes => other_has = take(&mut other, 1),
            Step::OtherTakesOver => {
                taken_over = !slow_has.is_empty();
                for now in [0, i64::MAX] {
                    other.write(false, |write| write.take_over(1, now)).unwrap();
                }
            }
            Step::SlowSettles => {
                for leased in slow_has.drain(..) {
                    let settled = settle(&mut slow, &leased, &super::sent());
                    let done = matches!(settled, Settled::Done(_));
                    assert_eq!(done, !taken_over, "{order:?}");
                    sent += u32::from(done);
                }
            }
            Step::OtherSettles => {
                for leased in other_has.drain(..) {
                    let settled = settle(&mut other, &leased, &super::sent());
                    assert!(matches!(settled, Settled::Done(_)), "{order:?}");
                    sent += 1;
                }
            }
            Step::Enqueues => accept(&mut writer, "older"),
            Step::EnqueuesNewer => accept(&mut writer, "newer"),
        }
        let both = slow_has.iter().filter(|_| !taken_over).count() + other_has.len();
        let leased = states(&mut writer)
            .iter()
            .filter(|(_, state)| *state == State::Leased)
            .count();
        assert_eq!(leased, both, "{order:?} at {step:?}");
        assert!(
            leased <= 1,
            "versions of one key are sent one after the other"
        );
    }
    let left = states(&mut writer).len() as u32;
    assert_eq!(sent + left, accepted, "{order:?}");
}

#[test]
fn no_order_leases_an_item_twice_or_loses_one() {
    let orders = orders([&SLOW, &OTHER, &WRITER]);
    assert_eq!(orders.len(), 210);
    for order in &orders {
        walk(order);
    }
}
