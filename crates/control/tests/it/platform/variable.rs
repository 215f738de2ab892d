//! Variables, and what of them reaches a run.

use pilothouse_control::terraform::executor::Category;
use tonic::Code;

use super::{
    client::{
        namespace_variable::{
            CreateNamespaceVariableRequest, DeleteNamespaceVariableRequest,
            GetNamespaceVariableByIdRequest, GetNamespaceVariableVersionByIdRequest,
            GetNamespaceVariableVersionsRequest, GetNamespaceVariablesRequest, NamespaceVariable,
            NamespaceVariableVersion, SetNamespaceVariablesInputVariable,
            SetNamespaceVariablesRequest, UpdateNamespaceVariableRequest, VariableCategory,
        },
        ok, refused,
        run::{CreateRunRequest, GetRunVariablesRequest, RunStatus, RunVariableInput},
        state_version_output::GetStateVersionOutputsRequest,
    },
    world::{World, id, trn},
};

fn new(namespace: &str, key: &str, value: &str, sensitive: bool) -> CreateNamespaceVariableRequest {
    CreateNamespaceVariableRequest {
        category: VariableCategory::Terraform.into(),
        key: key.to_owned(),
        namespace_path: namespace.to_owned(),
        sensitive,
        value: value.to_owned(),
    }
}

async fn create(world: &World, request: CreateNamespaceVariableRequest) -> NamespaceVariable {
    ok(world.client.variables().create_namespace_variable(request).await)
}

/// `key=value@namespace` of what works in a namespace; `*` for a value that is not shown.
async fn effective(world: &World, namespace: &str) -> Vec<String> {
    let request = GetNamespaceVariablesRequest { namespace_path: namespace.to_owned() };
    let found = ok(world.client.variables().get_namespace_variables(request).await);
    let text = |found: &NamespaceVariable| {
        let value = found.value.as_deref().unwrap_or("*");
        format!("{}={value}@{}", found.key, found.namespace_path)
    };
    found.variables.iter().map(text).collect()
}

#[tokio::test]
async fn the_nearest_value_wins() {
    let world = World::new().await;
    world.prod().await;
    create(&world, new("acme", "region", "eu", false)).await;
    create(&world, new("acme", "size", "s", false)).await;
    create(&world, new("acme/prod", "size", "xl", false)).await;
    assert_eq!(effective(&world, "acme").await, ["region=eu@acme", "size=s@acme"]);
    assert_eq!(effective(&world, "acme/prod").await, ["region=eu@acme", "size=xl@acme/prod"]);
    let request = GetNamespaceVariablesRequest { namespace_path: "nowhere".to_owned() };
    refused(world.client.variables().get_namespace_variables(request).await, Code::NotFound);
}

#[tokio::test]
async fn what_steers_terraform_is_refused_wherever_it_is_given() {
    let world = World::new().await;
    let prod = world.prod().await;
    let environment = |key: &str| CreateNamespaceVariableRequest {
        category: VariableCategory::Environment.into(),
        ..new("acme/prod", key, "x", false)
    };
    for key in ["TF_CLI_ARGS_plan", "LD_PRELOAD", "PATH"] {
        let created = world.client.variables().create_namespace_variable(environment(key)).await;
        let message = refused(created, Code::InvalidArgument);
        let expected = format!("the environment variable {key} cannot be set");
        assert!(message.starts_with(&expected), "{message}");

        let given = RunVariableInput {
            category: "environment".to_owned(),
            key: key.to_owned(),
            value: Some("x".to_owned()),
        };
        let request = CreateRunRequest { variables: vec![given], ..world.request(&prod).await };
        let message = refused(world.client.runs().create_run(request).await, Code::InvalidArgument);
        assert!(message.starts_with(&expected), "{message}");
    }
    let free = create(&world, environment("AWS_REGION")).await;
    let update = UpdateNamespaceVariableRequest {
        id: id(&free.metadata),
        key: "LD_PRELOAD".to_owned(),
        value: "x".to_owned(),
    };
    let updated = world.client.variables().update_namespace_variable(update).await;
    refused(updated, Code::InvalidArgument);
    create(&world, new("acme/prod", "PATH", "an input of Terraform", false)).await;
}

