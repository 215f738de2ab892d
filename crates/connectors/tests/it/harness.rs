//! Harness, against recorded requests: what an operation of the registry sends for the arguments
//! of an example is what the example recorded. What this does not hold for is listed in
//! `not_yet.txt`, which may not name anything that it does hold for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use base64::Engine as _;
use http::Request;
use pilothouse_connectors::{ScopeDefaults, prepare};
use pilothouse_model::Timestamp;
use pilothouse_registry::{
    Binding, Catalog, Operation, Paging,
    spec::{Arg, ArgType},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{fake::caller, harness_recorder::recorder};

fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/harness");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// One call as it was made of another client, in the words of its tools, and what went out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    input: Map<String, Value>,
    /// `METHOD /path`, and the rest of what was sent. Absent when there were several requests.
    request: Option<String>,
    #[serde(default)]
    query: Vec<(String, String)>,
    #[serde(default)]
    headers: Map<String, Value>,
    host: Option<String>,
    body: Option<Value>,
    /// What went out if it was more than one request.
    #[serde(default)]
    requests: Vec<Sent>,
}

/// One of several requests.
#[derive(Debug, Deserialize)]
struct Sent {
    request: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    body: Option<Value>,
}

impl Example {
    /// Everything that went out, but for headers.
    fn sent(&self) -> Vec<Value> {
        let line = |line: &str, query: &[(String, String)], body: &Option<Value>| {
            let mut query = query.to_vec();
            query.sort();
            json!([decoded(line), query, normal(json!(body))])
        };
        match &self.request {
            Some(request) => vec![line(request, &self.query, &self.body)],
            None => self.requests.iter().map(|it| line(&it.request, &it.query, &it.body)).collect(),
        }
    }
}

/// When the examples were recorded: 2026-01-15T12:00:00Z.
const CLOCK: Timestamp = Timestamp(1_768_478_400_000);

/// The installation that the examples were recorded with.
fn defaults() -> ScopeDefaults {
    let some = |text: &str| Some(text.to_owned());
    ScopeDefaults { account: some("ACCT"), org: some("cfg_org"), project: some("cfg_project") }
}

/// The recorded words in ours: pages are counted by the platform, and what an operation has no
/// use for is left out.
fn arguments(operation: &Operation, input: &Map<String, Value>) -> Map<String, Value> {
    let mut args = input.clone();
    if let Some(paging) = &operation.paging {
        let limit = args.remove("size").or_else(|| args.remove("limit"));
        if let Some(page) = args.remove("page").and_then(|page| page.as_u64()) {
            let size = limit.as_ref().and_then(Value::as_u64).unwrap_or(paging.default);
            let at = paging.first_item.map_or(page, |first| first + page * size);
            let cursor = paging.first_page.map_or(at, |first| first + page);
            args.insert(Paging::CURSOR.to_owned(), json!(cursor.to_string()));
        }
        if let Some(limit) = limit.filter(|_| operation.args.contains_key(Paging::LIMIT)) {
            args.insert(Paging::LIMIT.to_owned(), limit);
        }
    }
    args.retain(|name, _| operation.args.contains_key(name));
    for (name, value) in &mut args {
        prune(&operation.args[name].spec, value);
    }
    args
}

/// Takes fields out that are not the argument's: had they mattered, they would be in the recorded
/// request and missing in ours.
fn prune(spec: &Arg, value: &mut Value) {
    let Some(object) = value.as_object_mut().filter(|_| spec.kind == ArgType::Object) else {
        return;
    };
    if !spec.open {
        object.retain(|name, _| spec.fields.contains_key(name));
    }
    for (name, value) in object {
        if let Some(field) = spec.fields.get(name) {
            prune(field, value);
        }
    }
}

/// As [`replay`], for an operation that makes requests of its own.
async fn replay_hook(operation: &Operation, example: &Example) -> Result<(), String> {
    let args = arguments(operation, &example.input);
    let (connector, recorded) = recorder(defaults());
    let (_, name) = operation.id.split_once('.').unwrap();
    // Only what is sent matters: nothing here answers as Harness does.
    let result = connector.call(&caller(), name, args).await;
    let recorded = recorded.lock().unwrap();
    let sent: Vec<Value> =
        recorded.iter().map(|sent| json!([line(sent), query(sent), normal(body(sent))])).collect();
    let expected = example.sent();
    if sent == expected {
        return Ok(());
    }
    Err(format!("sent {}, recorded {}, result {result:?}", json!(sent), json!(expected)))
}

fn replay(operation: &Operation, example: &Example) -> Result<(), String> {
    let args = arguments(operation, &example.input);
    let prepared =
        prepare(operation, &defaults(), CLOCK, &args).map_err(|error| error.to_string())?;
    let sent = prepared.to_http().ok_or("not a single request")?;
    let expected = example.request.as_deref().ok_or("several requests were recorded")?;
    let same = |what: &str, sent: Value, recorded: Value| {
        if sent == recorded {
            Ok(())
        } else {
            Err(format!("{what}: sent {sent}, recorded {recorded}"))
        }
    };
    same("request", json!(line(&sent)), json!(decoded(expected)))?;
    let mut recorded = example.query.clone();
    recorded.sort();
    same("query", json!(query(&sent)), json!(recorded))?;
    same("host", json!(prepared.host()), json!(example.host))?;
    same("body", normal(body(&sent)), normal(json!(example.body)))?;
    let mut headers = example.headers.clone();
    headers.entry("content-type").or_insert_with(|| json!(example.body.as_ref().map(content_type)));
    headers.into_iter().filter(|(_, value)| !value.is_null()).try_for_each(|(name, recorded)| {
        let sent = sent.headers().get(&name).and_then(|value| value.to_str().ok());
        let sent = sent.map(|value| value.split(';').next().unwrap_or_default());
        same(&name, json!(sent), recorded)
    })
}

