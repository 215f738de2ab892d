//! Rows that a test needs but does not care about.

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    terraform::{
        Apply, ApplyStatus, Group, Job, JobChange, JobKind, JobStatus, Lease, Meta, Plan,
        PlanCounts, PlanStatus, Run, RunChange, RunRecord, RunStatus, Workspace,
    },
};

pub(crate) const NOW: Timestamp = Timestamp(1_000_000);
/// No limit that a test would meet.
pub(crate) const MANY: i64 = 1_000;

pub(crate) fn group(parent: Option<&Group>, name: &str) -> Group {
    Group {
        meta: Meta::new(NOW),
        name: name.to_owned(),
        description: String::new(),
        path: parent.map_or(name.to_owned(), |parent| format!("{}/{name}", parent.path)),
        parent_id: parent.map(|parent| parent.meta.id.clone()),
        created_by: "root".to_owned(),
    }
}

pub(crate) fn workspace(group: &Group, name: &str) -> Workspace {
    Workspace {
        meta: Meta::new(NOW),
        name: name.to_owned(),
        description: String::new(),
        path: format!("{}/{name}", group.path),
        group_id: group.meta.id.clone(),
        created_by: "root".to_owned(),
        terraform_version: String::new(),
        max_job_minutes: 720,
        prevent_destroy_plan: false,
        labels: std::collections::BTreeMap::new(),
        locked: false,
        dirty_state: false,
        current_state_version_id: None,
        holder_run_id: None,
        current_job_id: None,
    }
}

/// `acme/prod`, stored.
pub(crate) async fn stored_workspace(store: &Store) -> Workspace {
    let acme = group(None, "acme");
    store.group_create(&acme, MANY).await.unwrap();
    let prod = workspace(&acme, "prod");
    store.workspace_create(&prod, MANY).await.unwrap();
    prod
}

pub(crate) fn run(workspace: &Workspace) -> RunRecord {
    let meta = Meta::new(NOW);
    RunRecord {
        plan: Plan {
            meta: Meta::new(NOW),
            run_id: meta.id.clone(),
            status: PlanStatus::Pending,
            has_changes: false,
            error_message: None,
            latest_job_id: None,
            counts: PlanCounts::default(),
        },
        apply: Some(Apply {
            meta: Meta::new(NOW),
            run_id: meta.id.clone(),
            status: ApplyStatus::Created,
            triggered_by: String::new(),
            error_message: None,
            latest_job_id: None,
        }),
        run: Run {
            meta,
            workspace_id: workspace.meta.id.clone(),
            workspace_path: workspace.path.clone(),
            status: RunStatus::Queuing,
            created_by: "root".to_owned(),
            terraform_version: String::new(),
            configuration_version_id: "none".to_owned(),
            is_destroy: false,
            refresh: true,
            refresh_only: false,
            auto_apply: false,
            speculative: false,
            target_addresses: vec!["terraform_data.a[\"b\"]".to_owned()],
            force_cancel_available_at: None,
            force_canceled: false,
            force_canceled_by: None,
        },
    }
}

pub(crate) async fn stored_run(store: &Store, workspace: &Workspace) -> RunRecord {
    let record = run(workspace);
    store.run_create(&record, &[], MANY, Timestamp(0)).await.unwrap();
    record
}

pub(crate) fn job(record: &RunRecord) -> Job {
    Job {
        meta: Meta::new(NOW),
        workspace_id: record.run.workspace_id.clone(),
        workspace_path: record.run.workspace_path.clone(),
        run_id: record.run.meta.id.clone(),
        node_id: record.plan.meta.id.clone(),
        kind: JobKind::Plan,
        status: JobStatus::Queued,
        max_minutes: 720,
        cancel_requested_at: None,
        force_canceled: false,
        pending_at: None,
        running_at: None,
        finished_at: None,
        lease: Lease::default(),
        log_size: 0,
    }
}

/// A queued job of a new run.
pub(crate) async fn stored_job(store: &Store, workspace: &Workspace) -> Job {
    let record = stored_run(store, workspace).await;
    let job = job(&record);
    let change = Some(JobChange { before: None, after: job.clone() });
    store.run_change(&RunChange { now: NOW, job: change, ..RunChange::default() }).await.unwrap();
    job
}
