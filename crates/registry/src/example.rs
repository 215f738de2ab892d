//! Examples of what people write for a platform: pipelines, triggers, connectors. Each is our own,
//! complete, and valid by the schema of its definition where there is one; it can be sent as the
//! body of a create once its names are right.

use std::{collections::BTreeMap, sync::OnceLock};

use pilothouse_model::Error;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    embedded, nearest,
    search::{Field, Index},
};

/// Most examples that one search gives.
const MAX_FOUND: usize = 10;

/// One thing, written out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// When to take it.
    pub about: String,
    pub value: Value,
}

/// An example and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The definition or type that it is one of.
    pub of: &'static str,
    pub name: &'static str,
    pub example: &'static Example,
}

type Examples = BTreeMap<String, BTreeMap<String, BTreeMap<String, Example>>>;

/// The examples of a definition or type of a platform, in order of their names.
pub fn of(platform: &str, definition: &str) -> Result<Vec<Found>, Error> {
    Ok(all(platform)?.filter(|found| found.of.eq_ignore_ascii_case(definition)).collect())
}

/// The example `name` of a definition or type.
pub fn named(platform: &str, definition: &str, name: &str) -> Result<Found, Error> {
    let found = of(platform, definition)?;
    if let Some(found) = found.iter().find(|found| found.name.eq_ignore_ascii_case(name)) {
        return Ok(*found);
    }
    let known: Vec<&str> = found.iter().map(|found| found.name).collect();
    let error = Error::invalid(format!("{definition} has no example {name:?}"));
    Err(match nearest(name, &known, 1).first() {
        Some(close) => error.hint(format!("did you mean {close:?}?")),
        None if known.is_empty() => error.hint("it has no examples; its schema shows its fields"),
        None => error.hint(format!("there are: {}", known.join(", "))),
    })
}

/// The examples of a platform that match `words`, best first; of one definition, if it is named.
pub fn search(platform: &str, definition: Option<&str>, words: &str) -> Result<Vec<Found>, Error> {
    let is_meant = |of: &str| definition.is_none_or(|wanted| of.eq_ignore_ascii_case(wanted));
    let index = Index::new(all(platform)?.filter(|found| is_meant(found.of)).map(|found| {
        let fields = [(3.0, found.name), (2.0, found.example.about.as_str()), (1.0, found.of)];
        let mut fields = fields.map(|(weight, text)| Field::new(weight, text)).to_vec();
        fields.push(Field::new(0.5, found.example.value.to_string()));
        (found, fields)
    }));
    let hits = index.search(words, MAX_FOUND, |_| true);
    Ok(hits.into_iter().map(|hit| *hit.document).collect())
}

fn all(platform: &str) -> Result<impl Iterator<Item = Found>, Error> {
    let definitions = examples()?.get(platform).into_iter().flatten();
    Ok(definitions.flat_map(|(of, examples)| {
        examples.iter().map(move |(name, example)| Found { of, name, example })
    }))
}

fn examples() -> Result<&'static Examples, Error> {
    static EXAMPLES: OnceLock<Result<Examples, String>> = OnceLock::new();
    let load = || {
        let mut examples = Examples::new();
        for (platform, name, text) in embedded::examples().map_err(|error| error.to_string())? {
            let read = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
            examples.entry(platform).or_default().insert(name, read);
        }
        Ok(examples)
    };
    EXAMPLES.get_or_init(load).as_ref().map_err(|error| Error::internal(error.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, definition};

    const HARNESS: &str = "harness";

    #[test]
    fn examples_are_valid_by_their_schemas() {
        let catalog = Catalog::embedded().platform(HARNESS).unwrap();
        let definitions: Vec<String> = definition::names(HARNESS).collect();
        for name in &definitions {
            assert!(!of(HARNESS, name).unwrap().is_empty(), "{name} has no example");
        }
        for found in all(HARNESS).unwrap() {
            let place = format!("{}: {}", found.of, found.name);
            assert!((10..160).contains(&found.example.about.len()), "{place}");
            let value = &found.example.value;
            if definitions.iter().any(|name| name == found.of) {
                let schema = definition::document(HARNESS, found.of).unwrap();
                let validator = jsonschema::draft202012::new(schema).unwrap();
                let errors: Vec<_> =
                    validator.iter_errors(value).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{place}: {errors:?}");
            } else {
                let kind = catalog.types.get(found.of).unwrap_or_else(|| panic!("{place}"));
                assert!(kind.operation("create").is_ok(), "{place}");
            }
        }
    }

    #[test]
    fn examples_are_found_by_name_and_by_words() {
        let rolling = named(HARNESS, "Pipeline", "kubernetes-rolling").unwrap();
        assert_eq!(rolling.example.value["pipeline"]["identifier"], "deploy_shop");
        let error = named(HARNESS, "pipeline", "kubernetes-rollin").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean \"kubernetes-rolling\"?"));
        let error = named(HARNESS, "secret", "text").unwrap_err();
        assert!(error.hint.unwrap().contains("no examples"));
        let first = |definition, words| search(HARNESS, definition, words).unwrap()[0].name;
        assert_eq!(first(None, "pull request trigger"), "on-pull-request");
        assert_eq!(first(Some("pipeline"), "wait for a person"), "build-approve-deploy");
        assert!(search(HARNESS, None, "xyzzy").unwrap().is_empty());
        assert!(search("nothing", None, "pipeline").unwrap().is_empty());
    }
}
