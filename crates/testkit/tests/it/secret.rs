//! Secrets at rest: planted through the real interfaces, then looked for in everything that is
//! kept.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use pilothouse_model::Timestamp;
use pilothouse_store::terraform::{NewState, StateOutput, StateVersion};
use pilothouse_testkit::{TestApp, operate_with};
use serde_json::{Value, json};

use crate::{oauth::browser::Browser, postgres::Schema};

const VARIABLE: &str = "planted-variable-7Qm2ZtVx";
const STATE: &str = "planted-output-9RkL4wBn";
const PASSWORD: &str = "planted-password-3HcXy8Jd";
const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Everything planted, by what it is.
async fn plant(browser: &Browser, variables: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let app = &browser.app;
    let operate = |arguments: &[&str]| operate_with(&app.data(), variables, arguments);
    let create = async |kind: &str, body: Value| {
        let kind = format!("tharsis.{kind}");
        app.ok("infra_create", json!({ "resource_type": kind, "body": body })).await
    };
    create("group", json!({ "name": "acme" })).await;
    create("workspace", json!({ "name": "prod", "group_id": "trn:group:acme" })).await;
    let variable = json!({
        "namespace_path": "acme/prod", "key": "password", "value": VARIABLE,
        "category": "terraform", "sensitive": true,
    });
    create("variable", variable).await;
    browser.set_up_with(PASSWORD).await;
    let (_, key) = operate(&["keys", "create", "ci", "--role", "viewer=acme", "--json"]);
    let key: Value = serde_json::from_str(&key).unwrap();
    let service = ["accounts", "service", "create", "acme/ci", "--json"];
    let (_, account) = operate(&service);
    let account: Value = serde_json::from_str(&account).unwrap();
    let (_, client) = operate(&["clients", "create", "robot", "--json"]);
    let client: Value = serde_json::from_str(&client).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let (id, secret) = (text(&account["client_id"]), text(&account["client_secret"]));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let http = reqwest::Client::builder().build().unwrap();
    let request = http.post(app.url("/oauth/token")).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let issued: Value = request.send().await.unwrap().json().await.unwrap();
    let token = text(&issued["access_token"]);
    assert_eq!(app.rpc_as(&token, "/mcp", "tools/list", json!({})).await.status, 200);
    assert_eq!(app.rpc_as(&text(&key["key"]), "/mcp", "tools/list", json!({})).await.status, 200);
    let person = browser.register().await;
    let code = browser.consent(&browser.authorize_url(&person, &[])).await;
    let (_, granted) = browser.exchange(&person, &code).await;
    let (_, renewed) = browser.refresh(&person, &granted["refresh_token"]).await;
    vec![
        ("a code", code),
        ("a used refresh token", text(&granted["refresh_token"])),
        ("a refresh token", text(&renewed["refresh_token"])),
        ("a person's access token", text(&renewed["access_token"])),
        ("a sensitive variable", VARIABLE.to_owned()),
        ("a sensitive output", STATE.to_owned()),
        ("a password", PASSWORD.to_owned()),
        ("an API key", text(&key["key"])),
        ("a service account's secret", secret),
        ("a client's secret", text(&client["client_secret"])),
        ("an access token", token),
    ]
}

/// What the server says about itself.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A state with a sensitive output, as a job brings it back; its id.
async fn create_state(app: &TestApp) -> String {
    let content = json!({
        "version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "l", "resources": [],
        "outputs": { "token": { "value": STATE, "type": "string", "sensitive": true } },
    });
    let store = &app.running().product().store;
    let prod = store.namespace_get_by_path("acme/prod").await.unwrap().unwrap();
    let id = uuid::Uuid::now_v7().to_string();
    let output = StateOutput {
        id: uuid::Uuid::now_v7().to_string(),
        state_version_id: id.clone(),
        name: "token".to_owned(),
        value: json!(STATE).to_string(),
        value_type: json!("string").to_string(),
        sensitive: true,
    };
    let version = StateVersion {
        id: id.clone(),
        created_at: NOW,
        workspace_id: prod.id,
        workspace_path: prod.path,
        run_id: None,
        created_by: "jo".to_owned(),
        lineage: "l".to_owned(),
        serial: 1,
    };
    let state = NewState { version, content: content.to_string().into(), outputs: vec![output] };
    store.state_version_create(&state, 10, NOW).await.unwrap();
    id
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The forms in which a secret may lie about.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let hex = hex(secret);
    let mut forms = vec![secret.as_bytes().to_vec(), hex.to_uppercase().into(), hex.into()];
    // In base64 a text looks different at each of three places; the ends depend on neighbours.
    for shift in 0..3 {
        let shifted = [&vec![0; shift], secret.as_bytes()].concat();
        let text = STANDARD_NO_PAD.encode(shifted);
        let inner = &text[if shift == 0 { 0 } else { 4 }..text.len() / 4 * 4 - 4];
        forms.push(inner.as_bytes().to_vec());
        forms.push(inner.replace('+', "-").replace('/', "_").into());
    }
    forms
}

