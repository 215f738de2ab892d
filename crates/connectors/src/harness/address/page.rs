//! The pages of Harness, as far as they are of a resource type: what their addresses look like
//! behind the place (account, organization, project).

use std::cmp::Reverse;

/// Segments that group pages; they may stand before any of them.
const FOLDERS: [&str; 12] = [
    "access-control",
    "chaos",
    "code",
    "dbops",
    "gitops",
    "governance",
    "home",
    "resources",
    "settings",
    "setup",
    "sto",
    "supply-chain",
];

/// What an address looks like, and whose page it is. `{argument}` is what the operations of the type
/// call that part, `{}` is of no use to them; `a|b` is either; `ce:` says which module it is of;
/// what follows `?` must be in the query, and then it is the page of a list. A page whose last part
/// is an argument (or `details`) is one of a thing, and of all of them without it.
const PAGES: [(&str, &str); 94] = [
    ("pipelines/{pipeline_id}", "pipeline"),
    ("pipelines/{pipeline_id}/executions|deployments/{execution_id}", "execution"),
    ("pipelines/{pipeline_id}/triggers/{trigger_id}", "trigger"),
    ("pipelines/{pipeline_id}/input-sets/{input_set_id}", "input_set"),
    ("executions|deployments/{execution_id}", "execution"),
    ("triggers/{trigger_id}", "trigger"),
    ("input-sets/{input_set_id}", "input_set"),
    ("services/{service_id}", "service"),
    ("environments/{environment_id}", "environment"),
    ("environments/{environment_id}/details?sectionId=INFRASTRUCTURE", "infrastructure"),
    (
        "environments/{environment_id}/infrastructures|infrastructure-definitions/{infrastructure_id}",
        "infrastructure",
    ),
    ("infrastructures|infrastructure-definitions/{infrastructure_id}", "infrastructure"),
    ("serviceOverrides", "service_override"),
    ("connectors/{connector_id}", "connector"),
    ("secrets/{secret_id}", "secret"),
    ("templates/{template_id}", "template"),
    ("template-studio/{}/template/{template_id}", "template"),
    ("file-store/{file_store_id}", "file_store"),
    ("delegates/{delegate_id}", "delegate"),
    ("delegates/tokens", "delegate_token"),
    ("settings", "setting"),
    ("orgs|organizations/{org_id}", "organization"),
    ("audit-trail/{audit_id}", "audit_event"),
    ("users/{user_id}", "user"),
    ("user-groups/{user_group_id}", "user_group"),
    ("service-accounts/{service_account_id}", "service_account"),
    ("roles/{role_id}", "role"),
    ("resource-groups/{resource_group_id}", "resource_group"),
    ("policies/{policy_id}", "policy"),
    ("policies/edit/{policy_id}", "policy"),
    ("policy-sets/{policy_set_id}", "policy_set"),
    ("evaluation|evaluations/{evaluation_id}", "policy_evaluation"),
    ("freeze-windows/{freeze_id}", "freeze_window"),
    ("freeze-windows/studio/window/{freeze_id}", "freeze_window"),
    ("dashboards/{dashboard_id}", "dashboard"),
    ("dashboards/folder/{}/view/{dashboard_id}", "dashboard"),
    ("agents/{agent_id}", "gitops_agent"),
    ("agents/{agent_id}/details", "agent"),
    ("gitops", "gitops_dashboard"),
    ("gitops/agents/{agent_id}", "gitops_agent"),
    ("gitops/agents/{agent_id}/details", "gitops_agent"),
    ("applications/{app_name}", "gitops_application"),
    ("clusters/{cluster_id}", "gitops_cluster"),
    ("feature-flags|splits/{feature_flag_name}", "fme_feature_flag"),
    ("targets/{}/splits/{feature_flag_name}", "fme_feature_flag"),
    ("experiments/{experiment_id}", "chaos_experiment"),
    ("experiments/{experiment_id}/runs", "chaos_experiment_run"),
    ("experiments/{experiment_id}/inputsets/{inputset_id}", "chaos_input_set"),
    ("load-tests/{loadtest_id}", "chaos_loadtest"),
    ("risks/services/{identity}", "chaos_service"),
    ("chaos/infrastructures/{infra_id}", "chaos_k8s_infrastructure"),
    ("chaos/probes/{probe_id}", "chaos_probe"),
    ("chaos/actions/{action_id}", "chaos_action"),
    ("chaos/faults/{fault_id}", "chaos_fault"),
    ("chaos/faults/{fault_id}?tab=execution-history", "chaos_fault_experiment_run"),
    ("chaos/hubs/{hub_identity}?tab=FAULTS", "chaos_fault_template"),
    ("chaos/hubs/{hub_identity}?tab=PROBES", "chaos_probe_template"),
    ("chaos/hubs/{hub_identity}?tab=ACTIONS", "chaos_action_template"),
    ("registries/{registry_id}", "registry"),
    ("registries/{registry_id}/artifacts/{artifact_id}", "artifact"),
    ("artifacts/{artifact_id}", "artifact"),
    ("supply-chain/artifacts/{artifact_id}", "artifact_security"),
    ("supply-chain/repositories/{repo_id}", "code_repo_security"),
    ("repos|repositories/{repo_id}", "repository"),
    ("repos|repositories/{repo_id}/files/{branch_name}", "branch"),
    ("repos|repositories/{repo_id}/pulls|pullrequests|pull-requests/{pr_number}", "pull_request"),
    (
        "repos|repositories/{repo_id}/pulls|pullrequests|pull-requests/{pr_number}/conversation/{comment_id}",
        "pr_activity",
    ),
    ("pulls|pullrequests|pull-requests/{pr_number}", "pull_request"),
    ("issues/{issue_id}", "security_issue"),
    ("exemptions/{exemption_id}", "security_exemption"),
    ("sto/executions/{execution_id}/pipeline", "pipeline_security_issue"),
    ("scorecards/{scorecard_id}", "scorecard"),
    ("catalog/{entity_id}", "idp_entity"),
    ("catalog/{}/{kind}/{entity_id}", "idp_entity"),
    ("db-schemas/{dbschema_id}", "database_schema"),
    ("db-schemas/{dbschema_id}/instances/{dbinstance_id}", "database_instance"),
    ("release-management/releases/{release_id}", "release"),
    ("release-management/releases/{release_id}/execution/phases", "release_execution_phase"),
    ("release-management/releases/{release_id}/execution/tasks", "release_execution_task"),
    ("release-management/releases/{release_id}/execution/activities", "release_execution_activity"),
    ("ce:overview", "cost_account_overview"),
    ("ce:perspectives/{perspective_id}", "cost_perspective"),
    ("ce:budget/{budget_id}", "cost_budget"),
    ("ce:anomaly-detection", "cost_anomaly"),
    ("ce:recommendations", "cost_recommendation"),
    ("ce:recommendations/{recommendation_id}/{}/details", "cost_recommendation"),
    ("ce:commitment-orchestration", "cost_commitment"),
    ("sei:insights/dora", "sei_dora_metric"),
    ("sei:insights/productivity", "sei_productivity_metric"),
    ("sei:insights/business-alignment", "sei_business_alignment"),
    ("sei:insights/ai-coding", "sei_ai_usage"),
    ("sei:configuration/teams", "sei_team"),
    ("sei:configuration/org-trees", "sei_org_tree"),
    ("projects", "project"),
];
/// Whose pages have no parts: what is behind them is of something else in there.
const WITHOUT_PARTS: [&str; 1] = ["organization"];

