//! The normal form of answers: lists as `{items, total?, page?, page_size?, has_more?,
//! next_cursor?}`, results without their envelopes.

use pilothouse_model::{Error, Result};
use pilothouse_registry::{Binding, Operation, Paging, Pointer};
use serde_json::{Value, json};

/// Items that a list can be paged through; who wants more has the wrong question.
pub(crate) const MAX_ITEMS: u64 = 10_000;

/// Where lists are that are not where the registry says: versions of a platform differ.
const ELSEWHERE: [&str; 7] =
    ["data", "content", "items", "resource", "body", "objects", "features"];
/// Fields that go with any answer of a platform.
const ENVELOPE: [&str; 4] = ["status", "correlationId", "metaData", "requestId"];
/// How far down a list is looked for.
const DEPTH: usize = 2;

/// Which page was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub limit: u64,
    /// For platforms that count their pages or items.
    pub counted: Option<Counted>,
}

/// A page of a platform that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The number as the platform writes it.
    pub number: u64,
    /// How much it goes up from page to page.
    pub step: u64,
    /// From 0.
    pub page: u64,
}

impl PageRequest {
    /// Fails for a page behind [`MAX_ITEMS`].
    pub(crate) fn check(self) -> Result<Self> {
        let before = self.counted.map_or(0, |counted| counted.page.saturating_mul(self.limit));
        if before < MAX_ITEMS {
            return Ok(self);
        }
        Err(Error::invalid(format!("a list ends after {MAX_ITEMS} items"))
            .hint("narrow it with filters or words to look for"))
    }
}

pub(super) fn shape(
    operation: &Operation,
    page: Option<PageRequest>,
    answer: Value,
    peer: &str,
) -> Result<Value> {
    if let Some(pointer) = &operation.items {
        let found = match pointer.get(&answer) {
            Some(Value::Array(items)) => Some(items.as_slice()),
            Some(Value::Null) | None => elsewhere(&answer, DEPTH)
                .or_else(|| leaves_out_its_list(operation, pointer, &answer).then_some(&[][..])),
            Some(other) => elsewhere(other, DEPTH),
        };
        let items = found.ok_or_else(|| {
            let message = format!("the answer of {peer} to {} has no list", operation.id);
            Error::upstream(message)
                .hint("the platform may be of a version that Pilothouse does not know")
        })?;
        return Ok(list(operation.paging.as_ref(), page, &answer, items));
    }
    // An answer without its envelope, or with another one, is a good answer all the same.
    let result = operation.result.as_ref().and_then(|result| result.get(&answer)).cloned();
    Ok(result.unwrap_or(answer))
}

/// Whether an answer without a list stands for an empty one: protobuf and some modules leave out
/// what is empty, or write null. An answer that holds something else is no list.
fn leaves_out_its_list(operation: &Operation, pointer: &Pointer, answer: &Value) -> bool {
    if matches!(operation.binding, Binding::Grpc { .. }) {
        return true;
    }
    let total = operation.paging.as_ref().and_then(|paging| total(paging, answer));
    let mut holder = answer;
    for token in pointer.tokens() {
        match holder.get(token) {
            Some(Value::Null) => return true,
            Some(inner) => holder = inner,
            None => {
                let is_envelope = |name: &str| ENVELOPE.contains(&name);
                return holder.as_object().is_some_and(|fields| {
                    total == Some(0)
                        || fields.iter().all(|(name, value)| is_envelope(name) || is_nothing(value))
                });
            }
        }
    }
    holder.is_null()
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// The list in `value`: itself, that of a field which usually has it, or the only one there is.
fn elsewhere(value: &Value, depth: usize) -> Option<&[Value]> {
    let fields = match value {
        Value::Array(items) => return Some(items),
        Value::Object(fields) if depth > 0 => fields,
        _ => return None,
    };
    let usual = ELSEWHERE.iter().filter_map(|name| fields.get(*name));
    usual.into_iter().find_map(|field| elsewhere(field, depth - 1)).or_else(|| {
        let mut lists = fields.values().filter_map(Value::as_array);
        let only = lists.next().filter(|_| lists.next().is_none())?;
        Some(only.as_slice())
    })
}

fn list(
    paging: Option<&Paging>,
    page: Option<PageRequest>,
    answer: &Value,
    items: &[Value],
) -> Value {
    let mut shaped = json!({ "items": items });
    let Some((paging, page)) = paging.zip(page) else { return shaped };
    let total = total(paging, answer);
    let next = next(paging, page, total, answer, items);
    if let Some(total) = total {
        shaped["total"] = json!(total);
    }
    if let Some(counted) = page.counted {
        shaped["page"] = json!(counted.page);
        shaped["page_size"] = json!(page.limit);
        shaped["has_more"] = json!(next.is_some());
    }
    if let Some(next) = next.filter(|next| next.is_reachable) {
        shaped["next_cursor"] = json!(next.cursor);
    }
    shaped
}

/// How many items there are on all pages: where the registry says, or beside it under another of
/// the names that the modules of a platform have for it.
fn total(paging: &Paging, answer: &Value) -> Option<u64> {
    const NAMES: [&str; 4] = ["totalItems", "totalElements", "totalCount", "total"];
    let pointer = paging.total.as_ref()?;
    let beside = || {
        let (_, parent) = pointer.tokens().split_last()?;
        let parent = parent.iter().try_fold(answer, |value, token| value.get(token))?;
        NAMES.iter().find_map(|name| parent.get(*name)?.as_u64())
    };
    pointer.get(answer).and_then(Value::as_u64).or_else(beside)
}

/// The cursor of the following page, always as text.
struct Next {
    cursor: String,
    /// Not behind [`MAX_ITEMS`].
    is_reachable: bool,
}

fn next(
    paging: &Paging,
    page: PageRequest,
    total: Option<u64>,
    answer: &Value,
    items: &[Value],
) -> Option<Next> {
    let more = paging.more.as_ref().map(|more| more.get(answer) == Some(&Value::Bool(true)));
    if let Some(Counted { number, step, page: before }) = page.counted {
        let count = items.len() as u64;
        let seen = before.saturating_mul(page.limit).saturating_add(count);
        // A total below what was seen is not one.
        let by_total = total.filter(|total| *total >= seen).map(|total| total > seen);
        let is_there = more.or(by_total).unwrap_or(count >= page.limit);
        let is_reachable = (before + 1).saturating_mul(page.limit) < MAX_ITEMS;
        return (is_there && count > 0)
            .then(|| Next { cursor: (number + step).to_string(), is_reachable });
    }
    if more == Some(false) {
        return None;
    }
    let cursor = match paging.next.as_ref()?.get(answer)? {
        Value::String(cursor) if !cursor.is_empty() => cursor.clone(),
        Value::Number(cursor) => cursor.to_string(),
        _ => return None,
    };
    Some(Next { cursor, is_reachable: true })
}

#[cfg(test)]
mod tests;
