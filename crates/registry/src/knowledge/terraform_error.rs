//! Common errors of Terraform and OpenTofu: how to recognize them, why they happen, what to do.

use std::{fmt::Write as _, sync::OnceLock};

use pilothouse_model::{Error, text::prefix};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    documentation,
    pattern::{self, Pattern},
};
use crate::embedded::{self, File, NotText};

const FILE: &str = "terraform-errors.toml";

/// Longer messages are looked at up to here, in bytes.
const MAX_MESSAGE: usize = 16 << 10;

/// A match in the summary says more than one somewhere in the detail.
const SUMMARY_FACTOR: usize = 2;

/// One kind of error.
#[derive(Clone, Debug, Serialize)]
pub struct TerraformError {
    pub id: String,
    pub title: String,
    pub category: Category,
    pub cause: String,
    /// In the order in which to try them.
    pub next_steps: Vec<String>,
    /// Words to search the documentation for.
    pub keywords: Vec<String>,
    /// The section of the documentation about it, as a rooted path.
    pub url: String,
    #[serde(skip)]
    patterns: Vec<(String, Pattern)>,
}

/// What an error has to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Argument,
    Authentication,
    Backend,
    Condition,
    Conflict,
    Dependency,
    Function,
    Module,
    Network,
    Permission,
    Program,
    Provider,
    Quota,
    Reference,
    State,
    Syntax,
    Timeout,
    Type,
    Variable,
}

/// All known kinds of errors.
#[derive(Debug)]
pub struct TerraformErrors(Vec<TerraformError>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    error: Vec<Written>,
}

/// An entry as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    category: Category,
    patterns: Vec<String>,
    cause: String,
    next_steps: Vec<String>,
    keywords: Vec<String>,
}

#[derive(Debug, Error)]
enum Unreadable {
    #[error("registry/knowledge/{FILE} is missing")]
    Missing,
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error("{path}: {source}")]
    Toml { path: String, source: toml::de::Error },
    #[error("registry/knowledge/{FILE}: {id}: the pattern {pattern:?} would match everything")]
    Pattern { id: String, pattern: String },
}

impl TerraformErrors {
    /// The errors described in the binary. Fails only if the embedded file is broken, which the
    /// tests of this crate rule out.
    pub fn embedded() -> Result<&'static Self, Error> {
        static EMBEDDED: OnceLock<TerraformErrors> = OnceLock::new();
        if let Some(errors) = EMBEDDED.get() {
            return Ok(errors);
        }
        let errors = read().map_err(Error::internal)?;
        Ok(EMBEDDED.get_or_init(|| errors))
    }

    pub fn iter(&self) -> impl Iterator<Item = &TerraformError> {
        self.0.iter()
    }

    /// The kinds that fit a message, the most specific first. `detail` may be the whole output.
    pub fn diagnose(&self, summary: &str, detail: &str) -> Vec<&TerraformError> {
        let summary = pattern::normal(prefix(summary, MAX_MESSAGE));
        let whole = format!("{summary} {}", pattern::normal(prefix(detail, MAX_MESSAGE)));
        let mut found: Vec<(usize, &TerraformError)> =
            self.0.iter().filter_map(|error| Some((error.fit(&summary, &whole)?, error))).collect();
        found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        found.into_iter().map(|(_, error)| error).collect()
    }

    /// The documentation page that explains all of them.
    pub(super) fn page(&self) -> String {
        let mut page = "# Terraform errors\n\nWhat common messages of Terraform, OpenTofu and \
                        their providers mean, and what to do. `infra_diagnose` finds the entry \
                        that fits a failed run.\n"
            .to_owned();
        for error in &self.0 {
            error.write_section(&mut page);
        }
        page
    }
}

impl TerraformError {
    /// How well it explains the message, if at all.
    fn fit(&self, summary: &str, whole: &str) -> Option<usize> {
        self.patterns
            .iter()
            .filter(|(_, pattern)| pattern.is_in(whole))
            .map(|(_, pattern)| {
                let factor = if pattern.is_in(summary) { SUMMARY_FACTOR } else { 1 };
                factor * pattern.weight()
            })
            .max()
    }

    fn write_section(&self, page: &mut String) {
        let messages: Vec<String> =
            self.patterns.iter().map(|(text, _)| format!("`{}`", text.replace('*', "…"))).collect();
        let steps: Vec<String> = self.next_steps.iter().map(|step| format!("- {step}")).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n{}\n\nMessages: {}\n\nSee also: {}\n",
            self.title,
            self.cause,
            steps.join("\n"),
            messages.join(", "),
            self.keywords.join(", "),
        );
    }
}

fn read() -> Result<TerraformErrors, Unreadable> {
    let File { path, text } = embedded::knowledge(FILE).ok_or(Unreadable::Missing)??;
    let contents: Contents =
        toml::from_str(&text).map_err(|source| Unreadable::Toml { path, source })?;
    contents.error.into_iter().map(entry).collect::<Result<_, _>>().map(TerraformErrors)
}

fn entry(written: Written) -> Result<TerraformError, Unreadable> {
    let patterns = written
        .patterns
        .into_iter()
        .map(|text| match Pattern::new(&text) {
            Some(pattern) => Ok((text, pattern)),
            None => Err(Unreadable::Pattern { id: written.id.clone(), pattern: text }),
        })
        .collect::<Result<_, _>>()?;
    Ok(TerraformError {
        url: documentation::terraform_error_url(&written.title),
        id: written.id,
        title: written.title,
        category: written.category,
        cause: written.cause,
        next_steps: written.next_steps,
        keywords: written.keywords,
        patterns,
    })
}

#[cfg(test)]
mod tests;
