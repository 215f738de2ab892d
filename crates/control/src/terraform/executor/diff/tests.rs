//! Recorded plans (see `tests/data/terraform`) and made up ones, as diffs and counters.

use std::{fmt::Write, fs, path::Path};

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::{
    super::{Category, Variable},
    *,
};

fn recorded(case: &str) -> PlanJson {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform");
    serde_json::from_slice(&fs::read(folder.join(case).join("plan.json")).unwrap()).unwrap()
}

fn shown(diff: &Diff) -> String {
    let mut text = String::new();
    for resource in &diff.resources {
        let drifted = if resource.drifted { " (drifted)" } else { "" };
        writeln!(
            text,
            "{} {}{drifted}\n{}",
            resource.action, resource.address, resource.unified_diff
        )
        .unwrap();
    }
    for output in &diff.outputs {
        writeln!(text, "{} output {}\n{}", output.action, output.output_name, output.unified_diff)
            .unwrap();
    }
    text
}

/// The diff of one resource whose change is made up.
fn diff_of(change: &Value, limits: &Limits) -> String {
    let plan = json!({ "resource_changes": [{ "address": "a.b", "change": change }] });
    let plan = serde_json::from_value(plan).unwrap();
    Diff::of(&plan, &Mask::default(), limits).resources.remove(0).unified_diff
}

#[test]
fn recorded_plans() {
    for case in ["changes", "sensitive", "half_way"] {
        let plan = recorded(case);
        let diff = Diff::of(&plan, &Mask::default(), &Limits::default());
        assert_snapshot!(format!("diff_{case}"), shown(&diff));
        assert_json_snapshot!(format!("summary_{case}"), plan.summary());
    }
}

#[test]
fn no_secret_is_shown_whichever_side_marks_it() {
    let secret =
        |value: &str| json!({ "user": "root", "keys": [value], "blob": { "inner": value } });
    let marked = json!({ "keys": [true], "blob": true });
    for (before, after) in [(&marked, &marked), (&marked, &json!({})), (&json!({}), &marked)] {
        let change = json!({
            "actions": ["update"],
            "before": secret("tell-no-one"), "after": secret("tell-nobody"),
            "before_sensitive": before, "after_sensitive": after, "after_unknown": {},
        });
        let diff = diff_of(&change, &Limits::default());
        assert!(!diff.contains("tell-"), "{diff}");
        assert!(diff.contains("-blob = (sensitive value)\n"), "{diff}");
        assert!(diff.contains("+blob = (sensitive value, changed)\n"), "{diff}");
    }
}

#[test]
fn the_value_of_a_sensitive_variable_is_masked_where_terraform_does_not_know() {
    let plan = json!({
        "resource_changes": [{
            "address": "a.b",
            "change": { "actions": ["create"], "after": { "url": "https://u:s3cret-word@host" } },
        }],
    });
    let variable = Variable {
        category: Category::Environment,
        key: "TOKEN".to_owned(),
        value: "s3cret-word".to_owned(),
        sensitive: true,
    };
    let plan = serde_json::from_value(plan).unwrap();
    let diff = Diff::of(&plan, &Mask::of(&[variable]), &Limits::default());
    let diff = &diff.resources[0].unified_diff;
    assert!(diff.contains("+url = \"https://u:(sensitive value)@host\""), "{diff}");
}

#[test]
fn values_are_written_like_configuration() {
    let change = json!({
        "actions": ["create"],
        "before": null,
        "after": {
            "z": 1.5, "a": null, "empty": {}, "none": [], "on": true, "odd key": "x",
            "list": [1, { "k": "v" }], "text": "one\n  two\n", "json": "{\"b\": [2]}", "brace": "{not",
        },
        "after_unknown": { "id": true, "list": [false, { "later": true }, true], "empty": {}, "gone": {} },
    });
    assert_snapshot!("values", diff_of(&change, &Limits::default()));
}

