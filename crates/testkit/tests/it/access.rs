//! Roles over HTTP: an API key sees and does what its roles allow, from one call to the next.

mod account;

use pilothouse_access::{
    Action, AutoApprove, Place, Policy, Verdict,
    api_key::{self, NewApiKey},
    decide, membership, requirement,
};
use pilothouse_model::{
    Caller, Error, Namespace, Principal, PrincipalKind, Role, Timestamp, audit::Outcome,
};
use pilothouse_registry::Catalog;
use pilothouse_store::AuditFilter;
use pilothouse_testkit::{FakeHarness, TestApp, operate};
use serde_json::{Value, json};

const ALL: (&str, &str) = ("PILOTHOUSE_AUTO_APPROVE", "all");
const OPEN: &str = include_str!("../data/open_operations.txt");

/// A key with one role; its id as a subject, and its text.
async fn key(app: &TestApp, name: &str, role: Role, namespace: &str) -> (String, String) {
    let grants = [(role, namespace.parse().unwrap())];
    let lifetime = std::time::Duration::from_hours(1);
    let new = NewApiKey { name, grants: &grants, spaces: &[], lifetime, created_by: "user:test" };
    let store = &app.running().product().store;
    let (key, text) = api_key::create(store, new, Timestamp::now()).await.unwrap();
    (key.subject(), text)
}

/// `acme/prod` and `other/web`.
async fn tree(app: &TestApp) {
    for (group, workspace) in [("acme", "prod"), ("other", "web")] {
        let body = json!({ "name": group });
        app.ok("infra_create", json!({ "resource_type": "tharsis.group", "body": body })).await;
        let body = json!({ "name": workspace, "group_id": format!("trn:group:{group}") });
        app.ok("infra_create", json!({ "resource_type": "tharsis.workspace", "body": body })).await;
    }
}

fn workspace(path: &str) -> Value {
    json!({ "resource_type": "tharsis.workspace", "id": format!("trn:workspace:{path}") })
}

fn lock(path: &str) -> Value {
    json!({ "resource_type": "tharsis.workspace", "action": "lock",
            "params": { "workspace_id": format!("trn:workspace:{path}") } })
}

/// What another process changed counts within a moment.
async fn soon(is_so: impl AsyncFn() -> bool) {
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, async { while !is_so().await {} }).await.unwrap();
}

#[tokio::test]
async fn a_role_is_what_it_is_where_it_was_given() {
    let mut app = TestApp::start(&[ALL]).await;
    tree(&app).await;
    let (_, text) = key(&app, "viewer", Role::Viewer, "acme").await;
    app.sign_in(&text);
    app.ok("infra_get", workspace("acme/prod")).await;
    let refused = app.refused("infra_execute", lock("acme/prod")).await;
    assert!(refused.contains("workspace:update needs deployer in acme/prod"), "{refused}");
    let hidden = app.refused("infra_get", workspace("other/web")).await;
    let missing = app.refused("infra_get", workspace("acme/nothing")).await;
    assert!(hidden.contains("not found") && missing.contains("not found"), "{hidden} {missing}");
    let hidden = app.refused("infra_execute", lock("other/web")).await;
    assert!(hidden.contains("not found"), "{hidden}");

    let list = json!({ "resource_type": "tharsis.workspace" });
    let found = app.ok("infra_list", list).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&found["items"][0]["full_path"], &found["total"]),
        (&json!("acme/prod"), &json!(1))
    );
    let search = json!({ "query": "web", "resource_types": ["tharsis.workspace"] });
    assert_eq!(app.ok("infra_search", search).await["results"], json!([]));

    let (_, text) = key(&app, "deployer", Role::Deployer, "acme/prod").await;
    app.sign_in(&text);
    app.ok("infra_execute", lock("acme/prod")).await;
    app.stop().await;
}

