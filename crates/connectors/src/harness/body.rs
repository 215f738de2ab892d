//! The bodies that `registry/harness/` leaves to functions: arguments in, body out, nothing sent.

use serde_json::{Map, Value};

use crate::connector::hook::{BodyHook, BodyInput};

mod approval;
mod audit;
mod chaos;
mod code;
pub(super) mod cost;
mod document;
mod entity;
mod file;
mod flag;
mod gitops;
mod load_test;
mod period;
pub(super) mod read;
mod search;
pub(super) mod time;

pub(super) const BODY_HOOKS: &[(&str, BodyHook)] = &[
    ("approval_instance_approve", |it| Ok(Some(approval::approve(it)))),
    ("attestation_list", |it| Ok(Some(search::attestations(it)))),
    ("audit_event_list", |it| audit::events(it).map(Some)),
    ("chaos_action_create", |it| Ok(Some(chaos::action(it)))),
    ("chaos_enabled_infrastructure_list", |it| Ok(Some(chaos::infrastructure_filter(it)))),
    ("chaos_experiment_create", |it| Ok(Some(chaos::experiment(it)))),
    ("chaos_experiment_run", |it| chaos::experiment_run(it).map(Some)),
    ("chaos_k8s_infrastructure_create", |it| Ok(Some(chaos::infrastructure(it)))),
    ("chaos_loadtest_create", |it| load_test::create(it).map(Some)),
    ("chaos_loadtest_run", |it| Ok(Some(load_test::run(it)))),
    ("chaos_loadtest_update", |it| Ok(Some(load_test::update(it)))),
    ("chaos_service_create", |it| chaos::service(it).map(Some)),
    ("chaos_service_update", |it| chaos::service_change(it).map(Some)),
    ("connector_update", |it| Ok(Some(entity::connector(it)))),
    ("cost_anomaly_list", |it| cost::anomalies(it).map(Some)),
    ("cost_breakdown_list", |it| cost::breakdown(it).map(Some)),
    ("cost_filter_value_values", |it| cost::filter_values(it).map(Some)),
    ("cost_recommendation_count_get", |it| Ok(Some(cost::recommendation_totals(it)))),
    ("cost_recommendation_create_jira_ticket", |it| Ok(Some(cost::ticket(it)))),
    ("cost_recommendation_create_snow_ticket", |it| Ok(Some(cost::ticket(it)))),
    ("cost_recommendation_get", |it| cost::perspective_recommendations(it).map(Some)),
    ("cost_recommendation_list", |it| Ok(Some(cost::recommendations(it)))),
    ("cost_recommendation_stats_get", |it| Ok(Some(cost::recommendation_totals(it)))),
    ("cost_summary_get", |it| Ok(Some(cost::budgets(it)))),
    ("cost_summary_list", |it| cost::summary(it).map(Some)),
    ("cost_timeseries_list", |it| cost::time_series(it).map(Some)),
    ("database_changeset_existence_get", |it| Ok(Some(code::changesets(it)))),
    ("database_execute_llm_authoring_pipeline_run", |it| Ok(Some(code::migration(it)))),
    ("environment_update", |it| Ok(entity::unwrapped(it, "environment", "environment_id"))),
    ("feature_flag_toggle", |it| flag::toggle(it).map(Some)),
    ("file_store_create", |it| file::node(it).map(Some)),
    ("file_store_list_children", |it| Ok(Some(file::folder(it)))),
    ("file_store_update", |it| file::node(it).map(Some)),
    ("fme_feature_flag_create", |it| Ok(Some(flag::create(it)))),
    ("fme_feature_flag_update", |it| Ok(Some(flag::patch(it)))),
    ("fme_segment_create", |it| Ok(Some(flag::tagged(it)))),
    ("freeze_window_create", |it| document::text(it, &["yaml"]).map(Some)),
    ("freeze_window_toggle_status", |it| document::freeze_ids(it).map(Some)),
    ("freeze_window_update", |it| document::text(it, &["yaml"]).map(Some)),
    ("gitops_application_bulk_sync", |it| gitops::bulk_sync(it).map(Some)),
    ("gitops_application_refresh", |it| gitops::refresh(it).map(Some)),
    ("gitops_applicationset_update", |it| gitops::application_set(it).map(Some)),
    ("global_freeze_manage", |it| document::text(it, &["yaml"]).map(Some)),
    ("hql_query_run", |it| Ok(Some(search::hql(it)))),
    ("idp_tech_doc_list", |it| search::documentation(it).map(Some)),
    ("idp_workflow_execute", |it| code::workflow(it).map(Some)),
    ("infrastructure_update", |it| document::infrastructure(it).map(Some)),
    ("input_set_create", |it| document::enveloped(it, "yamlInputSet", "inputSet").map(Some)),
    ("input_set_update", |it| document::enveloped(it, "yamlInputSet", "inputSet").map(Some)),
    ("pipeline_create", |it| document::enveloped(it, "yamlPipeline", "pipeline").map(Some)),
    ("pipeline_update", |it| document::enveloped(it, "yamlPipeline", "pipeline").map(Some)),
    ("pipeline_v1_run", |it| document::inputs(it).map(Some)),
    ("pr_comment_create", |it| Ok(Some(code::comment(it)))),
    ("scs_sbom_drift_calculate", |it| Ok(Some(search::bill_of_materials_drift(it)))),
    ("sei_productivity_metric_get", |it| Ok(Some(search::teams(it)))),
    ("service_update", |it| Ok(entity::unwrapped(it, "service", "service_id"))),
    ("template_create", |it| document::older_template(it).map(Some)),
    ("template_list", |it| Ok(Some(document::template_filter(it)))),
    ("template_update", |it| document::older_template(it).map(Some)),
    ("template_v1_create", |it| document::template(it).map(Some)),
    ("trigger_create", |it| document::trigger(it).map(Some)),
    ("trigger_update", |it| document::trigger(it).map(Some)),
];

impl BodyInput<'_> {
    /// An argument that was given, and not as an empty text.
    fn given(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !matches!(value, Value::Null) && *value != "")
    }

    /// The fields of the argument `body`.
    fn body(&self) -> Map<String, Value> {
        self.args.get("body").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// An argument, or the field of `body` of this name.
    fn either(&self, name: &str) -> Option<Value> {
        let in_body = || self.args.get("body")?.get(name);
        self.given(name).or_else(in_body).filter(|value| !value.is_null()).cloned()
    }
}

/// An object of those pairs that have a value.
fn object<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Value {
    let present = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}
