//! What a person reads before a run is applied or a configuration is uploaded. Every answer is
//! `{text}`, bounded, and that
//! of a run says whether anything `destroys`. Must not decide anything.

use std::fmt::Write as _;

use pilothouse_model::{
    Result,
    text::{prefix, sanitize},
};
use serde_json::{Map, Value, json};

use super::{
    answer::{text, text_at},
    archive::Files,
    configuration, plan,
};
use crate::connector::hook::HookContext;

/// Resources, outputs or files named one by one; the rest are counted.
const MAX_LINES: usize = 60;
/// Longest name of a resource or file, in bytes.
const MAX_NAME: usize = 160;
/// Longest diff of one resource and of all together, in bytes.
const MAX_DIFF: usize = 1 << 10;
const MAX_DIFFS: usize = 4 << 10;

/// What Terraform does to a resource, how it is shown, and what it counts as: created, changed,
/// destroyed. In the order a person should read them: what is lost comes first.
const ACTIONS: &[(&str, &str, [usize; 3])] = &[
    ("DELETE", "- destroy", [0, 0, 1]),
    ("DELETE_THEN_CREATE", "± replace", [1, 0, 1]),
    ("CREATE_THEN_DELETE", "± replace", [1, 0, 1]),
    ("UPDATE", "~ change ", [0, 1, 0]),
    ("CREATE", "+ create ", [1, 0, 0]),
];

/// `run.preview`: the changes of the run's plan.
pub(super) async fn run(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let plan = Map::from_iter([("run_id".to_owned(), json!(text(&args, "id")))]);
    let changes = plan::diff(context, plan).await?;
    Ok(json!({"text": changes_text(&changes), "destroys": destroys(&changes)}))
}

/// `configuration_version.preview`: the files that would be sent. Fails as the upload would.
pub(super) fn upload(args: &Map<String, Value>) -> Result<Value> {
    let (_, files) = configuration::packed(args)?;
    Ok(json!({"text": files_text(&files)}))
}

fn changes_text(diff: &Value) -> String {
    let resources = list(diff, "resources");
    let mut rows: Vec<(usize, &Value)> = resources
        .iter()
        .filter_map(|resource| {
            let action = text_at(resource, "/action")?;
            Some((ACTIONS.iter().position(|(name, ..)| *name == action)?, resource))
        })
        .collect();
    rows.sort_by_key(|(rank, _)| *rank);
    let mut counts = [0; 3];
    for (rank, _) in &rows {
        for (sum, count) in counts.iter_mut().zip(ACTIONS[*rank].2) {
            *sum += count;
        }
    }
    let [created, changed, destroyed] = counts;
    let mut shown = format!("{created} to create, {changed} to change, {destroyed} to destroy.\n");
    let lines = rows.iter().map(|(rank, resource)| {
        format!("{} {}", ACTIONS[*rank].1, name(text_at(resource, "/address").unwrap_or("?")))
    });
    let outputs = list(diff, "outputs").iter().filter_map(|output| {
        let action = text_at(output, "/action").filter(|action| *action != "NOOP")?;
        let output = name(text_at(output, "/output_name")?);
        Some(format!("  output {output}: {}", action.to_ascii_lowercase()))
    });
    push_lines(&mut shown, lines.chain(outputs));
    push_diffs(&mut shown, rows.iter().map(|(_, resource)| *resource));
    shown
}

/// Whether a resource is lost, be it to be made again.
fn destroys(diff: &Value) -> bool {
    list(diff, "resources").iter().any(|resource| {
        let action = text_at(resource, "/action");
        ACTIONS.iter().any(|(name, _, counts)| Some(*name) == action && counts[2] > 0)
    })
}

/// The diffs of what exists already and would be lost or changed.
fn push_diffs<'a>(shown: &mut String, resources: impl Iterator<Item = &'a Value>) {
    let mut room = MAX_DIFFS;
    for resource in resources.filter(|resource| text_at(resource, "/action") != Some("CREATE")) {
        let Some(diff) = text_at(resource, "/unified_diff") else { continue };
        let part = prefix(diff, MAX_DIFF.min(room));
        room -= part.len();
        let address = name(text_at(resource, "/address").unwrap_or("?"));
        let more = if part.len() < diff.len() { "\n… (the plan has the rest)" } else { "" };
        _ = write!(shown, "\n{address}\n{}{more}\n", sanitize(part).trim_end());
        if room == 0 {
            break;
        }
    }
}