#[tokio::test]
async fn a_deployer_can_create_a_service_account_and_a_viewer_cannot() {
    let mut app = TestApp::start(&[ALL]).await;
    tree(&app).await;
    let create = |name: &str| {
        let body = json!({ "name": name, "group_id": "trn:group:acme",
                           "enable_client_credentials": true });
        json!({ "resource_type": "tharsis.service_account", "body": body })
    };
    for (role, allowed) in [
        (Role::Viewer, false),
        (Role::Publisher, false),
        (Role::Deployer, true),
        (Role::Owner, true),
    ] {
        let (_, text) = key(&app, role.as_str(), role, "acme").await;
        app.sign_in(&text);
        if allowed {
            app.ok("infra_create", create(role.as_str())).await;
        } else {
            let refused = app.refused("infra_create", create(role.as_str())).await;
            let words = "service_account:create needs deployer in acme";
            assert!(refused.contains(words), "{role}: {refused}");
        }
    }
    let store = &app.running().product().store;
    for (name, made) in [("viewer", false), ("publisher", false), ("deployer", true)] {
        let path = format!("trn:service_account:acme/{name}");
        let found = pilothouse_access::service_account::find(store, &path).await.unwrap();
        assert_eq!(found.is_some(), made, "{name}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_changed_role_counts_from_the_next_call_on() {
    let mut app = TestApp::start(&[ALL]).await;
    tree(&app).await;
    let (subject, text) = key(&app, "ci", Role::Viewer, "acme").await;
    app.sign_in(&text);
    app.refused("infra_execute", lock("acme/prod")).await;
    let acme = Namespace::terraform("acme");
    let store = app.running().product().store.clone();
    let grant = |role, namespace: Namespace| {
        let (store, subject) = (store.clone(), subject.clone());
        async move {
            let now = Timestamp::now();
            membership::grant(&store, &subject, role, &namespace, "user:test", now).await
        }
    };
    grant(Role::Deployer, acme.clone()).await.unwrap();
    app.ok("infra_execute", lock("acme/prod")).await;
    grant(Role::Viewer, Namespace::terraform("acme/prod")).await.unwrap();
    let unlock = json!({ "resource_type": "tharsis.workspace", "action": "unlock",
                         "params": { "workspace_id": "trn:workspace:acme/prod" } });
    app.refused("infra_execute", unlock.clone()).await;

    // Another process changes it.
    let (code, _) = operate(&app.data(), &["members", "grant", &subject, "owner", "acme/prod"]);
    assert_eq!(code, Some(0));
    soon(async || app.call("infra_execute", unlock.clone()).await["isError"] != true).await;
    let (code, _) = operate(&app.data(), &["members", "revoke", &subject, "acme/prod"]);
    assert_eq!(code, Some(0));
    let revoked: Result<(), Error> = membership::revoke(&store, &subject, &acme).await;
    revoked.unwrap();
    let gone = app.refused("infra_get", workspace("acme/prod")).await;
    assert!(gone.contains("not found"), "{gone}");
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_is_recorded_with_the_rule_that_refused() {
    let mut app = TestApp::start(&[ALL]).await;
    tree(&app).await;
    let (subject, text) = key(&app, "ci", Role::Viewer, "acme").await;
    app.sign_in(&text);
    app.refused("infra_execute", lock("acme/prod")).await;
    let filter = AuditFilter { principal: Some(subject), ..AuditFilter::default() };
    let rows = app.running().product().store.audit_list(&filter).await.unwrap();
    let [row] = &rows[..] else { panic!("one call, one record: {rows:#?}") };
    assert_eq!(row.outcome, Outcome::Denied);
    let detail = row.detail.as_deref().unwrap();
    assert!(detail.starts_with("role: workspace:update needs deployer"), "{detail}");
    app.stop().await;
}

#[test]
fn no_operation_of_any_platform_is_open_to_who_has_no_role_on_it() {
    let kind = PrincipalKind::User;
    let stranger = Caller::new(Principal { id: "user:al".into(), kind, name: "al".into() });
    let everything = Policy { auto_approve: AutoApprove::All, ..Policy::default() };
    let open: Vec<&str> = OPEN.lines().filter(|line| !line.starts_with('#')).collect();
    let (mut walked, mut closed) = (0, Vec::new());
    for platform in Catalog::embedded().names() {
        let catalog = Catalog::embedded().platform(platform).unwrap();
        let root = Namespace::new(platform, "");
        let kinds = catalog.types.values();
        for operation in kinds.flat_map(|kind| kind.operations.values()) {
            walked += 1;
            let name = operation.id.as_str();
            for place in [Place::In(&root), Place::Throughout(platform)] {
                let action = Action { operation: name, risk: operation.risk, place };
                let verdict = decide(&stranger, &action, &everything).verdict;
                let refused = matches!(verdict, Verdict::Deny | Verdict::Hide);
                assert_ne!(refused, open.contains(&name), "{name}: {verdict:?}");
            }
            if requirement(name, operation.risk).least_role().is_none() {
                closed.push(name.to_owned());
            }
        }
    }
    assert!(walked > 600, "{walked} operations were walked");
    assert!(closed.is_empty(), "nobody but the operator may call these: {closed:#?}");
}

#[tokio::test]
async fn keys_end_and_are_presented_where_the_operator_says() {
    let header =
        [ALL, ("PILOTHOUSE_API_KEY_HEADER", "x-api-key"), ("PILOTHOUSE_API_KEY_PREFIX", "Key")];
    let app = TestApp::start(&header).await;
    let (subject, text) = key(&app, "ci", Role::Viewer, "*").await;
    let http = reqwest::Client::builder().build().unwrap();
    let status = |name: &'static str, value: String| {
        let request = http.get(app.url("/platforms/tharsis/v1/worker")).header(name, value);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for (name, value, expected) in [
        ("x-api-key", format!("Key {text}"), 200),
        ("x-api-key", text.clone(), 401),
        ("x-api-key", format!("Key {text}x"), 401),
        ("authorization", format!("Bearer {text}"), 200),
        ("authorization", format!("Key {text}"), 401),
    ] {
        assert_eq!(status(name, value.clone()).await, expected, "{name}: {value}");
    }
    let id = subject.strip_prefix("key:").unwrap();
    let (code, _) = operate(&app.data(), &["keys", "revoke", id]);
    assert_eq!(code, Some(0));
    soon(async || status("x-api-key", format!("Key {text}")).await == 401).await;
    let mut guesses = Vec::new();
    for guess in 0..13 {
        guesses.push(status("x-api-key", format!("Key plk_{guess}")).await);
    }
    assert!(guesses.contains(&429), "{guesses:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_key_may_be_limited_to_agent_spaces() {
    let app = TestApp::start(&[]).await;
    let create = ["keys", "create", "agent", "--role", "owner=*", "--space", "look", "--json"];
    let (code, made) = operate(&app.data(), &create);
    assert_eq!(code, Some(0));
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["spaces"], json!(["look"]));
    let http = reqwest::Client::builder().build().unwrap();
    let key = made["key"].as_str().unwrap();
    for (path, opens) in [
        ("/mcp", false),
        ("/mcp/tharsis", false),
        ("/mcp/spaces/other", false),
        ("/mcp/spaces/look", true),
        ("/platforms/tharsis/v1/worker", false),
        ("/oauth/userinfo", false),
    ] {
        let answer = http.get(app.url(path)).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status() != 401, opens, "{path}: {}", answer.status());
    }
    app.stop().await;
}

#[tokio::test]
async fn what_a_caller_presents_is_never_passed_on() {
    let fake = FakeHarness::start().await;
    let mut app = TestApp::start(&fake.variables()).await;
    let (_, text) = key(&app, "ci", Role::Owner, "harness:").await;
    app.sign_in(&text);
    let list = json!({ "resource_type": "pipeline" });
    let found = app.call_on("/mcp/harness", "harness_list", list).await;
    assert_ne!(found["isError"], true, "{found:#}");
    let seen = fake.seen();
    assert!(!seen.is_empty());
    for request in seen {
        assert!(request.headers.contains_key("x-api-key"), "{request:?}");
        assert!(!format!("{request:?}").contains(&text), "{request:?}");
        assert!(!request.headers.contains_key("authorization"), "{request:?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn who_has_no_role_on_harness_sees_nothing_of_it() {
    let fake = FakeHarness::start().await;
    let mut variables = fake.variables();
    variables.push(ALL);
    let mut app = TestApp::start(&variables).await;
    tree(&app).await;
    let (_, text) = key(&app, "elsewhere", Role::Owner, "acme").await;
    app.sign_in(&text);
    let path = "/mcp/harness";
    let all = app.call_on(path, "harness_describe", json!({})).await["structuredContent"].clone();
    assert!(!all.to_string().contains("\"pipeline\""), "{all:#}");
    for (tool, arguments) in [
        ("harness_describe", json!({ "resource_type": "pipeline" })),
        ("harness_schema", json!({ "resource_type": "pipeline", "operation": "run" })),
        ("harness_list", json!({ "resource_type": "pipeline" })),
        ("harness_get", json!({ "resource_type": "pipeline", "resource_id": "deploy_shop" })),
        ("harness_status", json!({})),
        ("harness_diagnose", json!({ "execution_id": "deploy_shop-run-3" })),
        ("harness_get", json!({ "resource_type": "visual_pie_chart" })),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "run", "resource_id": "deploy_shop",
                    "confirm": true }),
        ),
    ] {
        let result = app.call_on(path, tool, arguments.clone()).await;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result:#}");
        assert!(!result.to_string().contains("yamlPipeline"), "{tool}: {result:#}");
    }
    let found = app.call_on(path, "harness_search", json!({ "query": "shop" })).await;
    let found = &found["structuredContent"];
    assert_eq!((&found["results"], &found["types"]), (&json!([]), &json!([])), "{found:#}");
    let read = app.rpc(path, "resources/read", json!({ "uri": "pipeline:///deploy_shop" })).await;
    assert!(read.body["error"].is_object(), "{:#}", read.body);
    assert_eq!(fake.seen().len(), 0, "Harness is not even asked");
    app.stop().await;
}

#[tokio::test]
async fn a_github_token_is_a_credential_where_the_operator_says_so() {
    use axum::{Router, http::HeaderMap, http::StatusCode, routing::get};
    let user = async |headers: HeaderMap| match headers["authorization"].to_str().unwrap() {
        "Bearer ghp_jo" => (StatusCode::OK, r#"{"login":"Jo"}"#),
        _ => (StatusCode::UNAUTHORIZED, "{}"),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/user", get(user));
    let github = tokio::spawn(async move { axum::serve(listener, routes).await });
    let accepts = ("PILOTHOUSE_GITHUB_TOKENS", "true");
    let mut app = TestApp::start(&[ALL, accepts, ("PILOTHOUSE_GITHUB_API_URL", &url)]).await;
    tree(&app).await;
    let (code, _) = operate(&app.data(), &["members", "grant", "github:jo", "viewer", "acme"]);
    assert_eq!(code, Some(0));
    for (token, status) in [("ghp_jo", 200), ("ghp_al", 401), ("ghp", 401)] {
        assert_eq!(app.rpc_as(token, "/mcp", "tools/list", json!({})).await.status, status);
    }
    app.sign_in("ghp_jo");
    app.ok("infra_get", workspace("acme/prod")).await;
    app.refused("infra_get", workspace("other/web")).await;
    app.stop().await;
    let app = TestApp::start(&[ALL, ("PILOTHOUSE_GITHUB_API_URL", &url)]).await;
    assert_eq!(app.rpc_as("ghp_jo", "/mcp", "tools/list", json!({})).await.status, 401);
    app.stop().await;
    github.abort();
}

#[tokio::test]
async fn a_policy_binds_the_operator_from_the_next_look_on_and_is_recorded() {
    let policies = tempfile::tempdir().unwrap();
    let text = r#"
        @id("freeze") @reason("nothing changes until Monday")
        forbid (principal, action in Action::"write", resource in Namespace::"acme/prod");
    "#;
    let directory = policies.path().to_str().unwrap().to_owned();
    let app = TestApp::start(&[ALL, ("PILOTHOUSE_POLICIES", &directory)]).await;
    tree(&app).await;
    app.ok("infra_execute", lock("other/web")).await;
    let file = policies.path().join("production.cedar");
    std::fs::write(&file, text).unwrap();
    // The files are looked at once a second.
    soon(async || {
        let refused = app.call("infra_execute", lock("acme/prod")).await["isError"] == true;
        let unlock = json!({ "resource_type": "tharsis.workspace", "action": "unlock",
                             "params": { "workspace_id": "trn:workspace:acme/prod" } });
        app.call("infra_execute", unlock).await;
        refused
    })
    .await;
    let refused = app.refused("infra_execute", lock("acme/prod")).await;
    assert!(refused.contains("nothing changes until Monday"), "{refused}");
    let filter = AuditFilter { tool: Some("infra_execute".into()), ..AuditFilter::default() };
    let rows = app.running().product().store.audit_list(&filter).await.unwrap();
    let denied = rows.iter().find(|row| row.outcome == Outcome::Denied).unwrap();
    assert_eq!(denied.detail.as_deref(), Some("production#freeze: nothing changes until Monday"));
    app.stop().await;
}
