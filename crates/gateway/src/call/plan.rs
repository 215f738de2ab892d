//! Makes the plan of a write: the exact request, the target as it is, what would change.

use pilothouse_access::{Plan, PlanKey};
use pilothouse_model::{
    Caller, Error, Kind, Risk,
    text::{prefix, visible, visible_line},
};
use serde_json::{Map, Value};

use super::Path;
use crate::{
    redact::{redact, redact_fields},
    verb::{Invocation, Request},
};

/// Largest target that is shown in a plan, in bytes of JSON; a larger one counts by its hash only.
const MAX_BEFORE: usize = 8 * 1024;
/// Longest preview, in bytes.
const MAX_PREVIEW: usize = 8 * 1024;
/// Longest value shown in a diff line.
const MAX_VALUE: usize = 200;

pub(super) async fn make(path: &Path<'_>, request: &Request) -> Result<Plan, Error> {
    let Request::Operation(invocation) = request else {
        return Err(Error::invalid(format!("{} changes nothing", request.operation())));
    };
    let mut shown = invocation.connector.preview(&invocation.operation, &invocation.arguments)?;
    let caller = path.conversation.caller();
    let mut before = read_target(caller, invocation).await?;
    let preview = preview(caller, invocation).await?;
    let version = version(before.as_ref(), preview.text.as_deref());
    let revision = path.surface.policy().revision();
    let key = PlanKey {
        principal: &caller.principal.id,
        space: caller.space.as_deref(),
        tool: path.tool,
        arguments: &path.arguments,
        policy_revision: &revision,
        target_version: version.as_deref(),
    };
    let digest = key.digest()?;
    if let Some(before) = &mut before {
        redact(before);
    }
    let diff = before.as_ref().and_then(|before| diff(before, &invocation.arguments));
    redact(&mut shown);
    Ok(Plan {
        digest,
        operation: invocation.name.clone(),
        summary: summary(invocation),
        risk: invocation.risk.max(preview.risk),
        target: invocation.target.clone(),
        requests: vec![shown],
        diff,
        preview: preview.text,
        before: before.filter(|before| before.to_string().len() <= MAX_BEFORE),
    })
}

/// The target before the write, where the call names one that can be read: by `id`, or by the
/// `workspace_id` of what is made in a workspace.
async fn read_target(caller: &Caller, invocation: &Invocation) -> Result<Option<Value>, Error> {
    let Invocation { connector, operation, target: Some(id), .. } = invocation else {
        return Ok(None);
    };
    let catalog = connector.catalog();
    let (own_type, name) = operation.rsplit_once('.').unwrap_or(("", operation));
    let spec = catalog.resource_type(own_type)?.operation(name)?;
    let type_name = match spec.target.as_deref() {
        Some("id") => own_type,
        Some(argument) => argument.strip_suffix("_id").unwrap_or_default(),
        None => return Ok(None),
    };
    let get = catalog.types.get(type_name).and_then(|resource| resource.operations.get("get"));
    if !get.is_some_and(|get| get.args.contains_key("id")) {
        return Ok(None);
    }
    let arguments = Map::from_iter([("id".to_owned(), Value::from(id.as_str()))]);
    let caller = caller.clone().decided();
    connector.call(&caller, &format!("{type_name}.get"), arguments).await.map(Some)
}

/// What the platform says of a write beforehand.
struct Preview {
    text: Option<String>,
    /// At least the operation's own; more if what it would carry out is worse.
    risk: Risk,
}

