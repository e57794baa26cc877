//! Figures drawn with characters.

use super::figure::{Figure, Histogram, Kind};
use super::scale::{Scale, short};
use super::series::{Limits, Series};
use crate::output::{Style, Tone, fitted, shown, text_width, wrapped};

/// Eighths of a character from the left, and from below.
const BARS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 8] = ['_', '_', '.', '-', '-', '=', '*', '#'];

/// Where figures are drawn.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) ascii: bool,
    pub(super) style: Style,
}

/// The characters of a band.
struct Signs {
    low: char,
    high: char,
    inside: char,
    outside: char,
    value: char,
}

const BLOCKS: Signs = Signs {
    low: '├',
    high: '┤',
    inside: '─',
    outside: '┈',
    value: '●',
};

const ASCII: Signs = Signs {
    low: '|',
    high: '|',
    inside: '-',
    outside: '.',
    value: 'o',
};

impl Canvas {
    /// All series, a figure each, as lines.
    pub(super) fn drawn(&self, all: &[Series]) -> Vec<String> {
        let figures: Vec<Figure<'_>> = all.iter().map(Figure::of).collect();
        let columns = BandColumns::of(&figures, self.width);
        let mut lines = Vec::new();
        for figure in &figures {
            match &figure.kind {
                Kind::Band(value) => lines.extend(self.band(figure, *value, &columns)),
                Kind::Histogram(histogram) => lines.extend(self.histogram(figure, histogram)),
                Kind::Loop => lines.extend(self.curve(figure)),
            }
        }
        lines
    }

    /// A value between its limits, on one line; on two where it is narrow.
    fn band(&self, figure: &Figure<'_>, value: f64, columns: &BandColumns) -> Vec<String> {
        const NARROW: usize = 60;
        let failed = figure.series.failed > 0;
        let tone = if failed { Tone::Bad } else { Tone::Good };
        let number = right(&value_of(figure), columns.numbers);
        let painted = self.style.paint(tone, &number);
        if self.width < NARROW {
            let room = self.width.saturating_sub(text_width(&number) + 2);
            let name = self.text(&figure.series.path, room);
            let rule = self.rule(figure, value, self.width.saturating_sub(2), tone, columns);
            return vec![format!("{name}  {painted}"), format!("  {rule}")];
        }
        let name = self.text(&figure.series.path, columns.names);
        let space = " ".repeat(columns.names.saturating_sub(text_width(&name)));
        let used = columns.names + text_width(&number) + 4;
        let rule = self.rule(
            figure,
            value,
            self.width.saturating_sub(used),
            tone,
            columns,
        );
        vec![format!("{name}{space}  {painted}  {rule}")]
    }

    /// The limits with a line between them, and the value on it.
    fn rule(
        &self,
        figure: &Figure<'_>,
        value: f64,
        room: usize,
        tone: Tone,
        widths: &BandColumns,
    ) -> String {
        let Limits { low, high } = figure.series.limits;
        let (before, behind) = (right(&written(low), widths.low), written(high));
        let columns = room.saturating_sub(widths.low + widths.high + 2).max(5);
        let signs = if self.ascii { ASCII } else { BLOCKS };
        if low.is_none() && high.is_none() {
            return self.style.paint(Tone::Faint, "no limits");
        }
        let place = |number: f64| figure.scale.column(number, columns);
        let (from, to) = (low.map(place), high.map(place));
        let within = |column: usize| {
            let after = from.is_none_or(|from| column >= from);
            let until = to.is_none_or(|to| column <= to);
            (after && until) != figure.series.is_outside
        };
        let mut rule = String::new();
        let at = place(value);
        for column in 0..columns {
            let sign = if column == at {
                rule.push_str(&self.style.paint(tone, &signs.value.to_string()));
                continue;
            } else if Some(column) == from {
                signs.low
            } else if Some(column) == to {
                signs.high
            } else if within(column) {
                signs.inside
            } else {
                signs.outside
            };
            rule.push(sign);
        }
        format!("{before} {rule} {behind}").trim_end().to_owned()
    }

