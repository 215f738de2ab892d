//! Who is let in, and where to.

use pilothouse_control::terraform::{Config, Terraform};
use tonic::Code;

use super::{
    client::{
        Client,
        group::GetGroupsRequest,
        job::{ClaimJobRequest, SetJobStatusInput},
        refused,
        run::RunStatus,
    },
    world::World,
};

#[tokio::test]
async fn nobody_is_let_in_without_an_identity() {
    let world = World::new().await;
    let nobody = Client { caller: None, ..world.client.clone() };
    let message = refused(
        nobody.groups().get_groups(GetGroupsRequest::default()).await,
        Code::Unauthenticated,
    );
    assert_eq!(message, "this call carries no identity");
    for path in ["/v1/plans/x/diff", "/tfe/v2/state-versions/x/content", "/nowhere"] {
        let (status, body) = nobody.json("GET", path, "").await;
        assert_eq!((status, body["detail"].as_str()), (401, Some("this call carries no identity")));
    }
}

#[tokio::test]
async fn what_is_not_served_says_so() {
    let world = World::new().await;
    let (status, body) = world.client.json("GET", "/v1/nowhere", "").await;
    assert_eq!(status, 404);
    assert_eq!(body["detail"], "GET /v1/nowhere is not served here");
    let mut jobs = world.client.jobs();
    refused(jobs.claim_job(ClaimJobRequest::default()).await, Code::Unimplemented);
    refused(jobs.set_job_status(SetJobStatusInput::default()).await, Code::Unimplemented);
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let world = World::new().await;
    let (status, _) = world.client.rest("PUT", "/v1/runs/x/auto-apply", vec![b' '; 65_537]).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_missing_program_fails_the_run_with_advice() {
    let mut world = World::new().await;
    let config =
        Config { terraform: Some(world.folder().join("no-such-program")), ..world.config.clone() };
    world.platform = Terraform::open(world.store(), config).unwrap();
    world.client.router = world.platform.router();
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let errored = world.until(&run, RunStatus::Errored).await;
    let plan = errored.plan.unwrap();
    let message = plan.error_message().to_owned();
    assert!(message.contains("no-such-program is not an executable file"), "{message}");
    assert!(message.to_lowercase().contains("install"), "{message}");
    assert!(world.log(plan.latest_job_id()).await.contains("no-such-program"));
}
