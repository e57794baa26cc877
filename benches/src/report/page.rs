//! What a report says, in its order, for HTML and Markdown alike: first the reference's own tables, then the goals and
//! where a peer is ahead, then every row, and last how to read it and what the noise was.

use super::reference::{Line, TABLES, Without};
use super::{areas, date, machine, number, quantity, spread, times};
use crate::goals::{Verdict, check, is_ours, is_peer, is_row};
use crate::python;
use crate::row::{Better, Measurement, Report, Row, Standing};

/// The area whose rows are points of curves.
const CURVES: &str = "scaling";

/// A part of the report.
pub(super) enum Block<'a> {
    Section(String),
    Subsection(String),
    Text(String),
    /// Words that lead to a page beside this one.
    Link(&'static str, &'static str),
    List(Vec<String>),
    Table(Table),
    /// The rows of an area: a chart where there are charts, a table elsewhere.
    Area(Vec<&'a Row>),
}

/// A table; the first line names the columns.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell: lines of text, each with its weight.
pub(super) type Cell = Vec<(String, Tone)>;

/// How a text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// The id of a row.
    Id,
    /// Of less weight.
    Muted,
    /// Good news.
    Good,
    /// A missed goal, a peer ahead, an error.
    Bad,
}

fn cell(text: impl Into<String>, tone: Tone) -> Cell {
    vec![(text.into(), tone)]
}

/// The whole report.
pub(super) fn blocks(report: &Report) -> Vec<Block<'_>> {
    let mut blocks = summary(report);
    blocks.extend(rows(report));
    blocks.extend(how_to_read());
    blocks.extend(noise(report));
    blocks
}

/// Every row, area by area.
pub(super) fn rows(report: &Report) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    for area in areas(&report.rows) {
        blocks.push(Block::Section(format!("Rows: {area}")));
        blocks.push(if area == CURVES {
            Block::Link(
                "Curves say nothing as single rows: they stand on a page beside this report",
                "scaling.html",
            )
        } else {
            Block::Area(rows_of(report, area))
        });
    }
    blocks
}

fn rows_of<'a>(report: &'a Report, area: &str) -> Vec<&'a Row> {
    report.rows.iter().filter(|row| row.area == area).collect()
}

/// All that comes before the rows.
pub(super) fn summary(report: &Report) -> Vec<Block<'_>> {
    let mut blocks = vec![Block::Text(origin(report))];
    if !report.notes.is_empty() {
        blocks.push(Block::List(report.notes.clone()));
    }
    blocks.push(Block::Section(
        "What the reference client promises".to_owned(),
    ));
    blocks.push(Block::Text(
        "Its documentation gives these figures for the state before its improvements and after them, of its own machine \
         and server. Beside them stand those of this run: our way without the improvement (one call after another, or \
         JSON), ours as it is meant to be used, and the Python client in the same run. The simulated server takes 20 ms \
         for a request; a figure in parentheses is a gain."
            .to_owned(),
    ));
    for promised in &TABLES {
        blocks.push(Block::Subsection(promised.title.to_owned()));
        blocks.push(Block::Table(Table {
            head: vec![
                "what",
                "reference before",
                "reference after",
                "ours without",
                "ours",
                "Python peer",
                "ours against it",
                "row",
            ],
            rows: promised
                .lines
                .iter()
                .map(|line| promised_line(line, &report.rows))
                .collect(),
        }));
    }
    blocks.extend(goals(report));
    blocks.extend(peers_ahead(report));
    blocks
}

/// Where and when the run was.
pub(super) fn origin(report: &Report) -> String {
    let kind = if report.quick {
        "quick run"
    } else {
        "full run"
    };
    format!(
        "{}, {kind}, {} rows: {}.",
        date(report),
        report.rows.len(),
        machine(report)
    )
}

fn promised_line(line: &Line, rows: &[Row]) -> Vec<Cell> {
    let find = |id: &str| rows.iter().find(|row| is_row(&row.id, id));
    let mut cells = vec![
        cell(line.what, Tone::Plain),
        cell(line.before, Tone::Muted),
        cell(line.after, Tone::Muted),
    ];
    let row = find(line.row);
    let Some((row, subject)) = row.and_then(|row| Some((row, row.subject.as_ref()?))) else {
        let why = match row.and_then(|row| row.error.as_ref()) {
            Some(error) => format!("failed: {error}"),
            None => "not in this run".to_owned(),
        };
        cells.extend([
            Cell::new(),
            cell(why, Tone::Bad),
            Cell::new(),
            Cell::new(),
            cell(line.row, Tone::Id),
        ]);
        return cells;
    };
    let without = match line.without {
        Without::Nothing => None,
        Without::OwnNaive => row.peers.iter().find(|peer| is_ours(&peer.name)),
        Without::Peer(name) => row.peers.iter().find(|peer| peer.name == name),
        Without::Row(id) => find(id).and_then(|row| row.subject.as_ref()),
    };
    cells.push(match without {
        Some(without) => cell(quantity(without.median, &row.unit), Tone::Plain),
        None => Cell::new(),
    });
    let gain = without
        .and_then(|without| row.advantage(without))
        .map(|gain| format!(" ({}×)", number(gain)))
        .unwrap_or_default();
    cells.push(cell(
        format!("{}{gain}", quantity(subject.median, &row.unit)),
        Tone::Plain,
    ));
    cells.extend(match python_peer(row) {
        Some(peer) => {
            let mut figure = cell(quantity(peer.median, &row.unit), Tone::Plain);
            if peer.name != python::NAME {
                figure.push((peer.name.clone(), Tone::Muted));
            }
            [figure, against(row, peer)]
        }
        None => [cell("not run", Tone::Muted), Cell::new()],
    });
    cells.push(cell(line.row, Tone::Id));
    cells
}

