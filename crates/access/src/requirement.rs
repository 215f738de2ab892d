//! What an operation needs: a permission where the platform has Tharsis' model, else a role by the
//! operation's risk.

use pilothouse_model::{Risk, Role};

use crate::Permission;

/// What a caller must have in the operation's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Being signed in: nothing of anybody's is touched.
    Identity,
    Permission(Permission),
    Role(Role),
}

impl Requirement {
    /// The smallest role that meets it; `None` where only the operator does.
    pub fn least_role(self) -> Option<Role> {
        match self {
            Self::Identity => Some(Role::Viewer),
            Self::Permission(permission) => permission.least_role(),
            Self::Role(role) => Some(role),
        }
    }
}

/// Operations of Tharsis by `type.operation`: those of the registry, and those that only its own
/// API has.
const TERRAFORM: &[(&str, Permission)] = &[
    ("apply.diagnostics", Permission::RunView),
    ("apply.get", Permission::RunView),
    ("configuration_version.create", Permission::ConfigurationVersionCreate),
    ("configuration_version.download", Permission::ConfigurationVersionView),
    ("configuration_version.get", Permission::ConfigurationVersionView),
    ("configuration_version.preview", Permission::ConfigurationVersionView),
    ("configuration_version.upload", Permission::ConfigurationVersionUpdate),
    ("group.create", Permission::GroupCreate),
    ("group.delete", Permission::GroupDelete),
    ("group.get", Permission::GroupView),
    ("group.list", Permission::GroupView),
    ("group.migrate", Permission::GroupUpdate),
    ("group.update", Permission::GroupUpdate),
    ("installation.status", Permission::WorkspaceView),
    ("job.get", Permission::JobView),
    ("job.latest", Permission::JobView),
    ("job.latest_for_apply", Permission::JobView),
    ("job.latest_for_plan", Permission::JobView),
    ("job.log_range", Permission::JobView),
    ("job.logs", Permission::JobView),
    ("job.worker", Permission::JobView),
    ("managed_identity.assign", Permission::WorkspaceUpdate),
    ("managed_identity.create", Permission::ManagedIdentityCreate),
    ("managed_identity.create_alias", Permission::ManagedIdentityCreate),
    ("managed_identity.delete", Permission::ManagedIdentityDelete),
    ("managed_identity.delete_alias", Permission::ManagedIdentityDelete),
    ("managed_identity.get", Permission::ManagedIdentityView),
    ("managed_identity.list", Permission::ManagedIdentityView),
    ("managed_identity.list_for_workspace", Permission::ManagedIdentityView),
    ("managed_identity.unassign", Permission::WorkspaceUpdate),
    ("managed_identity.update", Permission::ManagedIdentityUpdate),
    ("namespace_membership.create", Permission::NamespaceMembershipCreate),
    ("namespace_membership.delete", Permission::NamespaceMembershipDelete),
    ("namespace_membership.get", Permission::NamespaceMembershipView),
    ("namespace_membership.list", Permission::NamespaceMembershipView),
    ("namespace_membership.update", Permission::NamespaceMembershipUpdate),
    ("plan.changes", Permission::RunView),
    ("plan.diagnostics", Permission::RunView),
    ("plan.diff", Permission::RunView),
    ("plan.get", Permission::RunView),
    ("run.apply", Permission::RunCreate),
    ("run.cancel", Permission::RunCreate),
    ("run.create", Permission::RunCreate),
    ("run.destroy", Permission::RunCreate),
    ("run.diagnose", Permission::RunView),
    ("run.discard", Permission::RunCreate),
    ("run.get", Permission::RunView),
    ("run.list", Permission::RunView),
    ("run.logs", Permission::JobView),
    ("run.preview", Permission::RunView),
    ("run.retry", Permission::RunCreate),
    ("run.set_auto_apply", Permission::RunCreate),
    ("run.undiscard", Permission::RunCreate),
    ("run.variables", Permission::VariableView),
    ("service_account.create", Permission::ServiceAccountCreate),
    ("service_account.delete", Permission::ServiceAccountDelete),
    ("service_account.disable", Permission::ServiceAccountUpdate),
    ("service_account.enable", Permission::ServiceAccountUpdate),
    ("service_account.get", Permission::ServiceAccountView),
    ("service_account.list", Permission::ServiceAccountView),
    ("service_account.rotate", Permission::ServiceAccountUpdate),
    ("service_account.update", Permission::ServiceAccountUpdate),
    ("state_version.create", Permission::StateVersionCreate),
    ("state_version.download", Permission::StateVersionViewValue),
    ("state_version.get", Permission::StateVersionView),
    ("state_version.list", Permission::StateVersionView),
    ("state_version.output_list", Permission::StateVersionView),
    ("state_version.outputs", Permission::StateVersionView),
    ("team.add_member", Permission::TeamUpdate),
    ("team.create", Permission::TeamCreate),
    ("team.delete", Permission::TeamDelete),
    ("team.get", Permission::NamespaceMembershipView),
    ("team.list", Permission::NamespaceMembershipView),
    ("team.remove_member", Permission::TeamUpdate),
    ("team.update", Permission::TeamUpdate),
    ("variable.create", Permission::VariableCreate),
    ("variable.delete", Permission::VariableDelete),
    ("variable.get", Permission::VariableView),
    ("variable.list", Permission::VariableView),
    ("variable.set", Permission::VariableUpdate),
    ("variable.update", Permission::VariableUpdate),
    ("variable.values", Permission::VariableViewValue),
    ("workspace.create", Permission::WorkspaceCreate),
    ("workspace.delete", Permission::WorkspaceDelete),
    ("workspace.get", Permission::WorkspaceView),
    ("workspace.list", Permission::WorkspaceView),
    ("workspace.lock", Permission::WorkspaceUpdate),
    ("workspace.migrate", Permission::WorkspaceUpdate),
    ("workspace.status", Permission::WorkspaceView),
    ("workspace.unlock", Permission::WorkspaceUpdate),
    ("workspace.update", Permission::WorkspaceUpdate),
];

