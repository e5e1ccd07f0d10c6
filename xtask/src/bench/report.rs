//! What was measured, as a table for people and as JSON for programs. No I/O.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// Everything of one run.
pub(crate) struct Report {
    /// Names and values: the machine, versions, the commit.
    circumstances: Vec<(&'static str, String)>,
    rows: Vec<Row>,
}

/// One measure: its distribution, and the most that it should be.
pub(crate) struct Row {
    name: String,
    unit: &'static str,
    count: usize,
    p50: f64,
    /// None where there is no distribution.
    p99: Option<f64>,
    /// The same.
    worst: Option<f64>,
    goal_p50: Option<f64>,
    goal_p99: Option<f64>,
    /// The least that the value should be.
    goal_least: Option<f64>,
}

/// Durations of the same thing, in milliseconds.
#[derive(Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Takes one more in.
    pub(crate) fn push(&mut self, duration: Duration) {
        self.0.push(duration.as_secs_f64() * 1e3);
    }

    /// Takes all of others in.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Returns the smallest sample that at least `percent` of all samples do not exceed.
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

impl Row {
    /// Returns the row of a distribution of times.
    pub(crate) fn times(name: &str, samples: &Samples) -> Self {
        let (p50, p99) = (samples.percentile(50), samples.percentile(99));
        let worst = Some(samples.percentile(100));
        Self { worst, ..Self::new(name, "ms", samples.0.len(), p50, Some(p99)) }
    }

    /// Returns the row that says how many times longer `ours` takes than `theirs`: the ratio of the medians, as one of
    /// the tails would compare one stray sample with another.
    pub(crate) fn ratio(name: &str, ours: &Samples, theirs: &Samples) -> Self {
        let ratio = ours.percentile(50) / theirs.percentile(50);
        Self::new(name, "×", ours.0.len().min(theirs.0.len()), ratio, None)
    }

    /// Returns the row of an amount of memory, in megabytes of 10^6 bytes.
    pub(crate) fn megabytes(name: &str, megabytes: f64) -> Self {
        Self::new(name, "MB", 1, megabytes, None)
    }

    /// Returns the row of an amount of data, in kilobytes of 10^3 bytes.
    pub(crate) fn kilobytes(name: &str, kilobytes: f64) -> Self {
        Self::new(name, "kB", 1, kilobytes, None)
    }

    /// Returns the row that says how many times longer one in a hundred of `ours` takes than one of `theirs`.
    pub(crate) fn tail_ratio(name: &str, ours: &Samples, theirs: &Samples) -> Self {
        let ratio = ours.percentile(99) / theirs.percentile(99);
        Self::new(name, "×", ours.0.len().min(theirs.0.len()), ratio, None)
    }

    /// Returns the row of a part of one core, in percent.
    pub(crate) fn percent(name: &str, percent: f64) -> Self {
        Self::new(name, "%", 1, percent, None)
    }

    /// Returns the row of one time.
    pub(crate) fn time(name: &str, duration: Duration) -> Self {
        Self::new(name, "ms", 1, duration.as_secs_f64() * 1e3, None)
    }

    /// Returns the row of a number of things among `count`.
    pub(crate) fn number(name: &str, number: usize, count: usize) -> Self {
        // Nothing that is counted here comes near 2^52.
        Self::new(name, "", count, number as f64, None)
    }

    fn new(name: &str, unit: &'static str, count: usize, p50: f64, p99: Option<f64>) -> Self {
        let (worst, goal_p50, goal_p99, goal_least) = (None, None, None, None);
        Self { name: name.to_owned(), unit, count, p50, p99, worst, goal_p50, goal_p99, goal_least }
    }

    /// Returns the row of a rate, the median of so many, in thousands a second.
    pub(crate) fn rate(name: &str, a_second: f64, count: usize) -> Self {
        Self::new(name, "k/s", count, a_second / 1e3, None)
    }

    /// Returns the row of a ratio of two rates.
    pub(crate) fn factor(name: &str, ratio: f64) -> Self {
        Self::new(name, "×", 1, ratio, None)
    }

    /// Sets the least that a rate should be, a second.
    pub(crate) fn at_least(mut self, a_second: f64) -> Self {
        self.goal_least = Some(a_second / 1e3);
        self
    }

