//! The normal form of answers: lists as `{items, next_cursor?, total?}`, results without their
//! envelopes.

use pilothouse_model::{Error, Result};
use pilothouse_registry::{Operation, Paging};
use serde_json::{Value, json};

/// Which page was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub limit: u64,
    /// For platforms that count their pages or items.
    pub number: Option<u64>,
    /// How much the number goes up from page to page.
    pub step: u64,
}

pub(super) fn shape(
    operation: &Operation,
    page: Option<PageRequest>,
    answer: Value,
    peer: &str,
) -> Result<Value> {
    let unexpected = |what: &str| {
        Error::upstream(format!("the answer of {peer} to {} {what}", operation.id))
            .hint("the platform may be of a version that Pilothouse does not know")
    };
    if let Some(items) = &operation.items {
        let items = match items.get(&answer) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(Value::Null) | None => &[],
            Some(_) => return Err(unexpected("has no list where one was expected")),
        };
        return Ok(list(operation.paging.as_ref(), page, &answer, items));
    }
    match &operation.result {
        // Done, and nothing to say about it.
        Some(_) if answer.is_null() => Ok(answer),
        Some(result) => result.get(&answer).cloned().ok_or_else(|| unexpected("lacks its result")),
        None => Ok(answer),
    }
}

fn list(
    paging: Option<&Paging>,
    page: Option<PageRequest>,
    answer: &Value,
    items: &[Value],
) -> Value {
    let next = paging.zip(page).and_then(|(paging, page)| next(paging, page, answer, items));
    let total = paging.and_then(|paging| paging.total.as_ref()?.get(answer)?.as_u64());
    let mut shaped = json!({"items": items});
    if let Some(next) = next {
        shaped["next_cursor"] = json!(next);
    }
    if let Some(total) = total {
        shaped["total"] = json!(total);
    }
    shaped
}

/// The cursor of the following page, always as text.
fn next(paging: &Paging, page: PageRequest, answer: &Value, items: &[Value]) -> Option<String> {
    let more = paging.more.as_ref().map(|more| more.get(answer) == Some(&Value::Bool(true)));
    if let Some(number) = page.number {
        let full = u64::try_from(items.len()).is_ok_and(|count| count >= page.limit);
        return more.unwrap_or(full).then(|| (number + page.step).to_string());
    }
    if more == Some(false) {
        return None;
    }
    match paging.next.as_ref()?.get(answer)? {
        Value::String(cursor) if !cursor.is_empty() => Some(cursor.clone()),
        Value::Number(cursor) => Some(cursor.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Paging {
        Paging {
            next: "/page/end".parse().ok(),
            more: "/page/more".parse().ok(),
            total: "/page/total".parse().ok(),
            first_page: None,
            first_item: None,
            default: 2,
            max: 10,
        }
    }

    fn numbers(more: Option<&str>) -> Paging {
        Paging {
            next: None,
            more: more.map(|more| more.parse().unwrap()),
            total: None,
            first_page: Some(0),
            first_item: None,
            default: 2,
            max: 10,
        }
    }

    #[test]
    fn lists_of_every_style_take_one_form() {
        let at = |number| PageRequest { limit: 2, number, step: 1 };
        for (paging, page, answer, expected) in [
            (
                cursors(),
                at(None),
                json!({"page": {"end": "c2", "more": true, "total": 5}}),
                json!({"items": [1, 2], "next_cursor": "c2", "total": 5}),
            ),
            (
                cursors(),
                at(None),
                json!({"page": {"end": "c2", "more": false, "total": 2}}),
                json!({"items": [1, 2], "total": 2}),
            ),
            (
                cursors(),
                at(None),
                json!({"page": {"end": "", "more": true}}),
                json!({"items": [1, 2]}),
            ),
            (numbers(None), at(Some(3)), json!({}), json!({"items": [1, 2], "next_cursor": "4"})),
            (numbers(Some("/more")), at(Some(0)), json!({"more": false}), json!({"items": [1, 2]})),
        ] {
            let shaped = list(Some(&paging), Some(page), &answer, &[json!(1), json!(2)]);
            assert_eq!(shaped, expected, "{answer}");
        }
    }

    #[test]
    fn a_list_without_paging_has_only_items() {
        assert_eq!(list(None, None, &json!({}), &[]), json!({"items": []}));
    }
}