/// What `operation` (`platform.type.operation`) needs. One of Tharsis that the table lacks is the
/// operator's alone: a new operation is closed until somebody decides who may use it.
pub fn requirement(operation: &str, risk: Risk) -> Requirement {
    match operation.split_once('.') {
        // A tool that touches no platform, our own documentation, and what roles there are.
        None
        | Some((
            "tharsis",
            "documentation.search" | "documentation.get" | "role.get" | "role.list",
        )) => Requirement::Identity,
        Some(("tharsis", name)) => {
            Requirement::Permission(terraform(name).unwrap_or(Permission::UserUpdate))
        }
        Some(_) => Requirement::Role(role_for(risk)),
    }
}

/// Every operation of Tharsis, those that only its own API has among them, as
/// `tharsis.type.operation`, and whether it only reads.
pub fn terraform_operations() -> impl Iterator<Item = (String, bool)> {
    TERRAFORM.iter().map(|(name, needed)| (format!("tharsis.{name}"), needed.only_reads()))
}

/// The permission for an operation of Tharsis by `type.operation`.
pub fn terraform(operation: &str) -> Option<Permission> {
    let found = TERRAFORM.binary_search_by_key(&operation, |(name, _)| name).ok()?;
    Some(TERRAFORM[found].1)
}

/// On platforms without permissions of their own.
fn role_for(risk: Risk) -> Role {
    match risk {
        Risk::Read => Role::Viewer,
        Risk::LowWrite | Risk::MediumWrite | Risk::HighWrite => Role::Deployer,
        Risk::Destructive => Role::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ordered_so_that_it_can_be_searched() {
        assert!(TERRAFORM.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn operations_need_what_the_contract_says() {
        for (operation, risk, least) in [
            ("tharsis.run.get", Risk::Read, Some(Role::Viewer)),
            ("tharsis.run.apply", Risk::HighWrite, Some(Role::Deployer)),
            ("tharsis.workspace.delete", Risk::Destructive, Some(Role::Deployer)),
            ("tharsis.state_version.outputs", Risk::Read, Some(Role::Viewer)),
            ("tharsis.namespace_membership.create", Risk::HighWrite, Some(Role::Owner)),
            ("tharsis.service_account.create", Risk::MediumWrite, Some(Role::Deployer)),
            ("tharsis.surprise.get", Risk::Read, None),
            ("harness.pipeline.list", Risk::Read, Some(Role::Viewer)),
            ("harness.pipeline.execute", Risk::HighWrite, Some(Role::Deployer)),
            ("harness.pipeline.delete", Risk::Destructive, Some(Role::Owner)),
        ] {
            assert_eq!(requirement(operation, risk).least_role(), least, "{operation}");
        }
        assert_eq!(requirement("describe", Risk::Read), Requirement::Identity);
        assert_eq!(requirement("tharsis.documentation.get", Risk::Read), Requirement::Identity);
    }
}
