//! When requests came, by token: what tells whether clients together keep to a limit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Most requests that are known of a token.
const KEPT: usize = 100_000;
/// Most tokens that are known.
const TOKENS: usize = 1_000;

/// The times of the last requests of each token; without a token, of the empty one.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    times: Mutex<HashMap<String, VecDeque<Instant>>>,
}

impl Arrivals {
    pub(crate) fn note(&self, token: Option<&str>) {
        let token = token.unwrap_or_default();
        let mut all = self.times();
        if !all.contains_key(token) && all.len() < TOKENS {
            all.insert(token.to_owned(), VecDeque::new());
        }
        let Some(times) = all.get_mut(token) else {
            return;
        };
        if times.len() >= KEPT {
            times.pop_front();
        }
        times.push_back(Instant::now());
    }

    /// Most requests of a token within any time of this length.
    pub(crate) fn most_within(&self, time: Duration, token: &str) -> usize {
        self.times().get(token).map_or(0, |times| most(times, time))
    }

    /// The same of every token, with the number of all its requests that are known.
    pub(crate) fn all_within(&self, time: Duration) -> Vec<(String, usize, usize)> {
        let all = self.times();
        let row = |(token, times): (&String, &VecDeque<Instant>)| {
            (token.clone(), times.len(), most(times, time))
        };
        all.iter().map(row).collect()
    }

    pub(crate) fn reset(&self) {
        self.times().clear();
    }

    fn times(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Instant>>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The length of a time counts without its end: with a second, two requests that came a second apart are never together.
fn most(times: &VecDeque<Instant>, length: Duration) -> usize {
    let mut first = times.iter().peekable();
    let (mut within, mut most) = (0, 0);
    for last in times {
        within += 1;
        let is_old = |came: &&Instant| last.saturating_duration_since(**came) >= length;
        while within > 0 && first.next_if(is_old).is_some() {
            within -= 1;
        }
        most = most.max(within);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_fullest_time_of_a_token_is_found_wherever_it_begins() {
        let arrivals = Arrivals::default();
        // At 0, 9, 10, 11, 19, 20 and 40 seconds.
        for wait in [0, 9, 1, 1, 8, 1, 20] {
            tokio::time::advance(Duration::from_secs(wait)).await;
            arrivals.note(Some("a"));
        }
        arrivals.note(None);
        let most = |seconds| arrivals.most_within(Duration::from_secs(seconds), "a");
        // In 10 s from 9 on, what comes at 19 is too late.
        assert_eq!(
            [0, 1, 2, 3, 10, 11, 12, 100].map(most),
            [0, 1, 2, 3, 3, 4, 5, 7]
        );
        let mut all = arrivals.all_within(Duration::from_secs(3));
        all.sort_unstable();
        assert_eq!(all, [(String::new(), 1, 1), ("a".to_owned(), 7, 3)]);
        arrivals.reset();
        assert_eq!(arrivals.most_within(Duration::from_secs(3), "a"), 0);
    }
}
