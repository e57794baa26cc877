//! The measured rows and the report around them: the schema of `report.json`.

use serde::{Deserialize, Serialize};

/// Number of the schema that [`Report`] writes.
pub const SCHEMA: u32 = 1;

/// Everything one run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this layout, [`SCHEMA`].
    pub schema: u32,
    /// Where it was measured.
    pub machine: Machine,
    /// When it began, as RFC 3339 in UTC; empty in reports that do not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub taken: String,
    /// Whether it was a short run with few rounds.
    pub quick: bool,
    /// Remarks on the run as a whole: left-out peers, an interruption.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The rows in the order of their areas.
    pub rows: Vec<Row>,
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Name of the processor.
    pub cpu: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Operating system and architecture.
    pub os: String,
    /// Version line of the compiler.
    pub rustc: String,
}

/// Which direction of a figure is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Costs: time, bytes, calls.
    Lower,
    /// Yields: requests per second, hit ratio.
    Higher,
}

/// One figure, for the subject and its peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Stable name, `area.what.variant`.
    pub id: String,
    /// First part of the id.
    pub area: String,
    /// Unit of all numbers of the row.
    pub unit: String,
    /// Which direction is good.
    pub better: Better,
    /// Our own figure; missing when it could not be measured (see `error`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Measurement>,
    /// The figures of the others, measured alternately with ours.
    #[serde(default)]
    pub peers: Vec<Measurement>,
    /// How many rounds each candidate had at most.
    pub rounds: usize,
    /// What the row measures, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What the figure is to reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<Goal>,
    /// Who could not be measured and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a figure is to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This figure in the unit of the row: at most, where less is better, and at least otherwise.
    Figure(f64),
    /// So many times better than a peer.
    Times {
        /// The peer's name in the row.
        peer: String,
        /// How many times at least.
        least: f64,
    },
    /// A part of a peer's figure.
    Part {
        /// The peer's name in the row.
        peer: String,
        /// The part, at most.
        most: f64,
    },
    /// A part of our own figure in another row.
    PartOfRow {
        /// The id of the other row.
        row: String,
        /// The part, at most.
        most: f64,
    },
}

/// How a peer's figure stands to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All our rounds are better than all of the peer's.
    Better,
    /// The ranges overlap: the run does not tell them apart.
    Level,
    /// All rounds of the peer are better than all of ours.
    Behind,
}

/// Rounds of one candidate, summed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Crate or way of doing it.
    pub name: String,
    /// Middle of the rounds.
    pub median: f64,
    /// Smallest round.
    pub min: f64,
    /// Largest round.
    pub max: f64,
}

impl Measurement {
    /// Sums up the rounds of one candidate; `None` when there is none with a finite figure.
    pub fn of(name: &str, rounds: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = rounds.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let upper = sorted[sorted.len() / 2];
        let lower = sorted[(sorted.len() - 1) / 2];
        Some(Self {
            name: name.to_owned(),
            median: f64::midpoint(lower, upper),
            min,
            max,
        })
    }
}

impl Row {
    /// How many times better the subject is than `peer` (below 1: the peer is better); `None` without both figures
    /// or when one of them is not positive.
    pub fn advantage(&self, peer: &Measurement) -> Option<f64> {
        let subject = self.subject.as_ref()?.median;
        if subject <= 0.0 || peer.median <= 0.0 {
            return None;
        }
        Some(match self.better {
            Better::Lower => peer.median / subject,
            Better::Higher => subject / peer.median,
        })
    }

    /// How the subject stands to `peer`; `None` when the subject has no figure.
    pub fn standing(&self, peer: &Measurement) -> Option<Standing> {
        let subject = self.subject.as_ref()?;
        let (good, bad) = match self.better {
            Better::Lower => (subject, peer),
            Better::Higher => (peer, subject),
        };
        Some(if good.max < bad.min {
            Standing::Better
        } else if good.min > bad.max {
            Standing::Behind
        } else {
            Standing::Level
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_and_ignores_what_is_not_a_number() {
        let odd = Measurement::of("x", &[9.0, 1.0, 5.0]).unwrap();
        assert_eq!((odd.min, odd.median, odd.max), (1.0, 5.0, 9.0));
        let even = Measurement::of("x", &[4.0, 1.0, f64::NAN, 2.0, 9.0]).unwrap();
        assert_eq!((even.min, even.median, even.max), (1.0, 3.0, 9.0));
        assert_eq!(Measurement::of("x", &[f64::NAN]), None);
    }

    #[test]
    fn advantage_follows_the_good_direction() {
        let peer = Measurement::of("peer", &[100.0]).unwrap();
        let mut row = Row {
            id: "cache.a".into(),
            area: "cache".into(),
            unit: "ns/op".into(),
            better: Better::Lower,
            subject: Measurement::of("us", &[10.0]),
            peers: vec![peer.clone()],
            rounds: 1,
            note: String::new(),
            goals: Vec::new(),
            error: None,
        };
        assert_eq!(row.advantage(&peer), Some(10.0));
        row.better = Better::Higher;
        assert_eq!(row.advantage(&peer), Some(0.1));
        row.subject = None;
        assert_eq!(row.advantage(&peer), None);
        assert_eq!(row.standing(&peer), None);
    }

    #[test]
    fn only_ranges_that_do_not_touch_tell_two_apart() {
        let mut row = Row {
            id: "cache.a".into(),
            area: "cache".into(),
            unit: "ns/op".into(),
            better: Better::Lower,
            subject: Measurement::of("us", &[10.0, 12.0]),
            peers: Vec::new(),
            rounds: 2,
            note: String::new(),
            goals: Vec::new(),
            error: None,
        };
        let [low, middle, high] = [[8.0, 9.0], [9.0, 10.0], [13.0, 14.0]]
            .map(|rounds| Measurement::of("peer", &rounds).unwrap());
        assert_eq!(row.standing(&low), Some(Standing::Behind));
        assert_eq!(row.standing(&middle), Some(Standing::Level));
        assert_eq!(row.standing(&high), Some(Standing::Better));
        row.better = Better::Higher;
        assert_eq!(row.standing(&low), Some(Standing::Better));
        assert_eq!(row.standing(&high), Some(Standing::Behind));
    }

    #[test]
    fn the_agreed_json_reads() {
        let text = r#"{"schema":1,"machine":{"cpu":"c","cores":2,"os":"o","rustc":"r"},"quick":false,
            "rows":[{"id":"cache.get_hit.1k.1t","area":"cache","unit":"ns/op","better":"lower",
            "subject":{"name":"wats-cache","median":9.1,"min":8.8,"max":9.9},
            "peers":[{"name":"moka","median":102.0,"min":98.0,"max":111.0}],
            "rounds":7,"note":"u64"}]}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert_eq!(report.rows[0].peers[0].name, "moka");
        let again: serde_json::Value = serde_json::to_value(&report).unwrap();
        let agreed: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(again, agreed);
    }
}
