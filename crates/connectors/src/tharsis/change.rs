//! What is different between two runs: files, variables, Terraform's version.

use std::{collections::BTreeMap, time::Duration};

use pilothouse_model::{Kind, Result, text::prefix};
use serde_json::{Value, json};
use similar::TextDiff;

use super::{
    answer::{items, object, owned_at, text_at},
    archive::Files,
    configuration,
    run::Run,
};
use crate::connector::hook::HookContext;

/// Files whose diffs are shown; the rest are only named.
const MAX_DIFFS: usize = 20;
/// Longest diff of one file, and of all together, in bytes.
const MAX_DIFF: usize = 8 << 10;
const MAX_DIFFS_BYTES: usize = 32 << 10;
/// Larger files are only named.
const MAX_DIFFED_FILE: usize = 256 << 10;
const DIFF_TIMEOUT: Duration = Duration::from_millis(500);
const MAX_VALUE: usize = 200;

/// The differences from `before` to `after`; what may not be read says so in `notes`.
pub(super) async fn between(context: &HookContext<'_>, before: &Run, after: &Run) -> Result<Value> {
    let mut notes = Vec::new();
    let files = files(context, before, after, &mut notes).await?;
    let variables = variables(context, before, after, &mut notes).await?;
    Ok(object([
        ("since_run_id", Some(json!(before.id))),
        ("since", before.created_at.as_ref().map(|at| json!(at))),
        ("configuration", files),
        ("variables", variables),
        (
            "terraform_version",
            replaced(before.terraform_version.as_deref(), after.terraform_version.as_deref()),
        ),
        ("module", replaced(before.module.as_deref(), after.module.as_deref())),
        ("notes", (!notes.is_empty()).then(|| json!(notes))),
    ]))
}

fn replaced(before: Option<&str>, after: Option<&str>) -> Option<Value> {
    (before != after).then(|| json!({"before": before, "after": after}))
}

async fn files(
    context: &HookContext<'_>,
    before: &Run,
    after: &Run,
    notes: &mut Vec<String>,
) -> Result<Option<Value>> {
    let (Some(old), Some(new)) =
        (&before.configuration_version_id, &after.configuration_version_id)
    else {
        return Ok(None);
    };
    if old == new {
        return Ok(Some(json!({"unchanged": true})));
    }
    let mut both = Vec::new();
    for id in [old, new] {
        match configuration::fetch(context, id).await {
            Ok(files) => both.push(files),
            // The comparison is an addition: the diagnosis stands without it.
            Err(error) => {
                notes.push(format!("the configurations were not compared: {}", error.message));
                return Ok(None);
            }
        }
    }
    Ok(Some(compare_files(&both[0], &both[1])))
}

/// `{added, removed, changed: [{path, diff?}]}`.
fn compare_files(before: &Files, after: &Files) -> Value {
    let added: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    let removed: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    let mut room = MAX_DIFFS_BYTES;
    let mut changed = Vec::new();
    for (path, new) in after {
        let Some(old) = before.get(path).filter(|old| *old != new) else { continue };
        let diff = (changed.len() < MAX_DIFFS).then(|| unified(path, old, new)).flatten();
        let diff = diff.map(|diff| prefix(&diff, MAX_DIFF.min(room)).to_owned());
        room -= diff.as_ref().map_or(0, String::len);
        changed.push(match diff.filter(|diff| !diff.is_empty()) {
            Some(diff) => json!({"path": path, "diff": diff}),
            None => json!({"path": path}),
        });
    }
    if added.is_empty() && removed.is_empty() && changed.is_empty() {
        return json!({"unchanged": true});
    }
    json!({"added": added, "removed": removed, "changed": changed})
}

/// The unified diff of two texts; nothing for what is not text or too large.
fn unified(path: &str, before: &[u8], after: &[u8]) -> Option<String> {
    if before.len().max(after.len()) > MAX_DIFFED_FILE {
        return None;
    }
    let (before, after) = (std::str::from_utf8(before).ok()?, std::str::from_utf8(after).ok()?);
    let diff = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(before, after);
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("before/{path}"), &format!("after/{path}"))
        .to_string();
    Some(pilothouse_model::text::sanitize(&text))
}

/// The identity of a variable: category and key.
type Variables = BTreeMap<(String, String), Value>;

async fn variables(
    context: &HookContext<'_>,
    before: &Run,
    after: &Run,
    notes: &mut Vec<String>,
) -> Result<Option<Value>> {
    let mut both = Vec::new();
    for run in [before, after] {
        match context.call("run.variables", json!({"id": run.id})).await {
            Ok(list) => both.push(by_key(&list)),
            Err(error) => {
                if error.kind != Kind::NotFound {
                    notes.push(format!("the variables were not compared: {}", error.message));
                }
                return Ok(None);
            }
        }
    }
    Ok(compare_variables(&both[0], &both[1]))
}

