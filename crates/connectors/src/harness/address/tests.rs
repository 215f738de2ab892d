//! What addresses name, page by page, and whether our own links lead back.

use std::{cell::RefCell, collections::BTreeSet};

use pilothouse_registry::{Catalog, ResourceType};

use super::*;

const PROJECT: &str = "https://app.harness.io/ng/account/acme/module/cd/orgs/default/projects/shop";
/// Types whose link leads to a page that is of another one.
const GUESTS: [(&str, &str); 24] = [
    ("cost_anomaly_drilldown", "cost_anomaly"),
    ("cost_anomaly_summary", "cost_anomaly"),
    ("cost_budget_group", "cost_budget"),
    ("cost_budget_variance", "cost_budget"),
    ("cost_recommendation_detail", "cost_recommendation"),
    ("cost_recommendation_stats", "cost_recommendation"),
    ("dashboard_data", "dashboard"),
    ("gitops_app_event", "gitops_application"),
    ("gitops_managed_resource", "gitops_application"),
    ("gitops_pod_log", "gitops_application"),
    ("gitops_resource_action", "gitops_application"),
    ("pipeline_summary", "pipeline"),
    ("pipeline_v1", "pipeline"),
    ("scorecard_check_stats", "scorecard"),
    ("scorecard_stats", "scorecard"),
    ("scs_artifact_remediation", "artifact_security"),
    ("scs_chain_of_custody", "artifact_security"),
    ("security_exemption_bulk", "security_exemption"),
    ("sei_ai_adoption", "sei_ai_usage"),
    ("sei_ai_impact", "sei_ai_usage"),
    ("sei_ai_raw_metric", "sei_ai_usage"),
    ("sei_org_tree_detail", "sei_org_tree"),
    ("sei_team_detail", "sei_team"),
    ("template_v1", "template"),
];

fn address(rest: &str) -> String {
    format!("{PROJECT}{rest}")
}

#[test]
fn every_kind_of_page_names_its_thing() {
    for (rest, kind, id) in [
        ("/pipelines/deploy/pipeline-studio", "pipeline", Some("deploy")),
        ("/pipelines/deploy/executions/ex1/pipeline?step=s1", "execution", Some("ex1")),
        ("/pipelines/deploy/deployments/ex1", "execution", Some("ex1")),
        ("/pipelines/deploy/deployments/ex1/artifacts", "execution", Some("ex1")),
        ("/pipelines/deploy/triggers/nightly", "trigger", Some("nightly")),
        ("/pipelines/deploy/input-sets/prod", "input_set", Some("prod")),
        ("/pipelines/deploy/input-sets", "input_set", None),
        ("/services/web%20shop", "service", Some("web shop")),
        ("/environments/prod/infrastructure-definitions/k8s", "infrastructure", Some("k8s")),
        ("/environments/prod/details?sectionId=INFRASTRUCTURE", "infrastructure", None),
        ("/setup/resources/template-studio/Stage/template/t?versionLabel=1", "template", Some("t")),
        ("/agents/a/details", "agent", Some("a")),
        ("/gitops/agents/a", "gitops_agent", Some("a")),
        ("/gitops", "gitops_dashboard", None),
        ("/dashboards/folder/shared/view/12", "dashboard", Some("12")),
        ("/issues/i1", "security_issue", Some("i1")),
        ("/sto/exemptions", "security_exemption", None),
        ("/scorecards/s1", "scorecard", Some("s1")),
        ("/catalog/c1", "idp_entity", Some("c1")),
        ("/idp/catalog", "", None),
        ("/audit-trail/a1", "audit_event", Some("a1")),
        ("/repos/r1/pulls/7", "pull_request", Some("7")),
        ("/repos/r1/pulls/7/conversation/3", "pr_activity", Some("3")),
        ("/release-management/releases/r1/execution/tasks", "release_execution_task", None),
        ("/release-management/releases/r1", "release", Some("r1")),
        ("", "project", Some("shop")),
        ("/projects", "project", None),
    ] {
        let named = named(&address(rest)).unwrap();
        assert_eq!(named.resource_type.as_deref().unwrap_or_default(), kind, "{rest}");
        assert_eq!(named.id.as_deref(), id, "{rest}");
        assert_eq!(named.account_id.as_deref(), Some("acme"));
        assert_eq!(
            (&named.arguments["org_id"], &named.arguments["project_id"]),
            (&json!("default"), &json!("shop"))
        );
    }
}

/// What follows a word for a kind of thing is an identifier, whatever it is called.
#[test]
fn identifiers_may_be_words_of_paths() {
    for (rest, kind, id) in [
        ("/pipelines/services/pipeline-studio", "pipeline", "services"),
        ("/pipelines/projects", "pipeline", "projects"),
        ("/services/settings", "service", "settings"),
        ("/settings/connectors/orgs", "connector", "orgs"),
        ("/pipelines/projects/executions/all/pipeline", "execution", "all"),
        ("/services/account", "service", "account"),
    ] {
        let named = named(&address(rest)).unwrap();
        let found = (named.resource_type.as_deref(), named.id.as_deref());
        assert_eq!(found, (Some(kind), Some(id)), "{rest}");
    }
    let scope = named("/ng/account/all/module/cd/orgs/module/projects/catalog").unwrap();
    let place = [&scope.account_id, &scope.module, &scope.org_id, &scope.project_id, &scope.id];
    assert_eq!(
        place.map(|it| it.as_deref()),
        ["all", "cd", "module", "catalog", "catalog"].map(Some)
    );
    assert_eq!(scope.resource_type.as_deref(), Some("project"));
}