/// Every file below `folder`, but the two that hold nothing else than a secret.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.ends_with("master.key") && !path.ends_with("admin.token") {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn holds(content: &[u8], form: &[u8]) -> bool {
    content.windows(form.len()).any(|window| window == form)
}

#[tokio::test]
async fn no_planted_secret_is_in_any_file_log_or_audit_row() {
    let log = Log::default();
    let writer = log.clone();
    // What others log of what they send and receive is not ours to keep out.
    let lines = tracing_subscriber::fmt().with_env_filter("pilothouse=trace,info");
    lines.with_writer(move || writer.clone()).try_init().unwrap();
    plant_and_look(&log, None).await;
    if let Some(schema) = Schema::create().await {
        plant_and_look(&log, Some(&schema)).await;
        schema.remove().await;
    }
}

/// On SQLite, or on PostgreSQL in a schema.
async fn plant_and_look(log: &Log, schema: Option<&Schema>) {
    let mut variables = vec![("PILOTHOUSE_AUTO_APPROVE", "all")];
    variables.extend(schema.map(|schema| ("PILOTHOUSE_DATABASE_URL", schema.url.as_str())));
    let browser = Browser::start_with(&variables).await;
    let app = &browser.app;
    let planted = plant(&browser, &variables).await;
    let state = create_state(app).await;
    let outputs = json!({ "resource_type": "tharsis.state_version", "action": "outputs",
                          "params": { "workspace_id": "trn:workspace:acme/prod" } });
    app.call("infra_execute", outputs).await;
    let mut kept = Vec::new();
    files(&app.data(), &mut kept);
    if let Some(schema) = schema {
        let rows = schema.rows().await;
        assert!(rows.contains("acme/prod"), "{rows}");
        kept.push(("the database".to_owned(), rows.into_bytes()));
    } else {
        assert!(kept.iter().any(|(path, _)| path.ends_with("pilothouse.db")), "{:?}", app.data());
    }
    let audit = ["audit", "--json", "--limit", "1000"];
    let (code, audit) = operate_with(&app.data(), &variables, &audit);
    assert_eq!(code, Some(0));
    assert!(audit.contains("infra_create"), "{audit}");
    kept.push(("the audit trail".to_owned(), audit.into_bytes()));
    let log = log.0.lock().unwrap().clone();
    assert!(holds(&log, b"infra_create"), "what was called is in the log");
    kept.push(("the log".to_owned(), log));
    for (what, secret) in &planted {
        for form in forms(secret) {
            for (place, content) in &kept {
                let form_shown = String::from_utf8_lossy(&form);
                assert!(!holds(content, &form), "{what} is in {place} as {form_shown}");
            }
        }
    }
    // They are there all the same for those who may read them.
    let store = &app.running().product().store;
    let content = store.state_version_content(&state).await.unwrap().unwrap();
    assert!(holds(&content, STATE.as_bytes()));
    let [output] = &store.state_output_list(&state).await.unwrap()[..] else { panic!("one") };
    assert!(output.value.contains(STATE));
    let prod = store.namespace_get_by_path("acme/prod").await.unwrap().unwrap();
    let [variable] = &store.variable_list(&prod.id).await.unwrap()[..] else { panic!("one") };
    assert_eq!(variable.value, VARIABLE);
    browser.app.stop().await;
}

#[test]
fn the_search_would_find_them() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    for (place, text) in [
        ("plain", format!("x{STATE}y")),
        ("hex", hex(STATE)),
        ("base64", STANDARD.encode(format!("some{STATE}text"))),
        ("base64, moved", STANDARD.encode(format!("five5{STATE}text"))),
    ] {
        assert!(forms(STATE).iter().any(|form| holds(text.as_bytes(), form)), "{place}");
    }
}
