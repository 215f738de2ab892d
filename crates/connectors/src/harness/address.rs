//! What an address of Harness' web pages names: a type and arguments. Pure; the host does not
//! matter, because accounts may have one of their own.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;

/// Longest address that is read, in bytes.
const MAX_ADDRESS: usize = 8192;

/// Segments of paths by the type they name and the argument that the segment after them gives.
const SEGMENTS: [(&str, &str, &str); 43] = [
    ("pipelines", "pipeline", "pipeline_id"),
    ("executions", "execution", "execution_id"),
    ("deployments", "execution", "execution_id"),
    ("triggers", "trigger", "trigger_id"),
    ("input-sets", "input_set", "input_set_id"),
    ("services", "service", "service_id"),
    ("environments", "environment", "environment_id"),
    ("infrastructures", "infrastructure", "infrastructure_id"),
    ("infrastructure-definitions", "infrastructure", "infrastructure_id"),
    ("connectors", "connector", "connector_id"),
    ("templates", "template", "template_id"),
    ("secrets", "secret", "secret_id"),
    ("delegates", "delegate", "delegate_id"),
    ("agents", "gitops_agent", "agent_id"),
    ("applications", "gitops_application", "app_name"),
    ("clusters", "gitops_cluster", "cluster_id"),
    ("feature-flags", "fme_feature_flag", "feature_flag_name"),
    ("splits", "fme_feature_flag", "feature_flag_name"),
    ("experiments", "chaos_experiment", "experiment_id"),
    ("load-tests", "chaos_loadtest", "loadtest_id"),
    ("registries", "registry", "registry_id"),
    ("artifacts", "artifact", "artifact_id"),
    ("repositories", "repository", "repo_id"),
    ("repos", "repository", "repo_id"),
    ("issues", "security_issue", "issue_id"),
    ("exemptions", "security_exemption", "exemption_id"),
    ("scorecards", "scorecard", "scorecard_id"),
    ("catalog", "idp_entity", "entity_id"),
    ("users", "user", "user_id"),
    ("user-groups", "user_group", "user_group_id"),
    ("service-accounts", "service_account", "service_account_id"),
    ("roles", "role", "role_id"),
    ("resource-groups", "resource_group", "resource_group_id"),
    ("audit-trail", "audit_event", "audit_id"),
    ("dashboards", "dashboard", "dashboard_id"),
    ("file-store", "file_store", "file_store_id"),
    ("pullrequests", "pull_request", "pr_number"),
    ("pulls", "pull_request", "pr_number"),
    ("pull-requests", "pull_request", "pr_number"),
    ("conversation", "pr_activity", "comment_id"),
    ("orgs", "organization", "org_id"),
    ("organizations", "organization", "org_id"),
    ("projects", "project", "project_id"),
];
const MODULES: [&str; 9] = ["cd", "ci", "ce", "cv", "sto", "chaos", "idp", "sei", "fme"];
const QUERY: [(&str, &str); 10] = [
    ("step", "step_id"),
    ("stepId", "step_id"),
    ("stage", "stage_id"),
    ("stageId", "stage_id"),
    ("stageExecId", "stage_execution_id"),
    ("commentId", "comment_id"),
    ("branch", "branch"),
    ("storeType", "store_type"),
    ("connectorRef", "connector_ref"),
    ("repoName", "repo_name"),
];
/// What the path of a release says about it.
const RELEASE_PARTS: [(&str, &str); 3] = [
    ("phases", "release_execution_phase"),
    ("tasks", "release_execution_task"),
    ("activities", "release_execution_activity"),
];

/// A thing of the platform, or a list of its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    /// Without the platform in front: `pipeline`. Nothing if the address only says where it is.
    pub resource_type: Option<String>,
    /// The identifier of the thing itself.
    pub id: Option<String>,
    pub account_id: Option<String>,
    pub org_id: Option<String>,
    pub project_id: Option<String>,
    pub module: Option<String>,
    /// By the names that operations have for them, identifiers of what is above included.
    pub arguments: Map<String, Value>,
}

/// What the address names; nothing if it is none of Harness'. A path alone is an address too.
pub fn named(address: &str) -> Option<Named> {
    let address = address.trim();
    if address.is_empty() || address.len() > MAX_ADDRESS {
        return None;
    }
    let base = Url::parse("https://harness.invalid/").ok()?;
    let url = base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // Pages of some modules keep their place behind the hash.
    let place = match url.fragment() {
        Some(fragment) if fragment.starts_with('/') => base.join(fragment).ok()?,
        _ => url,
    };
    let segments: Vec<String> = place
        .path_segments()?
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let mut named = Named::default();
    named.walk(&segments);
    named.release(&segments);
    for (name, value) in place.query_pairs().filter(|(_, value)| !value.is_empty()) {
        if let Some((_, argument)) = QUERY.iter().find(|(known, _)| *known == name) {
            named.arguments.insert((*argument).to_owned(), json!(value));
        }
    }
    let known = [("org_id", &named.org_id), ("project_id", &named.project_id)];
    for (name, value) in known {
        if let Some(value) = value {
            named.arguments.insert(name.to_owned(), json!(value));
        }
    }
    (named.resource_type.is_some() || named.account_id.is_some()).then_some(named)
}

impl Named {
    /// From left to right. A word that takes a value takes the segment after it, whatever that
    /// would mean elsewhere: things may be called `services` or `projects`.
    fn walk(&mut self, segments: &[String]) {
        let mut at = 0;
        while let Some(word) = segments.get(at) {
            let next = segments.get(at + 1).map(String::as_str);
            at += if self.take(word, next) { 2 } else { 1 };
        }
    }

