//! How operator commands answer: tables and fields for people, JSON for programs.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use pilothouse_model::Error;
use serde::Serialize;

use crate::exit::{Exit, after_write};

const HEADER: Style = Style::new().bold();

/// One JSON document on standard output.
pub(super) fn json(value: &impl Serialize) -> Result<Exit, Error> {
    let text = serde_json::to_string_pretty(value).map_err(Error::internal)?;
    text_line(&text)
}

/// A text and its final newline.
pub(super) fn text_line(text: &str) -> Result<Exit, Error> {
    after_write(writeln!(anstream::stdout(), "{text}"))
}

/// Rows under a header, as wide as the terminal; `empty` when there are none.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, empty: &str) -> Result<Exit, Error> {
    if rows.is_empty() {
        return text_line(empty);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    table.add_rows(rows);
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

/// Names and values below each other. Fields without a value are left out.
pub(super) fn fields(fields: &[(&str, Option<String>)]) -> Result<Exit, Error> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut out = anstream::stdout();
    let written = fields
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        .try_for_each(|(name, value)| writeln!(out, "{HEADER}{name:width$}{HEADER:#}  {value}"));
    after_write(written)
}

/// A status in the colour people expect of it.
pub(super) fn coloured(status: &str) -> String {
    let style = match status {
        "applied" | "planned_and_finished" | "finished" | "done" | "approved" | "ok" => {
            AnsiColor::Green.on_default()
        }
        "errored" | "failed" | "denied" | "missing" => AnsiColor::Red.on_default(),
        "planned" | "pending" | "asked" | "warning" => AnsiColor::Yellow.on_default(),
        _ => Style::new(),
    };
    format!("{style}{status}{style:#}")
}
