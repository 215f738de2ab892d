//! The registry in words: short JSON for someone who decides what to call next.
//!
//! Written to cost few tokens: arguments are one line each, what is empty is left out, and what
//! the caller may not see (`shown` says no) does not exist. The exact form of arguments is
//! [`crate::schema`]'s business.

use std::sync::Arc;

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use crate::{
    catalog::PlatformCatalog,
    example,
    load::json as plain,
    nearest::nearest,
    resource::{Argument, Operation, Paging, ResourceType, Wait},
    spec::{Arg, ArgType},
};

/// Whether the caller may see an operation. Internal ones are never shown.
pub type Shown<'a> = &'a dyn Fn(&Operation) -> bool;

/// The verbs that most people look for come first.
const VERBS: [&str; 8] =
    ["list", "get", "status", "diagnose", "logs", "create", "update", "delete"];

/// What there is at all: platforms with their toolsets and types.
pub fn platforms(platforms: &[Arc<PlatformCatalog>], shown: Shown<'_>) -> Value {
    let list: Vec<Value> = platforms
        .iter()
        .filter_map(|catalog| {
            let toolsets = toolset_names(catalog, shown);
            (!toolsets.is_empty()).then(|| {
                json!({
                    "platform": catalog.name(),
                    "title": catalog.platform.title,
                    "about": catalog.platform.about,
                    "toolsets": toolsets,
                })
            })
        })
        .collect();
    json!({ "platforms": list })
}

/// One platform: its toolsets, their types, and what can be done with each.
pub fn platform(catalog: &PlatformCatalog, shown: Shown<'_>) -> Value {
    let toolsets: Map<String, Value> = toolset_names(catalog, shown)
        .into_iter()
        .map(|name| {
            let types: Map<String, Value> = visible_types(catalog, name, shown)
                .map(|(kind, operations)| (kind.id.clone(), names(&operations).join(", ").into()))
                .collect();
            let about = catalog.toolset(name).map(|head| head.about.as_str());
            (name.to_owned(), json!({ "about": about, "types": types }))
        })
        .collect();
    json!({
        "platform": catalog.name(),
        "title": catalog.platform.title,
        "about": catalog.platform.about,
        "toolsets": toolsets,
    })
}

/// One toolset: its types with a line for each operation.
///
/// Fails with `Invalid` when there is no such toolset, or none that the caller may see.
pub fn toolset(catalog: &PlatformCatalog, name: &str, shown: Shown<'_>) -> Result<Value, Error> {
    let known = toolset_names(catalog, shown);
    let Some(head) = catalog.toolset(name).filter(|_| known.contains(&name)) else {
        let error = Error::invalid(format!("{} has no toolset {name:?}", catalog.name()));
        return Err(match nearest(name, &known, 1).first() {
            Some(close) => error.hint(format!("did you mean {close:?}?")),
            None => error.hint(format!("there are: {}", known.join(", "))),
        });
    };
    let types: Vec<Value> = visible_types(catalog, name, shown)
        .map(|(kind, operations)| {
            let lines: Map<String, Value> = operations
                .iter()
                .map(|it| (it.name.clone(), format!("{}: {}", risk(it), it.about).into()))
                .collect();
            json!({ "type": kind.id, "about": kind.about, "operations": lines })
        })
        .collect();
    Ok(json!({ "toolset": name, "about": head.about, "types": types }))
}

/// One type: operations with risk and arguments, fields of an answer, states that are final.
/// `None` when the caller may see none of its operations.
pub fn resource_type(kind: &ResourceType, shown: Shown<'_>) -> Option<Value> {
    let operations = visible(kind, shown);
    if operations.is_empty() {
        return None;
    }
    let mut description = Map::new();
    description.insert("type".to_owned(), kind.id.as_str().into());
    description.insert("title".to_owned(), kind.title.as_str().into());
    description.insert("toolset".to_owned(), kind.toolset.as_str().into());
    description.insert("about".to_owned(), kind.about.as_str().into());
    if !kind.aliases.is_empty() {
        description.insert("aliases".to_owned(), json!(kind.aliases));
    }
    let operations: Map<String, Value> = operations
        .into_iter()
        .map(|operation| (operation.name.clone(), body(operation).into()))
        .collect();
    description.insert("operations".to_owned(), operations.into());
    if !kind.fields.is_empty() {
        description.insert("fields".to_owned(), json!(kind.fields));
    }
    let examples = examples(kind);
    if !examples.is_empty() {
        description.insert("examples".to_owned(), json!(examples));
    }
    if let Some(wait) = &kind.wait {
        description.insert("wait".to_owned(), states(wait));
    }
    Some(description.into())
}

/// The names of what there is to copy from.
fn examples(kind: &ResourceType) -> Vec<&'static str> {
    let platform = kind.id.split('.').next().unwrap_or_default();
    // Files that do not load are ruled out by the tests of this crate.
    let found = example::of(platform, &kind.name).unwrap_or_default();
    found.iter().map(|found| found.name).collect()
}

