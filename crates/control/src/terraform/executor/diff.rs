//! A plan as unified diffs, one per resource and output, with secrets masked.
//!
//! Each side of a diff is the thing written like configuration, with sorted keys, so that equal
//! parts are equal lines.

use std::{fmt::Write, time::Duration};

use pilothouse_model::text;
use serde_json::Value;
use similar::TextDiff;

use super::{
    Diff, Limits, OutputChange, ResourceChange,
    plan_json::{Action, Change, PlanJson, Resource},
    secret::Mask,
};

mod rendering;
#[cfg(test)]
mod tests;

use self::rendering::Side;
pub(super) use self::rendering::attribute;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// Two very different long texts are compared more coarsely after this.
const PATIENCE: Duration = Duration::from_millis(500);

impl Diff {
    pub(super) fn of(plan: &PlanJson, mask: &Mask, limits: &Limits) -> Self {
        let mut budget = Budget { mask, one: limits.diff, left: limits.diffs };
        let planned = plan.resource_changes.iter().filter(|resource| resource.is_touched());
        let drifted =
            plan.resource_drift.iter().filter(|resource| resource.change.action() != Action::Noop);
        let resources = planned
            .map(|resource| (resource, false))
            .chain(drifted.map(|resource| (resource, true)))
            .map(|(resource, drifted)| resource_change(resource, drifted, &mut budget))
            .collect();
        let outputs = plan
            .output_changes
            .iter()
            .filter(|(_, change)| change.action() != Action::Noop)
            .map(|(name, change)| output_change(name, change, &mut budget))
            .collect();
        Self { resources, outputs }
    }
}

fn resource_change(resource: &Resource, drifted: bool, budget: &mut Budget<'_>) -> ResourceChange {
    let change = &resource.change;
    let notes = notes(resource);
    let (before, after) = (Side::before(change).body(), Side::after(change).body());
    ResourceChange {
        address: resource.address.clone(),
        resource_type: resource.kind.clone(),
        provider_name: resource.provider_name.clone(),
        action: change.action().as_str().to_owned(),
        unified_diff: budget.take(&notes, &before, &after),
        drifted,
    }
}

/// What the two sides do not show.
fn notes(resource: &Resource) -> String {
    let mut notes = String::new();
    if let Some(previous) = resource.previous_address() {
        _ = writeln!(notes, "# moved from {previous}");
    }
    if let Some(id) = resource.change.importing.as_ref().and_then(|import| import.get("id")) {
        _ = writeln!(notes, "# imported, id = {id}");
    }
    if let Some(reason) = &resource.action_reason {
        _ = writeln!(notes, "# {}", reason.replace('_', " "));
    }
    let paths: Vec<String> =
        resource.change.replace_paths.iter().map(|path| dotted(path)).collect();
    if !paths.is_empty() {
        _ = writeln!(notes, "# replaced because of {}", paths.join(", "));
    }
    notes
}

/// A path of names and numbers, as `ingress.0.port`.
fn dotted(path: &[Value]) -> String {
    let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

fn output_change(name: &str, change: &Change, budget: &mut Budget<'_>) -> OutputChange {
    let side = |exists: bool, side: Side<'_>| if exists { side.named(name) } else { String::new() };
    let action = change.action();
    let before = side(action != Action::Create, Side::before(change));
    let after = side(action != Action::Delete, Side::after(change));
    OutputChange {
        output_name: name.to_owned(),
        action: action.as_str().to_owned(),
        unified_diff: budget.take("", &before, &after),
    }
}

/// What may still be shown of a plan, in bytes.
struct Budget<'a> {
    mask: &'a Mask,
    one: usize,
    left: usize,
}

impl Budget<'_> {
    /// The diff of two texts, as far as there is room for it, and a note where there is not.
    fn take(&mut self, notes: &str, before: &str, after: &str) -> String {
        if self.left == 0 {
            return "# diff left out: the plan's diffs are too long together\n".to_owned();
        }
        let texts = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
        let diff =
            texts.unified_diff().context_radius(CONTEXT).header("before", "after").to_string();
        let whole = self.mask.clean(&format!("{notes}{diff}"));
        let room = self.one.min(self.left);
        let kept = text::prefix(&whole, room);
        if kept.len() == whole.len() {
            self.left -= whole.len();
            return whole;
        }
        let kept = &kept[..kept.rfind('\n').map_or(0, |end| end + 1)];
        let hidden = whole[kept.len()..].lines().count();
        self.left = if room == self.left { 0 } else { self.left - kept.len() };
        format!("{kept}# diff cut: {hidden} more lines\n")
    }
}
