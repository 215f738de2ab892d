//! Cases that say what a directory's policies must decide.

use std::path::Path;

use pilothouse_model::{
    Caller, Error, Grant, Namespace, Principal, PrincipalKind, Risk, Role, Timestamp,
};
use serde::Deserialize;

use super::{
    Policies,
    file::{CASES, files, text},
    schema::Operations,
};
use crate::{Action, AutoApprove, Place, Policy, Verdict, decide};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
}

/// Who does what where, and what must be decided.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// As `members list` shows it, or `operator:NAME`.
    principal: String,
    #[serde(default)]
    teams: Vec<String>,
    /// What the principal and each team have there; owner of everything when absent.
    #[serde(default)]
    roles: Vec<String>,
    operation: String,
    namespace: String,
    space: Option<String>,
    auto_approve: Option<String>,
    expect: String,
    /// What decides: a policy's file and id, or `role`, `read`, `auto_approve`, `confirm_writes`.
    by: Option<String>,
}

/// As cases write them.
const VERDICTS: [(&str, Verdict); 4] = [
    ("allow", Verdict::Allow),
    ("ask", Verdict::Ask),
    ("deny", Verdict::Deny),
    ("hide", Verdict::Hide),
];

/// How a case ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The file and the case, in words.
    pub case: String,
    /// What was decided instead of what was expected.
    pub problem: Option<String>,
}

/// Runs the `*.case.toml` files of `directory` against its policies. Without a case nothing would
/// be tested, which is an error.
pub fn run(directory: &Path, operations: &Operations) -> Result<Vec<Outcome>, Error> {
    let written = Policies::open(directory, operations.clone(), Timestamp::now())?;
    let mut policy = Policy { written: Some(written.into()), ..Policy::default() };
    let mut outcomes = Vec::new();
    for path in files(directory, CASES)? {
        let wrong = |what: String| Error::invalid(format!("{}: {what}", path.display()));
        let File { cases } =
            toml::from_str(&text(&path)?).map_err(|error| wrong(error.to_string()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for case in cases {
            let Case { principal, operation, namespace, .. } = &case;
            let words = format!("{name}: {principal} {operation} {namespace}");
            policy.auto_approve = match &case.auto_approve {
                Some(level) => level.parse()?,
                None => AutoApprove::None,
            };
            let problem = judged(&case, &policy, operations)
                .map_err(|error| wrong(format!("{principal} {operation}: {}", error.message)))?;
            outcomes.push(Outcome { case: words, problem });
        }
    }
    if outcomes.is_empty() {
        return Err(Error::invalid(format!("{} has no case", directory.display()))
            .hint("write cases into files that end in .case.toml, each below [[case]]"));
    }
    Ok(outcomes)
}

/// What was decided instead of what the case expects.
fn judged(case: &Case, policy: &Policy, operations: &Operations) -> Result<Option<String>, Error> {
    let risk = risk_of(&case.operation, operations)?;
    let namespace: Namespace = case.namespace.parse()?;
    let action = Action { operation: &case.operation, risk, place: Place::In(&namespace) };
    let decision = decide(&caller(case)?, &action, policy);
    let expected = VERDICTS
        .iter()
        .find(|(word, _)| *word == case.expect)
        .ok_or_else(|| Error::invalid("expect is one of allow, ask, deny and hide"))?;
    let verdict = VERDICTS.iter().find(|(_, it)| *it == decision.verdict).map_or("", |it| it.0);
    let by_expected = case.by.as_ref().is_none_or(|by| *by == decision.rule);
    let fits = decision.verdict == expected.1 && by_expected;
    let decided = || format!("{verdict} by {}: {}", decision.rule, decision.reason);
    Ok((!fits).then(decided))
}

fn risk_of(operation: &str, operations: &Operations) -> Result<Risk, Error> {
    let found = operations.iter().find(|(name, _)| name == operation);
    found
        .map(|(_, risk)| *risk)
        .ok_or_else(|| Error::invalid(format!("{operation:?} is no operation")))
}

fn caller(case: &Case) -> Result<Caller, Error> {
    let (kind, name) = case
        .principal
        .split_once(':')
        .filter(|(kind, name)| !kind.is_empty() && !name.is_empty())
        .ok_or_else(|| Error::invalid("write the principal as user:NAME, sa:ID or the like"))?;
    if kind == "operator" {
        return Ok(Caller::new(Principal::local_user(name)));
    }
    let kind = PrincipalKind::of_id(&case.principal);
    let principal = Principal { id: case.principal.clone(), kind, name: name.to_owned() };
    let mut roles = Vec::new();
    for text in &case.roles {
        let (role, namespace) = text
            .split_once('=')
            .ok_or_else(|| Error::invalid(format!("write {text:?} as role=namespace")))?;
        roles.push((role.parse::<Role>()?, namespace.parse::<Namespace>()?));
    }
    if case.roles.is_empty() {
        roles.push((Role::Owner, Namespace::everything()));
    }
    let subjects = std::iter::once(&case.principal).chain(&case.teams);
    let grants = subjects.flat_map(|subject| {
        roles.iter().map(|(role, namespace)| Grant {
            subject: subject.as_str().into(),
            namespace: namespace.clone(),
            role: *role,
        })
    });
    let space = case.space.as_deref().map(Into::into);
    let teams = case.teams.clone().into();
    Ok(Caller { space, teams, ..Caller::new(principal).granted(grants.collect()) })
}
