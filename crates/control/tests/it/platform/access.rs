//! Who may do what: every method and route is refused without a role, and shows what a role may
//! see.

use std::{collections::HashMap, sync::Arc};

use axum::{body::Body, http};
use pilothouse_model::{Caller, Grant, Principal, PrincipalKind, Role, Scopes, audit::Outcome};
use pilothouse_store::AuditFilter;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, prost::Message as _};
use serde_json::{Map, Value};
use tonic::Code;
use tower::ServiceExt as _;

use super::{
    client::{
        Client,
        group::GetGroupsRequest,
        managed_identity::CreateManagedIdentityRequest,
        namespace_membership::CreateNamespaceMembershipRequest,
        namespace_variable::{CreateNamespaceVariableRequest, GetNamespaceVariablesRequest},
        ok,
        run::GetRunsRequest,
        service_account::CreateServiceAccountRequest,
        team::{CreateTeamRequest, teams_client::TeamsClient},
        team_member::AddUserToTeamRequest,
        workspace::{GetWorkspacesRequest, LockWorkspaceRequest},
    },
    world::{World, id},
};

const OPEN: &str = include_str!("../../data/open_methods.txt");
const SERVICES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.bin"));
const ROUTES: &str = include_str!("../../../src/terraform/api/rest.rs");

/// The client of a user with this role there.
fn user(world: &World, role: Role, namespace: &str) -> Client {
    let principal =
        Principal { id: "user:al".into(), kind: PrincipalKind::User, name: "al".into() };
    let subject = Arc::from("user:al");
    let grant = Grant { subject, namespace: namespace.parse().unwrap(), role };
    let caller = Some(Caller::new(principal).granted(vec![grant]));
    Client { caller, ..world.client.clone() }
}

/// The same user with a token that only reads.
fn reading(client: &Client) -> Client {
    let caller = client.caller.clone().map(|caller| caller.limited_to(Scopes::READ));
    Client { caller, ..client.clone() }
}

/// The same user without any role.
fn nobody(client: &Client) -> Client {
    let principal = client.caller.as_ref().unwrap().principal.as_ref().clone();
    Client { caller: Some(Caller::new(principal)), ..client.clone() }
}

/// One of everything in `acme/prod`, by the name of the field that refers to it.
async fn things(world: &World) -> HashMap<&'static str, String> {
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.applied(&prod).await;
    let prod = world.reread(&prod).await;
    let plan = run.plan.clone().unwrap();
    let variable = CreateNamespaceVariableRequest {
        namespace_path: "acme/prod".to_owned(),
        key: "region".to_owned(),
        value: "eu".to_owned(),
        ..CreateNamespaceVariableRequest::default()
    };
    let variable = ok(world.client.variables().create_namespace_variable(variable).await);
    let identity = CreateManagedIdentityRequest {
        name: "aws".to_owned(),
        group_id: prod.group_id.clone(),
        r#type: 1,
        data: "eyJyb2xlIjoiYXJuOmF3czppYW06OjEyMzQ1Njc4OTAxMjpyb2xlL3gifQ==".to_owned(),
        ..CreateManagedIdentityRequest::default()
    };
    let identity = ok(world.client.identities().create_managed_identity(identity).await);
    let account = CreateServiceAccountRequest {
        name: "ci".to_owned(),
        group_id: prod.group_id.clone(),
        enable_client_credentials: true,
        ..CreateServiceAccountRequest::default()
    };
    let account = ok(world.client.service_accounts().create_service_account(account).await);
    let account = account.service_account.unwrap();
    let mut teams = TeamsClient::new(world.client.clone());
    let team = CreateTeamRequest { name: "ops".to_owned(), ..CreateTeamRequest::default() };
    let team = ok(teams.create_team(team).await);
    let member = AddUserToTeamRequest {
        username: "jo".to_owned(),
        team_name: "ops".to_owned(),
        ..AddUserToTeamRequest::default()
    };
    ok(teams.add_user_to_team(member).await);
    let membership = CreateNamespaceMembershipRequest {
        namespace_path: "acme".to_owned(),
        role_id: "trn:role:viewer".to_owned(),
        service_account_id: Some(id(&account.metadata)),
        ..CreateNamespaceMembershipRequest::default()
    };
    let membership = ok(world.client.memberships().create_namespace_membership(membership).await);
    HashMap::from([
        ("group", prod.group_id.clone()),
        ("workspace", id(&prod.metadata)),
        ("configuration_version", run.configuration_version_id.clone().unwrap_or_default()),
        ("run", id(&run.metadata)),
        ("plan", run.plan_id.clone()),
        ("apply", run.apply_id.clone()),
        ("job", plan.latest_job_id().to_owned()),
        ("state_version", prod.current_state_version_id.clone()),
        ("variable", id(&variable.metadata)),
        ("variable_version", variable.latest_version_id.clone()),
        ("managed_identity", id(&identity.metadata)),
        ("namespace_membership", id(&membership.metadata)),
        ("service_account", id(&account.metadata)),
        ("namespace_path", "acme/prod".to_owned()),
        ("role", "trn:role:viewer".to_owned()),
        ("team", id(&team.metadata)),
        ("team_name", "ops".to_owned()),
        ("username", "jo".to_owned()),
    ])
}

