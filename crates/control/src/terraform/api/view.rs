//! Resources as the wire spells them. Ids become GIDs and TRNs here; secrets are left out.

use std::collections::HashMap;

use pilothouse_model::{Timestamp, id::ResourceType};
use pilothouse_store::{
    access::TrustPolicy,
    terraform::{
        Apply, ApplyStatus, ConfigurationVersion, Group, Job, JobStatus, ManagedIdentity, Meta,
        Plan, PlanStatus, Run, RunRecord, RunStatus, RunVariable, RunVariableSource, StateOutput,
        StateVersion, Variable, VariableVersion, Workspace,
    },
};

use super::proto::{self, metadata::ResourceMetadata};
use crate::terraform::{
    reference::{gid, trn, trn_by_id},
    service::{
        managed_identity,
        service_account::{self as account, Shown},
        variable,
    },
};

pub(super) fn time(at: Timestamp) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.0.rem_euclid(1000) * 1_000_000).unwrap_or_default();
    prost_types::Timestamp { seconds: at.0.div_euclid(1000), nanos }
}

pub(super) fn metadata(kind: ResourceType, meta: &Meta, trn: String) -> ResourceMetadata {
    ResourceMetadata {
        created_at: Some(time(meta.created_at)),
        updated_at: Some(time(meta.updated_at)),
        version: meta.version,
        id: gid(kind, &meta.id),
        trn,
    }
}

/// Of something that never changes.
fn fixed(id: &str, created_at: Timestamp) -> Meta {
    Meta { id: id.to_owned(), version: 1, created_at, updated_at: created_at }
}

pub(super) fn group(group: Group) -> proto::group::Group {
    let kind = ResourceType::Group;
    proto::group::Group {
        metadata: Some(metadata(kind, &group.meta, trn(kind, &group.path))),
        name: group.name,
        description: group.description,
        full_path: group.path,
        created_by: group.created_by,
        parent_id: gid(kind, &group.parent_id.unwrap_or_default()),
    }
}

pub(super) fn workspace(workspace: Workspace) -> proto::workspace::Workspace {
    let kind = ResourceType::Workspace;
    let state_id = workspace.current_state_version_id.unwrap_or_default();
    proto::workspace::Workspace {
        metadata: Some(metadata(kind, &workspace.meta, trn(kind, &workspace.path))),
        name: workspace.name,
        description: workspace.description,
        group_id: gid(ResourceType::Group, &workspace.group_id),
        full_path: workspace.path,
        created_by: workspace.created_by,
        locked: workspace.locked,
        dirty_state: workspace.dirty_state,
        current_job_id: gid(ResourceType::Job, &workspace.current_job_id.unwrap_or_default()),
        current_state_version_id: gid(ResourceType::StateVersion, &state_id),
        labels: workspace.labels.into_iter().collect(),
        terraform_version: Some(workspace.terraform_version),
        max_job_duration: i32::try_from(workspace.max_job_minutes).ok(),
        prevent_destroy_plan: Some(workspace.prevent_destroy_plan),
    }
}

pub(super) fn managed_identity(found: ManagedIdentity) -> proto::managed_identity::ManagedIdentity {
    let kind = ResourceType::ManagedIdentity;
    proto::managed_identity::ManagedIdentity {
        metadata: Some(metadata(kind, &found.meta, managed_identity::trn(&found))),
        name: found.name,
        description: found.description,
        group_id: gid(ResourceType::Group, &found.group_id),
        r#type: found.kind.as_str().to_owned(),
        data: found.data,
        created_by: found.created_by,
        alias_source_id: found.alias_source_id.map(|id| gid(kind, &id)),
    }
}