    /// A bar for each part of the range, and where the limits are: between two bars, or beyond all.
    fn histogram(&self, figure: &Figure<'_>, histogram: &Histogram) -> Vec<String> {
        let mut lines = self.heading(figure);
        let parts = histogram.counts.len();
        let labels: Vec<String> = (0..parts)
            .map(|part| short(histogram.begin(part)))
            .collect();
        let widest = labels.iter().map(String::len).max().unwrap_or(0);
        let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
        let digits = most.to_string().len();
        let room = self.width.saturating_sub(widest + digits + 2).max(1);
        // A limit within a part stands at the end of it that is out of the limits.
        let Limits { low, high } = figure.series.limits;
        let low = low.map(|low| {
            let below = (0..parts).filter(|part| histogram.begin(part + 1) <= low);
            (below.count(), format!("low limit {}", short(low)))
        });
        let high = high.map(|high| {
            let below = (0..parts).filter(|part| histogram.begin(*part) <= high);
            (below.count(), format!("high limit {}", short(high)))
        });
        for part in 0..=parts {
            for (at, text) in [&low, &high].into_iter().flatten() {
                if *at == part {
                    lines.push(self.mark(text, widest + 1, room));
                }
            }
            let (Some(count), Some(label)) = (histogram.counts.get(part), labels.get(part)) else {
                continue;
            };
            let bar = self.bar(*count, most, room);
            let space = " ".repeat(room.saturating_sub(text_width(&bar)));
            let bar = self.style.paint(Tone::Good, &bar);
            lines.push(format!("{label:>widest$} {bar}{space} {count:>digits$}"));
        }
        lines.push(String::new());
        lines
    }

    /// The line of a limit across a histogram.
    fn mark(&self, text: &str, indent: usize, room: usize) -> String {
        let sign = if self.ascii { "-" } else { "╌" };
        let rest = room.saturating_sub(text.len() + 4);
        let line = format!(
            "{}{} {text} {}",
            " ".repeat(indent),
            sign.repeat(2),
            sign.repeat(rest)
        );
        self.style.paint(Tone::Warning, self.fit(&line).trim_end())
    }

    /// A bar as long as a count is of the greatest.
    fn bar(&self, count: usize, most: usize, room: usize) -> String {
        let eighths = (count as f64 / most as f64 * room as f64 * 8.0).round() as usize;
        // What is there is seen.
        let eighths = eighths.max(usize::from(count > 0));
        if self.ascii {
            return "#".repeat(eighths.div_ceil(8));
        }
        let mut bar = "█".repeat(eighths / 8);
        if let Some(part) = (eighths % 8).checked_sub(1) {
            bar.extend(BARS.get(part));
        }
        bar
    }

    /// The iterations of a loop as a curve of one line.
    fn curve(&self, figure: &Figure<'_>) -> Vec<String> {
        let mut lines = self.heading(figure);
        let levels = if self.ascii { ASCII_LEVELS } else { LEVELS };
        let room = self.width.saturating_sub(2);
        let limits = figure.series.limits;
        let range = Scale::around(figure.series.values.iter().copied(), 0.0);
        let is_within = |value: f64| {
            let inside = limits.low.is_none_or(|low| value >= low)
                && limits.high.is_none_or(|high| value <= high);
            inside != figure.series.is_outside
        };
        let mut line = "  ".to_owned();
        for values in columns(&figure.series.values, room) {
            let middle = values.iter().sum::<f64>() / values.len() as f64;
            let level = range.column(middle, levels.len());
            let sign = levels.get(level).map(char::to_string).unwrap_or_default();
            let tone = if values.iter().all(|value| is_within(*value)) {
                Tone::Good
            } else {
                Tone::Bad
            };
            line.push_str(&self.style.paint(tone, &sign));
        }
        lines.push(line);
        let ends = [figure.statistics.min, figure.statistics.max]
            .map(|end| end.map(short).unwrap_or_default());
        let mut below = format!("  {} to {}", ends[0], ends[1]);
        for (name, limit) in [("low limit", limits.low), ("high limit", limits.high)] {
            if let Some(limit) = limit {
                below.extend(["  ", name, " ", short(limit).as_str()]);
            }
        }
        lines.push(self.style.paint(Tone::Faint, &self.fit(&below)));
        lines.push(String::new());
        lines
    }

