//! A pipeline's definition as a chart needs it.

use serde_json::Value;

use super::{name, text};
use crate::chart::{Architecture, Group, Stage, Step, unit::counted};

/// How deep step groups are followed.
const MAX_DEPTH: usize = 4;

/// `None` if there is no stage.
pub(super) fn read(definition: &Value) -> Option<Architecture> {
    let pipeline = definition.get("pipeline").unwrap_or(definition);
    let mut stages = Vec::new();
    for entry in pipeline.get("stages")?.as_array()? {
        match entry.get("parallel").and_then(Value::as_array) {
            Some(parallel) => {
                let together = parallel.iter().enumerate();
                stages.extend(together.filter_map(|(index, entry)| stage(entry, index > 0)));
            }
            None => stages.extend(stage(entry, false)),
        }
    }
    if stages.is_empty() {
        return None;
    }
    let title = name(pipeline, "identifier");
    let steps = stages.iter().flat_map(|stage| &stage.groups).map(|group| group.steps.len()).sum();
    Some(Architecture {
        title: title.unwrap_or("Pipeline").to_owned(),
        subtitle: format!("{} · {}", counted(stages.len(), "stage"), counted(steps, "step")),
        stages,
    })
}

fn stage(entry: &Value, parallel: bool) -> Option<Stage> {
    let stage = entry.get("stage")?;
    let name = name(stage, "identifier")?;
    let template = stage.pointer("/template/templateRef").and_then(Value::as_str);
    let kind = text(stage, "type").or(template.map(|_| "Template")).unwrap_or("Stage");
    let mut groups = Vec::new();
    for (pointer, label, is_rollback) in [
        ("/spec/execution/steps", "Steps", false),
        ("/spec/execution/rollbackSteps", "Rollback", true),
    ] {
        let steps = stage.pointer(pointer).and_then(Value::as_array);
        let found = split(steps.map_or(&[][..], Vec::as_slice), label, is_rollback, 0);
        groups.extend(found.into_iter().filter(|group| !group.steps.is_empty()));
    }
    let (name, kind) = (name.to_owned(), kind.to_owned());
    Some(Stage { name, kind, facts: facts(stage, template), groups, parallel })
}

fn facts(stage: &Value, template: Option<&str>) -> Vec<(String, String)> {
    let at = |pointer: &str| stage.pointer(pointer).and_then(Value::as_str);
    let strategy = stage.get("strategy").and_then(Value::as_object);
    let rows = [
        ("Template", template),
        ("Service", at("/spec/service/serviceRef")),
        ("Environment", at("/spec/environment/environmentRef")),
        ("Infrastructure", at("/spec/environment/infrastructureDefinitions/0/identifier")),
        ("Deploys", at("/spec/deploymentType")),
        ("Pipeline", at("/spec/pipeline")),
        ("Strategy", strategy.and_then(|strategy| strategy.keys().next()).map(String::as_str)),
        ("On failure", at("/failureStrategies/0/onFailure/action/type")),
        ("When", at("/when/condition")),
    ];
    let known = rows.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.map(|(name, value)| (name, value.to_owned())).collect()
}

/// The steps of a list under `label`, then each step group that it holds.
fn split(entries: &[Value], label: &str, is_rollback: bool, depth: usize) -> Vec<Group> {
    let mut own = Group { name: label.to_owned(), steps: Vec::new(), is_rollback };
    let mut inner = Vec::new();
    let flat = entries.iter().flat_map(|entry| match entry.get("parallel") {
        Some(Value::Array(parallel)) => parallel.iter(),
        _ => std::slice::from_ref(entry).iter(),
    });
    for entry in flat {
        if let Some(step) = entry.get("step") {
            own.steps.extend(self::step(step));
        } else if let Some(group) = entry.get("stepGroup").filter(|_| depth < MAX_DEPTH) {
            let name = name(group, "identifier");
            let steps = group.get("steps").and_then(Value::as_array);
            let steps = steps.map_or(&[][..], Vec::as_slice);
            inner.extend(split(steps, name.unwrap_or("Group"), is_rollback, depth + 1));
        }
    }
    let mut groups = vec![own];
    groups.extend(inner);
    groups
}

fn step(step: &Value) -> Option<Step> {
    let template = step.pointer("/template/templateRef").and_then(Value::as_str);
    Some(Step {
        name: name(step, "identifier")?.to_owned(),
        kind: text(step, "type").or(template).unwrap_or("Step").to_owned(),
        timeout: text(step, "timeout").map(str::to_owned),
    })
}
