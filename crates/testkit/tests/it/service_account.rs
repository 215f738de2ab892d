//! Service accounts from the outside: from a secret or another issuer's token to a tool.

use pilothouse_access::{membership, service_account};
use pilothouse_model::{Namespace, Role, Timestamp};
use pilothouse_store::access::{ServiceAccount, TrustPolicy};
use pilothouse_testkit::{TestApp, TestIssuer, operate};
use serde_json::{Value, json};
use url::form_urlencoded;

const ALL: (&str, &str) = ("PILOTHOUSE_AUTO_APPROVE", "all");
const ACCOUNT: &str = "trn:service_account:acme/ci";
const TOKEN_PATHS: [&str; 4] = [
    "/v1/serviceaccounts/token",
    "/v1/serviceaccounts/oauth/token",
    "/platforms/tharsis/v1/serviceaccounts/token",
    "/platforms/tharsis/v1/serviceaccounts/oauth/token",
];

/// The product with `acme/ci`, which may look at `acme`.
struct World {
    app: TestApp,
    http: reqwest::Client,
    id: String,
    secret: String,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start(&[ALL, ("PILOTHOUSE_PRIVATE_HOSTS", "127.0.0.1")]).await;
        let body = json!({ "name": "acme" });
        app.ok("infra_create", json!({ "resource_type": "tharsis.group", "body": body })).await;
        let body = json!({
            "name": "ci", "description": "", "group_id": "trn:group:acme",
            "enable_client_credentials": true,
        });
        let kind = "tharsis.service_account";
        let made = app.ok("infra_create", json!({ "resource_type": kind, "body": body })).await;
        let id = find(&made, "id").expect("the account has an id");
        let http = reqwest::Client::builder().build().unwrap();
        let world = Self { app, http, id, secret: String::new() };
        let subject = world.account().await.subject();
        let acme = Namespace::terraform("acme");
        let store = &world.app.running().product().store;
        let now = Timestamp::now();
        membership::grant(store, &subject, Role::Viewer, &acme, "user:test", now).await.unwrap();
        let secret = world.rotate().await;
        Self { secret, ..world }
    }

    async fn account(&self) -> ServiceAccount {
        let store = &self.app.running().product().store;
        service_account::find(store, ACCOUNT).await.unwrap().unwrap()
    }

    /// As the operator; gives the new secret.
    async fn rotate(&self) -> String {
        self.operate("rotate").await["client_secret"].as_str().unwrap().to_owned()
    }

    async fn operate(&self, action: &str) -> Value {
        let path = format!("/platforms/tharsis/v1/serviceaccounts/{}/{action}", self.id);
        let request = self.http.post(self.app.url(&path)).bearer_auth(self.app.token());
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(self.app.url(path)).body(body);
        answer(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    async fn sign_in(&self, path: &str, id: &str, secret: &str) -> (u16, Value) {
        let grant = ("grant_type", "client_credentials");
        self.form(path, &[grant, ("client_id", id), ("client_secret", secret)]).await
    }

    /// The status of a tool call with this token, and what the tool said.
    async fn look(&self, token: &str) -> (u16, bool) {
        let arguments = json!({ "resource_type": "tharsis.group", "id": "trn:group:acme" });
        let params = json!({ "name": "infra_get", "arguments": arguments });
        let answer = self.app.rpc_as(token, "/mcp", "tools/call", params).await;
        let found = &answer.body["result"]["structuredContent"];
        (answer.status, found.to_string().contains("acme"))
    }
}

/// The first field of this name, at any depth.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(fields) => match fields.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => fields.values().find_map(|inner| find(inner, name)),
        },
        Value::Array(all) => all.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

fn token(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}"))
}

#[tokio::test]
async fn a_secret_becomes_a_token_and_a_token_a_tool_call() {
    let world = World::start().await;
    for id in [&world.id, ACCOUNT] {
        for path in TOKEN_PATHS {
            let (status, issued) = world.sign_in(path, id, &world.secret).await;
            assert_eq!(status, 200, "{path} {issued}");
            let names: Vec<_> = issued.as_object().unwrap().keys().collect();
            assert_eq!(names, ["access_token", "token_type", "expires_in"]);
            assert_eq!(
                (&issued["token_type"], &issued["expires_in"]),
                (&json!("Bearer"), &json!(900))
            );
            assert_eq!(world.look(token(&issued)).await, (200, true));
        }
        let (status, issued) = world.sign_in("/oauth/token", id, &world.secret).await;
        assert_eq!((status, &issued["scope"]), (200, &json!("mcp:write")), "{issued}");
        assert_eq!(world.look(token(&issued)).await, (200, true));
    }
    let url = world.app.url("/oauth/token");
    let basic = world.http.post(url).basic_auth(&world.id, Some(&world.secret));
    let form = "grant_type=client_credentials&scope=mcp:read";
    let basic = basic.header("content-type", "application/x-www-form-urlencoded").body(form);
    let (status, issued) = answer(basic).await;
    assert_eq!((status, &issued["scope"]), (200, &json!("mcp:read")), "{issued}");
    assert_eq!(world.look(token(&issued)).await, (200, true));

    let query = form_urlencoded::Serializer::new(format!("{}?", TOKEN_PATHS[0]))
        .extend_pairs([("grant_type", "client_credentials"), ("client_id", &world.id)])
        .append_pair("client_secret", &world.secret)
        .finish();
    assert_eq!(world.form(&query, &[]).await.0, 200, "the contract takes a query as well");
    world.app.stop().await;
}

