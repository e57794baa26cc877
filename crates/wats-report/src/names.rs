//! Telling steps of equal names apart.

use std::collections::{HashMap, HashSet};

use super::Step;

/// Longest name of a step.
const LONGEST: usize = 100;

/// Appends a number to names that an earlier one of the steps has, and tells each name before and after. Summary and
/// iterations of a loop share their name, and a step without a name is not given one.
pub(super) fn number_duplicates(steps: &mut [Step], mut told: impl FnMut(&str, &str)) {
    let plain = |step: &&mut Step| !step.is_in_loop() && !step.name().is_empty();
    let mut taken: HashSet<String> = steps
        .iter_mut()
        .filter(plain)
        .map(|step| step.name().to_owned())
        .collect();
    // The number that the next step of a name is tried with.
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for step in steps.iter_mut().filter(plain) {
        let name = step.name().to_owned();
        let Some(number) = numbers.get_mut(&name) else {
            numbers.insert(name, 2);
            continue;
        };
        let new = loop {
            let end = format!(" ({number})");
            let kept: String = name.chars().take(LONGEST - end.len()).collect();
            let new = kept + &end;
            *number = number.saturating_add(1);
            if taken.insert(new.clone()) {
                break new;
            }
        };
        told(&name, &new);
        numbers.insert(new.clone(), 2);
        step.name = Some(new);
    }
}
