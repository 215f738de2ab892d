//! Runs, and changes that happen whole or not at all.

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    terraform::{
        ApplyStatus, ChangeError, HoldChange, JobChange, NewVariable, PageRequest, PlanStatus,
        Report, RunChange, RunFilter, RunMove, RunRecord, RunSort, RunStatus, RunVariable,
        RunVariableSource, VariableCategory,
    },
};

use super::fixture::{MANY, NOW, job, run, stored_run, stored_workspace};
use crate::backend::on_each;

fn planned(before: &RunRecord) -> RunMove {
    let mut after = before.clone();
    after.run.status = RunStatus::Planned;
    after.plan.status = PlanStatus::Finished;
    RunMove { before: before.clone(), after }
}

async fn change(store: &Store, change: RunChange) -> Result<(), ChangeError> {
    store.run_change(&RunChange { now: Timestamp(7), ..change }).await
}

#[tokio::test]
async fn a_run_comes_back_as_it_was_stored() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let record = stored_run(&store, &prod).await;
        assert_eq!(store.run_get(&record.run.meta.id).await.unwrap().unwrap(), record);
        let plan_id = &record.plan.meta.id;
        assert_eq!(store.plan_run_id(plan_id).await.unwrap().unwrap(), record.run.meta.id);

        let mut speculative = run(&prod);
        speculative.apply = None;
        store.run_create(&speculative, &[], MANY, Timestamp(0)).await.unwrap();
        let found = store.run_get(&speculative.run.meta.id).await.unwrap().unwrap();
        assert_eq!(found.apply, None);
    })
    .await;
}

#[tokio::test]
async fn only_parts_that_differ_get_a_new_version() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let record = stored_run(&store, &prod).await;
        let moves = vec![planned(&record)];
        change(&store, RunChange { moves: moves.clone(), ..RunChange::default() }).await.unwrap();

        let after = store.run_get(&record.run.meta.id).await.unwrap().unwrap();
        assert_eq!(
            (after.run.status, after.plan.status),
            (RunStatus::Planned, PlanStatus::Finished)
        );
        assert_eq!((after.run.meta.version, after.run.meta.updated_at), (2, Timestamp(7)));
        assert_eq!(after.apply, record.apply);

        let again = change(&store, RunChange { moves, ..RunChange::default() }).await.unwrap_err();
        assert!(matches!(again, ChangeError::Stale));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_cannot_take_the_workspace_changes_nothing() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let first = stored_run(&store, &prod).await;
        let second = stored_run(&store, &prod).await;
        let take = |record: &RunRecord| {
            Some(HoldChange::Take {
                workspace_id: prod.meta.id.clone(),
                run_id: record.run.meta.id.clone(),
            })
        };
        let job = job(&first);
        let hold = take(&first);
        let first_job = Some(JobChange { before: None, after: job.clone() });
        change(&store, RunChange { job: first_job, hold: hold.clone(), ..RunChange::default() })
            .await
            .unwrap();
        change(&store, RunChange { hold, ..RunChange::default() })
            .await
            .expect("it has it already");
        let workspace = store.workspace_get(&prod.meta.id).await.unwrap().unwrap();
        assert_eq!(workspace.holder_run_id.as_ref(), Some(&first.run.meta.id));
        assert_eq!(workspace.current_job_id.as_ref(), Some(&job.meta.id));
        assert_eq!(workspace.meta, prod.meta);

        let refused = RunChange {
            moves: vec![planned(&second)],
            hold: take(&second),
            ..RunChange::default()
        };
        let error = change(&store, refused.clone()).await.unwrap_err();
        assert!(matches!(error, ChangeError::Held), "{error}");
        assert_eq!(store.run_get(&second.run.meta.id).await.unwrap().unwrap(), second);

        let (workspace_id, run_id) = (prod.meta.id.clone(), first.run.meta.id.clone());
        let release = Some(HoldChange::Release { workspace_id, run_id });
        change(&store, RunChange { hold: release, ..RunChange::default() }).await.unwrap();
        let mut locked = prod.clone();
        locked.locked = true;
        store.workspace_update(&locked, NOW).await.unwrap();
        let error = change(&store, refused).await.unwrap_err();
        assert!(matches!(error, ChangeError::Held), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_report_replaces_the_one_before() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let record = stored_run(&store, &prod).await;
        let mut report = Report {
            node_id: record.plan.meta.id.clone(),
            run_id: record.run.meta.id.clone(),
            plan_file: Some(vec![0, 255]),
            summary: None,
            diff: Some("{}".to_owned()),
            diagnostics: "[]".to_owned(),
        };
        for plan_file in [vec![0, 255], vec![1]] {
            report.plan_file = Some(plan_file);
            let report = Some(report.clone());
            change(&store, RunChange { report, ..RunChange::default() }).await.unwrap();
        }
        assert_eq!(store.report_get(&report.node_id).await.unwrap().unwrap(), report);
        let texts = store.report_get_texts(&report.node_id).await.unwrap().unwrap();
        assert_eq!(texts, Report { plan_file: None, ..report });
    })
    .await;
}

