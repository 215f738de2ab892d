//! Exemptions of security findings: who asks and who approves is the key's own user unless the
//! call says so.

use pilothouse_model::{Error, Result};
use pilothouse_registry::resource::Scope;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

/// How long an exemption lasts that does not say so.
const DAYS: u64 = 30;
/// Most findings of one bulk request.
const MAX_ITEMS: usize = 500;
const WIDER: [&str; 3] = ["PROJECT", "ORG", "ACCOUNT"];

type Args = Map<String, Value>;

pub(super) async fn create(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let body = fields(args.remove("body"));
    for name in ["issue_id", "type", "reason"] {
        required(&body, name)?;
    }
    let mut request = request(&body);
    request.insert("requesterId".to_owned(), person(context, &body, "requester_id").await?);
    for (name, key) in [
        ("issue_id", "issueId"),
        ("occurrences", "occurrences"),
        ("scan_id", "scanId"),
        ("pipeline_id", "pipelineId"),
        ("target_id", "targetId"),
        ("search", "search"),
    ] {
        request.extend(body.get(name).map(|value| (key.to_owned(), value.clone())));
    }
    context.call("security_exemption.request", sent(args, request)).await
}

pub(super) async fn create_many(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let body = fields(args.remove("body"));
    let items = body.get("items").and_then(Value::as_array).filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| {
        Error::invalid("body.items: missing").hint("pass a list of findings, each with issue_id")
    })?;
    if items.len() > MAX_ITEMS {
        return Err(Error::limited(format!("body.items: more than {MAX_ITEMS}")));
    }
    for item in items {
        let mut place = args.clone();
        for name in [Scope::ORG, Scope::PROJECT] {
            place.extend(item.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        context.permit("security_exemption_bulk.request", &place)?;
    }
    let mut request = request(&body);
    request.insert("requesterId".to_owned(), person(context, &body, "requester_id").await?);
    let item = |item: &Value| {
        let mut own = Map::new();
        for (name, key) in [
            ("issue_id", "issueId"),
            ("occurrences", "occurrences"),
            ("scan_id", "scanId"),
            ("pipeline_id", "pipelineId"),
            ("target_id", "targetId"),
            ("org_id", "orgId"),
            ("project_id", "projectId"),
        ] {
            own.extend(item.get(name).map(|value| (key.to_owned(), value.clone())));
        }
        Value::Object(own)
    };
    request.insert("items".to_owned(), items.iter().map(item).collect());
    context.call("security_exemption_bulk.request", sent(args, request)).await
}

/// Where it was asked for, or for a whole project, organization or account.
pub(super) async fn approve(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let body = fields(args.remove("body"));
    let stated = args.remove("scope").or_else(|| body.get("scope").cloned());
    let scope = stated.as_ref().and_then(Value::as_str).map(str::to_ascii_uppercase);
    let mut request = decision(context, &body).await?;
    let Some(scope) = scope.filter(|scope| scope != "CURRENT") else {
        return context.call("security_exemption.accept", sent(args, request)).await;
    };
    if !WIDER.contains(&scope.as_str()) {
        return Err(Error::invalid(format!("body.scope: {scope:?} is not a scope"))
            .hint("one of: CURRENT, PROJECT, ORG, ACCOUNT"));
    }
    let operation = match scope.as_str() {
        "PROJECT" => "security_exemption.widen_to_project",
        "ORG" => "security_exemption.widen_to_org",
        _ => "security_exemption.widen_to_account",
    };
    if scope != "PROJECT" {
        args.remove("project_id");
    }
    if scope == "ACCOUNT" {
        args.remove("org_id");
    }
    context.permit(operation, &args)?;
    request.insert("scope".to_owned(), json!(scope));
    context.call(operation, sent(args, request)).await
}

pub(super) async fn reject(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let body = fields(args.remove("body"));
    let request = decision(context, &body).await?;
    context.call("security_exemption.refuse", sent(args, request)).await
}

async fn decision(context: &HookContext<'_>, body: &Args) -> Result<Args> {
    let mut request = Map::new();
    request.insert("approverId".to_owned(), person(context, body, "approver_id").await?);
    request.extend(body.get("comment").map(|text| ("comment".to_owned(), text.clone())));
    Ok(request)
}

/// What single and bulk requests share.
fn request(body: &Args) -> Args {
    let mut request = Map::new();
    for name in ["type", "reason", "link", "expiration"] {
        request.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let days = body.get("duration_days").cloned().unwrap_or_else(|| json!(DAYS));
    request.insert("exemptFutureOccurrences".to_owned(), json!(true));
    request.insert("pendingChanges".to_owned(), json!({ "durationDays": days }));
    request
}

/// The person the call names, or the key's own user.
async fn person(context: &HookContext<'_>, body: &Args, name: &str) -> Result<Value> {
    if let Some(id) = body.get(name).filter(|id| !id.is_null()) {
        return Ok(id.clone());
    }
    let user = context.call("security_exemption.current_user", json!({})).await?;
    let id = user.get("uuid").or_else(|| user.get("id")).filter(|id| id.is_string()).cloned();
    id.ok_or_else(|| {
        Error::invalid(format!("body.{name}: missing; the API key belongs to no user"))
            .hint(format!("pass body.{name}: the identifier of a user"))
    })
}

fn required(body: &Args, name: &str) -> Result<()> {
    if body.get(name).is_some_and(|value| !value.is_null()) {
        return Ok(());
    }
    Err(Error::invalid(format!("body.{name}: missing")))
}

fn fields(body: Option<Value>) -> Args {
    match body {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn sent(mut args: Args, request: Args) -> Value {
    args.insert("body".to_owned(), Value::Object(request));
    Value::Object(args)
}
