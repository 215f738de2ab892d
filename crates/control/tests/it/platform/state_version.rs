//! State versions and their outputs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tonic::Code;

use super::{
    client::{
        ok, refused,
        state_version::{
            CreateStateVersionRequest, GetStateVersionByIdRequest, GetStateVersionsRequest,
        },
        state_version_output::{GetStateVersionOutputByIdRequest, GetStateVersionOutputsRequest},
    },
    script::state,
    world::{World, id, trn},
};

#[tokio::test]
async fn outputs_tell_value_type_and_whether_they_are_secret() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.applied(&prod).await;
    let state_id = world.reread(&prod).await.current_state_version_id;

    let mut states = world.client.states();
    let request = GetStateVersionByIdRequest { id: state_id.clone() };
    let version = ok(states.get_state_version_by_id(request).await);
    assert_eq!(version.run_id.as_deref(), Some(id(&run.metadata).as_str()));
    let request = GetStateVersionOutputsRequest { state_version_id: trn(&version.metadata) };
    let outputs = ok(states.get_state_version_outputs(request).await).state_version_outputs;
    let texts: Vec<_> = outputs
        .iter()
        .map(|output| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            (output.name.as_str(), text(&output.value), text(&output.r#type), output.sensitive)
        })
        .collect();
    let string = || "\"string\"".to_owned();
    assert_eq!(
        texts,
        [
            ("token", "null".to_owned(), string(), true),
            ("vpc_id", "\"vpc-1\"".to_owned(), string(), false),
        ]
    );
    for id in [id(&outputs[1].metadata), trn(&outputs[1].metadata)] {
        let request = GetStateVersionOutputByIdRequest { id };
        assert_eq!(ok(states.get_state_version_output_by_id(request).await), outputs[1]);
    }
    let path = format!("/tfe/v2/state-versions/{state_id}/content");
    assert_eq!(world.client.rest("GET", &path, "").await, (200, state(1)));
}

#[tokio::test]
async fn a_state_that_somebody_brings_continues_the_current_one() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.applied(&prod).await;
    let bring = |state: &[u8]| CreateStateVersionRequest {
        run_id: Some(id(&run.metadata)),
        state: STANDARD.encode(state),
    };
    let mut states = world.client.states();
    let created = ok(states.create_state_version(bring(&state(9))).await);
    assert_eq!(created.created_by, "jo");
    assert_eq!(world.reread(&prod).await.current_state_version_id, id(&created.metadata));

    let foreign = br#"{"version": 4, "serial": 99, "lineage": "other"}"#;
    for (request, code, why) in [
        (bring(&state(8)), Code::AlreadyExists, "older than the current 9"),
        (bring(foreign), Code::AlreadyExists, "another lineage"),
        (bring(b"{}"), Code::InvalidArgument, "not a Terraform state"),
        (bring(&vec![b' '; 16 * 1024 * 1024 + 1]), Code::InvalidArgument, "at most 16777216"),
        (
            CreateStateVersionRequest { state: "§".to_owned(), ..bring(b"") },
            Code::InvalidArgument,
            "base64",
        ),
        (CreateStateVersionRequest { run_id: None, ..bring(b"") }, Code::InvalidArgument, "run_id"),
    ] {
        let message = refused(states.create_state_version(request).await, code);
        assert!(message.contains(why), "{message}");
    }

    let request = GetStateVersionsRequest {
        workspace_id: id(&prod.metadata),
        ..GetStateVersionsRequest::default()
    };
    let listed = ok(states.get_state_versions(request).await).state_versions;
    assert_eq!((listed.len(), id(&listed[0].metadata)), (2, id(&created.metadata)));
}
