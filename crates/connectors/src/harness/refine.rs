//! Operations that are one request of another operation, with arguments that need working out.

use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::body::{
    cost,
    time::{self, DAY},
};
use crate::connector::hook::HookContext;

/// Releases are listed from this many days ago to so many ahead.
const DAYS_BACK: i64 = 30;
const DAYS_AHEAD: i64 = 7;
/// Days that an overview of costs looks back.
const OVERVIEW_DAYS: i64 = 60;

type Args = Map<String, Value>;

/// Portal entities, within the levels that `scope_level` names.
pub(super) async fn entities(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    args.entry("kind").or_insert_with(|| json!("component,api,resource"));
    entities_of(context, args).await
}

pub(super) async fn workflows(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    args.insert("kind".to_owned(), json!("workflow"));
    entities_of(context, args).await
}

async fn entities_of(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let level = args.remove("scope_level");
    let text = |args: &Args, name: &str| args.get(name)?.as_str().map(str::to_owned);
    let (org, project) = (text(&args, "org_id"), text(&args, "project_id"));
    let deepest = match level.as_ref().and_then(Value::as_str) {
        Some("account") => (None, None),
        Some("org") => (org, None),
        _ => (org, project),
    };
    if level.is_some() || !args.contains_key("scopes") {
        let parts = [Some("account".to_owned()), deepest.0, deepest.1];
        let scopes: Vec<String> = parts.into_iter().map_while(|part| part).collect();
        args.insert("scopes".to_owned(), json!(scopes.join(".")));
    }
    for scope in text(&args, "scopes").iter().flat_map(|scopes| scopes.split(',')) {
        context.permit_in(&entity_place(scope))?;
    }
    context.call("idp_entity.search", paged(args)).await
}

/// `organization/project` of `account.organization.project`; of a pattern the account.
fn entity_place(scope: &str) -> String {
    let place = scope.trim().strip_prefix("account").unwrap_or_default();
    match place.strip_prefix('.') {
        Some(place) if !place.contains('*') => place.replace('.', "/"),
        _ => String::new(),
    }
}

/// Costs of an account, of the last two months unless the call says when.
pub(super) async fn account_overview(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let now = context.now();
    let start = time::argument(&args, "start_time")?.unwrap_or(now.0 - OVERVIEW_DAYS * DAY);
    let end = time::end(&args, "end_time")?.unwrap_or(now.0);
    args.insert("start_time".to_owned(), json!(start));
    args.insert("end_time".to_owned(), json!(end));
    context.call("cost_account_overview.between", Value::Object(args)).await
}

/// Releases, of about now unless the call says when.
pub(super) async fn releases(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let now = context.now().0;
    let back = args.remove("days_back").and_then(|days| days.as_i64()).unwrap_or(DAYS_BACK);
    args.entry("start_ts").or_insert_with(|| json!(now - back.saturating_mul(DAY)));
    args.entry("end_ts").or_insert_with(|| json!(now + DAYS_AHEAD * DAY));
    let of = |name: &str| args.get(name).cloned().unwrap_or_default();
    let scope = json!([{"orgIdentifier": of("org_id"), "projectIdentifier": of("project_id")}]);
    args.insert("scopes".to_owned(), scope);
    let status = args.remove("status");
    let mut page = context.call("release.page", Value::Object(args)).await?;
    // The platform does not filter by it.
    if let (Some(status), Some(items)) =
        (status, page.get_mut("items").and_then(Value::as_array_mut))
    {
        items.retain(|item| item.get("status").is_none_or(|it| same(it, &status)));
    }
    Ok(page)
}

