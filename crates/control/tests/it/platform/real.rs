//! One story with the real `terraform` or `tofu` that `TEST_TERRAFORM` names. Without it this
//! test says that it did not run.

use pilothouse_control::terraform::{Config, Terraform};

use super::{
    client::{
        ok,
        run::{CreateDestroyRunForWorkspaceRequest, CreateRunRequest, Run, RunStatus},
        state_version_output::GetStateVersionOutputsRequest,
        workspace::{DeleteWorkspaceRequest, Workspace},
    },
    world::{World, id},
};

const BROKEN: &str = r#"
variable "region" { type = string }
resource "terraform_data" "site" { input = var.regoin }
"#;

const FIXED: &str = r#"
variable "region" { type = string }
resource "terraform_data" "site" { input = var.region }
output "region" { value = terraform_data.site.output }
"#;

async fn run(world: &World, workspace: &Workspace, main: &str) -> Run {
    let configuration = world.configuration(workspace, false).await;
    world.upload(workspace, &configuration, main).await;
    let variable = super::client::run::RunVariableInput {
        category: "terraform".to_owned(),
        key: "region".to_owned(),
        value: Some("eu".to_owned()),
    };
    let request = CreateRunRequest {
        workspace_id: id(&workspace.metadata),
        configuration_version_id: Some(id(&configuration.metadata)),
        refresh: true,
        variables: vec![variable],
        ..CreateRunRequest::default()
    };
    ok(world.client.runs().create_run(request).await)
}

#[tokio::test]
async fn a_broken_configuration_is_diagnosed_fixed_applied_and_destroyed() {
    let Some(path) = std::env::var_os("TEST_TERRAFORM").filter(|path| !path.is_empty()) else {
        eprintln!("NOT RUN: set TEST_TERRAFORM to the path of a terraform or tofu");
        return;
    };
    let mut world = World::new().await;
    let config = Config { terraform: Some(path.into()), ..world.config.clone() };
    world.platform = Terraform::open(world.store(), config).unwrap();
    world.client.router = world.platform.router();
    let _server = world.start();
    let prod = world.prod().await;

    let broken = run(&world, &prod, BROKEN).await;
    let errored = world.until(&broken, RunStatus::Errored).await;
    let path = format!("/v1/plans/{}/diagnostics", errored.plan_id);
    let (_, found) = world.client.json("GET", &path, "").await;
    assert_eq!((&found[0]["file"], &found[0]["line"]), (&"main.tf".into(), &3.into()), "{found}");

    let fixed = run(&world, &prod, FIXED).await;
    let planned = world.until(&fixed, RunStatus::Planned).await;
    assert_eq!(planned.plan.unwrap().summary.unwrap().resource_additions, 1);
    world.apply(&fixed).await;
    world.until(&fixed, RunStatus::Applied).await;
    let state_version_id = world.reread(&prod).await.current_state_version_id;
    let request = GetStateVersionOutputsRequest { state_version_id };
    let outputs = ok(world.client.states().get_state_version_outputs(request).await);
    assert_eq!(outputs.state_version_outputs[0].value, b"\"eu\"");

    let request = CreateDestroyRunForWorkspaceRequest { workspace_id: id(&prod.metadata) };
    let destroy = ok(world.client.runs().create_destroy_run_for_workspace(request).await);
    let planned = world.until(&destroy, RunStatus::Planned).await;
    assert_eq!(planned.plan.unwrap().summary.unwrap().resource_destructions, 1);
    world.apply(&destroy).await;
    world.until(&destroy, RunStatus::Applied).await;
    let request = DeleteWorkspaceRequest { id: id(&prod.metadata), version: None, force: None };
    ok(world.client.workspaces().delete_workspace(request).await);
}