#[tokio::test]
async fn refusals_say_nothing_about_what_was_wrong() {
    let world = World::start().await;
    let (id, secret) = (world.id.as_str(), world.secret.as_str());
    let long = "x".repeat(3000);
    for path in [TOKEN_PATHS[0], TOKEN_PATHS[1]] {
        let mut said = Vec::new();
        for (id, secret) in [
            (id, "wrong"),
            (id, ""),
            ("", secret),
            ("trn:service_account:acme/other", secret),
            ("trn:group:acme", secret),
            (id, &long),
            (&long, secret),
        ] {
            let (status, refused) = world.sign_in(path, id, secret).await;
            assert_eq!(status, 401, "{refused}");
            said.push(refused["detail"].as_str().unwrap().to_owned());
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
        let wrong = [("grant_type", "password"), ("client_id", id), ("client_secret", secret)];
        assert_eq!(world.form(path, &wrong).await.0, 400);
        let large = "x".repeat(64 * 1024);
        assert_eq!(world.form(path, &[("client_secret", &large)]).await.0, 413);
    }
    let (status, refused) = world.sign_in("/oauth/token", id, "wrong").await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    let refresh = [("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)];
    let (status, refused) = world.form("/oauth/token", &refresh).await;
    assert_eq!((status, &refused["error"]), (400, &json!("unauthorized_client")));
    world.app.stop().await;
}

#[tokio::test]
async fn a_secret_ends_with_its_overlap_and_everything_with_the_account() {
    let world = World::start().await;
    let path = TOKEN_PATHS[0];
    let old = world.secret.clone();
    let new = world.rotate().await;
    for secret in [&old, &new] {
        assert_eq!(world.sign_in(path, &world.id, secret).await.0, 200, "both work for a day");
    }
    // The overlap of the old one, cut short.
    let account = world.account().await;
    let store = world.app.running().product().store.clone();
    let now = Timestamp::now();
    let (secret, newest) = service_account::new_secret(&account.meta.id, None, now).unwrap();
    store.service_account_update(&account, Some((&secret, now)), now).await.unwrap();
    for (secret, expected) in [(&old, 401), (&new, 401), (&newest, 200)] {
        assert_eq!(world.sign_in(path, &world.id, secret).await.0, expected);
    }

    let (_, issued) = world.sign_in(path, &world.id, &newest).await;
    assert_eq!(world.look(token(&issued)).await, (200, true));
    assert_eq!(world.operate("disable").await["disabled"], true);
    assert_eq!(world.look(token(&issued)).await.0, 401, "at once");
    assert_eq!(world.sign_in(path, &world.id, &newest).await.0, 401);
    assert_eq!(world.sign_in("/oauth/token", &world.id, &newest).await.0, 401);
    world.operate("enable").await;
    assert_eq!(world.look(token(&issued)).await, (200, true));
    let account = world.account().await;
    store.service_account_delete(&account.meta.id, account.meta.version).await.unwrap();
    assert_eq!(world.look(token(&issued)).await.0, 401);
    world.app.stop().await;
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_becomes_one_of_ours() {
    let world = World::start().await;
    let (issuer, stranger) = (TestIssuer::start().await, TestIssuer::start().await);
    let mut account = world.account().await;
    let bound = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let url = format!("{}/", issuer.url);
    account.trust_policies = vec![
        TrustPolicy { issuer: url, glob: false, bound_claims: bound(&[("sub", "never")]) },
        TrustPolicy {
            issuer: issuer.url.clone(),
            glob: true,
            bound_claims: bound(&[("sub", "repo:acme/*"), ("aud", "pilothouse")]),
        },
    ];
    let store = world.app.running().product().store.clone();
    store.service_account_update(&account, None, Timestamp::now()).await.unwrap();

    let good = json!({ "sub": "repo:acme/web", "aud": ["pilothouse"] });
    let (code, given) = exchange(&world, ACCOUNT, &issuer.token(&good)).await;
    assert_eq!(code, "0");
    assert_eq!(world.look(&given).await, (200, true));
    for (who, claims) in [
        ("other claims", issuer.token(&json!({ "sub": "repo:other/web", "aud": "pilothouse" }))),
        ("a claim missing", issuer.token(&json!({ "sub": "repo:acme/web" }))),
        (
            "expired",
            issuer.token(&json!({ "sub": "repo:acme/web", "aud": "pilothouse", "exp": 1 })),
        ),
        ("a stranger", stranger.token(&good)),
        ("another's key", {
            let mut claims = good.clone();
            claims["iss"] = json!(issuer.url);
            stranger.token(&claims)
        }),
        ("no token", "x".to_owned()),
    ] {
        assert_eq!(exchange(&world, ACCOUNT, &claims).await.0, "16", "{who}");
    }
    let other = "trn:service_account:acme/other";
    assert_eq!(exchange(&world, other, &issuer.token(&good)).await.0, "16");
    world.operate("disable").await;
    assert_eq!(exchange(&world, ACCOUNT, &issuer.token(&good)).await.0, "16");
    world.app.stop().await;
}

#[tokio::test]
async fn guessing_over_grpc_gets_slower() {
    let world = World::start().await;
    // Each with a name of its own, so that the attempts of one are not held against another.
    for (method, account) in [
        ("CreateOIDCToken", "trn:service_account:acme/one"),
        ("CreateClientCredentialsToken", "trn:service_account:acme/two"),
    ] {
        let mut codes = Vec::new();
        for guess in 0..13 {
            codes.push(call(&world, method, account, &format!("x{guess}")).await.0);
        }
        assert!(codes[..10].iter().all(|code| code == "16"), "{method}: {codes:?}");
        assert!(codes[10..].contains(&"8".to_owned()), "{method}: {codes:?}");
    }
    let right = call(&world, "CreateClientCredentialsToken", ACCOUNT, &world.secret).await;
    assert_eq!(right.0, "0", "another account is not held up");
    assert_eq!(world.look(&right.1).await, (200, true));
    world.app.stop().await;
}

async fn exchange(world: &World, account: &str, token: &str) -> (String, String) {
    call(world, "CreateOIDCToken", account, token).await
}

/// A method of `ServiceAccounts` that takes two texts and gives a token, spoken by hand; the gRPC
/// status and the token.
async fn call(world: &World, method: &str, account: &str, proof: &str) -> (String, String) {
    let mut message = Vec::new();
    for (field, text) in [(1_u8, account), (2, proof)] {
        message.push(field << 3 | 2);
        let mut length = text.len();
        while length >= 128 {
            message.push(u8::try_from(length & 127).unwrap() | 128);
            length >>= 7;
        }
        message.push(u8::try_from(length).unwrap());
        message.extend_from_slice(text.as_bytes());
    }
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&message);
    let service = "martiancloud.tharsis.api.service_account.ServiceAccounts";
    let http = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let request = http.post(world.app.url(&format!("/{service}/{method}"))).body(frame);
    let response = request.header("content-type", "application/grpc").send().await.unwrap();
    let refused = response.headers().get("grpc-status");
    if let Some(code) = refused {
        return (code.to_str().unwrap().to_owned(), String::new());
    }
    let body = response.bytes().await.unwrap();
    // The frame's head, the field's tag and a length of two bytes.
    let token = body[8..].split(|byte| *byte == 0x10).next().unwrap().to_vec();
    ("0".to_owned(), String::from_utf8(token).unwrap())
}

#[tokio::test]
async fn an_operator_manages_accounts_and_is_told_what_expires() {
    let world = World::start().await;
    let data = world.app.data();
    let service = |words: &[&str]| {
        let line: Vec<_> = ["accounts", "service"].iter().chain(words).copied().collect();
        operate(&data, &line)
    };
    let (code, made) = service(&["create", "acme/robot", "--days", "2", "--json"]);
    assert_eq!(code, Some(0), "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let [id, secret] = ["client_id", "client_secret"].map(|name| made[name].as_str().unwrap());
    assert_eq!(world.sign_in(TOKEN_PATHS[0], id, secret).await.0, 200);
    let (_, doctor) = operate(&data, &["doctor"]);
    assert!(doctor.contains("acme/robot expires at"), "{doctor}");
    assert!(doctor.contains("pilothouse accounts service rotate acme/robot"), "{doctor}");

    let (code, rotated) = service(&["rotate", "acme/robot"]);
    assert!(code == Some(0) && rotated.contains("client secret"), "{rotated}");
    let (_, doctor) = operate(&data, &["doctor"]);
    assert!(doctor.contains("no secret expires within a week"), "{doctor}");
    assert_eq!(service(&["disable", "acme/robot"]).0, Some(0));
    assert_eq!(world.sign_in(TOKEN_PATHS[0], id, secret).await.0, 401);
    let (_, list) = service(&["list"]);
    assert!(list.contains("acme/robot") && list.contains("disabled"), "{list}");
    assert!(!list.contains(secret), "{list}");
    assert_eq!(service(&["enable", "acme/robot"]).0, Some(0));
    assert_eq!(world.sign_in(TOKEN_PATHS[0], id, secret).await.0, 200, "its overlap");
    assert_eq!(service(&["delete", "acme/robot"]).0, Some(0));
    assert_eq!(world.sign_in(TOKEN_PATHS[0], id, secret).await.0, 401);

    let trusting = ["create", "acme/github", "--issuer", "https://i.example", "--claim", "sub=x*"];
    let (code, made) = service(&trusting);
    assert!(code == Some(0) && made.contains("https://i.example"), "{made}");
    for wrong in ["robot", "acme/robot", "acme/Robot"] {
        assert_ne!(service(&["rotate", wrong]).0, Some(0), "{wrong}");
    }
    world.app.stop().await;
}
