//! Examples of definitions: the one that is asked for, or those that match some words.

use pilothouse_model::Error;
use pilothouse_registry::{
    definition,
    example::{self, Found},
};
use serde_json::{Map, Value, json};

use super::{Reach, take_text};

/// What `example` and `example_search` ask for, and without a type which definitions there are;
/// nothing when the arguments ask for something else.
pub(super) fn answer(
    reach: Reach<'_>,
    arguments: &mut Map<String, Value>,
) -> Result<Option<Value>, Error> {
    let [name, words] = ["example", "example_search"].map(|name| take_text(arguments, name));
    let Some(home) = reach.home else { return Ok(None) };
    let platform = home.platform();
    let kind = arguments.get("resource_type").and_then(Value::as_str).map(|asked| {
        let found = home.connector().catalog().resource_type(asked.trim());
        found.map_or_else(|_| asked.trim().to_owned(), |found| found.name.clone())
    });
    let answer = match (name, words, kind) {
        (Some(name), _, Some(kind)) => whole(&example::named(platform, &kind, &name)?),
        (Some(name), _, None) => {
            return Err(Error::invalid("resource_type is required with example")
                .hint(format!("example_search={name:?} looks through those of all types")));
        }
        (None, Some(words), kind) => {
            let found = example::search(platform, kind.as_deref(), &words)?;
            json!({ "examples": found.iter().map(brief).collect::<Vec<_>>() })
        }
        (None, None, None) => {
            let names: Vec<String> = definition::names(platform).collect();
            json!({ "definitions": names })
        }
        (None, None, Some(_)) => return Ok(None),
    };
    Ok(Some(answer))
}

/// The names of the examples of a definition.
pub(super) fn names(platform: &str, definition: &str) -> Result<Vec<&'static str>, Error> {
    Ok(example::of(platform, definition)?.iter().map(|found| found.name).collect())
}

fn brief(found: &Found) -> Value {
    json!({ "definition": found.of, "example": found.name, "about": found.example.about })
}

fn whole(found: &Found) -> Value {
    let mut shown = brief(found);
    shown["value"] = found.example.value.clone();
    shown
}