fn by_key(list: &Value) -> Variables {
    let key =
        |variable: &Value| Some((owned_at(variable, "/category")?, owned_at(variable, "/key")?));
    items(list).iter().filter_map(|variable| Some((key(variable)?, variable.clone()))).collect()
}

/// `[{category, key, change, before?, after?}]`; nothing if they are the same.
fn compare_variables(before: &Variables, after: &Variables) -> Option<Value> {
    let mut changes = Vec::new();
    for (key, new) in after {
        match before.get(key) {
            None => changes.push(change(key, "added", None, Some(new))),
            Some(old) if !same(old, new) => {
                changes.push(change(key, "changed", Some(old), Some(new)));
            }
            Some(_) => {}
        }
    }
    for (key, old) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        changes.push(change(key, "removed", Some(old), None));
    }
    (!changes.is_empty()).then(|| Value::Array(changes))
}

/// Values that may be seen are compared; of the others, their versions.
fn same(old: &Value, new: &Value) -> bool {
    let shown = |variable: &Value| variable.get("value").is_some();
    let by = if shown(old) && shown(new) { "value" } else { "version_id" };
    old.get(by) == new.get(by)
}

fn change(
    (category, key): &(String, String),
    change: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Value {
    let visible = |variable: Option<&Value>| {
        let variable = variable?;
        if variable.get("sensitive") == Some(&Value::Bool(true)) {
            return Some(json!("(sensitive)"));
        }
        Some(json!(prefix(text_at(variable, "/value")?, MAX_VALUE)))
    };
    object([
        ("category", Some(json!(category))),
        ("key", Some(json!(key))),
        ("change", Some(json!(change))),
        ("before", visible(before)),
        ("after", visible(after)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(path, text)| ((*path).into(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn files_are_compared_by_line() {
        let before = files(&[("gone.tf", "x"), ("main.tf", "a\nb\nc\n"), ("same.tf", "s")]);
        let after = files(&[("main.tf", "a\nB\nc\n"), ("new.tf", "n"), ("same.tf", "s")]);
        assert_eq!(
            compare_files(&before, &after),
            json!({
                "added": ["new.tf"],
                "removed": ["gone.tf"],
                "changed": [{
                    "path": "main.tf",
                    "diff": "--- before/main.tf\n+++ after/main.tf\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
                }],
            })
        );
        assert_eq!(compare_files(&after, &after), json!({"unchanged": true}));
    }

    #[test]
    fn diffs_are_bounded() {
        let path = |n: usize| format!("{n:03}.tf");
        let lines = |text: &str| text.repeat(20_000);
        let before: Files = (0..50).map(|n| (path(n), lines("a\n").into_bytes())).collect();
        let after: Files = (0..50).map(|n| (path(n), lines("b\n").into_bytes())).collect();
        let compared = compare_files(&before, &after);
        assert_eq!(compared["changed"].as_array().unwrap().len(), 50);
        assert!(compared.to_string().len() < MAX_DIFFS_BYTES * 2);
        let large = files(&[("big.tf", &"x".repeat(MAX_DIFFED_FILE + 1))]);
        assert_eq!(
            compare_files(&large, &files(&[("big.tf", "y")]))["changed"],
            json!([{"path": "big.tf"}])
        );
    }

    #[test]
    fn variables_are_compared_without_showing_secrets() {
        let list = |variables: Value| by_key(&json!({ "items": variables }));
        let before = list(json!([
            {"category": "terraform", "key": "size", "value": "1"},
            {"category": "terraform", "key": "token", "sensitive": true, "version_id": "v1"},
            {"category": "environment", "key": "old", "value": "x"},
            {"category": "terraform", "key": "same", "value": "s"},
        ]));
        let after = list(json!([
            {"category": "terraform", "key": "size", "value": "2"},
            {"category": "terraform", "key": "token", "sensitive": true, "version_id": "v2"},
            {"category": "terraform", "key": "same", "value": "s"},
        ]));
        assert_eq!(
            compare_variables(&before, &after).unwrap(),
            json!([
                {"category": "terraform", "key": "size", "change": "changed",
                    "before": "1", "after": "2"},
                {"category": "terraform", "key": "token", "change": "changed",
                    "before": "(sensitive)", "after": "(sensitive)"},
                {"category": "environment", "key": "old", "change": "removed", "before": "x"},
            ])
        );
        assert_eq!(compare_variables(&before, &before), None);
    }
}
