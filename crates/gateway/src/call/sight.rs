//! What a caller may know to exist: platforms on which it has no role are neither described nor
//! found.
//!
//! `home` is the platform of a surface that has only one and leaves its name out.

use pilothouse_access::{Standing, standing_anywhere};
use pilothouse_model::{Caller, Error};
use serde_json::Value;

use super::place::realm;
use crate::Gateway;

/// Takes what the caller may not see out of an answer of the registry.
pub(super) fn limit(
    gateway: &Gateway,
    home: Option<&str>,
    caller: &Caller,
    answer: &mut Value,
) -> Result<(), Error> {
    let hidden: Vec<&str> = gateway
        .connectors()
        .platforms()
        .filter(|platform| !is_visible(gateway, caller, platform))
        .collect();
    if hidden.is_empty() {
        return Ok(());
    }
    if let Some(home) = home.filter(|home| hidden.contains(home)) {
        return Err(Error::not_found("platform", home));
    }
    let is_hidden =
        |name: Option<&str>| name.is_some_and(|name| hidden.contains(&platform(home, name)));
    let subject =
        ["type", "operation", "resource_type"].iter().find_map(|key| answer[*key].as_str());
    if is_hidden(subject) {
        return Err(Error::not_found("resource type", subject.unwrap_or_default()));
    }
    for (list, key) in [("platforms", "platform"), ("matches", "name")] {
        if let Some(items) = answer.get_mut(list).and_then(Value::as_array_mut) {
            items.retain(|item| !is_hidden(item[key].as_str()));
        }
    }
    Ok(())
}

/// Takes the types that the caller may not see out of what a search of the registry found.
pub(super) fn limit_types(
    gateway: &Gateway,
    home: Option<&str>,
    caller: &Caller,
    types: &mut Value,
) {
    if let Some(items) = types.as_array_mut() {
        items.retain(|item| {
            let name = item["name"].as_str();
            name.is_some_and(|name| is_visible(gateway, caller, platform(home, name)))
        });
    }
}

/// The platform of a type or an operation, or the platform itself.
fn platform<'a>(home: Option<&'a str>, name: &'a str) -> &'a str {
    home.unwrap_or_else(|| name.split_once('.').map_or(name, |(first, _)| first))
}

/// Whether the caller has any role on any instance of the platform.
pub(super) fn is_visible(gateway: &Gateway, caller: &Caller, platform: &str) -> bool {
    gateway
        .connectors()
        .instances(platform)
        .any(|connector| standing_anywhere(caller, &realm(connector)) != Standing::Stranger)
}
