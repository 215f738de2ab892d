//! Cursors of lists whose platform hands out opaque ones: bound to the list and its filters, so that
//! one of another list is refused, and not read as the end of this one.
//!
//! Lists that count their pages have numbers for cursors, which mean the same everywhere.

use pilothouse_model::Error;
use pilothouse_registry::Operation;
use serde_json::{Map, Value};

/// Characters in front of a platform's own cursor.
const TAG: usize = 12;
/// Arguments that may change from page to page.
const TURNS: [&str; 2] = ["cursor", "limit"];

/// Puts the platform's own cursor in the place of the one that a caller passed.
///
/// # Errors
/// When it belongs to another list, or to other filters.
pub(super) fn open(
    operation: &Operation,
    instance: &str,
    arguments: &mut Map<String, Value>,
) -> Result<(), Error> {
    let Some(given) = arguments.get("cursor").and_then(Value::as_str) else { return Ok(()) };
    if !is_opaque(operation) || given.is_empty() {
        return Ok(());
    }
    let own = given.strip_prefix(&tag(operation, instance, arguments)?).map(str::to_owned);
    let own = own.ok_or_else(|| {
        Error::invalid("cursor: it is not of this list with these filters")
            .hint("pass next_cursor of the page before with the same arguments, or leave it out")
    })?;
    arguments.insert("cursor".to_owned(), own.into());
    Ok(())
}

/// Binds the cursor of an answer to the list and the arguments that it was asked with.
pub(crate) fn bind(
    operation: &Operation,
    instance: &str,
    arguments: &Map<String, Value>,
    answer: &mut Value,
) -> Result<(), Error> {
    if let Some(Value::String(next)) = answer.get_mut("next_cursor")
        && is_opaque(operation)
    {
        next.insert_str(0, &tag(operation, instance, arguments)?);
    }
    Ok(())
}

fn is_opaque(operation: &Operation) -> bool {
    let counts = |paging: &pilothouse_registry::Paging| {
        paging.first_page.is_some() || paging.first_item.is_some()
    };
    operation.paging.as_ref().is_some_and(|paging| !counts(paging))
}

fn tag(
    operation: &Operation,
    instance: &str,
    arguments: &Map<String, Value>,
) -> Result<String, Error> {
    let stays =
        |(name, value): &(&String, &Value)| !TURNS.contains(&name.as_str()) && !value.is_null();
    let filters: Map<String, Value> =
        arguments.iter().filter(stays).map(|(name, value)| (name.clone(), value.clone())).collect();
    let bound_to = (&operation.id, instance, filters);
    let canonical = serde_json_canonicalizer::to_vec(&bound_to).map_err(Error::internal)?;
    let mut tag = blake3::hash(&canonical).to_hex().to_string();
    tag.truncate(TAG);
    Ok(tag)
}