pub(super) fn configuration_version(
    found: ConfigurationVersion,
) -> proto::configuration_version::ConfigurationVersion {
    let kind = ResourceType::ConfigurationVersion;
    let trn = trn_by_id(kind, &found.workspace_path, &found.meta.id);
    proto::configuration_version::ConfigurationVersion {
        metadata: Some(metadata(kind, &found.meta, trn)),
        status: found.status.as_str().to_owned(),
        speculative: found.speculative,
        workspace_id: gid(ResourceType::Workspace, &found.workspace_id),
        created_by: found.created_by,
        vcs_event_id: None,
    }
}

pub(super) fn run(record: RunRecord) -> proto::run::Run {
    let RunRecord { run, plan: plan_node, apply: apply_node } = record;
    let kind = ResourceType::Run;
    let trn = trn_by_id(kind, &run.workspace_path, &run.meta.id);
    let apply_id = apply_node.as_ref().map(|apply| gid(ResourceType::Apply, &apply.meta.id));
    #[expect(deprecated, reason = "clients of servers before v0.99 read the word")]
    proto::run::Run {
        metadata: Some(metadata(kind, &run.meta, trn)),
        apply_id: apply_id.unwrap_or_default(),
        configuration_version_id: Some(gid(
            ResourceType::ConfigurationVersion,
            &run.configuration_version_id,
        )),
        force_canceled: run.force_canceled,
        force_cancel_available_at: run.force_cancel_available_at.map(time),
        has_changes: plan_node.has_changes,
        is_destroy: run.is_destroy,
        module_digest: None,
        module_source: None,
        module_version: None,
        plan_id: gid(ResourceType::Plan, &plan_node.meta.id),
        refresh: run.refresh,
        refresh_only: run.refresh_only,
        deprecated_status: run.status.as_str().to_owned(),
        workspace_id: gid(ResourceType::Workspace, &run.workspace_id),
        speculative: run.speculative,
        auto_apply: run.auto_apply,
        status: run_status(run.status).into(),
        plan: Some(plan(&run, plan_node)),
        apply: apply_node.map(|node| apply(&run, node)),
        created_by: run.created_by,
        force_canceled_by: run.force_canceled_by,
        target_addresses: run.target_addresses,
        terraform_version: run.terraform_version,
    }
}

fn run_status(status: RunStatus) -> proto::run::RunStatus {
    use proto::run::RunStatus as Wire;
    match status {
        RunStatus::Pending => Wire::Pending,
        RunStatus::Queuing => Wire::Queuing,
        RunStatus::PlanQueued => Wire::PlanQueued,
        RunStatus::Planning => Wire::Planning,
        RunStatus::Planned => Wire::Planned,
        RunStatus::PlannedAndFinished => Wire::PlannedAndFinished,
        RunStatus::QueuingApply => Wire::QueuingApply,
        RunStatus::ApplyQueued => Wire::ApplyQueued,
        RunStatus::Applying => Wire::Applying,
        RunStatus::Applied => Wire::Applied,
        RunStatus::Errored => Wire::Errored,
        RunStatus::Canceled => Wire::Canceled,
        RunStatus::Discarded => Wire::Discarded,
    }
}

fn node_trn(kind: ResourceType, run: &Run) -> String {
    trn(kind, &format!("{}/{}/{kind}", run.workspace_path, gid(ResourceType::Run, &run.meta.id)))
}

pub(super) fn plan(run: &Run, plan: Plan) -> proto::plan::Plan {
    use proto::plan::PlanStatus as Wire;
    let kind = ResourceType::Plan;
    let counts = plan.counts;
    let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    #[expect(deprecated, reason = "clients of servers before v0.99 read the word")]
    proto::plan::Plan {
        metadata: Some(metadata(kind, &plan.meta, node_trn(kind, run))),
        deprecated_status: plan.status.as_str().to_owned(),
        error_message: plan.error_message,
        has_changes: plan.has_changes,
        summary: Some(proto::plan::PlanSummary {
            resource_additions: count(counts.resource_additions),
            resource_changes: count(counts.resource_changes),
            resource_destructions: count(counts.resource_destructions),
            resource_imports: Some(count(counts.resource_imports)),
            resource_drift: Some(count(counts.resource_drift)),
            output_additions: Some(count(counts.output_additions)),
            output_changes: Some(count(counts.output_changes)),
            output_destructions: Some(count(counts.output_destructions)),
        }),
        latest_job_id: plan.latest_job_id.map(|id| gid(ResourceType::Job, &id)),
        workspace_id: Some(gid(ResourceType::Workspace, &run.workspace_id)),
        status: match plan.status {
            PlanStatus::Created => Wire::Created,
            PlanStatus::Pending => Wire::Pending,
            PlanStatus::Queued => Wire::Queued,
            PlanStatus::Running => Wire::Running,
            PlanStatus::Finished => Wire::Finished,
            PlanStatus::Errored => Wire::Errored,
            PlanStatus::Canceled => Wire::Canceled,
        }
        .into(),
    }
}