fn files_text(files: &Files) -> String {
    let bytes: usize = files.values().map(Vec::len).sum();
    let count =
        if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    let mut shown = format!("{count}, {bytes} bytes:\n");
    let lines = files.iter().map(|(path, content)| format!("  {} ({})", name(path), content.len()));
    push_lines(&mut shown, lines);
    shown
}

fn push_lines(shown: &mut String, mut lines: impl Iterator<Item = String>) {
    for line in lines.by_ref().take(MAX_LINES) {
        shown.push_str(&line);
        shown.push('\n');
    }
    match lines.count() {
        0 => {}
        more => _ = writeln!(shown, "… and {more} more"),
    }
}

fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A name on one line: a configuration's author chooses it.
fn name(text: &str) -> String {
    sanitize(prefix(text, MAX_NAME)).replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_shown_with_what_is_lost_first() {
        let resource = |address: &str, action: &str, diff: &str| json!({"address": address, "action": action, "unified_diff": diff});
        let changes = json!({
            "resources": [
                resource("net.a", "CREATE", "+ all of it"),
                resource("net.b", "UPDATE", "- size 1\n+ size 2"),
                resource("net.c\nnet.forged", "DELETE", "- size 3"),
                resource("net.d", "DELETE_THEN_CREATE", &"x".repeat(MAX_DIFF + 1)),
                resource("net.e", "READ", ""),
            ],
            "outputs": [
                {"output_name": "cidr", "action": "UPDATE"},
                {"output_name": "same", "action": "NOOP"},
            ],
        });
        let text = changes_text(&changes);
        let (list, diffs) = text.split_once("\n\n").unwrap();
        assert_eq!(
            list,
            "2 to create, 1 to change, 2 to destroy.\n- destroy net.c net.forged\n± replace net.d\n\
             ~ change  net.b\n+ create  net.a\n  output cidr: update"
        );
        assert!(diffs.starts_with("net.c net.forged\n- size 3\n\nnet.d\nxxx"), "{diffs}");
        assert!(diffs.contains("… (the plan has the rest)\n\nnet.b\n- size 1"), "{diffs}");
        assert!(!diffs.contains("all of it"));
    }

    #[test]
    fn a_plan_destroys_if_a_resource_is_lost() {
        for (action, lost) in [
            ("CREATE", false),
            ("UPDATE", false),
            ("READ", false),
            ("DELETE", true),
            ("DELETE_THEN_CREATE", true),
            ("CREATE_THEN_DELETE", true),
        ] {
            let resources = [json!({"action": "CREATE"}), json!({"action": action})];
            assert_eq!(destroys(&json!({"resources": resources})), lost, "{action}");
        }
        assert!(!destroys(&Value::Null));
    }

    #[test]
    fn what_is_shown_is_bounded() {
        let resources: Vec<Value> = (0..200)
            .map(|number| {
                json!({"address": format!("net.n{number}"), "action": "DELETE",
                "unified_diff": "y".repeat(900)})
            })
            .collect();
        let text = changes_text(&json!({"resources": resources}));
        assert!(text.contains("… and 140 more"), "{text}");
        assert!(text.matches('y').count() <= 2 * MAX_DIFFS, "{}", text.len());
        assert_eq!(changes_text(&Value::Null), "0 to create, 0 to change, 0 to destroy.\n");
    }

    #[test]
    fn an_upload_shows_its_files_and_fails_as_it_would() {
        let shown = |args: Value| upload(args.as_object().unwrap());
        let answer = shown(json!({"files": {"main.tf": "abc", "dir/x.tf": "a"}})).unwrap();
        assert_eq!(answer["text"], "2 files, 4 bytes:\n  dir/x.tf (1)\n  main.tf (3)\n");
        assert!(shown(json!({"files": {"../up.tf": "a"}})).is_err());
    }
}
