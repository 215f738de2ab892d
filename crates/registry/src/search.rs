//! Ranked full-text search in memory: BM25 over weighted fields, forgiving of typing errors.
//!
//! Knows nothing of what it indexes: the registry's types and operations ([`CatalogSearch`]) and
//! the documentation's sections are both documents to it. The same query on the same documents
//! always gives the same answer in the same order.

mod catalog;
mod term;
mod verb;

use std::collections::BTreeMap;

pub use self::catalog::{CatalogSearch, Found};

/// How fast repeating a word stops helping.
const SATURATION: f64 = 2.5;

/// How much a long document is held against it; low, since ours are all short.
const LENGTH_PENALTY: f64 = 0.4;

/// Words of a query beyond these are ignored.
const MAX_QUERY_TERMS: usize = 32;

/// Part of a document: its text, and how much a word in it counts.
#[derive(Clone, Debug)]
pub struct Field {
    weight: f64,
    text: String,
}

impl Field {
    pub fn new(weight: f64, text: impl Into<String>) -> Self {
        Self { weight, text: text.into() }
    }
}

/// Documents and where their words are.
#[derive(Debug)]
pub struct Index<D> {
    documents: Vec<D>,
    /// Weighted number of words of each document.
    lengths: Vec<f64>,
    average_length: f64,
    /// For each term the documents that have it, with its weighted count.
    postings: BTreeMap<String, Vec<(usize, f64)>>,
}

#[derive(Debug)]
pub struct Hit<'i, D> {
    pub document: &'i D,
    /// Higher is better; comparable only within one answer.
    pub score: f64,
}

impl<D> Index<D> {
    pub fn new(documents: impl IntoIterator<Item = (D, Vec<Field>)>) -> Self {
        let mut index = Self {
            documents: Vec::new(),
            lengths: Vec::new(),
            average_length: 0.0,
            postings: BTreeMap::new(),
        };
        for (document, fields) in documents {
            index.add(document, &fields);
        }
        let total: f64 = index.lengths.iter().sum();
        index.average_length = total / count(index.lengths.len().max(1));
        index
    }

    fn add(&mut self, document: D, fields: &[Field]) {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for field in fields {
            for term in term::all(&field.text) {
                *counts.entry(term).or_default() += field.weight;
            }
        }
        let number = self.documents.len();
        self.documents.push(document);
        self.lengths.push(counts.values().sum());
        for (term, count) in counts {
            self.postings.entry(term).or_default().push((number, count));
        }
    }

    /// The best documents for `query` among those that `shown` admits, at most `limit`.
    pub fn search(&self, query: &str, limit: usize, shown: impl Fn(&D) -> bool) -> Vec<Hit<'_, D>> {
        let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
        for term in term::of_query(query).into_iter().take(MAX_QUERY_TERMS) {
            for (document, score) in self.score(&term) {
                *scores.entry(document).or_default() += score;
            }
        }
        let mut hits: Vec<Hit<'_, D>> = scores
            .into_iter()
            .filter_map(|(number, score)| {
                let document = self.documents.get(number)?;
                shown(document).then_some(Hit { document, score })
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(limit);
        hits
    }

    /// What one word of a query is worth to each document: the best of the terms it may stand for.
    fn score(&self, word: &str) -> BTreeMap<usize, f64> {
        let mut best: BTreeMap<usize, f64> = BTreeMap::new();
        for (term, likeness) in self.meant_by(word) {
            let Some(postings) = self.postings.get(term) else { continue };
            let rarity = self.rarity(postings.len());
            for (document, count) in postings {
                let score = likeness * rarity * self.weight(*document, *count);
                let entry = best.entry(*document).or_default();
                *entry = entry.max(score);
            }
        }
        best
    }

    /// The indexed terms that `word` may stand for, with how likely that is: itself, what it
    /// begins, or, if there is neither, what it is a misspelling of.
    fn meant_by(&self, word: &str) -> Vec<(&str, f64)> {
        let known: Vec<(&str, f64)> = self
            .postings
            .range(word.to_owned()..)
            .map(|(term, _)| term.as_str())
            .take_while(|term| term.starts_with(word))
            .filter_map(|term| Some((term, term::completion(word, term)?)))
            .collect();
        if !known.is_empty() {
            return known;
        }
        self.postings
            .keys()
            .filter_map(|term| Some((term.as_str(), term::misspelling(word, term)?)))
            .collect()
    }

    fn rarity(&self, documents_with_term: usize) -> f64 {
        let with = count(documents_with_term);
        let without = count(self.documents.len()) - with;
        (1.0 + (without + 0.5) / (with + 0.5)).ln()
    }

    fn weight(&self, document: usize, count: f64) -> f64 {
        let length = self.lengths.get(document).copied().unwrap_or_default();
        let relative = length / self.average_length.max(f64::MIN_POSITIVE);
        let damping = SATURATION * (1.0 - LENGTH_PENALTY + LENGTH_PENALTY * relative);
        count * (SATURATION + 1.0) / (count + damping)
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are a few thousand documents")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
