//! `state_version.outputs`: output values, which travel as JSON in bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::answer::{items, object, owned_at, text, text_at};
use crate::connector::hook::HookContext;

/// `{items: [{name, value?, type, sensitive}], state_version_id}`; the value of a sensitive output
/// is left out.
pub(super) async fn outputs(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let id = match (text(&args, "id"), text(&args, "workspace_id")) {
        ("", "") => return Err(Error::invalid("pass id of a state version, or workspace_id")),
        ("", workspace) => {
            let workspace = context.call("workspace.get", json!({"id": workspace})).await?;
            owned_at(&workspace, "/current_state_version_id").ok_or_else(|| {
                Error::conflict("this workspace has no state yet")
                    .hint("outputs appear after its first apply")
            })?
        }
        (id, "") => id.to_owned(),
        _ => return Err(Error::invalid("pass either id or workspace_id, not both")),
    };
    let list = context.call("state_version.output_list", json!({"id": id})).await?;
    let outputs: Vec<Value> = items(&list).iter().map(output).collect();
    Ok(json!({"state_version_id": id, "items": outputs}))
}

fn output(stored: &Value) -> Value {
    let sensitive = stored.get("sensitive") == Some(&Value::Bool(true));
    object([
        ("name", stored.get("name").cloned()),
        ("value", if sensitive { None } else { decoded(stored, "/value") }),
        ("type", decoded(stored, "/type")),
        ("sensitive", Some(json!(sensitive))),
    ])
}

/// JSON in base64; what is not JSON is shown as text.
fn decoded(stored: &Value, pointer: &str) -> Option<Value> {
    let bytes = STANDARD.decode(text_at(stored, pointer)?).ok()?;
    serde_json::from_slice(&bytes)
        .ok()
        .or_else(|| Some(Value::String(String::from_utf8_lossy(&bytes).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unpacked_and_secrets_left_out() {
        let stored = |json: &str, sensitive: bool| {
            json!({"name": "n", "sensitive": sensitive, "value": STANDARD.encode(json),
                "type": STANDARD.encode("\"string\"")})
        };
        assert_eq!(
            output(&stored("{\"a\":[1]}", false)),
            json!({"name": "n", "value": {"a": [1]}, "type": "string", "sensitive": false})
        );
        assert_eq!(output(&stored("not json", false))["value"], "not json");
        assert_eq!(
            output(&stored("\"s3cret\"", true)),
            json!({"name": "n", "type": "string", "sensitive": true})
        );
    }
}
