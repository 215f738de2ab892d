//! Two servers on one PostgreSQL: what one queues the other executes, without being asked.

use tonic::Code;

use super::{
    client::{
        group::{DeleteGroupRequest, GetGroupByIdRequest},
        ok, refused,
        run::RunStatus,
    },
    world::{World, id},
};

/// Where the test database is. Without one the test says loudly that it did not run.
fn postgres() -> Option<String> {
    let url = std::env::var_os("TEST_POSTGRES_URL").and_then(|url| url.into_string().ok());
    let url = url.filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("NOT RUN: set TEST_POSTGRES_URL to the URL of a PostgreSQL server");
    }
    url
}

#[tokio::test]
async fn an_idle_server_hears_of_jobs_that_another_one_queues() {
    let Some(url) = postgres() else { return };
    let (front, back) = (World::on(&url).await, World::on(&url).await);
    let server = back.start();
    let name = format!("servers-{}", uuid::Uuid::new_v4().simple());
    let group = front.group(&name, None).await;
    let workspace = front.workspace(&group, "prod").await;
    for round in 1..=2 {
        // Nobody executes jobs in the process that queues this one.
        let run = front.run(&workspace).await;
        let planned = back.until(&run, RunStatus::Planned).await;
        assert_eq!(front.get_run(&planned).await.status(), RunStatus::Planned, "round {round}");
        assert_eq!(back.script.seen().len(), round);
    }
    assert!(front.script.seen().is_empty());
    server.shut_down().await;

    let delete = DeleteGroupRequest { id: id(&group.metadata), version: None, force: Some(true) };
    ok(front.client.groups().delete_group(delete).await);
    let gone = GetGroupByIdRequest { id: id(&group.metadata) };
    refused(back.client.groups().get_group_by_id(gone).await, Code::NotFound);
}