#[tokio::test]
async fn an_output_that_tells_a_secret_is_one() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    create(&world, new("acme/prod", "network", "vpc-1", true)).await;
    world.applied(&prod).await;
    let state_version_id = world.reread(&prod).await.current_state_version_id;
    let request = GetStateVersionOutputsRequest { state_version_id };
    let outputs = ok(world.client.states().get_state_version_outputs(request).await);
    let told = outputs.state_version_outputs.iter().find(|output| output.name == "vpc_id").unwrap();
    assert_eq!((told.sensitive, told.value.as_slice()), (true, &b"null"[..]));
}

#[tokio::test]
async fn a_sensitive_value_never_comes_back() {
    let world = World::new().await;
    world.prod().await;
    let mut client = world.client.variables();
    let empty = client.create_namespace_variable(new("acme", "token", "", true)).await;
    refused(empty, Code::InvalidArgument);
    let variable = create(&world, new("acme", "token", "hush", true)).await;
    assert_eq!((variable.value.as_deref(), variable.sensitive), (None, true));
    assert_eq!(effective(&world, "acme").await, ["token=*@acme"]);

    let version = |include| GetNamespaceVariableVersionByIdRequest {
        id: variable.latest_version_id.clone(),
        include_sensitive_value: include,
    };
    let shown = ok(client.get_namespace_variable_version_by_id(version(false)).await);
    assert_eq!(shown.value, None);
    let asked = client.get_namespace_variable_version_by_id(version(true)).await;
    refused(asked, Code::PermissionDenied);
}

#[tokio::test]
async fn a_variable_has_a_name_and_a_history() {
    let world = World::new().await;
    world.prod().await;
    let variable = create(&world, new("acme/prod", "region", "eu", false)).await;
    assert_eq!(trn(&variable.metadata), "trn:variable:acme/prod/terraform/region");
    let update = UpdateNamespaceVariableRequest {
        id: trn(&variable.metadata),
        key: "region".to_owned(),
        value: "us".to_owned(),
    };
    let mut client = world.client.variables();
    let updated = ok(client.update_namespace_variable(update).await);
    assert_eq!(updated.value.as_deref(), Some("us"));
    let history = GetNamespaceVariableVersionsRequest {
        variable_id: id(&variable.metadata),
        ..GetNamespaceVariableVersionsRequest::default()
    };
    let history = ok(client.get_namespace_variable_versions(history).await);
    let values: Vec<_> =
        history.namespace_variable_versions.iter().map(NamespaceVariableVersion::value).collect();
    assert_eq!(values, ["eu", "us"]);

    let delete = |version| DeleteNamespaceVariableRequest {
        id: id(&variable.metadata),
        version: Some(version),
    };
    refused(client.delete_namespace_variable(delete(1)).await, Code::Aborted);
    ok(client.delete_namespace_variable(delete(2)).await);
    let gone = GetNamespaceVariableByIdRequest { id: trn(&variable.metadata) };
    refused(client.get_namespace_variable_by_id(gone).await, Code::NotFound);
}