    /// The path and the numbers of a series: on one line if there is room.
    fn heading(&self, figure: &Figure<'_>) -> Vec<String> {
        let series = figure.series;
        let unit = match series.unit.as_str() {
            "" => String::new(),
            unit => format!(" ({})", shown(unit)),
        };
        let title = format!("{}{unit}", shown(&series.path));
        let numbers = figure.numbers();
        if text_width(&title) + 2 + text_width(&numbers) <= self.width {
            let title = self.style.paint(Tone::Strong, &title);
            return vec![format!("{title}  {numbers}")];
        }
        let title = self.style.paint(Tone::Strong, &self.fit(&title));
        let numbers = wrapped(&numbers, self.width.saturating_sub(2));
        let numbers = numbers.iter().map(|line| format!("  {line}"));
        std::iter::once(title).chain(numbers).collect()
    }

    /// The start of a text, as much as there is room for.
    fn fit(&self, text: &str) -> String {
        let fitted = fitted(text, self.width);
        match fitted.strip_suffix('…') {
            Some(start) if self.ascii => format!("{start}~"),
            _ => fitted.into_owned(),
        }
    }

    /// A text of others in so much room; of a path its end says more than its beginning.
    fn text(&self, path: &str, room: usize) -> String {
        let path = shown(path);
        if text_width(&path) <= room {
            return path.into_owned();
        }
        let mut end = String::new();
        for c in path.chars().rev() {
            let longer = format!("{c}{end}");
            if text_width(&longer) + 1 > room {
                break;
            }
            end = longer;
        }
        let cut = if self.ascii { '~' } else { '…' };
        if room == 0 {
            String::new()
        } else {
            format!("{cut}{end}")
        }
    }
}

/// How wide the columns are in which bands stand below each other.
struct BandColumns {
    names: usize,
    numbers: usize,
    low: usize,
    high: usize,
}

