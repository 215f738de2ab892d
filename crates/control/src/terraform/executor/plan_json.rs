//! What is read of `terraform show -json PLAN`, and the counters that follow from it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Summary;

/// The changes of a plan. Everything else in the document is skipped, not held in memory.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PlanJson {
    #[serde(default)]
    pub(super) resource_changes: Vec<Resource>,
    /// What was found changed outside of Terraform.
    #[serde(default)]
    pub(super) resource_drift: Vec<Resource>,
    #[serde(default)]
    pub(super) output_changes: BTreeMap<String, Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) address: String,
    previous_address: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) provider_name: String,
    pub(super) change: Change,
    pub(super) action_reason: Option<String>,
}

/// Before and after, with structures of the same shape that say which parts are secret and
/// which are not known yet: `true` for a whole value, or objects and lists down to it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    pub(super) before: Value,
    #[serde(default)]
    pub(super) after: Value,
    #[serde(default)]
    pub(super) after_unknown: Value,
    #[serde(default)]
    pub(super) before_sensitive: Value,
    #[serde(default)]
    pub(super) after_sensitive: Value,
    pub(super) importing: Option<Value>,
    /// Paths of the attributes that cannot be changed in place.
    #[serde(default)]
    pub(super) replace_paths: Vec<Vec<Value>>,
}

/// What a plan does to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Noop,
    Create,
    Read,
    Update,
    DeleteThenCreate,
    CreateThenDelete,
    Delete,
    Forget,
}

impl Action {
    /// As in `contracts/tharsis/platform.json`, `plan_actions`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Noop => "NOOP",
            Self::Create => "CREATE",
            Self::Read => "READ",
            Self::Update => "UPDATE",
            Self::DeleteThenCreate => "DELETE_THEN_CREATE",
            Self::CreateThenDelete => "CREATE_THEN_DELETE",
            Self::Delete => "DELETE",
            Self::Forget => "FORGET",
        }
    }

    fn adds(self) -> bool {
        matches!(self, Self::Create | Self::DeleteThenCreate | Self::CreateThenDelete)
    }

    fn destroys(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteThenCreate | Self::CreateThenDelete)
    }
}

impl Change {
    pub(super) fn action(&self) -> Action {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        match actions.as_slice() {
            ["create"] | ["create", "forget"] | ["forget", "create"] => Action::Create,
            ["read"] => Action::Read,
            ["update"] => Action::Update,
            ["delete", "create"] => Action::DeleteThenCreate,
            ["create", "delete"] => Action::CreateThenDelete,
            ["delete"] => Action::Delete,
            ["forget"] => Action::Forget,
            _ => Action::Noop,
        }
    }
}

impl Resource {
    /// Whether anything happens to it: an action, an import, or a new address.
    pub(super) fn is_touched(&self) -> bool {
        self.change.action() != Action::Noop
            || self.change.importing.is_some()
            || self.previous_address().is_some()
    }

    /// The address it had before, if that was another one.
    pub(super) fn previous_address(&self) -> Option<&str> {
        self.previous_address.as_deref().filter(|previous| *previous != self.address)
    }
}

impl PlanJson {
    /// The counters as Terraform counts: a replacement is one addition and one destruction,
    /// reading a data source is nothing.
    pub(super) fn summary(&self) -> Summary {
        let resources = |counted: fn(&Resource) -> bool| {
            let managed = self.resource_changes.iter().filter(|resource| resource.mode != "data");
            count(managed.filter(|resource| counted(resource)).count())
        };
        let outputs = |counted: fn(Action) -> bool| {
            count(self.output_changes.values().filter(|change| counted(change.action())).count())
        };
        let drifted = self.resource_drift.iter();
        Summary {
            resource_additions: resources(|resource| resource.change.action().adds()),
            resource_changes: resources(|resource| resource.change.action() == Action::Update),
            resource_destructions: resources(|resource| resource.change.action().destroys()),
            resource_imports: resources(|resource| resource.change.importing.is_some()),
            resource_drift: count(
                drifted.filter(|resource| resource.change.action() != Action::Noop).count(),
            ),
            output_additions: outputs(Action::adds),
            output_changes: outputs(|action| action == Action::Update),
            output_destructions: outputs(Action::destroys),
        }
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
