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

/// The page that `--write` writes.
pub(crate) fn page(table: &str) -> String {
    format!(
        "# Performance\n\n\
         What Pilothouse costs, measured by `cargo bench -- --write` on a machine with two cores. \
         Starts are the median of twenty; memory is resident memory; CPU is the server's own user \
         and system time. Nothing here is asserted by a test, because it depends on the machine.\n\n\
         {table}\n\n\
         ## What is over its budget\n\n\
         - A call over HTTP: most of it is the kernel and the runtimes. `sqlx` hands each statement \
         to a thread of its own and back, and asks a connection again when it returns to its pool; \
         the answer to a legacy client is a stream of two writes. What remains is flat: allocation \
         and copies a fifth, no function of ours above one percent.\n\
         - The binary: the tables that let a panic end one call instead of the server are 4 MB, \
         Cedar is 3 MB, drawing charts 1.3 MB, the rest is two databases, TLS, HTTP and gRPC.\n"
    )
}
