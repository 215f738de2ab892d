//! The user documentation: found by words, read by address. Addresses are rooted paths,
//! `/docs/runs#states`.

use std::sync::OnceLock;

use pilothouse_model::{Error, text::prefix};
use serde::Serialize;
use thiserror::Error;

use super::{
    markdown::{self, Outline, Section},
    terraform_error::TerraformErrors,
};
use crate::{
    embedded::{self, File, NotText},
    nearest::nearest,
    search::{Field, Index},
};

const ROOT: &str = "/docs/";
const TERRAFORM_ERRORS: &str = "terraform-errors";
const MAX_URL: usize = 512;

/// All pages, indexed by section.
#[derive(Debug)]
pub struct Documentation {
    pages: Vec<Page>,
    index: Index<SectionHit>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    pub title: String,
    pub url: String,
    pub breadcrumbs: Vec<String>,
    /// Markdown.
    pub content: String,
}

/// A section that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionHit {
    /// The page's title.
    pub title: String,
    pub url: String,
    pub breadcrumbs: Vec<String>,
    /// The section's heading; absent for the beginning of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Higher is better; comparable only within one answer.
    pub relevance: f64,
}

#[derive(Debug, Error)]
enum Unreadable {
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error("{0} must open with a line \"# Title\"")]
    NoTitle(String),
}

/// The address of the explanation of an error with this title.
pub(super) fn terraform_error_url(title: &str) -> String {
    format!("{ROOT}{TERRAFORM_ERRORS}#{}", markdown::anchor(title))
}

impl Documentation {
    /// Results of a search when the caller does not say how many.
    pub const DEFAULT_LIMIT: usize = 10;
    /// Results of a search at most.
    pub const MAX_LIMIT: usize = 100;

    /// The documentation in the binary. Fails only if an embedded page is broken, which the tests
    /// of this crate rule out.
    pub fn embedded() -> Result<&'static Self, Error> {
        static EMBEDDED: OnceLock<Documentation> = OnceLock::new();
        if let Some(documentation) = EMBEDDED.get() {
            return Ok(documentation);
        }
        let errors = TerraformErrors::embedded()?;
        let mut files = embedded::guide().map_err(Error::internal)?;
        files.push(File { path: format!("{TERRAFORM_ERRORS}.md"), text: errors.page().into() });
        let documentation = Self::read(files).map_err(Error::internal)?;
        Ok(EMBEDDED.get_or_init(|| documentation))
    }

    fn read(files: Vec<File>) -> Result<Self, Unreadable> {
        let mut pages = Vec::new();
        let mut sections = Vec::new();
        for File { path, text } in files {
            let outline = markdown::outline(&text).ok_or(Unreadable::NoTitle(path.clone()))?;
            let name = path.rsplit('/').next().unwrap_or(&path);
            let url = format!("{ROOT}{}", name.strip_suffix(".md").unwrap_or(name));
            let Outline { title, sections: parts } = outline;
            let breadcrumbs = vec!["Documentation".to_owned(), title.clone()];
            let page = Page { title, url, breadcrumbs, content: text.into_owned() };
            sections.extend(parts.into_iter().map(|part| indexed(&page, part)));
            pages.push(page);
        }
        Ok(Self { pages, index: Index::new(sections) })
    }

    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The sections that best fit some words or an error message, at most `limit` of them and
    /// never more than [`Self::MAX_LIMIT`].
    pub fn search(&self, query: &str, limit: usize) -> Vec<SectionHit> {
        self.index
            .search(query, limit.min(Self::MAX_LIMIT), |_| true)
            .into_iter()
            .map(|hit| {
                let relevance = (hit.score * 100.0).round() / 100.0;
                SectionHit { relevance, ..hit.document.clone() }
            })
            .collect()
    }

    /// A page by its address: rooted or absolute, with or without a section behind `#`.
    pub fn page(&self, url: &str) -> Result<&Page, Error> {
        let path = path_of(prefix(url, MAX_URL));
        self.pages.iter().find(|page| page.url == path).ok_or_else(|| {
            let known: Vec<&str> = self.pages.iter().map(|page| page.url.as_str()).collect();
            let error = Error::not_found("documentation page", prefix(url, MAX_URL));
            match nearest(&path, &known, 1).first() {
                Some(close) => error.hint(format!("did you mean {close}?")),
                None => error.hint(format!("there are: {}", known.join(", "))),
            }
        })
    }
}

/// `https://host/docs/runs.md?x#states` → `/docs/runs`.
fn path_of(url: &str) -> String {
    let url = url.trim();
    let rooted = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    let path = rooted.split(['#', '?']).next().unwrap_or_default();
    let path = path.strip_suffix(".md").unwrap_or(path).trim_matches('/');
    format!("/{path}")
}

fn indexed(page: &Page, section: Section) -> (SectionHit, Vec<Field>) {
    let Section { title, parents, text } = section;
    let heading = title.clone().unwrap_or_default();
    let fields = vec![
        Field::new(2.0, page.title.as_str()),
        Field::new(4.0, heading.as_str()),
        Field::new(2.0, parents.join(" ")),
        Field::new(1.0, text),
    ];
    let url = match &title {
        Some(title) => format!("{}#{}", page.url, markdown::anchor(title)),
        None => page.url.clone(),
    };
    let mut breadcrumbs = page.breadcrumbs.clone();
    breadcrumbs.extend(parents);
    let hit =
        SectionHit { title: page.title.clone(), url, breadcrumbs, section: title, relevance: 0.0 };
    (hit, fields)
}

#[cfg(test)]
mod tests;