#[tokio::test]
async fn a_set_replaces_one_category_of_one_namespace() {
    let world = World::new().await;
    world.prod().await;
    create(&world, new("acme", "kept", "1", false)).await;
    create(&world, new("acme/prod", "gone", "1", false)).await;
    create(&world, new("acme/prod", "token", "old", true)).await;
    let environment = CreateNamespaceVariableRequest {
        category: VariableCategory::Environment.into(),
        ..new("acme/prod", "TF_LOG", "info", false)
    };
    create(&world, environment).await;
    let wanted = |key: &str, value: &str, sensitive| SetNamespaceVariablesInputVariable {
        key: key.to_owned(),
        sensitive,
        value: value.to_owned(),
    };
    let set = |variables| SetNamespaceVariablesRequest {
        category: VariableCategory::Terraform.into(),
        namespace_path: "acme/prod".to_owned(),
        variables,
    };
    let mut client = world.client.variables();
    let twice = vec![wanted("a", "1", false), wanted("a", "2", true)];
    let message = refused(client.set_namespace_variables(set(twice)).await, Code::InvalidArgument);
    assert!(message.contains("given twice"), "{message}");
    let both = vec![wanted("new", "2", false), wanted("token", "new", true)];
    ok(client.set_namespace_variables(set(both)).await);
    assert_eq!(
        effective(&world, "acme/prod").await,
        ["kept=1@acme", "new=2@acme/prod", "token=*@acme/prod", "TF_LOG=info@acme/prod"]
    );
}

#[tokio::test]
async fn a_run_uses_the_variables_of_its_creation() {
    let world = World::new().await;
    let prod = world.prod().await;
    create(&world, new("acme", "region", "eu", false)).await;
    create(&world, new("acme", "size", "s", false)).await;
    let token = create(&world, new("acme", "token", "hush", true)).await;
    let given = |category: &str, key: &str| RunVariableInput {
        category: category.to_owned(),
        key: key.to_owned(),
        value: Some("given".to_owned()),
    };
    let request = world.request(&prod).await;
    let bad = CreateRunRequest { variables: vec![given("hcl", "a")], ..request.clone() };
    refused(world.client.runs().create_run(bad).await, Code::InvalidArgument);
    let variables = vec![given("terraform", "size"), given("environment", "TF_LOG")];
    let run = ok(world.client.runs().create_run(CreateRunRequest { variables, ..request }).await);
    let update = UpdateNamespaceVariableRequest {
        id: id(&token.metadata),
        key: "token".to_owned(),
        value: "changed".to_owned(),
    };
    ok(world.client.variables().update_namespace_variable(update).await);

    let _server = world.start();
    world.until(&run, RunStatus::Planned).await;
    let seen = world.script.seen().pop().unwrap();
    let got: Vec<_> = seen
        .job
        .variables
        .iter()
        .map(|v| (v.category, v.key.as_str(), v.value.as_str(), v.sensitive))
        .collect();
    assert_eq!(
        got,
        [
            (Category::Environment, "TF_LOG", "given", false),
            (Category::Terraform, "region", "eu", false),
            (Category::Terraform, "size", "given", false),
            (Category::Terraform, "token", "hush", true),
        ]
    );

    let list = |include_sensitive_values| GetRunVariablesRequest {
        id: id(&run.metadata),
        include_sensitive_values,
    };
    let mut runs = world.client.runs();
    refused(runs.get_run_variables(list(true)).await, Code::PermissionDenied);
    let listed = ok(runs.get_run_variables(list(false)).await).variables;
    let token = listed.iter().find(|variable| variable.key == "token").unwrap();
    assert_eq!((token.value.as_deref(), token.version_id.is_some()), (None, true));
}

#[tokio::test]
async fn a_secret_that_was_deleted_fails_the_run_with_the_reason() {
    let world = World::new().await;
    let prod = world.prod().await;
    let token = create(&world, new("acme", "token", "hush", true)).await;
    let run = world.run(&prod).await;
    let delete = DeleteNamespaceVariableRequest { id: id(&token.metadata), version: None };
    ok(world.client.variables().delete_namespace_variable(delete).await);
    let _server = world.start();
    let errored = world.until(&run, RunStatus::Errored).await;
    let message = errored.plan.unwrap().error_message.unwrap();
    assert!(message.contains("\"token\" was deleted"), "{message}");
    assert_eq!(world.script.seen().len(), 0);
}
