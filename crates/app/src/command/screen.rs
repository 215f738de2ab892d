//! How operator commands answer: tables and fields for people, JSON for programs.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use pilothouse_model::{
    Error,
    text::{visible, visible_line},
};
use serde::Serialize;

use crate::exit::{Exit, after_write};

const HEADER: Style = Style::new().bold();

/// One JSON document on standard output. Characters that a terminal would obey are escaped in it.
pub(super) fn json(value: &impl Serialize) -> Result<Exit, Error> {
    let text = serde_json::to_string_pretty(value).map_err(Error::internal)?;
    text_line(&text)
}

/// A text and its final newline.
pub(super) fn text_line(text: &str) -> Result<Exit, Error> {
    after_write(writeln!(anstream::stdout(), "{}", visible(text)))
}

/// A status in its colour, what it is of, and what comes next.
pub(super) fn answer(status: &str, id: &str, next: &str) -> Result<Exit, Error> {
    let (status, id, next) = (coloured(status), visible_line(id), visible(next));
    after_write(writeln!(anstream::stdout(), "{status}  {id}\n{next}"))
}

/// Rows under a header, as wide as the terminal; `empty` when there are none.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, empty: &str) -> Result<Exit, Error> {
    if rows.is_empty() {
        return text_line(empty);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    let shown = |cell: String| visible_line(&cell).into_owned();
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(shown)));
    after_write(lines(&table.to_string()))
}

fn lines(table: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if number == 0 {
            writeln!(out, "{HEADER}{line}{HEADER:#}")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Names and values below each other, a status in its colour. Fields without a value are left out.
pub(super) fn fields(fields: &[(&str, Option<String>)]) -> Result<Exit, Error> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut out = anstream::stdout();
    let written = fields
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        .try_for_each(|(name, value)| {
            let value = field(name, value, width);
            writeln!(out, "{HEADER}{name:width$}{HEADER:#}  {value}")
        });
    after_write(written)
}

/// A value as it stands behind its name: further lines of it stay under the first, so that none can
/// pass for another field.
fn field(name: &str, value: &str, width: usize) -> String {
    match name {
        "state" | "status" => coloured(value),
        _ => visible(value).replace('\n', &format!("\n{:1$}", "", width + 2)),
    }
}

/// A status in the colour people expect of it.
fn coloured(status: &str) -> String {
    let style = match status {
        "applied" | "planned_and_finished" | "finished" | "done" | "approved" | "ok" => {
            AnsiColor::Green.on_default()
        }
        "errored" | "failed" | "denied" | "missing" => AnsiColor::Red.on_default(),
        "planned" | "pending" | "asked" | "warning" => AnsiColor::Yellow.on_default(),
        _ => Style::new(),
    };
    format!("{style}{}{style:#}", visible_line(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_pass_for_another_field() {
        for (value, shown) in [
            ("plain", "plain"),
            ("{\n}", "{\n      }"),
            ("acme\nrisk  read", "acme\n      risk  read"),
            ("a\u{202e}b\u{1b}[A", "a\\u202eb\\u001b[A"),
        ] {
            assert_eq!(field("what", value, 4), shown, "{value:?}");
        }
        assert!(field("state", "\u{1b}[8m", 4).contains("\\u001b[8m"));
    }
}
