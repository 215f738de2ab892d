//! How much of everything there may be. Source: `contracts/tharsis/platform.json`,
//! `resource_limits_default` and `names`; the rest are bounds of our own.

use std::time::Duration;

pub(crate) const GROUP_TREE_DEPTH: usize = 20;
pub(crate) const SUBGROUPS_PER_PARENT: i64 = 1000;
pub(crate) const WORKSPACES_PER_GROUP: i64 = 1000;
pub(crate) const VARIABLES_PER_NAMESPACE: i64 = 1000;
/// Per group, and aliases per identity.
pub(crate) const MANAGED_IDENTITIES: i64 = 1000;
/// Per workspace.
pub(crate) const ASSIGNED_IDENTITIES: i64 = 1000;

pub(crate) const SERVICE_ACCOUNTS_PER_GROUP: i64 = 1000;
/// Per service account.
pub(crate) const TRUST_POLICIES: usize = 10;
/// Per trust policy.
pub(crate) const BOUND_CLAIMS: usize = 20;
/// Bytes of a claim's name or value.
pub(crate) const CLAIM: usize = 512;
/// Bytes.
pub(crate) const ISSUER: usize = 1024;

/// What "time period" means in the names of limits.
pub(crate) const PERIOD: Duration = Duration::from_hours(1);
pub(crate) const RUNS_PER_WORKSPACE: i64 = 100;
pub(crate) const CONFIGURATION_VERSIONS_PER_WORKSPACE: i64 = 100;
pub(crate) const STATE_VERSIONS_PER_WORKSPACE: i64 = 100;

/// Archives of a workspace that stay when their runs are over.
pub(crate) const KEPT_ARCHIVES: i64 = 20;
/// Runs of a workspace whose plan files stay when they failed or were discarded.
pub(crate) const KEPT_PLANS: i64 = 10;

/// Characters.
pub(crate) const DESCRIPTION: usize = 100;
/// Characters.
pub(crate) const NAME: usize = 64;
pub(crate) const LABELS: usize = 10;
/// Bytes.
pub(crate) const LABEL_VALUE: usize = 255;
/// Bytes.
pub(crate) const SEARCH: usize = 256;
/// Bytes of what a managed identity stands for.
pub(crate) const IDENTITY_DATA: usize = 4096;
/// Bytes.
pub(crate) const VARIABLE_KEY: usize = 256;
/// Bytes.
pub(crate) const VARIABLE_VALUE: usize = 256 * 1024;
pub(crate) const RUN_VARIABLES: usize = 1000;
pub(crate) const TARGETS: usize = 100;
/// Bytes.
pub(crate) const TARGET: usize = 512;
/// Minutes.
pub(crate) const MAX_JOB_MINUTES: i64 = 1440;
/// Minutes.
pub(crate) const DEFAULT_JOB_MINUTES: i64 = 720;
/// Bytes of a state file that comes through the API.
pub(crate) const STATE: usize = 16 * 1024 * 1024;
/// Bytes of a gRPC request that carries a state in base64. Other requests: 4 MiB.
pub(crate) const STATE_MESSAGE: usize = 24 * 1024 * 1024;
/// Bytes of a gRPC request that sets all variables of a namespace.
pub(crate) const VARIABLES_MESSAGE: usize = 16 * 1024 * 1024;
/// Bytes of a JSON body.
pub(crate) const JSON_BODY: usize = 64 * 1024;
/// Bytes of a request for a token of a service account.
pub(crate) const TOKEN_REQUEST: usize = 64 * 1024;