/// What the write would carry out, in the platform's own words, where it can tell. A plan that
/// cannot be shown says why and counts as the worst: the person decides with that. Arguments that
/// the platform refuses already here, and targets that are not there, are the caller's error,
/// before anybody is asked.
async fn preview(caller: &Caller, invocation: &Invocation) -> Result<Preview, Error> {
    let Invocation { connector, operation, arguments, .. } = invocation;
    let (type_name, name) = operation.rsplit_once('.').unwrap_or(("", operation));
    let kind = connector.catalog().resource_type(type_name)?;
    let Some(preview) = kind.operation(name)?.preview.as_ref() else {
        return Ok(Preview { text: None, risk: invocation.risk });
    };
    let known = kind.operations.get(preview).map(|read| &read.args);
    let mut arguments = arguments.clone();
    arguments.retain(|name, _| known.is_some_and(|known| known.contains_key(name)));
    let caller = caller.clone().decided();
    match connector.call(&caller, &format!("{type_name}.{preview}"), arguments).await {
        Ok(mut answer) => {
            redact(&mut answer);
            let text = answer["text"].as_str().unwrap_or_default().trim_end();
            let text = prefix(text, MAX_PREVIEW);
            let text = (!text.is_empty()).then(|| visible(text).into_owned());
            let destroys = answer["destroys"] == Value::Bool(true);
            Ok(Preview { text, risk: if destroys { Risk::Destructive } else { invocation.risk } })
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::NotFound) => Err(error),
        Err(error) => {
            let text = format!("What it would do could not be read: {}", error.message);
            Ok(Preview { text: Some(text), risk: Risk::Destructive })
        }
    }
}

/// Changes when the target does, or what would be done to it.
fn version(target: Option<&Value>, preview: Option<&str>) -> Option<String> {
    let target = target.map(Value::to_string);
    if target.is_none() && preview.is_none() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    for part in [target.as_deref(), preview].into_iter().flatten() {
        hasher.update(part.as_bytes());
    }
    Some(hasher.finalize().to_hex().to_string())
}

/// One line, for the person who decides.
fn summary(invocation: &Invocation) -> String {
    let name = &invocation.name;
    if let Some(target) = &invocation.target {
        return format!("{name} on {}.", visible_line(prefix(target, 256)));
    }
    let label = ["name", "key", "full_path", "workspace_id"]
        .into_iter()
        .find_map(|field| invocation.arguments.get(field)?.as_str());
    match label {
        Some(label) => format!("{name}: {}.", visible_line(prefix(label, 256))),
        None => format!("{name}."),
    }
}

/// `- field: before` and `+ field: after` for every argument that differs from the target, which
/// may be masked already; secrets of the arguments are masked here, also what is secret because the
/// target is.
fn diff(before: &Value, arguments: &Map<String, Value>) -> Option<String> {
    let mut masked = arguments.clone();
    if before["sensitive"] == true {
        masked.insert("sensitive".into(), Value::Bool(true));
    }
    redact_fields(&mut masked);
    let mut lines = String::new();
    for (name, after) in arguments {
        let Some(now) = before.get(name) else { continue };
        if now != after && name != "id" {
            let after = masked.get(name).unwrap_or(after);
            let show = |value: &Value| visible(prefix(&value.to_string(), MAX_VALUE)).into_owned();
            lines.extend([
                format!("- {name}: {}\n", show(now)),
                format!("+ {name}: {}\n", show(after)),
            ]);
        }
    }
    (!lines.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_diff_shows_only_what_the_arguments_change() {
        let before = json!({"description": "old", "locked": false, "name": "prod"});
        let arguments = json!({"id": "x", "description": "new", "locked": false, "extra": 1});
        assert_eq!(
            diff(&before, arguments.as_object().unwrap()).unwrap(),
            "- description: \"old\"\n+ description: \"new\"\n"
        );
        assert_eq!(diff(&before, &Map::new()), None);
    }

    #[test]
    fn the_diff_masks_secrets_and_shows_tricks() {
        let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
        for (before, arguments, expected) in [
            (
                json!({"value": null, "sensitive": true}),
                json!({"value": "hunter2"}),
                "- value: null\n+ value: \"***\"\n",
            ),
            (
                json!({"value": "a", "sensitive": false}),
                json!({"value": "hunter2", "sensitive": true}),
                "- value: \"a\"\n+ value: \"***\"\n- sensitive: false\n+ sensitive: true\n",
            ),
            (
                json!({"token": "***"}),
                json!({"token": "t"}),
                "- token: \"***\"\n+ token: \"***\"\n",
            ),
            (json!({"note": ""}), json!({"note": key}), "- note: \"\"\n+ note: \"***\"\n"),
            (
                json!({"note": "a"}),
                json!({"note": "a\u{202e}"}),
                "- note: \"a\"\n+ note: \"a\\u202e\"\n",
            ),
        ] {
            assert_eq!(diff(&before, arguments.as_object().unwrap()).unwrap(), expected);
        }
    }
}