/// What the `id` of a method's request means.
fn kind_of(method: &str) -> &'static str {
    [
        ("VariableVersion", "variable_version"),
        ("Variable", "variable"),
        ("StateVersion", "state_version"),
        ("ConfigurationVersion", "configuration_version"),
        ("ManagedIdentit", "managed_identity"),
        ("ServiceAccount", "service_account"),
        ("NamespaceMembership", "namespace_membership"),
        ("Role", "role"),
        ("Plan", "plan"),
        ("Apply", "apply"),
        ("Job", "job"),
        ("Workspace", "workspace"),
        ("Run", "run"),
        ("Group", "group"),
        ("Team", "team"),
    ]
    .into_iter()
    .find(|(part, _)| method.contains(part))
    .map_or("", |(_, kind)| kind)
}

/// A request of `method` about things of `acme/prod`.
fn request(method: &MethodDescriptor, things: &HashMap<&str, String>) -> Vec<u8> {
    let mut fields = Map::new();
    for field in method.input().fields() {
        let name = field.name().to_owned();
        let kind = match name.as_str() {
            "id" if method.name() == "GetRunVariables" => "run",
            "id" => kind_of(method.name()),
            "parent_id" | "new_parent_id" | "new_group_id" => "group",
            "alias_source_id" => "managed_identity",
            "namespace_path" => "namespace_path",
            "team_name" => "team_name",
            "username" => "username",
            other => other.strip_suffix("_id").unwrap_or(""),
        };
        if let Some(text) = things.get(kind) {
            fields.insert(name, Value::from(text.as_str()));
        }
    }
    let message = DynamicMessage::deserialize(method.input(), Value::Object(fields)).unwrap();
    let bytes = message.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    framed.extend(bytes);
    framed
}

/// How a method answers; [`Code::Ok`] when its answer has begun.
async fn call(client: &Client, method: &MethodDescriptor, body: Vec<u8>) -> Code {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::from(body))
        .unwrap();
    request.extensions_mut().insert(client.caller.clone().unwrap());
    let response = client.router.clone().oneshot(request).await.unwrap();
    match response.headers().get("grpc-status") {
        Some(status) => Code::from_bytes(status.as_bytes()),
        None => Code::Ok,
    }
}

fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(SERVICES).unwrap();
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn name(method: &MethodDescriptor) -> String {
    format!("{}.{}", method.parent_service().name(), method.name())
}

fn is_read(method: &MethodDescriptor) -> bool {
    method.name().starts_with("Get") || method.name().starts_with("Subscribe")
}

