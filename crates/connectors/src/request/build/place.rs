//! Where a call acts, as its arguments and its body say it. The arguments are what is decided
//! about, so the body must not say anything else. Text, such as YAML, is not looked into: the
//! platform compares it with the arguments itself.

use pilothouse_model::{Error, Result};
use pilothouse_registry::{Operation, Place, resource::Scope};
use serde_json::{Map, Value};

use super::{Installation, parts};
use crate::connector::adapter::Adapter;

/// A place that a body names.
struct Stated<'a> {
    /// The argument of the same meaning.
    argument: &'static str,
    /// Within the body, with dots.
    field: String,
    value: &'a Value,
}

/// Refuses an empty organization or project: some requests would reach all of the account with it.
pub(super) fn refuse_empty(args: &Map<String, Value>) -> Result<()> {
    let is_empty =
        |name: &str| matches!(args.get(name), Some(Value::String(it)) if it.trim().is_empty());
    match [Scope::ORG, Scope::PROJECT].into_iter().find(|name| is_empty(name)) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!("{name}: empty"))
            .hint("leave it out for the configured one, or pass null to act above it")),
    }
}

/// Refuses a body that names another place than the arguments.
pub(super) fn agree(
    adapter: &Adapter,
    args: &Map<String, Value>,
    body: Option<&Value>,
) -> Result<()> {
    for Stated { argument, field, value } in stated(adapter, body) {
        if args.get(argument).is_some_and(|decided| decided != value) {
            let decided = &args[argument];
            return Err(Error::invalid(format!(
                "body.{field}: {value} is not where the call acts, which is {argument} {decided}"
            ))
            .hint(format!("pass {argument}: {value}, or leave body.{field} out")));
        }
    }
    Ok(())
}

/// Takes over organization and project that the call must know and only its body names. Fails for
/// empty ones.
pub(crate) fn settle(
    operation: &Operation,
    adapter: &Adapter,
    installation: Installation<'_>,
    args: &mut Map<String, Value>,
) -> Result<()> {
    refuse_empty(args)?;
    let is_open = |name: &str| operation.scope.requires(name) && !args.contains_key(name);
    let open: Vec<_> = [Scope::ORG, Scope::PROJECT].into_iter().filter(|it| is_open(it)).collect();
    if open.is_empty() || !has_body(operation) {
        return Ok(());
    }
    // What is wrong with the rest is said when the request is built.
    let Ok(parts) = parts(operation, adapter, installation, args, args) else {
        return Ok(());
    };
    for Stated { argument, value, .. } in stated(adapter, parts.body.as_ref()) {
        if open.contains(&argument) && value.as_str().is_some_and(|text| !text.is_empty()) {
            args.entry(argument).or_insert_with(|| value.clone());
        }
    }
    Ok(())
}

fn has_body(operation: &Operation) -> bool {
    let is_body = |place: &Place| matches!(place, Place::Body(_) | Place::Hook);
    operation.args.values().any(|argument| argument.places().any(is_body))
}

/// What the body says at its top and in the objects there, in one of which some wrap everything.
fn stated<'a>(adapter: &Adapter, body: Option<&'a Value>) -> Vec<Stated<'a>> {
    let Some(top) = body.and_then(Value::as_object) else { return Vec::new() };
    let inner = top.iter().filter_map(|(name, value)| Some((Some(name), value.as_object()?)));
    let mut stated = Vec::new();
    for (wrapper, fields) in std::iter::once((None, top)).chain(inner) {
        for (argument, names) in adapter.place_fields {
            for name in *names {
                let Some(value) = fields.get(*name).filter(|value| !value.is_null()) else {
                    continue;
                };
                let field = match wrapper {
                    Some(wrapper) => format!("{wrapper}.{name}"),
                    None => (*name).to_owned(),
                };
                stated.push(Stated { argument, field, value });
            }
        }
    }
    stated
}