/// `METHOD /path` without percent-encoding.
fn line(sent: &Request<bytes::Bytes>) -> String {
    decoded(&format!("{} {}", sent.method(), sent.uri().path()))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn query(sent: &Request<bytes::Bytes>) -> Vec<(String, String)> {
    let url = url::Url::parse(&format!("https://platform.example{}", sent.uri())).unwrap();
    let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
    pairs.sort();
    pairs
}

fn content_type(body: &Value) -> &'static str {
    if body.get("$multipart").is_some() { "multipart/form-data" } else { "application/json" }
}

/// What two ways of writing the same body have in common: documents as values, not as texts; no
/// identifiers that were made up; GraphQL by the name of its query; forms by their fields.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) if uuid::Uuid::try_parse(&text).is_ok() => json!("(made up)"),
        Value::String(text) if text.contains('\n') || text.starts_with('{') => {
            let document: Option<Value> = serde_saphyr::from_str(&text).ok();
            match document.filter(Value::is_object) {
                Some(document) => normal(document),
                None => json!(text),
            }
        }
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(mut fields) => {
            if let Some(Value::Object(fields)) = fields.remove("$multipart") {
                return Value::Object(fields);
            }
            if let Some(operation) = fields.get("operationName").cloned() {
                let has_query = fields["query"].to_string().contains(operation.as_str().unwrap());
                fields.insert("query".to_owned(), json!(has_query));
            }
            fields
                .into_iter()
                .map(|(name, value)| (name.clone(), decoded_manifest(&name, value)))
                .collect()
        }
        other => other,
    }
}

/// The manifest of a load test travels encoded.
fn decoded_manifest(name: &str, value: Value) -> Value {
    let text = value.as_str().filter(|_| name == "yaml");
    let decoded = text.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => normal(json!(text)),
        None => normal(value),
    }
}

/// The fields of a form, a file as the recorder wrote it.
fn form(sent: &Request<bytes::Bytes>) -> Option<Value> {
    let content_type = sent.headers().get("content-type")?.to_str().ok()?;
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?;
    let text = String::from_utf8(sent.body().to_vec()).ok()?;
    let quoted = |head: &str, name: &str| {
        let (_, rest) = head.split_once(&format!("; {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let part = |part: &str| {
        let (head, content) =
            part.strip_prefix("\r\n")?.strip_suffix("\r\n")?.split_once("\r\n\r\n")?;
        let value = match quoted(head, "filename") {
            Some(name) => {
                let kind = head.split_once("content-type: ")?.1;
                json!({"$file": {"name": name, "type": kind, "text": content}})
            }
            None => json!(content),
        };
        Some((quoted(head, "name")?, value))
    };
    let separator = format!("--{boundary}");
    Some(Value::Object(text.split(&separator).filter_map(part).collect()))
}

/// The body as JSON; a text that is not JSON as a text.
fn body(sent: &Request<bytes::Bytes>) -> Value {
    if sent.body().is_empty() {
        return Value::Null;
    }
    if let Some(form) = form(sent) {
        return form;
    }
    serde_json::from_slice(sent.body())
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(sent.body())))
}

#[tokio::test]
async fn recorded_requests_are_sent_the_same() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let examples: BTreeMap<String, Vec<Example>> =
        serde_json::from_str(&data("examples.json")).unwrap();
    let text = data("not_yet.txt");
    let not_yet: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(':').next())
        .collect();
    let (mut replayed, mut differ, mut stale) = (0, Vec::new(), Vec::new());
    for (name, examples) in &examples {
        let operation = name
            .split_once('.')
            .and_then(|(kind, name)| catalog.types.get(kind)?.operations.get(name));
        let mut whole = !examples.is_empty();
        for (index, example) in examples.iter().enumerate() {
            let id = format!("{name}#{index}");
            let is_listed = not_yet.contains(name.as_str()) || not_yet.contains(id.as_str());
            let result = match operation {
                None => Err("is not in the registry".to_owned()),
                Some(it) if matches!(it.binding, Binding::Hook(_)) => {
                    replay_hook(it, example).await
                }
                Some(it) => replay(it, example),
            };
            match result {
                Ok(()) if not_yet.contains(id.as_str()) => stale.push(id),
                Ok(()) => replayed += 1,
                Err(_) if is_listed => whole = false,
                Err(problem) => differ.push(format!("{id}: {problem}")),
            }
        }
        if whole && not_yet.contains(name.as_str()) {
            stale.push(name.clone());
        }
    }
    let hooks = catalog.types.values().flat_map(|kind| kind.operations.values());
    let (whole, body): (Vec<_>, Vec<_>) = hooks
        .filter(|it| it.body_hook.is_some() || matches!(it.binding, Binding::Hook(_)))
        .partition(|it| it.body_hook.is_none());
    println!(
        "harness: {replayed} requests as recorded; {} lines of not_yet.txt; {} hooks, {} for bodies",
        not_yet.len(),
        whole.len() + body.len(),
        body.len()
    );
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(stale.is_empty(), "listed in not_yet.txt, but as recorded: {stale:?}");
    let known = |name: &str| examples.contains_key(name.split('#').next().unwrap_or_default());
    let unknown: Vec<_> = not_yet.iter().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "listed in not_yet.txt, but without examples: {unknown:?}");
}
