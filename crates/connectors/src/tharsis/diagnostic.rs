//! Errors and warnings of Terraform: as the platform keeps them, or read from a log where it keeps
//! none. Pure; all texts were written by others and are cleaned.

use pilothouse_model::text::{prefix, sanitize};
use serde::Serialize;
use serde_json::Value;

mod parse;

pub(super) use parse::parse_log;

/// More are not kept: the first ones explain the rest.
const MAX_DIAGNOSTICS: usize = 50;
const MAX_SUMMARY: usize = 500;
const MAX_DETAIL: usize = 4000;
const MAX_SNIPPET: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    Error,
    Warning,
}

/// One problem and where it is. `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Diagnostic {
    pub severity: Severity,
    pub summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The resource concerned, as in `module.app.aws_instance.web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The source text at that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// What the names in the snippet stood for, as in `var.size is 12`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Diagnostic {
    /// `main.tf:3`, or just the file.
    pub(super) fn place(&self) -> Option<String> {
        let file = self.file.as_deref()?;
        Some(self.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}")))
    }
}

/// Errors first, without repetitions, and without Terraform's announcement that errors follow.
fn tidy(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut tidy: Vec<Diagnostic> = Vec::new();
    for diagnostic in diagnostics {
        if !is_announcement(&diagnostic) && !tidy.contains(&diagnostic) {
            tidy.push(diagnostic);
        }
    }
    tidy.sort_by_key(|diagnostic| diagnostic.severity);
    tidy.truncate(MAX_DIAGNOSTICS);
    tidy
}

fn is_announcement(diagnostic: &Diagnostic) -> bool {
    diagnostic.summary.starts_with("Terraform encountered problems during initiali")
}

/// Reads `{diagnostics: […]}` of the platform: flat fields, or Terraform's own `range`, `snippet`.
pub(super) fn from_platform(answer: &Value) -> Vec<Diagnostic> {
    let list = answer.get("diagnostics").unwrap_or(answer);
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    tidy(list.iter().filter_map(read).collect())
}

fn read(value: &Value) -> Option<Diagnostic> {
    let text = |pointers: &[&str], max| {
        let found = pointers.iter().find_map(|pointer| value.pointer(pointer)?.as_str())?;
        Some(bounded(found, max)).filter(|text| !text.is_empty())
    };
    let line = value.pointer("/line").or_else(|| value.pointer("/range/start/line"));
    Some(Diagnostic {
        severity: match value.get("severity")?.as_str()? {
            severity if severity.eq_ignore_ascii_case("warning") => Severity::Warning,
            _ => Severity::Error,
        },
        summary: text(&["/summary"], MAX_SUMMARY)?,
        detail: text(&["/detail"], MAX_DETAIL).unwrap_or_default(),
        address: text(&["/address"], MAX_SUMMARY),
        file: text(&["/file", "/range/filename"], MAX_SUMMARY),
        line: line.and_then(Value::as_u64),
        snippet: text(&["/snippet/code", "/snippet"], MAX_SNIPPET),
        values: Vec::new(),
    })
}

fn bounded(text: &str, max: usize) -> String {
    prefix(sanitize(text).trim_end(), max).to_owned()
}

#[cfg(test)]
mod tests;