pub(super) fn apply(run: &Run, apply: Apply) -> proto::apply::Apply {
    use proto::apply::ApplyStatus as Wire;
    let kind = ResourceType::Apply;
    #[expect(deprecated, reason = "clients of servers before v0.99 read the word")]
    proto::apply::Apply {
        metadata: Some(metadata(kind, &apply.meta, node_trn(kind, run))),
        deprecated_status: apply.status.as_str().to_owned(),
        triggered_by: apply.triggered_by,
        error_message: apply.error_message,
        latest_job_id: apply.latest_job_id.map(|id| gid(ResourceType::Job, &id)),
        workspace_id: Some(gid(ResourceType::Workspace, &run.workspace_id)),
        status: match apply.status {
            ApplyStatus::Created => Wire::Created,
            ApplyStatus::Pending => Wire::Pending,
            ApplyStatus::Queued => Wire::Queued,
            ApplyStatus::Running => Wire::Running,
            ApplyStatus::Finished => Wire::Finished,
            ApplyStatus::Errored => Wire::Errored,
            ApplyStatus::Canceled => Wire::Canceled,
            ApplyStatus::Skipped => Wire::Skipped,
        }
        .into(),
    }
}

pub(super) fn run_variable(variable: RunVariable, values: bool) -> proto::run::RunVariable {
    let (value, version_id) = match variable.source {
        RunVariableSource::Value(value) if values && !variable.sensitive => (Some(value), None),
        RunVariableSource::Value(_) => (None, None),
        RunVariableSource::Version { id, .. } => {
            (None, Some(gid(ResourceType::VariableVersion, &id)))
        }
    };
    proto::run::RunVariable {
        namespace_path: variable.namespace_path,
        category: variable.category.as_str().to_owned(),
        key: variable.key,
        value,
        sensitive: variable.sensitive,
        version_id,
        included_in_tf_config: false,
    }
}

pub(super) fn job(job: &Job) -> proto::job::Job {
    use proto::job::JobStatus as Wire;
    let kind = ResourceType::Job;
    let trn = trn_by_id(kind, &job.workspace_path, &job.meta.id);
    proto::job::Job {
        metadata: Some(metadata(kind, &job.meta, trn)),
        workspace_id: gid(ResourceType::Workspace, &job.workspace_id),
        run_id: gid(ResourceType::Run, &job.run_id),
        r#type: job.kind.as_str().to_owned(),
        status: match job.status {
            JobStatus::Queued => Wire::Queued,
            JobStatus::Pending => Wire::Pending,
            JobStatus::Running => Wire::Running,
            JobStatus::Canceling => Wire::Canceling,
            JobStatus::Finished => Wire::Finished,
            JobStatus::Failed => Wire::Failed,
            JobStatus::Canceled => Wire::Canceled,
        }
        .into(),
        max_job_duration: i32::try_from(job.max_minutes).unwrap_or(i32::MAX),
        properties: HashMap::new(),
        cancel_requested: job.cancel_requested_at.is_some(),
        force_canceled: job.force_canceled,
        queued_timestamp: Some(time(job.meta.created_at)),
        pending_timestamp: job.pending_at.map(time),
        running_timestamp: job.running_at.map(time),
        finished_timestamp: job.finished_at.map(time),
        cancel_requested_timestamp: job.cancel_requested_at.map(time),
        outdated_job_protocol_version: false,
    }
}