#[test]
fn every_action_has_its_name_and_its_count() {
    for (actions, mode, action, [adds, changes, destroys]) in [
        (json!(["no-op"]), "managed", "", [0, 0, 0]),
        (json!(["create"]), "managed", "CREATE", [1, 0, 0]),
        (json!(["read"]), "data", "READ", [0, 0, 0]),
        (json!(["update"]), "managed", "UPDATE", [0, 1, 0]),
        (json!(["delete", "create"]), "managed", "DELETE_THEN_CREATE", [1, 0, 1]),
        (json!(["create", "delete"]), "managed", "CREATE_THEN_DELETE", [1, 0, 1]),
        (json!(["delete"]), "managed", "DELETE", [0, 0, 1]),
        (json!(["forget"]), "managed", "FORGET", [0, 0, 0]),
    ] {
        let change = json!({ "actions": actions, "before": {}, "after": {} });
        let plan: PlanJson = serde_json::from_value(json!({
            "resource_changes": [{ "address": "a.b", "mode": mode, "change": change }],
            "output_changes": { "o": change },
        }))
        .unwrap();
        let diff = Diff::of(&plan, &Mask::default(), &Limits::default());
        let found: Vec<_> =
            diff.resources.iter().map(|resource| resource.action.as_str()).collect();
        assert_eq!(found.concat(), action);
        assert_eq!(diff.outputs.len(), found.len());
        let summary = plan.summary();
        let counted =
            [summary.resource_additions, summary.resource_changes, summary.resource_destructions];
        assert_eq!(counted, [adds, changes, destroys], "{action}");
    }
}

#[test]
fn imports_and_drift_are_counted_and_shown() {
    let plan: PlanJson = serde_json::from_value(json!({
        "resource_changes": [
            { "address": "a.b", "change": { "actions": ["no-op"], "importing": { "id": "i-1" } } },
        ],
        "resource_drift": [
            {
                "address": "c.d",
                "change": { "actions": ["update"], "before": { "size": 1 }, "after": { "size": 2 } },
            },
            { "address": "e.f", "previous_address": "e.g", "change": { "actions": ["no-op"] } },
        ],
    }))
    .unwrap();
    let summary = plan.summary();
    assert_eq!((summary.resource_imports, summary.resource_drift), (1, 1));
    let diff = Diff::of(&plan, &Mask::default(), &Limits::default());
    assert_eq!(
        shown(&diff),
        "NOOP a.b\n# imported, id = \"i-1\"\n\n\
         UPDATE c.d (drifted)\n--- before\n+++ after\n@@ -1 +1 @@\n-size = 1\n+size = 2\n\n"
    );
}

#[test]
fn a_long_diff_is_cut_with_a_note() {
    let lines: serde_json::Map<String, Value> =
        (0..100).map(|number| (format!("key{number:03}"), json!(number))).collect();
    let change = json!({ "actions": ["create"], "before": null, "after": lines });
    let limits = Limits { diff: 500, ..Limits::default() };
    let diff = diff_of(&change, &limits);
    let (kept, note) = diff.split_once("# diff cut: ").unwrap();
    assert!(kept.len() <= 500 && kept.ends_with('\n'), "{diff}");
    let hidden: usize = note.split_once(' ').unwrap().0.parse().unwrap();
    assert_eq!(kept.lines().count() + hidden, 103);
}

#[test]
fn a_huge_value_is_cut_before_it_is_compared() {
    let elements: Vec<_> = (0..400_000).map(|number| json!(number)).collect();
    let change = json!({ "actions": ["create"], "before": null, "after": { "all": elements } });
    let limits = Limits { diff: usize::MAX, diffs: usize::MAX, ..Limits::default() };
    let length = diff_of(&change, &limits).len();
    assert!(length < 1024 * 1024, "{length}");
}

#[test]
fn all_diffs_together_are_bounded() {
    let change = |number: usize| {
        json!({
            "address": format!("a.b[{number}]"),
            "change": { "actions": ["create"], "after": { "text": "x".repeat(300) } },
        })
    };
    let plan = json!({ "resource_changes": (0..5).map(change).collect::<Vec<_>>() });
    let plan = serde_json::from_value(plan).unwrap();
    let limits = Limits { diffs: 800, ..Limits::default() };
    let diff = Diff::of(&plan, &Mask::default(), &limits);
    let left_out: Vec<_> = diff
        .resources
        .iter()
        .map(|resource| resource.unified_diff.contains("diff left out"))
        .collect();
    assert_eq!(left_out, [false, false, false, true, true]);
    assert!(diff.resources[2].unified_diff.contains("diff cut"));
}
