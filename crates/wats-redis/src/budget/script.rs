//! What goes to the script that books calls, and what comes back.

use std::time::Duration;

use super::own::Unbooked;

/// The text of the script; what it is given and returns stands at its head.
pub(super) const BOOK: &str = include_str!("book.lua");

/// The text of the script that has all stations wait, or tells how long they are to.
pub(super) const PAUSE: &str = include_str!("pause.lua");

/// A request to book calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Booking {
    /// So many calls in any stretch of `window`.
    pub(super) limit: u32,
    pub(super) window: Duration,
    /// How many calls belong together.
    pub(super) calls: u32,
    /// How many times they are booked at most, all for the same time; 0 books nothing but [`unbooked`](Self::unbooked).
    pub(super) most: u32,
    /// The longest wait.
    pub(super) latest: Option<Duration>,
    /// The log in which this station has booked before.
    pub(super) epoch: Option<u64>,
    /// Whether it has booked calls there that are no older than a window.
    pub(super) has_booked: bool,
    /// The epoch of a new log, if there is none.
    pub(super) drawn: u64,
    /// How long a new log is given for all stations to say what they were granted.
    pub(super) grace: Duration,
    /// How many times more they are booked, for calls to come, if that needs no wait and less than half of the limit is used.
    pub(super) ahead: u32,
    /// What it was granted that is in no log.
    pub(super) unbooked: Unbooked,
}

/// Epochs are integers that a double holds, because that is what Lua has; 0 is none.
const LARGEST_EPOCH: u64 = 1 << 53;

impl Booking {
    /// Draws the epoch of a new log.
    pub(super) fn draw() -> u64 {
        fastrand::u64(1..LARGEST_EPOCH)
    }

    /// The arguments of the script.
    pub(super) fn args(&self) -> Vec<String> {
        let micros = |time: Duration| {
            // Further than that no clock of a server goes on.
            let most = i64::MAX as u128 >> 12;
            time.as_micros().min(most).to_string()
        };
        let limit = self.limit.max(1);
        let mut args = vec![
            limit.to_string(),
            micros(self.window),
            self.calls.clamp(1, limit).to_string(),
            self.most.to_string(),
            self.latest.map_or_else(|| "-1".to_owned(), micros),
            self.epoch.unwrap_or_default().to_string(),
            u8::from(self.has_booked).to_string(),
            self.drawn.to_string(),
            micros(self.grace),
            self.ahead.to_string(),
        ];
        args.extend(self.unbooked.ages.iter().map(i64::to_string));
        args
    }
}

/// What the script says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Booked {
    /// Not before the deadline; nothing of it is booked, but what had been granted without the log is.
    Refused {
        wait: Duration,
        paused: bool,
        epoch: u64,
    },
    /// So many times, for the time after `wait`.
    Granted {
        wait: Duration,
        times: u32,
        epoch: u64,
    },
    /// It is another log than that in which the station has booked. Nothing was done.
    OtherLog,
    /// The log is new, and not all stations may have said yet what they were granted. Nothing is booked but that.
    NewLog { epoch: u64 },
}

impl Booked {
    /// Reads the answer of the script; `None` if it is none.
    pub(super) fn read(answer: &[i64]) -> Option<Self> {
        let &[code, wait, times, paused, epoch] = answer else {
            return None;
        };
        let wait = Duration::from_micros(u64::try_from(wait).ok()?);
        let times = u32::try_from(times).ok()?;
        let epoch = u64::try_from(epoch).ok()?;
        match code {
            0 => Some(Self::Refused {
                wait,
                paused: paused == 1,
                epoch,
            }),
            1 => Some(Self::Granted { wait, times, epoch }),
            2 => Some(Self::OtherLog),
            3 => Some(Self::NewLog { epoch }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_integers_in_the_order_of_the_script() {
        let booking = Booking {
            limit: 500,
            window: Duration::from_millis(60_250),
            calls: 900,
            most: 8,
            latest: None,
            epoch: None,
            has_booked: false,
            drawn: 77,
            grace: Duration::from_secs(2),
            ahead: 7,
            unbooked: Unbooked {
                ages: vec![5, -7],
                ..Unbooked::default()
            },
        };
        let args = [
            "500", "60250000", "500", "8", "-1", "0", "0", "77", "2000000", "7", "5", "-7",
        ];
        assert_eq!(booking.args(), args);
        let longest = Booking {
            window: Duration::MAX,
            latest: Some(Duration::MAX),
            epoch: Some(9),
            has_booked: true,
            ..booking
        };
        let args = longest.args();
        // A double holds it, and the time added to it.
        assert_eq!(args[1], "2251799813685247");
        assert_eq!((&*args[4], &*args[5], &*args[6]), (&*args[1], "9", "1"));
    }

    #[test]
    fn what_is_no_answer_of_the_script_is_none() {
        let wait = Duration::from_micros(7);
        let granted = Booked::Granted {
            wait,
            times: 2,
            epoch: 9,
        };
        assert_eq!(Booked::read(&[1, 7, 2, 0, 9]), Some(granted));
        let refused = Booked::Refused {
            wait,
            paused: true,
            epoch: 9,
        };
        assert_eq!(Booked::read(&[0, 7, 0, 1, 9]), Some(refused));
        assert_eq!(Booked::read(&[2, 0, 0, 0, 9]), Some(Booked::OtherLog));
        let new = Booked::NewLog { epoch: 9 };
        assert_eq!(Booked::read(&[3, 0, 0, 0, 9]), Some(new));
        for other in [&[][..], &[1, 7, 2, 0], &[4, 0, 0, 0, 9], &[1, -1, 1, 0, 9]] {
            assert_eq!(Booked::read(other), None);
        }
    }
}