/// The Python peer in its best way: there may be several ways in a row, and its HTTP client by itself.
fn python_peer(row: &Row) -> Option<&Measurement> {
    let peers = row
        .peers
        .iter()
        .filter(|peer| peer.name.starts_with(python::NAME) || peer.name == "httpx");
    match row.better {
        Better::Lower => peers.min_by(|a, b| a.median.total_cmp(&b.median)),
        Better::Higher => peers.max_by(|a, b| a.median.total_cmp(&b.median)),
    }
}

fn against(row: &Row, peer: &Measurement) -> Cell {
    let Some(advantage) = row.advantage(peer) else {
        return Cell::new();
    };
    let tone = match row.standing(peer) {
        Some(Standing::Behind) => Tone::Bad,
        Some(Standing::Better) => Tone::Good,
        _ => Tone::Plain,
    };
    cell(times(advantage), tone)
}

/// Every goal of a row with what became of it.
pub(super) fn verdicts(report: &Report) -> Vec<(&Row, Verdict)> {
    report
        .rows
        .iter()
        .flat_map(|row| {
            let goals = row.goals.iter();
            goals.map(move |goal| (row, check(goal, row, &report.rows)))
        })
        .collect()
}

fn goals(report: &Report) -> Vec<Block<'_>> {
    let mut all = verdicts(report);
    // The missed ones first, then what could not be told.
    all.sort_by_key(|(_, verdict)| match verdict.met {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    });
    let count = |met| all.iter().filter(|(_, v)| v.met == met).count();
    let text = format!(
        "{} met, {} missed, {} not told by this run.",
        count(Some(true)),
        count(Some(false)),
        count(None)
    );
    let rows = all
        .iter()
        .map(|(row, verdict)| {
            let (word, tone) = match verdict.met {
                Some(true) => ("met", Tone::Good),
                Some(false) => ("missed", Tone::Bad),
                None => ("not told", Tone::Muted),
            };
            vec![
                cell(&row.id, Tone::Id),
                cell(&verdict.goal, Tone::Plain),
                cell(&verdict.reached, tone),
                cell(word, tone),
            ]
        })
        .collect();
    vec![
        Block::Section("Goals".to_owned()),
        Block::Text(text),
        Block::Table(Table {
            head: vec!["row", "goal", "reached", ""],
            rows,
        }),
    ]
}

fn peers_ahead(report: &Report) -> Vec<Block<'_>> {
    let mut ahead: Vec<(f64, Vec<Cell>)> = Vec::new();
    for row in &report.rows {
        let Some(subject) = &row.subject else {
            continue;
        };
        for peer in row.peers.iter().filter(|peer| is_peer(&peer.name)) {
            if row.standing(peer) == Some(Standing::Behind) {
                let advantage = row.advantage(peer);
                ahead.push((
                    advantage.unwrap_or_default(),
                    vec![
                        cell(&row.id, Tone::Id),
                        cell(&peer.name, Tone::Plain),
                        cell(quantity(peer.median, &row.unit), Tone::Plain),
                        cell(quantity(subject.median, &row.unit), Tone::Plain),
                        cell(advantage.map(times).unwrap_or_default(), Tone::Bad),
                    ],
                ));
            }
        }
    }
    ahead.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let rows: Vec<_> = ahead.into_iter().map(|(_, cells)| cells).collect();
    let mut blocks = vec![Block::Section("Where a peer is ahead".to_owned())];
    if rows.is_empty() {
        blocks.push(Block::Text("In no row of this run.".to_owned()));
        return blocks;
    }
    blocks.push(Block::Text(
        "Rows in which every round of the peer was better than every round of ours.".to_owned(),
    ));
    blocks.push(Block::Table(Table {
        head: vec!["row", "peer", "peer's figure", "ours", "ours against it"],
        rows,
    }));
    blocks
}