const DETAILS: &str = "details";

/// A page that an address is of.
#[derive(Debug, PartialEq)]
pub(super) struct Page<'a> {
    pub(super) kind: &'static str,
    /// By the names that operations have for them.
    pub(super) arguments: Vec<(&'static str, &'a str)>,
    /// Of the thing that the page is about.
    pub(super) id: Option<&'a str>,
}

/// The page with these segments behind the place. One more may follow where the page is of a thing:
/// a part of it, such as `details`. Anything else is a page that nobody knows here.
pub(super) fn find<'a>(
    module: Option<&str>,
    segments: &'a [String],
    query: &[(String, String)],
) -> Option<Page<'a>> {
    let folders = segments.iter().take_while(|it| FOLDERS.contains(&it.as_str())).count();
    let fits = |(pattern, kind): &(&'static str, &'static str)| {
        let (of, pattern) = match pattern.split_once(':') {
            Some((of, pattern)) => (Some(of), pattern),
            None => (None, *pattern),
        };
        let (pattern, asked) = pattern.split_once('?').unwrap_or((pattern, ""));
        let is_asked = asked.is_empty()
            || query.iter().any(|(name, value)| asked == format!("{name}={value}"));
        if !is_asked || of.is_some_and(|of| module != Some(of)) {
            return None;
        }
        // From the front, so that a folder may be a part of the pattern.
        let (literals, page) =
            (0..=folders).find_map(|at| matched(pattern, kind, &segments[at..]))?;
        let id = page.id.filter(|_| asked.is_empty());
        Some((literals, !asked.is_empty(), Page { id, ..page }))
    };
    let mut found: Vec<_> = PAGES.iter().filter_map(fits).collect();
    // The first of those that say the most.
    found.sort_by_key(|(literals, is_asked, _)| Reverse((*literals, *is_asked)));
    found.into_iter().next().map(|(.., page)| page)
}

/// How many words of the pattern the segments have, and the page.
fn matched<'a>(
    pattern: &'static str,
    kind: &'static str,
    segments: &'a [String],
) -> Option<(usize, Page<'a>)> {
    let mut page = Page { kind, arguments: Vec::new(), id: None };
    let (mut literals, mut rest) = (0, segments);
    let mut parts = pattern.split('/').peekable();
    while let Some(part) = parts.next() {
        let argument = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let Some((segment, after)) = rest.split_first() else {
            // The page of all of them.
            let is_last = argument.is_some() && parts.peek().is_none() && literals > 0;
            return is_last.then_some((literals, page));
        };
        rest = after;
        match argument {
            Some(name) => {
                page.arguments.extend((!name.is_empty()).then_some((name, segment.as_str())));
                page.id =
                    parts.peek().is_none_or(|part| *part == DETAILS).then_some(segment.as_str());
            }
            None if part.split('|').any(|word| word == segment) => literals += 1,
            None => return None,
        }
    }
    let is_part = rest.len() == 1 && page.id.is_some() && !WITHOUT_PARTS.contains(&kind);
    (rest.is_empty() || is_part).then_some((literals, page))
}

/// Every type that a page is of.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(_, kind)| *kind)
}
