//! What roles allow: Tharsis' permissions, each with the smallest role that has it.
//!
//! Source: `contracts/tharsis/platform.json`, `roles.matrix`; a test compares.

use std::fmt;

use pilothouse_model::Role;

const NOBODY: Option<Role> = None;
const VIEWER: Option<Role> = Some(Role::Viewer);
const PUBLISHER: Option<Role> = Some(Role::Publisher);
const DEPLOYER: Option<Role> = Some(Role::Deployer);
const OWNER: Option<Role> = Some(Role::Owner);

macro_rules! permissions {
    ($($variant:ident $name:literal $least:ident,)*) => {
        /// Something that a role may allow, written `type:action`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($variant,)*
        }

        impl Permission {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The smallest role that has it, and with it all larger ones. `None`: no role has it,
            /// only the operator does.
            pub fn least_role(self) -> Option<Role> {
                match self {
                    $(Self::$variant => $least,)*
                }
            }
        }
    };
}

permissions! {
    ApplyUpdate "apply:update" NOBODY,
    ConfigurationVersionCreate "configuration_version:create" DEPLOYER,
    ConfigurationVersionUpdate "configuration_version:update" DEPLOYER,
    ConfigurationVersionView "configuration_version:view" VIEWER,
    FederatedRegistryCreate "federated_registry:create" DEPLOYER,
    FederatedRegistryDelete "federated_registry:delete" DEPLOYER,
    FederatedRegistryIssueToken "federated_registry:issue_token" NOBODY,
    FederatedRegistryUpdate "federated_registry:update" DEPLOYER,
    FederatedRegistryView "federated_registry:view" VIEWER,
    GpgKeyCreate "gpg_key:create" DEPLOYER,
    GpgKeyDelete "gpg_key:delete" DEPLOYER,
    GpgKeyView "gpg_key:view" VIEWER,
    GroupCreate "group:create" DEPLOYER,
    GroupDelete "group:delete" DEPLOYER,
    GroupUpdate "group:update" DEPLOYER,
    GroupView "group:view" VIEWER,
    JobClaim "job:claim" NOBODY,
    JobUpdate "job:update" NOBODY,
    JobView "job:view" VIEWER,
    ManagedIdentityCreate "managed_identity:create" OWNER,
    ManagedIdentityDelete "managed_identity:delete" OWNER,
    ManagedIdentityUpdate "managed_identity:update" OWNER,
    ManagedIdentityView "managed_identity:view" VIEWER,
    NamespaceMembershipCreate "namespace_membership:create" OWNER,
    NamespaceMembershipDelete "namespace_membership:delete" OWNER,
    NamespaceMembershipUpdate "namespace_membership:update" OWNER,
    NamespaceMembershipView "namespace_membership:view" VIEWER,
    PlanUpdate "plan:update" NOBODY,
    RunCreate "run:create" DEPLOYER,
    RunView "run:view" VIEWER,
    RunnerCreate "runner:create" OWNER,
    RunnerDelete "runner:delete" OWNER,
    RunnerUpdate "runner:update" OWNER,
    RunnerView "runner:view" VIEWER,
    RunnerSessionCreate "runner_session:create" NOBODY,
    RunnerSessionUpdate "runner_session:update" NOBODY,
    ServiceAccountCreate "service_account:create" DEPLOYER,
    ServiceAccountDelete "service_account:delete" DEPLOYER,
    ServiceAccountUpdate "service_account:update" DEPLOYER,
    ServiceAccountView "service_account:view" VIEWER,
    StateVersionCreate "state_version:create" DEPLOYER,
    StateVersionView "state_version:view" VIEWER,
    StateVersionViewValue "state_version:view_value" DEPLOYER,
    TeamCreate "team:create" NOBODY,
    TeamDelete "team:delete" NOBODY,
    TeamUpdate "team:update" NOBODY,
    TerraformModuleCreate "terraform_module:create" PUBLISHER,
    TerraformModuleDelete "terraform_module:delete" PUBLISHER,
    TerraformModuleUpdate "terraform_module:update" PUBLISHER,
    TerraformModuleView "terraform_module:view" VIEWER,
    TerraformProviderCreate "terraform_provider:create" PUBLISHER,
    TerraformProviderDelete "terraform_provider:delete" PUBLISHER,
    TerraformProviderUpdate "terraform_provider:update" PUBLISHER,
    TerraformProviderView "terraform_provider:view" VIEWER,
    TerraformProviderMirrorCreate "terraform_provider_mirror:create" DEPLOYER,
    TerraformProviderMirrorDelete "terraform_provider_mirror:delete" DEPLOYER,
    TerraformProviderMirrorView "terraform_provider_mirror:view" VIEWER,
    UserCreate "user:create" NOBODY,
    UserDelete "user:delete" NOBODY,
    UserUpdate "user:update" NOBODY,
    VariableCreate "variable:create" DEPLOYER,
    VariableDelete "variable:delete" DEPLOYER,
    VariableUpdate "variable:update" DEPLOYER,
    VariableView "variable:view" VIEWER,
    VariableViewValue "variable:view_value" DEPLOYER,
    VcsProviderCreate "vcs_provider:create" DEPLOYER,
    VcsProviderDelete "vcs_provider:delete" DEPLOYER,
    VcsProviderUpdate "vcs_provider:update" DEPLOYER,
    VcsProviderView "vcs_provider:view" VIEWER,
    WorkspaceCreate "workspace:create" DEPLOYER,
    WorkspaceDelete "workspace:delete" DEPLOYER,
    WorkspaceUpdate "workspace:update" DEPLOYER,
    WorkspaceView "workspace:view" VIEWER,
}

impl Permission {
    pub fn is_held_by(self, role: Role) -> bool {
        self.least_role().is_some_and(|least| role >= least)
    }

    /// Whether it changes nothing.
    pub fn only_reads(self) -> bool {
        self.as_str().ends_with(":view") || self.as_str().ends_with(":view_value")
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tharsis' ids of the four roles, which are the same in every installation.
pub fn role_id(role: Role) -> &'static str {
    match role {
        Role::Owner => "623c83ea-23fe-4de6-874a-a99ccf6a76fc",
        Role::Deployer => "8aa7adba-b769-471f-8ebb-3215f33991cb",
        Role::Publisher => "028fa46b-23ba-443f-a24f-61edcde148ff",
        Role::Viewer => "52da70fd-37b0-4349-bb64-fb4659bcf5f5",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn facts() -> Value {
        serde_json::from_str(include_str!("permission/tharsis.json")).unwrap()
    }

    #[test]
    fn every_role_has_exactly_the_permissions_of_the_contract() {
        let facts = facts();
        let matrix = facts["matrix"].as_object().unwrap();
        assert_eq!(matrix.len(), 73);
        let names: Vec<_> = Permission::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(names, matrix.keys().map(String::as_str).collect::<Vec<_>>());
        for permission in Permission::ALL {
            for role in Role::ALL {
                let holders = matrix[permission.as_str()].as_array().unwrap();
                let expected = holders.iter().any(|holder| holder == role.as_str());
                assert_eq!(permission.is_held_by(role), expected, "{role} {permission}");
            }
        }
    }

    #[test]
    fn roles_have_their_ids_and_numbers_of_permissions() {
        let facts = facts();
        for role in Role::ALL {
            let held = Permission::ALL.iter().filter(|one| one.is_held_by(role)).count();
            assert_eq!(facts["counts"][role.as_str()], held, "{role}");
            assert_eq!(facts["ids"][role.as_str()], role_id(role));
        }
    }
}