    /// Whether the segment after `word` was its value. The deepest word that names a type wins;
    /// those above give arguments.
    fn take(&mut self, word: &str, next: Option<&str>) -> bool {
        let value = next.map(str::to_owned);
        match word {
            "account" => self.account_id = value,
            "module" | "all" => {
                let module = value.filter(|module| MODULES.contains(&module.as_str()));
                let is_taken = module.is_some();
                self.module = module.or(self.module.take());
                return is_taken;
            }
            _ => {
                let Some((_, kind, argument)) = SEGMENTS.iter().find(|(known, ..)| *known == word)
                else {
                    return false;
                };
                match *kind {
                    "organization" => self.org_id.clone_from(&value),
                    "project" => self.project_id.clone_from(&value),
                    _ => {}
                }
                self.resource_type = Some((*kind).to_owned());
                let named = value.iter().map(|id| ((*argument).to_owned(), json!(id)));
                self.arguments.extend(named);
                self.id = value;
            }
        }
        next.is_some()
    }

    /// `/release-management/releases/{id}[/execution/{part}]`.
    fn release(&mut self, segments: &[String]) {
        let at = segments.iter().position(|segment| segment == "release-management");
        let Some([_, releases, id, rest @ ..]) = at.map(|at| &segments[at..]) else { return };
        if releases != "releases" {
            return;
        }
        let part = rest.iter().find_map(|segment| {
            RELEASE_PARTS.iter().find(|(known, _)| known == segment).map(|(_, kind)| *kind)
        });
        self.resource_type = Some(part.unwrap_or("release").to_owned());
        self.id = Some(id.clone());
        self.arguments.insert("release_id".to_owned(), json!(id));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_registry::Catalog;

    use super::*;

    const PROJECT: &str =
        "https://app.harness.io/ng/account/acme/module/cd/orgs/default/projects/shop";

    #[test]
    fn every_kind_of_page_names_its_thing() {
        for (rest, kind, id) in [
            ("/pipelines/deploy/pipeline-studio", "pipeline", "deploy"),
            ("/pipelines/deploy/executions/ex1/pipeline?step=s1&stage=st1", "execution", "ex1"),
            ("/pipelines/deploy/deployments/ex1", "execution", "ex1"),
            ("/pipelines/deploy/triggers/nightly", "trigger", "nightly"),
            ("/pipelines/deploy/input-sets/prod", "input_set", "prod"),
            ("/services/web%20shop", "service", "web shop"),
            ("/environments/prod/infrastructure-definitions/k8s", "infrastructure", "k8s"),
            ("/issues/i1", "security_issue", "i1"),
            ("/exemptions/e1", "security_exemption", "e1"),
            ("/scorecards/s1", "scorecard", "s1"),
            ("/catalog/c1", "idp_entity", "c1"),
            ("/audit-trail/a1", "audit_event", "a1"),
            ("/repos/r1/pulls/7", "pull_request", "7"),
            ("/release-management/releases/r1/execution/tasks", "release_execution_task", "r1"),
            ("/release-management/releases/r1", "release", "r1"),
            // Things that are called as parts of addresses are.
            ("/pipelines/services/pipeline-studio", "pipeline", "services"),
            ("/pipelines/projects/executions/all/pipeline", "execution", "all"),
            ("/services/account", "service", "account"),
        ] {
            let named = named(&format!("{PROJECT}{rest}")).unwrap();
            assert_eq!(named.resource_type.as_deref(), Some(kind), "{rest}");
            assert_eq!(named.id.as_deref(), Some(id), "{rest}");
            assert_eq!(named.account_id.as_deref(), Some("acme"));
            assert_eq!(
                (&named.arguments["org_id"], &named.arguments["project_id"]),
                (&json!("default"), &json!("shop"))
            );
        }
    }

    #[test]
    fn addresses_come_in_many_shapes() {
        let all = named("/ng/account/acme/all/orgs/default/projects/shop/pipelines").unwrap();
        assert_eq!((all.resource_type.as_deref(), all.id), (Some("pipeline"), None));
        let scope = named("/ng/account/all/module/cd/orgs/module/projects/catalog").unwrap();
        let place = [&scope.account_id, &scope.module, &scope.org_id, &scope.project_id, &scope.id];
        let expected = ["all", "cd", "module", "catalog", "catalog"];
        assert_eq!(place.map(|it| it.as_deref()), expected.map(Some));
        assert_eq!(scope.resource_type.as_deref(), Some("project"));
        let vanity = named("https://acme.example/ng/#/account/acme/ci/pipelines/p1").unwrap();
        assert_eq!(vanity.id.as_deref(), Some("p1"));
        let step = named(&format!("{PROJECT}/pipelines/p/executions/e/pipeline?stage=x")).unwrap();
        assert_eq!(step.arguments["pipeline_id"], "p");
        assert_eq!(step.arguments["stage_id"], "x");
        for nothing in ["", "not an address", "https://example.com/about", "ftp://x/pipelines/p"] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
        assert_eq!(named(&format!("/pipelines/{}", "x".repeat(MAX_ADDRESS))), None);
    }

    #[test]
    fn every_type_that_a_segment_names_exists() {
        let catalog: Arc<_> = Catalog::embedded().platform("harness").unwrap();
        let kinds = SEGMENTS.iter().map(|(_, kind, _)| *kind);
        let unknown: Vec<_> = kinds.filter(|kind| !catalog.types.contains_key(kind)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
