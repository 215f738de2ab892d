//! Which files of runs that are over are forgotten.

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    terraform::{
        ConfigurationStatus, ConfigurationVersion, Meta, Report, RunChange, RunMove, RunRecord,
        RunStatus, Workspace,
    },
};

use super::fixture::{MANY, NOW, run, stored_workspace};
use crate::backend::on_each;

async fn stored_configuration(
    store: &Store,
    workspace: &Workspace,
    status: ConfigurationStatus,
) -> String {
    let configuration = ConfigurationVersion {
        meta: Meta::new(NOW),
        workspace_id: workspace.meta.id.clone(),
        workspace_path: workspace.path.clone(),
        status,
        speculative: false,
        created_by: "root".to_owned(),
        archive_bytes: 1,
        error_message: None,
        removed_at: None,
    };
    store.configuration_version_create(&configuration, MANY, Timestamp(0)).await.unwrap();
    configuration.meta.id
}

/// A run in `status` with a plan file.
async fn stored_run(store: &Store, workspace: &Workspace, status: RunStatus) -> RunRecord {
    let before = run(workspace);
    store.run_create(&before, &[], MANY, Timestamp(0)).await.unwrap();
    let mut after = before.clone();
    after.run.status = status;
    let report = Report {
        node_id: before.plan.meta.id.clone(),
        run_id: before.run.meta.id.clone(),
        plan_file: Some(b"plan".to_vec()),
        summary: None,
        diff: Some("{}".to_owned()),
        diagnostics: "[]".to_owned(),
    };
    let moves = vec![RunMove { before, after: after.clone() }];
    let change = RunChange { now: NOW, moves, report: Some(report), ..RunChange::default() };
    store.run_change(&change).await.unwrap();
    after
}

#[tokio::test]
async fn a_plan_file_stays_while_somebody_may_still_apply_it() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let mut runs = Vec::new();
        for (status, stays) in [
            (RunStatus::Errored, false),
            (RunStatus::Planned, true),
            (RunStatus::Applied, false),
            (RunStatus::PlannedAndFinished, false),
            (RunStatus::Discarded, true),
            (RunStatus::Errored, true),
        ] {
            runs.push((stored_run(&store, &prod, status).await, status, stays));
        }
        assert_eq!(store.report_forget_plan_files(&prod.meta.id, 2).await.unwrap(), 3);
        for (run, status, stays) in runs {
            let report = store.report_get(&run.plan.meta.id).await.unwrap().unwrap();
            assert_eq!(report.plan_file.is_some(), stays, "{status:?}");
            assert!(report.diff.is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn an_archive_stays_while_a_run_or_an_upload_is_not_over() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let mut ids = Vec::new();
        for status in [
            ConfigurationStatus::Uploaded,
            ConfigurationStatus::Uploaded,
            ConfigurationStatus::Pending,
            ConfigurationStatus::Errored,
            ConfigurationStatus::Uploaded,
        ] {
            ids.push(stored_configuration(&store, &prod, status).await);
        }
        let mut waiting = run(&prod);
        waiting.run.configuration_version_id.clone_from(&ids[1]);
        store.run_create(&waiting, &[], MANY, Timestamp(0)).await.unwrap();
        let later = Timestamp(NOW.0 + 1);
        let mut removed =
            store.configuration_version_remove_old(&prod.meta.id, 1, later).await.unwrap();
        removed.sort();
        assert_eq!(removed, [ids[0].clone(), ids[3].clone()]);
        let again = store.configuration_version_remove_old(&prod.meta.id, 1, later).await.unwrap();
        assert!(again.is_empty());
        let found = store.configuration_version_get(&ids[0]).await.unwrap().unwrap();
        assert_eq!(found.removed_at, Some(later));
    })
    .await;
}
