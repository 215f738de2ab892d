//! Merging parts of a pipeline: later ones win, lists by the names of their elements.

use serde_json::Value;

/// Puts `over` on top of `base`.
pub(super) fn into(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                match base.get_mut(&name) {
                    Some(existing) => into(existing, value),
                    None => {
                        base.insert(name, value);
                    }
                }
            }
        }
        (Value::Array(base), Value::Array(over)) if over.iter().all(|it| name(it).is_some()) => {
            for element in over {
                match base.iter_mut().find(|existing| name(existing) == name(&element)) {
                    Some(existing) => into(existing, element),
                    None => base.push(element),
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// What an element of a list is called: stages, steps and groups wrap theirs in an envelope.
pub(super) fn name(element: &Value) -> Option<&str> {
    own_name(element).or_else(|| element.as_object()?.values().find_map(own_name))
}

fn own_name(value: &Value) -> Option<&str> {
    value.get("identifier").or_else(|| value.get("name"))?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_parts_win_by_name() {
        let mut base = json!({
            "identifier": "p",
            "variables": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
            "stages": [{"stage": {"identifier": "build", "spec": {"x": 1}}}],
            "list": [1, 2],
        });
        into(
            &mut base,
            json!({
                "variables": [{"name": "b", "value": "3"}, {"name": "c", "value": "4"}],
                "stages": [
                    {"stage": {"identifier": "build", "spec": {"y": 2}}},
                    {"stage": {"identifier": "deploy"}},
                ],
                "list": [3],
            }),
        );
        assert_eq!(
            base,
            json!({
                "identifier": "p",
                "variables": [
                    {"name": "a", "value": "1"}, {"name": "b", "value": "3"},
                    {"name": "c", "value": "4"},
                ],
                "stages": [
                    {"stage": {"identifier": "build", "spec": {"x": 1, "y": 2}}},
                    {"stage": {"identifier": "deploy"}},
                ],
                "list": [3],
            })
        );
    }
}
