//! Harness, against recorded requests: what an operation of the registry sends for the arguments
//! of an example is what the example recorded, is refused as `refused.txt` says, or differs for the
//! reason in `otherwise.txt`.

use std::{collections::BTreeMap, fs, path::Path};

use base64::Engine as _;
use http::Request;
use pilothouse_connectors::{ScopeDefaults, prepare};
use pilothouse_model::Timestamp;
use pilothouse_registry::{
    Binding, Catalog, Operation, Paging, PlatformCatalog,
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
    // A tool turns the name of a scope into what it is called.
    let scope = args.remove("resource_scope");
    let named = match scope.as_ref().and_then(Value::as_str) {
        Some("org") => &["org_id"][..],
        Some("project") => &["org_id", "project_id"],
        _ => &[],
    };
    for name in named {
        let of = if *name == "org_id" { defaults().org } else { defaults().project };
        args.entry(*name).or_insert_with(|| json!(of));
    }
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
    // Some were recorded under their names in the body.
    for name in args.keys().cloned().collect::<Vec<_>>() {
        let snake = snake_case(&name);
        if snake != name && operation.args.contains_key(&snake) {
            let value = args.remove(&name);
            args.entry(snake).or_insert_with(|| json!(value));
        }
    }
    args.retain(|name, _| operation.args.contains_key(name));
    for (name, value) in &mut args {
        prune(&operation.args[name].spec, value);
    }
    args
}

fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        snake
    })
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

/// What the call path checks by the schema before an operation sees it, as far as it is refused in
/// a recorded request.
fn accepted(operation: &Operation, args: &Map<String, Value>) -> Result<(), String> {
    let check = |name: String, spec: &Arg, value: Option<&Value>| {
        let text = value.and_then(Value::as_str).filter(|_| !spec.values.is_empty());
        let is_value = |item: &str| spec.values.iter().any(|it| it.eq_ignore_ascii_case(item));
        let is_known = |text: &str| is_value(text) || text.split(',').all(is_value);
        match text {
            Some(text) if !is_known(text) => {
                Err(format!("{name} must be one of: {}", spec.values.join(", ")))
            }
            _ => Ok(()),
        }
    };
    for (name, argument) in &operation.args {
        let value = args.get(name);
        check(name.clone(), &argument.spec, value)?;
        for (field, spec) in &argument.spec.fields {
            check(format!("{name}.{field}"), spec, value.and_then(|value| value.get(field)))?;
        }
    }
    Ok(())
}

/// As [`replay`], for an operation that makes requests of its own.
async fn replay_hook(operation: &Operation, example: &Example) -> Result<(), String> {
    let args = arguments(operation, &example.input);
    accepted(operation, &args)?;
    let (connector, recorded) = recorder(defaults(), || CLOCK);
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
    accepted(operation, &args)?;
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

/// A file of lines `operation#number: what there is to say`.
fn lines(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ")).collect()
}

async fn check(operation: &Operation, example: &Example) -> Result<(), String> {
    match operation.binding {
        Binding::Hook(_) => replay_hook(operation, example).await,
        _ => replay(operation, example),
    }
}

#[tokio::test]
async fn recorded_requests_are_sent_the_same() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let examples: BTreeMap<String, Vec<Example>> =
        serde_json::from_str(&data("examples.json")).unwrap();
    let text = data("refused.txt");
    let mut refused = lines(&text);
    let text = data("otherwise.txt");
    let mut otherwise = lines(&text);
    let others = otherwise.len();
    let (mut replayed, mut wrong) = (0, Vec::new());
    let count = examples.values().map(Vec::len).sum::<usize>();
    let refusals = refused.len();
    for (name, examples) in &examples {
        let (kind, own) = name.split_once('.').unwrap();
        let operation = catalog.resource_type(kind).unwrap().operation(own).unwrap();
        for (index, example) in examples.iter().enumerate() {
            let id = format!("{name}#{index}");
            match (check(operation, example).await, refused.remove(id.as_str())) {
                (Ok(()), None) => replayed += 1,
                (Ok(()), Some(_)) => wrong.push(format!("{id}: is not refused")),
                (Err(problem), Some(words)) if problem.contains(words) => {}
                (Err(_), None) if otherwise.remove(id.as_str()).is_some() => {}
                (Err(problem), _) => wrong.push(format!("{id}: {problem}")),
            }
        }
    }
    println!(
        "harness: {replayed} of {count} recorded requests are sent the same, {refusals} are refused, \
         {others} are sent otherwise; {}",
        figures(&catalog)
    );
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    refused.append(&mut otherwise);
    assert!(refused.is_empty(), "listed without need: {refused:?}");
}

fn figures(catalog: &PlatformCatalog) -> String {
    let operations: Vec<&Operation> =
        catalog.types.values().flat_map(|kind| kind.operations.values()).collect();
    let public = operations.iter().filter(|it| !it.internal).count();
    let bodies = operations.iter().filter(|it| it.body_hook.is_some()).count();
    let whole = operations.iter().filter(|it| matches!(it.binding, Binding::Hook(_))).count();
    format!(
        "{} types in {} toolsets with {public} operations; {whole} of them are hooks, {bodies} have \
         one for the body",
        catalog.types.values().count(),
        catalog.toolset_names().count()
    )
}
