//! The table of budgets and today's values.

/// One line: what was measured, what it may be, what it is.
pub(crate) struct Row {
    what: String,
    budget: String,
    today: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, budget: String, today: String) -> Self {
        Self { what: what.into(), budget, today }
    }
}

pub(crate) fn milliseconds(value: f64) -> String {
    if value < 1.0 { format!("{value:.3} ms") } else { format!("{value:.1} ms") }
}

pub(crate) fn megabytes(value: f64) -> String {
    format!("{value:.1} MB")
}

pub(crate) fn megabytes_of(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a file is not that large")]
    let bytes = bytes as f64;
    megabytes(bytes / 1e6)
}

pub(crate) fn kilobytes(bytes: usize) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

/// Of at least one value.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// As Markdown, with columns that line up on a terminal too.
pub(crate) fn render(rows: &[Row]) -> String {
    let header = Row::new("what", "budget".to_owned(), "today".to_owned());
    let all = || std::iter::once(&header).chain(rows);
    let width = |of: fn(&Row) -> &String| all().map(|row| of(row).chars().count()).max();
    let what = width(|row| &row.what).unwrap_or(0);
    let budget = width(|row| &row.budget).unwrap_or(0);
    let today = width(|row| &row.today).unwrap_or(0);
    let line = |row: &Row| {
        format!("| {:what$} | {:>budget$} | {:>today$} |", row.what, row.budget, row.today)
    };
    let mut lines = vec![line(&header)];
    let rule = |width: usize, end: &str| format!("{:->1$}", end, width + 2);
    lines.push(format!("|{}|{}|{}|", rule(what, "-"), rule(budget, ":"), rule(today, ":")));
    lines.extend(rows.iter().map(line));
    lines.join("\n")
}

/// The page with this table in place of its own; the words around it are written by hand.
pub(crate) fn replaced(page: &str, table: &str) -> Option<String> {
    let begin = page.find("| what")?;
    let length = page[begin..].find("\n\n")?;
    Some(format!("{}{table}{}", &page[..begin], &page[begin + length..]))
}
