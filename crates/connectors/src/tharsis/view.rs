//! The results of the drop-in tools: the fields of `contracts/tharsis/tools.json`, from the
//! answers of the operations behind them. Pure. A field the platform does not tell is absent.

use serde_json::{Map, Value, json};

use super::{
    answer::{items, object, owned_at, text_at},
    clean, reference,
};
use crate::connector::hook::View;

pub(super) const VIEWS: &[(&str, View)] = &[
    ("apply", apply),
    ("documentation_page", Value::clone),
    ("documentation_search", |found| json!({"results": items(found)})),
    ("group", group),
    ("job", job),
    ("job_logs", Value::clone),
    ("managed_identity", managed_identity),
    ("plan", plan),
    ("plan_diff", Value::clone),
    ("run", run),
    ("service_account", service_account),
    ("workspace", workspace),
    ("workspaces", workspaces),
];

/// Copies `fields` of `from` that are there, `from` naming them the same.
fn pick(from: &Value, fields: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| {
        let value = from.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    };
    fields.iter().filter_map(field).collect()
}

/// `{id_name, trn}` of the thing, first among its fields.
fn identified(id_name: &str, of: &Value, rest: Map<String, Value>) -> Value {
    let mut fields = Map::new();
    fields.insert(id_name.to_owned(), json!(text_at(of, "/metadata/id").unwrap_or_default()));
    fields.insert("trn".to_owned(), json!(text_at(of, "/metadata/trn").unwrap_or_default()));
    fields.extend(rest);
    Value::Object(fields)
}

fn error_message(of: &Value) -> Option<Value> {
    text_at(of, "/error_message").map(|message| json!(clean(message)))
}

/// Both generations: `plan_id` and `apply_id` beside nested `plan` and `apply`.
fn run(answer: &Value) -> Value {
    let mut fields = pick(
        answer,
        &[
            "status",
            "created_by",
            "terraform_version",
            "plan_id",
            "apply_id",
            "workspace_id",
            "module_source",
            "module_version",
            "module_digest",
            "configuration_version_id",
            "force_canceled",
            "force_canceled_by",
            "force_cancel_available_at",
            "target_addresses",
            "is_destroy",
            "has_changes",
            "is_assessment_run",
            "auto_apply",
            "refresh",
            "refresh_only",
        ],
    );
    let job = ["/apply/latest_job_id", "/plan/latest_job_id"]
        .into_iter()
        .find_map(|pointer| text_at(answer, pointer));
    if let Some(job) = job {
        fields.insert("latest_job_id".to_owned(), json!(job));
    }
    for (name, stage) in [("plan", nested_plan(answer)), ("apply", nested_apply(answer))] {
        if let Some(stage) = stage {
            fields.insert(name.to_owned(), stage);
        }
    }
    json!({"run": identified("run_id", answer, fields)})
}

fn nested_plan(run: &Value) -> Option<Value> {
    let plan = run.get("plan").filter(|plan| plan.is_object())?;
    Some(object([
        ("plan_id", Some(json!(text_at(plan, "/metadata/id").unwrap_or_default()))),
        ("status", plan.get("status").cloned()),
        ("error_message", error_message(plan)),
        ("summary", Some(summary(plan))),
        ("diff_size", plan.get("diff_size").cloned()),
        ("has_changes", Some(plan.get("has_changes").cloned().unwrap_or(json!(false)))),
    ]))
}

fn nested_apply(run: &Value) -> Option<Value> {
    let apply = run.get("apply").filter(|apply| apply.is_object())?;
    Some(object([
        ("apply_id", Some(json!(text_at(apply, "/metadata/id").unwrap_or_default()))),
        ("status", apply.get("status").cloned()),
        ("triggered_by", apply.get("triggered_by").cloned()),
        ("comment", apply.get("comment").cloned()),
        ("error_message", error_message(apply)),
    ]))
}

/// The counters, the first three of which gRPC leaves out when they are 0.
fn summary(plan: &Value) -> Value {
    let none = json!({});
    let told = plan.get("summary").unwrap_or(&none);
    let count = |name: &str| Some(told.get(name).cloned().unwrap_or(json!(0)));
    let mut counters = object([
        ("resource_additions", count("resource_additions")),
        ("resource_changes", count("resource_changes")),
        ("resource_destructions", count("resource_destructions")),
    ]);
    for rest in [
        "resource_imports",
        "resource_drift",
        "output_additions",
        "output_changes",
        "output_destructions",
    ] {
        if let Some(count) = told.get(rest) {
            counters[rest] = count.clone();
        }
    }
    counters
}

