//! What an address of Harness' web pages names: a type and arguments. Pure; the host does not
//! matter, because accounts may have one of their own.

mod page;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;

/// Longest address that is read, in bytes.
const MAX_ADDRESS: usize = 8192;

/// Modules, which a path may name without saying that they are.
const MODULES: [&str; 15] = [
    "cd", "ce", "cf", "chaos", "ci", "code", "cv", "dbops", "fme", "iacm", "idp", "sei", "srm",
    "ssca", "sto",
];
/// Types of which account, organization and project have things of their own.
const AT_ANY_LEVEL: [&str; 24] = [
    "audit_event",
    "connector",
    "delegate",
    "delegate_token",
    "environment",
    "file_store",
    "freeze_window",
    "gitops_agent",
    "gitops_application",
    "gitops_cluster",
    "infrastructure",
    "policy",
    "policy_evaluation",
    "policy_set",
    "registry",
    "repository",
    "resource_group",
    "role",
    "secret",
    "service",
    "service_account",
    "setting",
    "template",
    "user_group",
];
const QUERY: [(&str, &str); 12] = [
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
    ("agentId", "agent_id"),
    ("versionLabel", "version_label"),
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
    let url = match url.fragment() {
        Some(fragment) if fragment.starts_with('/') => base.join(fragment).ok()?,
        _ => url,
    };
    let segments: Vec<String> = url
        .path_segments()?
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut named = Named::default();
    let rest = named.place(&segments);
    named.page(rest, &query);
    for (name, value) in query.into_iter().filter(|(_, value)| !value.is_empty()) {
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
    /// The level that the page is on, if things of its type may be on any: `account`, `org` or
    /// `project`. A page that names an organization alone is never one of a project.
    pub fn level(&self) -> Option<&'static str> {
        let is_at_any = self.resource_type.as_deref().is_some_and(|it| AT_ANY_LEVEL.contains(&it));
        match (&self.account_id, &self.org_id, &self.project_id) {
            (.., Some(_)) => is_at_any.then_some("project"),
            (_, Some(_), None) => (!self.is_organization()).then_some("org"),
            (Some(_), ..) => is_at_any.then_some("account"),
            _ => None,
        }
    }

    fn is_organization(&self) -> bool {
        self.resource_type.as_deref() == Some("organization")
    }

    /// Reads where the page is, and returns what follows.
    fn place<'a>(&mut self, segments: &'a [String]) -> &'a [String] {
        let mut rest = segments;
        while self.project_id.is_none() {
            let next = || rest.get(1).cloned();
            let taken = match rest.first().map(String::as_str) {
                Some("ng" | "all" | "home") => 1,
                Some(module) if MODULES.contains(&module) => {
                    self.module = Some(module.to_owned());
                    1
                }
                Some("account") => {
                    self.account_id = next();
                    2
                }
                Some("module") => {
                    self.module = next();
                    2
                }
                Some("orgs" | "organizations") if self.org_id.is_none() && rest.len() > 1 => {
                    self.org_id = next();
                    2
                }
                Some("projects") if rest.len() > 1 => {
                    self.project_id = next();
                    2
                }
                _ => break,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        rest
    }

    /// Reads of what the page is. Only nothing behind the place makes it a page of the place.
    fn page(&mut self, rest: &[String], query: &[(String, String)]) {
        let of_place = match (&self.project_id, &self.org_id) {
            (Some(project), _) => Some(("project", project)),
            (None, Some(org)) => Some(("organization", org)),
            (None, None) => None,
        };
        if let (true, Some((kind, id))) = (rest.is_empty(), of_place) {
            (self.resource_type, self.id) = (Some(kind.to_owned()), Some(id.clone()));
        } else if let Some(found) = page::find(self.module.as_deref(), rest, query) {
            self.resource_type = Some(found.kind.to_owned());
            self.id = found.id.map(str::to_owned);
            let arguments = found.arguments.into_iter();
            self.arguments.extend(arguments.map(|(name, id)| (name.to_owned(), json!(id))));
        }
    }
}

#[cfg(test)]
mod tests;
