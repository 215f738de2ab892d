//! Who may use a workspace when.

use tonic::Code;

use super::{
    client::{
        ok, refused,
        run::{CreateRunRequest, RunStatus},
        workspace::{LockWorkspaceRequest, UnlockWorkspaceRequest, Workspace},
    },
    script::Step,
    world::{World, id},
};

fn lock(workspace: &Workspace) -> LockWorkspaceRequest {
    LockWorkspaceRequest { workspace_id: id(&workspace.metadata) }
}

fn unlock(workspace: &Workspace) -> UnlockWorkspaceRequest {
    UnlockWorkspaceRequest { workspace_id: id(&workspace.metadata) }
}

#[tokio::test]
async fn a_workspace_belongs_to_one_run_at_a_time() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let first = world.run(&prod).await;
    world.until_begun(1).await;
    let second = world.run(&prod).await;
    assert_eq!(second.status(), RunStatus::Queuing);
    let job_id = world.get_run(&first).await.plan.unwrap().latest_job_id.unwrap();
    assert_eq!(world.reread(&prod).await.current_job_id, job_id);

    let request = CreateRunRequest { speculative: Some(true), ..world.request(&prod).await };
    let speculative = ok(world.client.runs().create_run(request).await);
    world.until(&speculative, RunStatus::PlannedAndFinished).await;
    assert_eq!(world.get_run(&second).await.status(), RunStatus::Queuing);

    let cancel = super::client::run::CancelRunRequest { id: id(&first.metadata), force: None };
    ok(world.client.runs().cancel_run(cancel).await);
    world.until(&second, RunStatus::Planned).await;
}

#[tokio::test]
async fn a_locked_workspace_lets_only_speculative_plans_in() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let planned = world.run(&prod).await;
    world.until(&planned, RunStatus::Planned).await;
    let mut workspaces = world.client.workspaces();
    assert!(ok(workspaces.lock_workspace(lock(&prod)).await).locked);
    refused(workspaces.lock_workspace(lock(&prod)).await, Code::AlreadyExists);

    let waiting = world.run(&prod).await;
    assert_eq!(world.apply(&planned).await.status(), RunStatus::QueuingApply);
    let request = CreateRunRequest { speculative: Some(true), ..world.request(&prod).await };
    let speculative = ok(world.client.runs().create_run(request).await);
    world.until(&speculative, RunStatus::PlannedAndFinished).await;
    assert_eq!(world.get_run(&waiting).await.status(), RunStatus::Queuing);
    assert_eq!(world.get_run(&planned).await.status(), RunStatus::QueuingApply);

    assert!(!ok(workspaces.unlock_workspace(unlock(&prod)).await).locked);
    world.until(&planned, RunStatus::Applied).await;
    world.until(&waiting, RunStatus::Planned).await;
    refused(workspaces.unlock_workspace(unlock(&prod)).await, Code::AlreadyExists);
}

#[tokio::test]
async fn no_more_jobs_run_at_once_than_configured() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::RunsUntilAsked, Step::RunsUntilAsked]);
    let acme = world.group("acme", None).await;
    let mut runs = Vec::new();
    for name in ["a", "b", "c"] {
        let workspace = world.workspace(&acme, name).await;
        runs.push(world.run(&workspace).await);
    }
    world.until_begun(2).await;
    assert_eq!(world.get_run(&runs[2]).await.status(), RunStatus::PlanQueued);
    let cancel = super::client::run::CancelRunRequest { id: id(&runs[0].metadata), force: None };
    ok(world.client.runs().cancel_run(cancel).await);
    world.until(&runs[2], RunStatus::Planned).await;
}