/// The workspace of a plan or apply, which only its TRN names.
fn workspace_id(of: &Value) -> Value {
    let own = owned_at(of, "/workspace_id");
    let id = own.or_else(|| reference::workspace_of(text_at(of, "/metadata/trn")?));
    json!(id.unwrap_or_default())
}

fn plan(answer: &Value) -> Value {
    let mut fields = pick(answer, &["status"]);
    fields.insert("workspace_id".to_owned(), workspace_id(answer));
    fields.extend(error_message(answer).map(|message| ("error_message".to_owned(), message)));
    let counters = summary(answer);
    fields.extend(pick(
        &counters,
        &["resource_additions", "resource_changes", "resource_destructions"],
    ));
    fields.extend(pick(answer, &["has_changes"]));
    json!({"plan": identified("plan_id", answer, fields)})
}

fn apply(answer: &Value) -> Value {
    let mut fields = pick(answer, &["status"]);
    fields.insert("workspace_id".to_owned(), workspace_id(answer));
    fields.extend(pick(answer, &["triggered_by"]));
    fields.extend(error_message(answer).map(|message| ("error_message".to_owned(), message)));
    json!({"apply": identified("apply_id", answer, fields)})
}

fn job(answer: &Value) -> Value {
    let fields = pick(
        answer,
        &[
            "status",
            "type",
            "workspace_id",
            "run_id",
            "runner_id",
            "cancel_requested",
            "queued_timestamp",
            "pending_timestamp",
            "running_timestamp",
            "finished_timestamp",
            "cancel_requested_timestamp",
        ],
    );
    json!({"job": identified("job_id", answer, fields)})
}

fn workspace(answer: &Value) -> Value {
    json!({"workspace": one_workspace(answer)})
}

fn one_workspace(answer: &Value) -> Value {
    let fields = pick(
        answer,
        &[
            "name",
            "full_path",
            "description",
            "group_id",
            "terraform_version",
            "max_job_duration",
            "current_job_id",
            "current_state_version_id",
            "created_by",
            "dirty_state",
            "locked",
            "prevent_destroy_plan",
            "enable_drift_detection",
            "runner_tags",
            "labels",
        ],
    );
    identified("workspace_id", answer, fields)
}

fn workspaces(list: &Value) -> Value {
    let all: Vec<Value> = items(list).iter().map(one_workspace).collect();
    let next = list.get("next_cursor").cloned();
    let count = list.get("total").cloned().unwrap_or(json!(all.len()));
    let page_info = object([
        ("has_next_page", Some(json!(next.is_some()))),
        // Cursors only go forward here, so a page never knows of an earlier one.
        ("has_previous_page", Some(json!(false))),
        ("end_cursor", next),
        ("total_count", Some(count)),
    ]);
    json!({"workspaces": all, "page_info": page_info})
}

fn group(answer: &Value) -> Value {
    let mut fields = pick(answer, &["name", "full_path", "description"]);
    fields.insert("parent_id".to_owned(), answer.get("parent_id").cloned().unwrap_or(json!("")));
    fields.extend(pick(answer, &["created_by", "runner_tags"]));
    json!({"group": identified("group_id", answer, fields)})
}

fn managed_identity(answer: &Value) -> Value {
    let mut fields = pick(answer, &["name", "description", "type", "group_id", "created_by"]);
    let is_alias = text_at(answer, "/alias_source_id").is_some();
    fields.insert("is_alias".to_owned(), json!(is_alias));
    json!({"managed_identity": identified("managed_identity_id", answer, fields)})
}

fn service_account(answer: &Value) -> Value {
    let mut fields = pick(
        answer,
        &["name", "description", "group_id", "created_by", "client_credentials_enabled"],
    );
    let policies = answer.get("oidc_trust_policies").and_then(Value::as_array);
    if let Some(policies) = policies.filter(|policies| !policies.is_empty()) {
        let policy = |it: &Value| {
            let mut fields = pick(it, &["issuer", "bound_claims_type"]);
            let claims = it.get("bound_claims").cloned().unwrap_or(json!({}));
            fields.insert("bound_claims".to_owned(), claims);
            Value::Object(fields)
        };
        let policies = policies.iter().map(policy).collect();
        fields.insert("oidc_trust_policies".to_owned(), Value::Array(policies));
    }
    json!({"service_account": identified("service_account_id", answer, fields)})
}

#[cfg(test)]
mod tests;