/// Without `values`, nobody may see the value.
pub(super) fn variable(
    found: Variable,
    values: bool,
) -> proto::namespace_variable::NamespaceVariable {
    let kind = ResourceType::Variable;
    proto::namespace_variable::NamespaceVariable {
        metadata: Some(metadata(kind, &found.meta, variable::trn(&found))),
        category: found.category.as_str().to_owned(),
        key: found.key,
        namespace_path: found.namespace_path,
        sensitive: found.sensitive,
        value: (values && !found.sensitive).then_some(found.value),
        latest_version_id: gid(ResourceType::VariableVersion, &found.latest_version_id),
    }
}

pub(super) fn variable_version(
    found: VariableVersion,
    values: bool,
) -> proto::namespace_variable::NamespaceVariableVersion {
    let kind = ResourceType::VariableVersion;
    let trn = trn_by_id(kind, &format!("{}/{}", found.namespace_path, found.key), &found.id);
    proto::namespace_variable::NamespaceVariableVersion {
        metadata: Some(metadata(kind, &fixed(&found.id, found.created_at), trn)),
        key: found.key,
        value: (values && !found.sensitive).then_some(found.value),
        namespace_variable_id: gid(ResourceType::Variable, &found.variable_id),
    }
}

pub(super) fn state_version(found: StateVersion) -> proto::state_version::StateVersion {
    let kind = ResourceType::StateVersion;
    let trn = trn_by_id(kind, &found.workspace_path, &found.id);
    proto::state_version::StateVersion {
        metadata: Some(metadata(kind, &fixed(&found.id, found.created_at), trn)),
        workspace_id: gid(ResourceType::Workspace, &found.workspace_id),
        run_id: found.run_id.map(|id| gid(ResourceType::Run, &id)),
        created_by: found.created_by,
    }
}

/// A sensitive value reads as `null`.
pub(super) fn state_output(
    state: &StateVersion,
    output: StateOutput,
) -> proto::state_version_output::StateVersionOutput {
    let kind = ResourceType::StateVersionOutput;
    let state_gid = gid(ResourceType::StateVersion, &state.id);
    let trn = trn(kind, &format!("{}/{state_gid}/{}", state.workspace_path, output.name));
    let value = if output.sensitive { "null".to_owned() } else { output.value };
    proto::state_version_output::StateVersionOutput {
        metadata: Some(metadata(kind, &fixed(&output.id, state.created_at), trn)),
        name: output.name,
        state_version_id: state_gid,
        value: value.into_bytes(),
        r#type: output.value_type.into_bytes(),
        sensitive: output.sensitive,
    }
}

pub(super) fn service_account(shown: Shown) -> proto::service_account::ServiceAccount {
    use proto::service_account::{BoundClaimsType, OidcTrustPolicy};
    let Shown { account: found, secret_expires_at, .. } = shown;
    let policy = |policy: TrustPolicy| OidcTrustPolicy {
        issuer: policy.issuer,
        bound_claims_type: if policy.glob {
            BoundClaimsType::Glob
        } else {
            BoundClaimsType::String
        }
        .into(),
        bound_claims: policy.bound_claims.into_iter().collect(),
    };
    let trn = account::trn(&found);
    proto::service_account::ServiceAccount {
        metadata: Some(metadata(ResourceType::ServiceAccount, &found.meta, trn)),
        name: found.name,
        description: found.description,
        group_id: gid(ResourceType::Group, &found.group_id),
        created_by: found.created_by,
        oidc_trust_policies: found.trust_policies.into_iter().map(policy).collect(),
        client_credentials_enabled: found.client_credentials,
        client_secret_expires_at: secret_expires_at.map(time),
    }
}
