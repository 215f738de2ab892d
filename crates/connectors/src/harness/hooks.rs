//! The hooks that `registry/harness/` names.

use super::{diagnose, exemption, log, refine, run, status, visual};
use crate::connector::hook::Hook;

pub(super) const HOOKS: &[(&str, Hook)] = &[
    ("connector_diagnose", |it, args| Box::pin(diagnose::connector(it, args))),
    ("cost_account_overview_get", |it, args| Box::pin(refine::account_overview(it, args))),
    ("cost_perspective_create", |it, args| Box::pin(refine::perspective(it, args))),
    ("delegate_diagnose", |it, args| Box::pin(diagnose::delegates(it, args))),
    ("execution_diagnose", |it, args| Box::pin(diagnose::execution(it, args))),
    ("execution_log_get", |it, args| Box::pin(log::get(it, args))),
    ("gitops_application_diagnose", |it, args| Box::pin(diagnose::application(it, args))),
    ("idp_entity_list", |it, args| Box::pin(refine::entities(it, args))),
    ("idp_workflow_list", |it, args| Box::pin(refine::workflows(it, args))),
    ("pipeline_run", |it, args| Box::pin(run::run(it, args))),
    ("project_status", |it, args| Box::pin(status::project(it, args))),
    ("release_execution_activity_list", |it, args| Box::pin(refine::release_activities(it, args))),
    ("release_list", |it, args| Box::pin(refine::releases(it, args))),
    ("remediation_diff_list", |it, args| Box::pin(refine::remediation(it, args))),
    ("scs_component_vulnerability_list", |it, args| Box::pin(refine::vulnerabilities(it, args))),
    ("scs_remediation_pr_create", |it, args| Box::pin(refine::remediation_request(it, args))),
    ("security_exemption_approve", |it, args| Box::pin(exemption::approve(it, args))),
    ("security_exemption_bulk_create", |it, args| Box::pin(exemption::create_many(it, args))),
    ("security_exemption_create", |it, args| Box::pin(exemption::create(it, args))),
    ("security_exemption_reject", |it, args| Box::pin(exemption::reject(it, args))),
    ("sei_org_tree_detail_get", |it, args| Box::pin(refine::organization_tree(it, args))),
    ("sei_org_tree_detail_list", |it, args| Box::pin(refine::organization_tree(it, args))),
    ("visual_architecture_get", |it, args| Box::pin(visual::pipeline(it, args))),
    ("visual_bar_chart_get", |it, args| Box::pin(visual::executions(it, args))),
    ("visual_health_dashboard_get", |it, args| Box::pin(visual::executions(it, args))),
    ("visual_pie_chart_get", |it, args| Box::pin(visual::executions(it, args))),
    ("visual_stage_flow_get", |it, args| Box::pin(visual::execution(it, args))),
    ("visual_timeline_get", |it, args| Box::pin(visual::execution(it, args))),
    ("visual_timeseries_get", |it, args| Box::pin(visual::executions(it, args))),
];
