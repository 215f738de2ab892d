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
    let mut preview = preview(caller, invocation).await?;
    let version = version(before.as_ref(), preview.text.as_deref());
    if before.is_none() {
        match look(caller, invocation).await {
            Look::Nothing => {}
            Look::Found(found) => before = Some(found),
            Look::Missing(why) => {
                preview.text.get_or_insert(why);
            }
        }
    }
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
    let diff = before.as_ref().and_then(|before| {
        let changed = invocation.arguments.get("body").and_then(Value::as_object);
        let changed = changed.unwrap_or(&invocation.arguments);
        diff(subject(before, changed), changed)
    });
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

/// What a look at the target of a write brought.
enum Look {
    /// Nobody looked, or nothing can be said.
    Nothing,
    Found(Value),
    /// It is not there; in words.
    Missing(String),
}

/// What an update or a deletion is about, where its type is read by other arguments than an id. For
/// people only: such answers hold much that changes by itself.
async fn look(caller: &Caller, invocation: &Invocation) -> Look {
    let Invocation { connector, operation, arguments, .. } = invocation;
    let Some((type_name, "update" | "delete")) = operation.rsplit_once('.') else {
        return Look::Nothing;
    };
    let kind = connector.catalog().types.get(type_name);
    let Some(get) = kind.and_then(|kind| kind.operations.get("get")) else { return Look::Nothing };
    let is_named = |name: &String| arguments.get(name).is_some_and(|value| !value.is_null());
    if !get.target.as_ref().is_some_and(is_named) {
        return Look::Nothing;
    }
    let mut arguments = arguments.clone();
    arguments.retain(|name, _| get.args.contains_key(name));
    let caller = caller.clone().decided();
    match connector.call(&caller, &format!("{type_name}.get"), arguments).await {
        Ok(found) => Look::Found(found),
        Err(error) if error.kind == Kind::NotFound => {
            Look::Missing(format!("It does not seem to be there: {}", visible_line(&error.message)))
        }
        Err(error) => {
            tracing::debug!(%error, operation, "the target is not shown");
            Look::Nothing
        }
    }
}

/// The part of an answer that has most of the fields in question: itself, or what it wraps.
fn subject<'a>(before: &'a Value, changed: &Map<String, Value>) -> &'a Value {
    let inner = before.as_object().into_iter().flat_map(Map::values).filter(|it| it.is_object());
    let shared = |it: &&Value| changed.keys().filter(|name| it.get(*name).is_some()).count();
    inner.chain([before]).max_by_key(shared).unwrap_or(before)
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
    fn what_an_answer_wraps_is_compared() {
        let entity = json!({"identifier": "web", "name": "Web", "tags": {}});
        let before = json!({"service": entity, "createdAt": 1, "status": {"state": "ok"}});
        let changed = json!({"identifier": "web", "name": "Shop"});
        let changed = changed.as_object().unwrap();
        assert_eq!(subject(&before, changed), &entity);
        assert_eq!(subject(&entity, changed), &entity);
        let diff = diff(subject(&before, changed), changed).unwrap();
        assert_eq!(diff, "- name: \"Web\"\n+ name: \"Shop\"\n");
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
