//! The arguments of a call, completed: defaults, what the installation says, pages.

use pilothouse_model::{Error, Result};
use pilothouse_registry::{
    Operation, Paging, nearest,
    spec::{Arg, ArgType},
};
use serde_json::{Map, Value, json};

use crate::{
    connector::{
        adapter::Adapter,
        page::{Counted, PageRequest},
    },
    request::ScopeDefaults,
};

/// The arguments with defaults filled in; unknown and missing ones are errors.
pub(super) fn complete(
    operation: &Operation,
    adapter: &Adapter,
    defaults: &ScopeDefaults,
    args: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let mut complete = Map::new();
    for (name, value) in args.iter().filter(|(_, value)| !value.is_null()) {
        let Some(argument) = operation.args.get(name) else {
            return Err(unknown_argument(operation, name));
        };
        complete.insert(name.clone(), listed(&argument.spec, value));
    }
    if let Some(paging) = &operation.paging {
        page_arguments(operation, paging, &mut complete)?;
    }
    for name in operation.args.keys().filter(|name| operation.scope.requires(name)) {
        // Null says that the call acts above that level.
        if args.contains_key(name) {
            continue;
        }
        let configured = defaults.of(name).ok_or_else(|| {
            let hint = match adapter.setting(name) {
                Some(setting) => format!("pass {name}, or set {setting}"),
                None => format!("pass {name}, or configure a default for it"),
            };
            Error::invalid(format!("{name}: missing")).hint(hint)
        })?;
        complete.insert(name.clone(), json!(configured));
    }
    for (name, argument) in &operation.args {
        if let Some(value) = filled(&argument.spec, complete.get(name), &complete)? {
            complete.insert(name.clone(), value);
        } else if argument.spec.required {
            return Err(
                Error::invalid(format!("{name}: missing")).hint(argument.spec.about.clone())
            );
        }
    }
    Ok(complete)
}

/// A list may be written as text with commas, a value of a list of values in any case.
fn listed(spec: &Arg, value: &Value) -> Value {
    match (spec.kind, value) {
        (ArgType::Array, Value::String(text)) => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| known(spec, item))
            .collect(),
        (ArgType::Array, Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.clone(), |text| known(spec, text)))
            .collect(),
        (ArgType::String, Value::String(text)) => known(spec, text),
        _ => value.clone(),
    }
}

/// The text as the platform spells it.
fn known(spec: &Arg, text: &str) -> Value {
    let known = spec.values.iter().find(|value| value.eq_ignore_ascii_case(text));
    json!(known.map_or(text, String::as_str))
}

/// The value, or what stands in for it: another argument's, the default, or for an object the
/// fields that have such a value.
fn filled(spec: &Arg, given: Option<&Value>, args: &Map<String, Value>) -> Result<Option<Value>> {
    let copied = || spec.from.as_ref().and_then(|from| args.get(from)).cloned();
    let value = match given.cloned().or_else(copied) {
        Some(value) => Some(value),
        None => {
            spec.default.as_ref().map(serde_json::to_value).transpose().map_err(Error::internal)?
        }
    };
    if spec.kind != ArgType::Object || spec.fields.is_empty() {
        return Ok(value);
    }
    let mut object = match value {
        Some(Value::Object(object)) => object,
        Some(other) => return Ok(Some(other)),
        None if spec.required => return Ok(None),
        None => Map::new(),
    };
    for (name, field) in &spec.fields {
        if let Some(value) = filled(field, object.get(name), args)? {
            object.insert(name.clone(), value);
        }
    }
    Ok((given.is_some() || !object.is_empty()).then_some(Value::Object(object)))
}

fn page_arguments(
    operation: &Operation,
    paging: &Paging,
    args: &mut Map<String, Value>,
) -> Result<()> {
    if operation.args.contains_key(Paging::LIMIT) {
        let limit = args.get(Paging::LIMIT).and_then(Value::as_u64).unwrap_or(paging.default);
        args.insert(Paging::LIMIT.to_owned(), json!(limit.clamp(1, paging.max)));
    }
    if let Some(first) = paging.first_page.or(paging.first_item) {
        let page = match args.get(Paging::CURSOR) {
            None => first,
            Some(cursor) => page_number(cursor)?,
        };
        args.insert(Paging::CURSOR.to_owned(), json!(page));
    }
    Ok(())
}

/// The page that complete arguments ask for; fails for one too far back.
pub(super) fn page_request(paging: &Paging, args: &Map<String, Value>) -> Result<PageRequest> {
    let number = |name| args.get(name).and_then(Value::as_u64);
    let limit = number(Paging::LIMIT).unwrap_or(paging.default);
    let pages = paging.first_page.map(|first| (first, 1));
    let counted = pages.or(paging.first_item.map(|first| (first, limit)));
    let counted = counted.zip(number(Paging::CURSOR)).map(|((first, step), number)| Counted {
        number,
        step,
        page: number.saturating_sub(first) / step.max(1),
    });
    PageRequest { limit, counted }.check()
}

/// A cursor of a platform that counts its pages.
fn page_number(cursor: &Value) -> Result<u64> {
    let number = cursor.as_u64().or_else(|| cursor.as_str()?.parse().ok());
    number.ok_or_else(|| {
        Error::invalid(format!("{}: not a cursor of this list", Paging::CURSOR))
            .hint("pass next_cursor of the previous answer, or nothing for the first page")
    })
}

fn unknown_argument(operation: &Operation, name: &str) -> Error {
    let error = Error::invalid(format!("{name}: {} has no such argument", operation.id));
    let known: Vec<&str> = operation.args.keys().map(String::as_str).collect();
    match nearest(name, &known, 1).first() {
        Some(close) => error.hint(format!("did you mean {close}?")),
        None => error.hint(format!("its arguments are: {}", known.join(", "))),
    }
}
