//! Every type of thing that has an identifier, with its TRN name and GID code.

use std::fmt;

macro_rules! resource_types {
    ($($variant:ident $name:literal $code:literal,)*) => {
        /// A type in a TRN (`trn:run:…`) and its code in a GID (`R_…`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ResourceType { $($variant,)* }

        impl ResourceType {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word after `trn:`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The prefix inside a GID: one to five uppercase letters.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

resource_types! {
    ActivityEvent "activity_event" "AE",
    AgentCreditQuota "agent_credit_quota" "ACQ",
    AgentSession "agent_session" "AGS",
    AgentSessionMessage "agent_session_message" "ASM",
    AgentSessionRun "agent_session_run" "ASR",
    Announcement "announcement" "AN",
    Apply "apply" "A",
    AsymSigningKey "asym_signing_key" "ASK",
    ConfigurationVersion "configuration_version" "C",
    FederatedRegistry "federated_registry" "FR",
    GpgKey "gpg_key" "GPG",
    Group "group" "G",
    Job "job" "J",
    LogStream "log_stream" "LS",
    LogStreamChunk "log_stream_chunk" "LSC",
    MaintenanceMode "maintenance_mode" "MM",
    ManagedIdentity "managed_identity" "M",
    ManagedIdentityAccessRule "managed_identity_access_rule" "MR",
    NamespaceFavorite "namespace_favorite" "NF",
    NamespaceMembership "namespace_membership" "NM",
    NotificationPreference "notification_preference" "NP",
    Plan "plan" "P",
    ResourceLimit "resource_limit" "RLM",
    Role "role" "RL",
    Run "run" "R",
    Runner "runner" "RNR",
    RunnerSession "runner_session" "RS",
    ScimToken "scim_token" "ST",
    ServiceAccount "service_account" "SA",
    StateVersion "state_version" "SV",
    StateVersionOutput "state_version_output" "SO",
    Team "team" "T",
    TeamMember "team_member" "TM",
    TerraformModule "terraform_module" "TMO",
    TerraformModuleAttestation "terraform_module_attestation" "TMA",
    TerraformModuleVersion "terraform_module_version" "TMV",
    TerraformProvider "terraform_provider" "TP",
    TerraformProviderMirror "terraform_provider_mirror" "TMP",
    TerraformProviderPlatform "terraform_provider_platform" "TPP",
    TerraformProviderPlatformMirror "terraform_provider_platform_mirror" "TPM",
    TerraformProviderVersion "terraform_provider_version" "TPV",
    TerraformProviderVersionMirror "terraform_provider_version_mirror" "TVM",
    User "user" "U",
    UserSession "user_session" "US",
    Variable "variable" "V",
    VariableVersion "variable_version" "VV",
    VcsEvent "vcs_event" "VE",
    VcsProvider "vcs_provider" "VP",
    Workspace "workspace" "W",
    WorkspaceAssessment "workspace_assessment" "WA",
    WorkspaceVcsProviderLink "workspace_vcs_provider_link" "WPL",
}

impl ResourceType {
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_codes_are_unique_and_found_again() {
        let codes: HashSet<_> = ResourceType::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ResourceType::ALL.len());
        for kind in ResourceType::ALL {
            assert_eq!(ResourceType::from_name(kind.name()), Some(*kind));
            assert_eq!(ResourceType::from_code(kind.code()), Some(*kind));
        }
    }
}