impl BandColumns {
    fn of(figures: &[Figure<'_>], width: usize) -> Self {
        let bands = || {
            figures
                .iter()
                .filter(|figure| matches!(figure.kind, Kind::Band(_)))
        };
        let widest = |of: &dyn Fn(&Figure<'_>) -> usize| bands().map(of).max().unwrap_or(0);
        Self {
            names: widest(&|figure| text_width(&shown(&figure.series.path))).min(width / 3),
            numbers: widest(&|figure| text_width(&value_of(figure))),
            low: widest(&|figure| written(figure.series.limits.low).len()),
            high: widest(&|figure| written(figure.series.limits.high).len()),
        }
    }
}

fn written(limit: Option<f64>) -> String {
    limit.map(short).unwrap_or_default()
}

/// A text at the right of so much room.
fn right(text: &str, room: usize) -> String {
    let space = " ".repeat(room.saturating_sub(text_width(text)));
    format!("{space}{text}")
}

/// A value with its unit.
fn value_of(figure: &Figure<'_>) -> String {
    let value = figure
        .series
        .values
        .first()
        .copied()
        .map(short)
        .unwrap_or_default();
    format!("{value} {}", shown(&figure.series.unit))
        .trim_end()
        .to_owned()
}

/// Values in at most so many groups, each of as many as the others.
fn columns(values: &[f64], most: usize) -> impl Iterator<Item = &[f64]> {
    values.chunks(values.len().div_ceil(most.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::super::series::Gathered;
    use super::*;
    use wats::report::Report;
    use wats::serde_json::{self, json};

    #[allow(
        clippy::needless_pass_by_value,
        reason = "it is called with what `json!` makes"
    )]
    fn report(steps: serde_json::Value) -> Report {
        serde_json::from_value(json!({"root": {"name": "Main", "steps": steps}})).unwrap()
    }

    fn measured(name: &str, value: f64, status: &str) -> serde_json::Value {
        json!({"name": name, "status": status, "numericMeas": [{
            "compOp": "GELE", "value": value, "lowLimit": 4.75, "highLimit": 5.25, "unit": "V", "status": status}]})
    }

    fn drawn(reports: &[Report], width: usize, ascii: bool) -> Vec<String> {
        let mut gathered = Gathered::default();
        for report in reports {
            gathered.add(report);
        }
        let canvas = Canvas {
            width,
            ascii,
            style: Style::of(crate::args::When::Never, false),
        };
        canvas.drawn(&gathered.finish())
    }

    #[test]
    fn a_value_stands_between_its_limits_or_outside_of_them() {
        let one = report(json!([
            measured("inside", 5.0, "P"),
            measured("above", 9.0, "F"),
            measured("below", 1.0, "F")
        ]));
        let lines = drawn(&[one], 80, true);
        assert_eq!(lines.len(), 3);
        let order = |line: &str| {
            let signs: String = line.chars().filter(|c| "|o".contains(*c)).collect();
            // The name of the first has an `o` nowhere; the second has one.
            signs
        };
        assert!(order(&lines[0]).ends_with("|o|"), "{lines:#?}");
        assert!(order(&lines[1]).ends_with("||o"), "{lines:#?}");
        assert!(order(&lines[2]).ends_with("o||"), "{lines:#?}");
        assert!(lines[0].contains("4.75") && lines[0].contains("5.25") && lines[0].contains("5 V"));
    }

    #[test]
    fn several_values_are_a_histogram_with_its_numbers() {
        let reports: Vec<Report> = (0..25)
            .map(|at| report(json!([measured("supply", 4.9 + f64::from(at) * 0.01, "P")])))
            .collect();
        let lines = drawn(&reports, 100, false);
        assert!(
            lines[0].contains("n 25") && lines[0].contains("Cpk "),
            "{lines:#?}"
        );
        assert!(lines.iter().any(|line| line.contains("low limit 4.75")));
        assert!(lines.iter().any(|line| line.contains('█')));
        let counted: usize = lines
            .iter()
            .filter(|line| !line.contains("limit") && !line.contains("n 25"))
            .filter_map(|line| line.split_whitespace().last()?.parse::<usize>().ok())
            .sum();
        assert_eq!(counted, 25);
    }

    #[test]
    fn iterations_are_a_curve_without_their_summary() {
        let mut steps = vec![measured("ripple", 4.8, "P")];
        steps[0]["loop"] = json!({"num": 3, "endingIndex": 2, "passed": 3, "failed": 0});
        for (at, value) in [4.8, 5.0, 5.2].into_iter().enumerate() {
            let mut step = measured("ripple", value, "P");
            step["loop"] = json!({ "idx": at });
            steps.push(step);
        }
        let lines = drawn(&[report(json!(steps))], 100, false);
        assert!(lines[0].contains("n 3"), "{lines:#?}");
        assert_eq!(lines[1].trim().chars().count(), 3);
        assert!(lines[2].contains("4.8 to 5.2"), "{lines:#?}");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_and_nothing_steers_it() {
        let name = "\u{1b}[31m漢字/a long name of a step that goes on and on".to_owned();
        let one = report(json!([measured(&name, 5.0, "P"), measured("b", 1e300, "F"),
            {"name": "c", "numericMeas": [{"compOp": "LOG", "value": "NaN"}]},
            {"name": "d", "numericMeas": [{"compOp": "LOG", "value": 5}]},
            {"name": "e", "numericMeas": [{"compOp": "NE", "value": 5, "lowLimit": 5}]}]));
        for reports in [vec![one.clone()], vec![one.clone(), one.clone()]] {
            for width in [20, 40, 59, 60, 200] {
                for ascii in [true, false] {
                    for line in drawn(&reports, width, ascii) {
                        assert!(text_width(&line) <= width.max(40), "{width}: {line}");
                        assert!(!line.contains('\u{1b}'));
                        let own = "├┤─┈●█▏▎▍▌▋▊▉▁▂▃▄▅▆▇╌…";
                        assert!(!ascii || !line.contains(|c| own.contains(c)), "{line}");
                    }
                }
            }
        }
    }
}