#[tokio::test]
async fn every_method_is_refused_without_a_role_there() {
    let world = World::new().await;
    let things = things(&world).await;
    let open: Vec<&str> = OPEN.lines().filter(|line| !line.starts_with('#')).collect();
    let stranger = user(&world, Role::Owner, "other");
    let nobody = nobody(&stranger);
    let viewer = user(&world, Role::Viewer, "acme");
    let reader = reading(&world.client);
    let (mut served, mut wrong) = (0, Vec::new());
    for method in methods() {
        let body = || request(&method, &things);
        let code = call(&stranger, &method, body()).await;
        if code == Code::Unimplemented {
            continue;
        }
        served += 1;
        let name = name(&method);
        let expected_open = open.contains(&name.as_str());
        let refused = |code| matches!(code, Code::NotFound | Code::PermissionDenied);
        // Teams are of the whole platform: every role on it may look at them.
        let is_everywhere = name.starts_with("Teams.Get");
        if refused(code) == (expected_open || is_everywhere) {
            wrong.push(format!("{name}: {code:?} for who has a role elsewhere"));
        }
        let code = call(&nobody, &method, body()).await;
        if (code == Code::PermissionDenied) == expected_open {
            wrong.push(format!("{name}: {code:?} for who has no role at all"));
        }
        let code = call(&viewer, &method, body()).await;
        let may_look = is_read(&method) || expected_open;
        if refused(code) == may_look && !name.contains("OutputByID") {
            wrong.push(format!("{name}: {code:?} for a viewer"));
        }
        let code = call(&reader, &method, body()).await;
        if (code == Code::PermissionDenied) == may_look {
            wrong.push(format!("{name}: {code:?} with a token that only reads"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(served > 45, "{served} methods were walked");
    for open in open {
        assert!(methods().iter().any(|method| name(method) == open), "{open} is no method");
    }
}

/// Method and path of every REST route, with things of `acme/prod` in it.
fn routes(things: &HashMap<&str, String>) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for route in ROUTES.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let verb = ["get(", "put(", "post(", "delete(", "patch("]
            .into_iter()
            .filter_map(|verb| Some((route.find(verb)?, verb)))
            .min()
            .unwrap()
            .1;
        let kind = [
            "serviceaccounts",
            "runs",
            "plans",
            "jobs",
            "state-versions",
            "configuration-versions",
            "applies",
        ]
        .into_iter()
        .find(|kind| path.contains(kind))
        .unwrap_or("jobs");
        let kind = match kind {
            "applies" => "apply".to_owned(),
            "serviceaccounts" => "service_account".to_owned(),
            other => other.trim_end_matches('s').replace('-', "_"),
        };
        let path = path.replace("{workspace}", &things["workspace"]);
        let path = path.replace("{id}", &things[kind.as_str()]);
        routes.push((verb.trim_end_matches('(').to_uppercase(), path));
    }
    routes
}

#[tokio::test]
async fn every_route_is_refused_without_a_role_there() {
    let world = World::new().await;
    let things = things(&world).await;
    let stranger = user(&world, Role::Owner, "other");
    let viewer = user(&world, Role::Viewer, "acme");
    let reader = reading(&world.client);
    let routes = routes(&things);
    assert!(routes.len() >= 11, "{routes:#?}");
    for (method, path) in routes {
        let body = || if path.ends_with("auto-apply") { r#"{"auto_apply":true}"# } else { "" };
        let (status, _) = stranger.rest(&method, &path, body()).await;
        // How busy the platform is, is nobody's in particular.
        let expected = if path == "/v1/worker" { 200 } else { 404 };
        assert_eq!(status, expected, "{method} {path} for who has a role elsewhere");
        let (status, _) = nobody(&stranger).rest(&method, &path, body()).await;
        assert_eq!(status, 403, "{method} {path} for who has no role at all");
        let (status, _) = viewer.rest(&method, &path, body()).await;
        // A state file holds secrets.
        let secret = path.contains("state-versions");
        let expected = if method == "GET" && !secret { 200 } else { 403 };
        assert_eq!(status, expected, "{method} {path} for a viewer");
        let (status, _) = reader.rest(&method, &path, body()).await;
        let expected = if method == "GET" { 200 } else { 403 };
        assert_eq!(status, expected, "{method} {path} with a token that only reads");
    }
}

#[tokio::test]
async fn lists_show_what_the_caller_may_see() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    world.run(&prod).await;
    let other = world.group("other", None).await;
    world.workspace(&other, "web").await;
    for (namespace, groups, workspaces, runs) in [
        ("acme", vec!["acme"], vec!["acme/prod"], 1),
        ("acme/prod", vec![], vec!["acme/prod"], 1),
        ("other", vec!["other"], vec!["other/web"], 0),
        ("tharsis:", vec!["acme", "other"], vec!["acme/prod", "other/web"], 1),
    ] {
        let client = user(&world, Role::Viewer, namespace);
        let found = ok(client.groups().get_groups(GetGroupsRequest::default()).await);
        assert_eq!(found.page_info.unwrap().total_count, i32::try_from(groups.len()).unwrap());
        let paths: Vec<_> = found.groups.iter().map(|group| group.full_path.as_str()).collect();
        assert_eq!(paths, groups, "{namespace}");
        let found = client.workspaces().get_workspaces(GetWorkspacesRequest::default()).await;
        let found = ok(found).workspaces;
        let paths: Vec<_> = found.iter().map(|found| found.full_path.as_str()).collect();
        assert_eq!(paths, workspaces, "{namespace}");
        let found = ok(client.runs().get_runs(GetRunsRequest::default()).await);
        assert_eq!(found.runs.len(), runs, "{namespace}");
    }
}

#[tokio::test]
async fn values_are_for_those_who_may_see_them() {
    let world = World::new().await;
    things(&world).await;
    for (role, expected) in [(Role::Viewer, None), (Role::Deployer, Some("eu"))] {
        let client = user(&world, role, "acme");
        let request = GetNamespaceVariablesRequest { namespace_path: "acme/prod".to_owned() };
        let found = ok(client.variables().get_namespace_variables(request).await).variables;
        let region = found.iter().find(|variable| variable.key == "region").unwrap();
        assert_eq!(region.value.as_deref(), expected, "{role}");
    }
}

#[tokio::test]
async fn direct_calls_that_change_something_or_are_refused_are_recorded() {
    let world = World::new().await;
    world.prod().await;
    world.store().audit_list(&AuditFilter::default()).await.unwrap();
    let viewer = user(&world, Role::Viewer, "acme");
    let lock = || LockWorkspaceRequest { workspace_id: "trn:workspace:acme/prod".to_owned() };
    let refused = viewer.workspaces().lock_workspace(lock()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    ok(viewer.workspaces().get_workspaces(GetWorkspacesRequest::default()).await);
    ok(world.client.workspaces().lock_workspace(lock()).await);
    let rows = world.store().audit_list(&AuditFilter::default()).await.unwrap();
    let found: Vec<_> = rows
        .iter()
        .filter(|row| row.operation.as_deref() == Some("tharsis.workspace.lock"))
        .map(|row| (row.principal.as_str(), row.outcome, row.target.as_deref().unwrap()))
        .collect();
    let target = "trn:workspace:acme/prod";
    let operator = world.client.caller.as_ref().unwrap().principal.id.as_str();
    assert_eq!(
        found,
        [(operator, Outcome::Done, target), ("user:al", Outcome::Denied, target)],
        "the newest first"
    );
    assert!(rows.iter().all(|row| !row.risk.is_read()), "reads that succeed are not: {rows:#?}");
}