/// One operation.
pub fn operation(operation: &Operation) -> Value {
    let mut description = Map::new();
    description.insert("operation".to_owned(), operation.id.as_str().into());
    description.extend(body(operation));
    if let Some(target) = &operation.target {
        description.insert("acts_on".to_owned(), target.as_str().into());
    }
    description.into()
}

fn toolset_names<'c>(catalog: &'c PlatformCatalog, shown: Shown<'_>) -> Vec<&'c str> {
    catalog
        .toolset_names()
        .filter(|name| visible_types(catalog, name, shown).next().is_some())
        .collect()
}

fn visible_types<'c>(
    catalog: &'c PlatformCatalog,
    toolset: &str,
    shown: Shown<'_>,
) -> impl Iterator<Item = (&'c ResourceType, Vec<&'c Operation>)> {
    catalog
        .types
        .values()
        .filter(move |kind| kind.toolset == toolset)
        .map(move |kind| (kind, visible(kind, shown)))
        .filter(|(_, operations)| !operations.is_empty())
}

fn visible<'c>(kind: &'c ResourceType, shown: Shown<'_>) -> Vec<&'c Operation> {
    let mut operations: Vec<&Operation> =
        kind.public_operations().filter(|operation| shown(operation)).collect();
    operations.sort_by_key(|operation| {
        VERBS.iter().position(|verb| *verb == operation.name).unwrap_or(VERBS.len())
    });
    operations
}

fn names<'c>(operations: &[&'c Operation]) -> Vec<&'c str> {
    operations.iter().map(|operation| operation.name.as_str()).collect()
}

fn body(operation: &Operation) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("about".to_owned(), operation.about.as_str().into());
    body.insert("risk".to_owned(), risk(operation).into());
    let args = arguments(operation);
    if !args.is_empty() {
        body.insert("args".to_owned(), args.into());
    }
    if operation.paging.is_some() {
        body.insert("paged".to_owned(), true.into());
    }
    body
}

/// `low_write; high_write if auto_apply`.
fn risk(operation: &Operation) -> String {
    operation
        .risk_if
        .iter()
        .fold(operation.risk.to_string(), |text, (name, risk)| format!("{text}; {risk} if {name}"))
}

/// Required ones first. Those of paging are the same everywhere and left out.
fn arguments(operation: &Operation) -> Map<String, Value> {
    let is_paging =
        |name: &str| operation.paging.is_some() && matches!(name, Paging::LIMIT | Paging::CURSOR);
    let mut arguments: Vec<(&String, &Argument)> =
        operation.args.iter().filter(|(name, _)| !is_paging(name)).collect();
    arguments.sort_by_key(|(_, argument)| !argument.spec.required);
    arguments
        .into_iter()
        .map(|(name, argument)| (name.clone(), line(&argument.spec).into()))
        .collect()
}

/// `string, required: Run id or TRN`.
fn line(arg: &Arg) -> String {
    let mut traits = vec![kind(arg)];
    match (arg.minimum, arg.maximum) {
        (Some(minimum), Some(maximum)) => traits.push(format!("{minimum} to {maximum}")),
        (Some(minimum), None) => traits.push(format!("from {minimum}")),
        (None, Some(maximum)) => traits.push(format!("up to {maximum}")),
        (None, None) => {}
    }
    if arg.required {
        traits.push("required".to_owned());
    }
    if let Some(Ok(default)) = arg.default.as_ref().map(plain) {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        traits.push(format!("default {default}"));
    }
    if arg.secret {
        traits.push("secret".to_owned());
    }
    let traits = traits.join(", ");
    if arg.about.is_empty() { traits } else { format!("{traits}: {}", arg.about) }
}

/// What follows the name of a field that may be left out.
fn mark(field: &Arg) -> &'static str {
    if field.required { "" } else { "?" }
}

fn kind(arg: &Arg) -> String {
    let fields = || {
        let fields: Vec<String> = arg
            .fields
            .iter()
            .map(|(name, field)| format!("{name}{}: {}", mark(field), kind(field)))
            .collect();
        format!("{{{}}}", fields.join(", "))
    };
    let text = || if arg.values.is_empty() { "string".to_owned() } else { arg.values.join("|") };
    match arg.kind {
        ArgType::String => text(),
        ArgType::Array => format!("list of {}", text()),
        ArgType::Objects => format!("list of {}", fields()),
        ArgType::Object if !arg.fields.is_empty() => fields(),
        ArgType::Object => "object".to_owned(),
        ArgType::Map => "map of texts".to_owned(),
        ArgType::Integer => "integer".to_owned(),
        ArgType::Number => "number".to_owned(),
        ArgType::Boolean => "boolean".to_owned(),
        ArgType::Any => "any".to_owned(),
    }
}

fn states(wait: &Wait) -> Value {
    let mut states = Map::new();
    states.insert("field".to_owned(), wait.field.to_string().into());
    for (name, values) in [("done", &wait.done), ("paused", &wait.paused), ("failed", &wait.failed)]
    {
        if !values.is_empty() {
            states.insert(name.to_owned(), json!(values));
        }
    }
    states.into()
}