fn same(one: &Value, other: &Value) -> bool {
    one.as_str().zip(other.as_str()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Activities of a release; the platform takes what to sort by and the direction under one name.
pub(super) async fn release_activities(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    args.remove("sort");
    let field = args.remove("sort_field").unwrap_or_else(|| json!("start_ts"));
    let direction = args.remove("sort_direction").unwrap_or_else(|| json!("desc"));
    args.insert("sort".to_owned(), json!([field, direction]));
    context.call("release_execution_activity.page", Value::Object(args)).await
}

/// What a fix changed in a scan; the validation is an execution like any other.
pub(super) async fn remediation(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let execution = args.remove("execution_id");
    if let Some(execution) = execution {
        args.entry("validation_execution_id").or_insert(execution);
    }
    if !args.contains_key("validation_execution_id") {
        return Err(Error::invalid("validation_execution_id: missing")
            .hint("pass the execution that scanned the fix"));
    }
    context.call("remediation_diff.compare", Value::Object(args)).await
}

/// Of a package anywhere, or in one artifact.
pub(super) async fn vulnerabilities(context: &HookContext<'_>, args: Args) -> Result<Value> {
    if args.contains_key("artifact_id") {
        return context.call("scs_component_vulnerability.in_artifact", paged(args)).await;
    }
    context.call("scs_component_vulnerability.anywhere", paged(args)).await
}

/// One part of an organization tree, by the name that callers know.
pub(super) async fn organization_tree(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    let aspect = match args.get("aspect").and_then(Value::as_str) {
        None => "efficiency_profile",
        Some("business_alignment_profile") => "businessAlignmentProfile",
        Some(
            known @ ("efficiency_profile" | "productivity_profile" | "integrations" | "teams"),
        ) => known,
        Some(other) => {
            return Err(Error::invalid(format!("aspect: {other:?} is not a part of a tree")).hint(
                "one of: efficiency_profile, productivity_profile, business_alignment_profile, integrations, teams",
            ));
        }
    };
    if !args.contains_key("org_tree_id") {
        return Err(Error::invalid("org_tree_id: missing").hint("sei_org_tree.list shows them"));
    }
    args.insert("aspect".to_owned(), json!(aspect));
    context.call("sei_org_tree_detail.part", Value::Object(args)).await
}

/// Values that costs can be filtered by; of cost categories, as long as none is named, which there
/// are.
pub(super) async fn filter_values(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let kind = args.get("value_type").and_then(Value::as_str).unwrap_or_default();
    if cost::is_category(kind) && !args.contains_key("value_sub_type") {
        return context.call("cost_category.list", json!({ "limit": 100 })).await;
    }
    context.call("cost_filter_value.values", Value::Object(args)).await
}

/// Checks of scorecards; the platform takes what to sort by and the direction in one text.
pub(super) async fn checks(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    if let Some(order) = args.remove("sort_order").as_ref().and_then(Value::as_str) {
        let sort = args.remove("sort");
        let field = sort.as_ref().and_then(Value::as_str).unwrap_or("name");
        args.insert("sort".to_owned(), json!(format!("{field},{order}")));
    }
    context.call("scorecard_check.page", paged(args)).await
}

/// A fix for a package, unless there is one already.
pub(super) async fn remediation_request(
    context: &HookContext<'_>,
    mut args: Args,
) -> Result<Value> {
    let body = args.remove("body").unwrap_or_default();
    for name in ["purl", "target_version"] {
        let stated = body.get(name).or_else(|| args.get(name)).filter(|it| !it.is_null()).cloned();
        let value = stated.ok_or_else(|| Error::invalid(format!("{name}: missing")))?;
        args.insert(name.to_owned(), value);
    }
    let place: Map<_, _> = args
        .iter()
        .filter(|(name, _)| name.ends_with("_id"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let mut question = place;
    question.insert("limit".to_owned(), json!(100));
    let list = context.call("scs_remediation_pr.list", Value::Object(question)).await?;
    let open = list.get("items").and_then(Value::as_array).into_iter().flatten().find(|it| {
        let is_same = |field: &str, name: &str| it.get(field) == args.get(name);
        let state = it.get("status").or_else(|| it.get("state")).and_then(Value::as_str);
        is_same("purl", "purl")
            && is_same("target_version", "target_version")
            && state.is_none_or(|state| state.eq_ignore_ascii_case("open"))
    });
    if let Some(open) = open {
        return Err(Error::conflict("there is a pull request for this upgrade already").hint(
            open.get("url").or_else(|| open.get("pr_url")).and_then(Value::as_str).map_or_else(
                || "scs_remediation_pr.list shows it".to_owned(),
                |url| format!("see {url}"),
            ),
        ));
    }
    context.call("scs_remediation_pr.open", Value::Object(args)).await
}

/// Callers' page and size as the limit and cursor of a paged operation.
fn paged(mut args: Args) -> Value {
    let (page, size) = (args.remove("page"), args.remove("size"));
    if let Some(size) = size {
        args.entry("limit").or_insert(size);
    }
    if let Some(page) = page.filter(|page| *page != json!(0)) {
        args.entry("cursor").or_insert_with(|| json!(page.to_string()));
    }
    Value::Object(args)
}