/// The place is known all the same; it is not what the page is of.
#[test]
fn a_page_that_nobody_knows_names_nothing() {
    for rest in [
        "/overview",
        "/settings/some-new-page/x",
        "/settings/some-new-page",
        "/pipelines/p/some-new-part/x",
        "/settings/connectors/c/new/page",
        "/ce/overview",
    ] {
        let named = named(&address(rest)).unwrap();
        assert_eq!((named.resource_type, named.id), (None, None), "{rest}");
        assert_eq!(named.project_id.as_deref(), Some("shop"), "{rest}");
    }
    let organization = named("/ng/account/acme/settings/organizations/o/new-page").unwrap();
    assert_eq!(organization.resource_type, None);
}

#[test]
fn addresses_come_in_many_shapes() {
    let all = named("/ng/account/acme/all/orgs/default/projects/shop/pipelines").unwrap();
    assert_eq!((all.resource_type.as_deref(), all.id), (Some("pipeline"), None));
    let vanity = named("https://acme.example/ng/#/account/acme/ci/pipelines/p1").unwrap();
    assert_eq!((vanity.id.as_deref(), vanity.module.as_deref()), (Some("p1"), Some("ci")));
    let step = named(&address("/pipelines/p/executions/e/pipeline?stage=x")).unwrap();
    assert_eq!(step.arguments["pipeline_id"], "p");
    assert_eq!(step.arguments["stage_id"], "x");
    let application = named(&address("/gitops/applications/app?agentId=ag")).unwrap();
    assert_eq!(application.arguments["agent_id"], "ag");
    let entity = named("/ng/account/acme/module/idp/catalog/default/component/foo").unwrap();
    assert_eq!(
        (&entity.arguments["kind"], entity.id.as_deref()),
        (&json!("component"), Some("foo"))
    );
    for nothing in ["", "not an address", "https://example.com/about", "ftp://x/pipelines/p"] {
        assert_eq!(named(nothing), None, "{nothing}");
    }
    assert_eq!(named(&format!("/pipelines/{}", "x".repeat(MAX_ADDRESS))), None);
}

#[test]
fn a_page_says_its_level_where_its_type_has_several() {
    for (path, level) in [
        ("/settings/resources/connectors/c1", Some("account")),
        ("/all/orgs/o/settings/connectors/c1", Some("org")),
        ("/all/orgs/o/projects/p/settings/connectors/c1", Some("project")),
        ("/settings/access-control/user-groups/g1", Some("account")),
        ("/settings/access-control/service-accounts/sa", Some("account")),
        ("/ci/pipelines/p1", None),
        ("/all/orgs/o/projects/p/pipelines/p1", None),
        ("/all/orgs/o/pipelines", Some("org")),
        ("/all/orgs/o", None),
        ("/cd/overview", None),
    ] {
        let named = named(&format!("/ng/account/acme{path}")).unwrap();
        assert_eq!(named.level(), level, "{path}");
    }
    assert_eq!(named("/settings/connectors/c1").unwrap().level(), None);
}

#[test]
fn every_link_of_an_answer_leads_back_to_its_type() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let mut wrong = Vec::new();
    for resource in catalog.types.values() {
        let Some(link) = &resource.link else { continue };
        let filled = RefCell::new(Vec::new());
        let path = link.fill(|name| {
            let value = format!("value-of-{name}");
            filled.borrow_mut().push((name.to_owned(), value.clone()));
            Some(value)
        });
        let named = named(&path.clone().unwrap_or_default()).unwrap_or_default();
        let guest = GUESTS.iter().find(|(kind, _)| *kind == resource.name);
        let expected = guest.map_or(resource.name.as_str(), |(_, host)| host);
        let lost = filled.into_inner().into_iter().find(|(name, value)| {
            let is_place = matches!(name.as_str(), "account_id" | "type");
            let is_kept = |(argument, kept): (&String, &Value)| {
                kept == value && is_argument(resource, argument)
            };
            !is_place
                && !name.eq_ignore_ascii_case("trafficTypeId")
                && !named.arguments.iter().any(is_kept)
        });
        if named.resource_type.as_deref() != Some(expected) || lost.is_some() {
            wrong.push(format!("{}: {path:?} is of {:?}, lost {lost:?}", resource.name, named));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_argument(resource: &ResourceType, name: &str) -> bool {
    resource.operations.values().any(|operation| operation.args.contains_key(name))
        // Types of which there is nothing but the list have no argument for one.
        || !resource.operations.contains_key("get")
        // Where the list acts, which account-wide types do not.
        || matches!(name, "org_id" | "project_id")
}

#[test]
fn every_type_that_has_a_page_exists() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let named: BTreeSet<&str> = page::kinds()
        .chain(AT_ANY_LEVEL)
        .chain(GUESTS.into_iter().flat_map(|(guest, host)| [guest, host]))
        .collect();
    let unknown: Vec<_> =
        named.into_iter().filter(|kind| !catalog.types.contains_key(kind)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