#[tokio::test]
async fn waiting_and_planned_runs_are_found_in_order() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(stored_run(&store, &prod).await);
        }
        let waiting = store.run_list_waiting(&prod.meta.id).await.unwrap();
        assert_eq!(waiting, runs);
        assert_eq!(store.workspace_ids_waited_for().await.unwrap(), [prod.meta.id.as_str()]);

        let moves = runs.iter().map(planned).collect();
        change(&store, RunChange { moves, ..RunChange::default() }).await.unwrap();
        let newest = &runs[2].run.meta.id;
        let older = store.run_list_planned_before(&prod.meta.id, newest).await.unwrap();
        let ids: Vec<_> = older.iter().map(|record| &record.run.meta.id).collect();
        assert_eq!(ids, [&runs[0].run.meta.id, &runs[1].run.meta.id]);
        assert!(older.iter().all(|record| {
            record.apply.as_ref().is_some_and(|apply| apply.status == ApplyStatus::Created)
        }));
        assert_eq!(store.workspace_ids_waited_for().await.unwrap(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn runs_are_listed_by_workspace_group_and_subtree() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let record = stored_run(&store, &prod).await;
        let default = RunFilter::default;
        for (filter, count) in [
            (default(), 1),
            (RunFilter { workspace_id: Some(prod.meta.id.clone()), ..default() }, 1),
            (RunFilter { group_id: Some(prod.group_id.clone()), ..default() }, 1),
            (RunFilter { group_id: Some(prod.meta.id.clone()), ..default() }, 0),
            (RunFilter { below: Some("acme".to_owned()), ..default() }, 1),
            (RunFilter { below: Some("acm".to_owned()), ..default() }, 0),
        ] {
            let sort = RunSort::CreatedAt { descending: true };
            let page = store.run_list(&filter, sort, &PageRequest::default()).await.unwrap();
            assert_eq!(page.items, vec![record.clone(); count], "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn runs_per_period_have_a_limit() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        stored_run(&store, &prod).await;
        let before = Timestamp(NOW.0 - 1);
        let error = store.run_create(&run(&prod), &[], 1, before).await.unwrap_err();
        assert!(matches!(error, ChangeError::Limit { limit: 1, .. }), "{error}");
        store.run_create(&run(&prod), &[], 1, NOW).await.expect("the other is too old to count");
    })
    .await;
}

#[tokio::test]
async fn a_sensitive_run_variable_is_a_reference() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let secret = NewVariable {
            category: VariableCategory::Environment,
            key: "TOKEN".to_owned(),
            sensitive: true,
            value: "s3cret".to_owned(),
        };
        let id = store.variable_create(&prod.meta.id, &secret, MANY, NOW).await.unwrap();
        let variable = store.variable_get(&id).await.unwrap().unwrap();
        let reference = |value: Option<&str>| RunVariable {
            category: VariableCategory::Environment,
            key: "TOKEN".to_owned(),
            namespace_path: Some("acme/prod".to_owned()),
            sensitive: true,
            source: RunVariableSource::Version {
                id: variable.latest_version_id.clone(),
                value: value.map(str::to_owned),
            },
        };
        let given = RunVariable {
            category: VariableCategory::Terraform,
            key: "region".to_owned(),
            namespace_path: None,
            sensitive: false,
            source: RunVariableSource::Value("eu".to_owned()),
        };
        let record = run(&prod);
        let variables = [reference(None), given.clone()];
        store.run_create(&record, &variables, MANY, NOW).await.unwrap();
        let id = &record.run.meta.id;
        let stored = store.run_variable_list(id).await.unwrap();
        assert_eq!(stored, [reference(Some("s3cret")), given.clone()]);

        store.variable_delete(&variable.meta.id, variable.meta.version).await.unwrap();
        assert_eq!(store.run_variable_list(id).await.unwrap(), [reference(None), given]);
    })
    .await;
}