    /// Sets the most that the median, or the single value, should be.
    pub(crate) fn at_most(mut self, goal: f64) -> Self {
        self.goal_p50 = Some(goal);
        self
    }

    /// Sets the most that the 99th percentile should be.
    pub(crate) fn p99_at_most(mut self, goal: f64) -> Self {
        self.goal_p99 = Some(goal);
        self
    }

    /// Returns whether the goals are met; none when there are none.
    fn met(&self) -> Option<bool> {
        let goals = [(self.goal_p50, Some(self.p50)), (self.goal_p99, self.p99)];
        let met =
            |(goal, value): (Option<f64>, Option<f64>)| goal.zip(value).map(|(goal, value)| value <= goal);
        let least = self.goal_least.map(|goal| self.p50 >= goal);
        goals.into_iter().filter_map(met).chain(least).reduce(|all, one| all && one)
    }

    fn goal(&self) -> String {
        let p99 = self.goal_p99.map(|goal| format!(", p99 ≤ {goal}")).unwrap_or_default();
        let least = self.goal_least.map(|goal| format!("≥ {goal}"));
        let text = match self.goal_p50 {
            Some(goal) => format!("≤ {goal}{p99}"),
            None if !p99.is_empty() => p99.trim_start_matches(", ").to_owned(),
            None => least.unwrap_or_default(),
        };
        match self.met() {
            Some(true) => format!("{text}  met"),
            Some(false) => format!("{text}  MISSED"),
            None => text,
        }
    }
}

impl Report {
    /// Returns a report without measures.
    pub(crate) fn new(circumstances: Vec<(&'static str, String)>) -> Self {
        Self { circumstances, rows: Vec::new() }
    }

    /// Adds measures below those that are there, and shows them at once.
    pub(crate) fn add(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            println!("{row}");
            self.rows.push(row);
        }
    }

    /// Returns the report as JSON.
    pub(crate) fn to_json(&self) -> String {
        let circumstances: serde_json::Map<String, Value> =
            self.circumstances.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let rows: Vec<Value> = self.rows.iter().map(row_json).collect();
        format!("{:#}\n", json!({ "circumstances": circumstances, "measures": rows }))
    }
}

fn row_json(row: &Row) -> Value {
    json!({
        "name": row.name,
        "unit": row.unit,
        "count": row.count,
        "p50": row.p50,
        "p99": row.p99,
        "worst": row.worst,
        "goal_p50": row.goal_p50,
        "goal_p99": row.goal_p99,
        "goal_least": row.goal_least,
        "met": row.met(),
    })
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, unit, count, p50, p99, worst, .. } = self;
        let [p99, worst] =
            [p99, worst].map(|value| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}")));
        let line = format!("{name:<66} {count:>6} {p50:>9.2} {p99:>9} {worst:>9} {unit:<3} {}", self.goal());
        f.write_str(line.trim_end())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.circumstances {
            writeln!(f, "{name:<12} {value}")?;
        }
        writeln!(f, "\n{:<66} {:>6} {:>9} {:>9} {:>9} {:<3} goal", "", "count", "p50", "p99", "worst", "")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(milliseconds: impl IntoIterator<Item = u64>) -> Samples {
        let mut samples = Samples::default();
        milliseconds.into_iter().map(Duration::from_millis).for_each(|duration| samples.push(duration));
        samples
    }

    #[test]
    fn percentiles_are_samples_that_occurred() {
        let hundred = samples((1..=100).rev());
        assert_eq!((hundred.percentile(50), hundred.percentile(99)), (50.0, 99.0));
        let one = samples([7]);
        assert_eq!((one.percentile(50), one.percentile(99)), (7.0, 7.0));
    }

    #[test]
    fn a_goal_is_met_only_when_median_and_tail_are() {
        for (p50, p99, expected) in [(10.0, 20.0, true), (9.0, 20.0, false), (10.0, 19.0, false)] {
            let row = Row::times("", &samples([10, 20])).at_most(p50).p99_at_most(p99);
            assert_eq!(row.met(), Some(expected), "{p50} {p99}");
        }
        assert_eq!(Row::megabytes("", 1.0).met(), None);
    }
}
