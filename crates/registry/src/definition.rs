//! What the YAML of a platform's definitions may contain (pipelines, templates, triggers), as JSON
//! Schema: compact ones of our own, written from the platform's public documentation, and the way
//! to look into one part at a time.

use std::{
    collections::{BTreeMap, HashSet},
    sync::OnceLock,
};

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use crate::{embedded, nearest};

/// How many references are followed in a row; more is a circle.
const MAX_HOPS: usize = 16;
/// Segments of a path, at most: each may be searched for in the whole document.
const MAX_SEGMENTS: usize = 64;

type Documents = BTreeMap<String, BTreeMap<String, Value>>;

/// The names of a platform's definitions, in order; none for a platform that has none.
pub fn names(platform: &str) -> impl Iterator<Item = String> {
    let found = documents().ok().and_then(|documents| documents.get(platform));
    found.into_iter().flat_map(|documents| documents.keys().cloned())
}

/// A definition's whole schema.
pub fn document(platform: &str, name: &str) -> Result<&'static Value, Error> {
    let found = documents()?.get(platform).and_then(|documents| documents.get(name));
    found.ok_or_else(|| {
        let known: Vec<_> = names(platform).collect();
        Error::invalid(format!("{platform} has no schema {name:?}"))
            .hint(format!("there are: {}", known.join(", ")))
    })
}

/// One part of a schema, its own fields described one level deep. `path` names fields and list
/// items from the top, as in `pipeline.stages.stage.spec`; a number, `[]` or `items` may stand for
/// an item but need not. The name of one of several alternatives or of a shared definition
/// chooses it. Without a path: the top, and the shared definitions that can be asked for.
pub fn part(document: &Value, path: &str) -> Result<Value, Error> {
    let mut place = document;
    let mut walked = Vec::new();
    let normal = path.replace(['/', '['], ".").replace(']', ".");
    for segment in normal.split('.').filter(|segment| !segment.is_empty()) {
        if walked.len() == MAX_SEGMENTS {
            return Err(Error::limited(format!("path: more than {MAX_SEGMENTS} segments")));
        }
        let next = step(document, place, segment);
        place = next.ok_or_else(|| no_such(document, place, segment, &walked))?;
        walked.push(segment);
    }
    let mut shown = shown(document, place);
    if walked.is_empty() {
        let names: Vec<_> = shared(document).map(|(name, _)| name.as_str()).collect();
        shown.insert("shared".into(), json!(names));
    }
    Ok(Value::Object(shown))
}

fn documents() -> Result<&'static Documents, Error> {
    static DOCUMENTS: OnceLock<Result<Documents, String>> = OnceLock::new();
    let load = || {
        let mut documents = Documents::new();
        for (platform, name, text) in embedded::definitions().map_err(|error| error.to_string())? {
            let schema = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
            documents.entry(platform).or_default().insert(name, schema);
        }
        Ok(documents)
    };
    DOCUMENTS.get_or_init(load).as_ref().map_err(|error| Error::internal(error.clone()))
}

/// What `schema` refers to, itself if it refers to nothing.
fn resolve<'d>(document: &'d Value, mut schema: &'d Value) -> &'d Value {
    for _ in 0..MAX_HOPS {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(found) = target.strip_prefix('#').and_then(|at| document.pointer(at)) else {
            break;
        };
        schema = found;
    }
    schema
}

/// The definitions that the document's places share.
fn shared(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let tables = ["$defs", "definitions"].into_iter();
    tables.filter_map(|key| document.get(key)?.as_object()).flatten()
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten()
}