/// The table of an area, for what has no charts.
pub(super) fn area_table(rows: &[&Row], report: &Report) -> Table {
    let line = |row: &&Row| {
        let mut id = cell(&row.id, Tone::Id);
        if !row.note.is_empty() {
            id.push((row.note.clone(), Tone::Muted));
        }
        let arrow = match row.better {
            Better::Lower => "↓",
            Better::Higher => "↑",
        };
        let mut ours = match &row.subject {
            Some(subject) => cell(format!("{} {}", subject.name, spread(subject)), Tone::Plain),
            None => cell("–", Tone::Plain),
        };
        for goal in &row.goals {
            let verdict = check(goal, row, &report.rows);
            if verdict.met == Some(false) {
                ours.push((format!("missed: {}", verdict.goal), Tone::Bad));
            }
        }
        let mut peers: Cell = row.peers.iter().map(|peer| peer_text(row, peer)).collect();
        if let Some(error) = &row.error {
            peers.push((format!("error: {error}"), Tone::Bad));
        }
        vec![
            id,
            cell(format!("{} {arrow}", row.unit), Tone::Plain),
            ours,
            peers,
            cell(row.rounds.to_string(), Tone::Plain),
        ]
    };
    Table {
        head: vec!["row", "unit", "ours", "others", "rounds"],
        rows: rows.iter().map(line).collect(),
    }
}

fn peer_text(row: &Row, peer: &Measurement) -> (String, Tone) {
    let advantage = row.advantage(peer).map(times).unwrap_or_default();
    let text = format!("{} {} {advantage}", peer.name, number(peer.median));
    let behind = row.standing(peer) == Some(Standing::Behind) && is_peer(&peer.name);
    let tone = if behind { Tone::Bad } else { Tone::Plain };
    (text.trim_end().to_owned(), tone)
}

fn how_to_read() -> Vec<Block<'static>> {
    vec![
        Block::Section("How to read it".to_owned()),
        Block::List(
            [
                "A figure is the median of the rounds, in parentheses the least and the greatest of them.",
                "×N: how many times better ours is than that candidate; below 1 the candidate is better. In a chart \
                 the scale is logarithmic, ours stands at the line in the middle, and a bar to the right says that \
                 ours is better.",
                "Red is what falls short: a missed goal, a peer of which every round was better than every one of \
                 ours, or an error. Where the ranges overlap, the run does not tell the two apart.",
                "Grey bars belong to floors, which do less than the work, and to our own code used in another way.",
                "Compare within one row of one run only: whatever slowed the machine down for a while slowed down all \
                 candidates of a row alike, since they take turns.",
                "Everything is built with cargo's own release settings, without link-time optimisation across crates: \
                 what a program gets that sets nothing.",
            ]
            .map(str::to_owned)
            .to_vec(),
        ),
    ]
}

/// How far the rounds of a candidate lay apart, as a part of their median.
fn relative_spread(measured: &Measurement) -> Option<f64> {
    (measured.median > 0.0).then(|| (measured.max - measured.min) / measured.median)
}

fn noise(report: &Report) -> Vec<Block<'_>> {
    let mut lines = Vec::new();
    for area in areas(&report.rows) {
        let rows = rows_of(report, area);
        let mut spreads: Vec<(f64, &Row, &Measurement)> = rows
            .iter()
            .filter(|row| row.rounds > 1)
            .flat_map(|row| {
                let all = row.subject.iter().chain(&row.peers);
                all.filter_map(move |one| Some((relative_spread(one)?, *row, one)))
            })
            .collect();
        spreads.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let Some((widest, row, who)) = spreads.last() else {
            continue;
        };
        let middle = spreads[spreads.len() / 2].0;
        let wide = spreads.iter().filter(|(spread, ..)| *spread > 0.3).count();
        lines.push(vec![
            cell(area, Tone::Plain),
            cell(percent(middle), Tone::Plain),
            cell(format!("{wide} of {}", spreads.len()), Tone::Plain),
            vec![
                (percent(*widest), Tone::Plain),
                (row.id.clone(), Tone::Id),
                (who.name.clone(), Tone::Muted),
            ],
        ]);
    }
    let mut blocks = vec![Block::Section("What the noise was".to_owned())];
    if lines.is_empty() {
        blocks.push(Block::Text(
            "No row has more than one round: this run says nothing about noise.".to_owned(),
        ));
        return blocks;
    }
    blocks.push(Block::Text(
        "The spread of a candidate is the way from its least round to its greatest, as a part of the median. Sizes, \
         calls and allocations have none; so a middle of 0 % says that most rows of the area are such."
            .to_owned(),
    ));
    blocks.push(Block::Table(Table {
        head: vec!["area", "middle spread", "above 30 %", "widest"],
        rows: lines,
    }));
    blocks
}

fn percent(part: f64) -> String {
    format!("{} %", number(part * 100.0))
}

/// How a bar of a chart is coloured.
pub(super) fn bar_tone(row: &Row, other: &Measurement) -> Tone {
    if is_ours(&other.name) || !is_peer(&other.name) {
        return Tone::Muted;
    }
    match row.standing(other) {
        Some(Standing::Behind) => Tone::Bad,
        Some(Standing::Better) => Tone::Good,
        _ => Tone::Plain,
    }
}