/// Where `segment` leads from a place: the first match in the order of the document, through lists
/// and alternatives. Schemas that platforms send may refer to themselves and be of any depth, so no
/// place is looked at twice and the call stack stays as it is.
fn step<'d>(document: &'d Value, place: &'d Value, segment: &str) -> Option<&'d Value> {
    let is_item = segment == "items" || segment.bytes().all(|byte| byte.is_ascii_digit());
    let mut seen = HashSet::new();
    let mut waiting = vec![Waiting { place, names: [None; 2] }];
    while let Some(Waiting { place, names }) = waiting.pop() {
        if names.contains(&Some(segment)) {
            return Some(place);
        }
        if !seen.insert(std::ptr::from_ref(place)) {
            continue;
        }
        if let Some(field) = place.pointer("/properties").and_then(|fields| fields.get(segment)) {
            return Some(resolve(document, field));
        }
        if let Some(items) = place.get("items").map(|items| resolve(document, items)) {
            if is_item {
                return Some(items);
            }
            waiting.push(Waiting { place: items, names: [None; 2] });
            continue;
        }
        let first = waiting.len();
        waiting.extend(alternatives(place).map(|it| Waiting::alternative(document, it)));
        waiting[first..].reverse();
    }
    let (_, found) = shared(document).find(|(name, _)| *name == segment)?;
    std::ptr::eq(place, document).then(|| resolve(document, found))
}

/// A place that is still to be looked into, and what it is called if it is an alternative.
struct Waiting<'d> {
    place: &'d Value,
    names: [Option<&'d str>; 2],
}

impl<'d> Waiting<'d> {
    fn alternative(document: &'d Value, alternative: &'d Value) -> Self {
        let place = resolve(document, alternative);
        let reference = alternative.get("$ref").and_then(Value::as_str);
        let title = place.get("title").and_then(Value::as_str);
        Self { place, names: [reference.and_then(|at| at.rsplit('/').next()), title] }
    }
}

fn no_such(document: &Value, place: &Value, segment: &str, walked: &[&str]) -> Error {
    let known = fields(document, place);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let at = if walked.is_empty() { "the top".to_owned() } else { walked.join(".") };
    let error = Error::invalid(format!("there is no {segment:?} at {at}"));
    match nearest(segment, &known, 1).first() {
        Some(close) => {
            error.hint(format!("did you mean {close:?}? There are: {}", known.join(", ")))
        }
        None if known.is_empty() => error.hint("it has no fields"),
        None => error.hint(format!("there are: {}", known.join(", "))),
    }
}

/// The names of the fields at a place, of all its alternatives.
fn fields(document: &Value, place: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let own = place.get("properties").and_then(Value::as_object);
    names.extend(own.into_iter().flat_map(Map::keys).cloned());
    let inner = place.get("items").into_iter().chain(alternatives(place));
    for schema in inner {
        let target = resolve(document, schema);
        if !std::ptr::eq(target, place) {
            let own = target.get("properties").and_then(Value::as_object);
            names.extend(own.into_iter().flat_map(Map::keys).cloned());
        }
    }
    names.dedup();
    names
}

/// A place for a reader: everything said of it, its fields in short.
fn shown(document: &Value, place: &Value) -> Map<String, Value> {
    let mut shown = Map::new();
    for (key, value) in place.as_object().into_iter().flatten() {
        let value = match key.as_str() {
            "$defs" | "definitions" | "$schema" => continue,
            "properties" => brief_all(document, value),
            "items" => brief(document, value),
            "oneOf" | "anyOf" | "allOf" => {
                let list = value.as_array().into_iter().flatten();
                list.map(|alternative| brief(document, alternative)).collect()
            }
            _ => value.clone(),
        };
        shown.insert(key.clone(), value);
    }
    shown
}

fn brief_all(document: &Value, properties: &Value) -> Value {
    let fields = properties.as_object().into_iter().flatten();
    fields
        .map(|(name, schema)| (name.clone(), brief(document, schema)))
        .collect::<Map<_, _>>()
        .into()
}

/// A schema in one line: its type, what it means, which values, and which fields it has.
fn brief(document: &Value, schema: &Value) -> Value {
    let target = resolve(document, schema);
    let mut line = Map::new();
    if let Some(name) =
        schema.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next())
    {
        line.insert("definition".into(), name.into());
    }
    for key in ["type", "description", "enum", "const", "default", "pattern", "required"] {
        let value = schema.get(key).or_else(|| target.get(key));
        line.extend(value.map(|value| (key.to_owned(), value.clone())));
    }
    let inner = fields(document, target);
    if !inner.is_empty() {
        line.insert("fields".into(), json!(inner));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests;
