//! The decision: asked once per call, before anything runs.
//!
//! In this order: what the roles allow, what an operator's policies forbid, what an endpoint refuses,
//! what needs a person's word.

use std::borrow::Cow;

use pilothouse_model::{Caller, Error, Namespace, Risk};

use crate::{
    Policy, Requirement,
    cedar::{Effect, Opinion},
    requirement,
    standing::{Standing, standing, standing_anywhere},
};

/// The name of the rule that is always there: a write needs a person.
const CONFIRM_WRITES: &str = "confirm_writes";
/// The names of the rules that say what is missing.
const ROLE: &str = "role";
const SCOPE: &str = "scope";

/// What is about to happen.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// `platform.type.operation`, or the tool's name for what touches no platform.
    pub operation: &'a str,
    pub risk: Risk,
    pub place: Place<'a>,
}

/// Where it happens.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// On no platform.
    Nowhere,
    In(&'a Namespace),
    /// Anywhere in a realm: a list, of which the platform shows what the caller may see.
    Throughout(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// A person must say yes to exactly this.
    Ask,
    Deny,
    /// Denied, and the caller may not know that the target exists.
    Hide,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// The rule or policy that decided, for the audit record.
    pub rule: Cow<'static, str>,
    pub reason: String,
}

/// Decides under `policy` whether `caller` may do `action` now, may do it once a person agrees,
/// or may not do it.
pub fn decide(caller: &Caller, action: &Action<'_>, policy: &Policy) -> Decision {
    let role = match by_role(caller, action) {
        Ok(role) => role,
        Err(refusal) => return refusal,
    };
    let Action { operation, risk, .. } = action;
    let written = policy.written.as_ref().and_then(|written| written.opinion(caller, action));
    let written_as = |effect: Effect| written.as_deref().filter(|opinion| opinion.effect == effect);
    if let Some(opinion) = written_as(Effect::Forbid) {
        return as_written(Verdict::Deny, opinion);
    }
    if risk.is_read() {
        return decision(Verdict::Allow, "read", format!("{role} may read"));
    }
    if policy.read_only {
        let reason = format!("{operation} changes something and this endpoint is read-only");
        return decision(Verdict::Deny, "read_only", reason);
    }
    if let Some(opinion) = written_as(Effect::Ask) {
        return as_written(Verdict::Ask, opinion);
    }
    if let Some(opinion) = written_as(Effect::AutoApprove) {
        return as_written(Verdict::Allow, opinion);
    }
    if policy.auto_approve.covers(*risk) {
        let reason = format!("{role}; {risk} is within {}", policy.auto_approve);
        return decision(Verdict::Allow, "auto_approve", reason);
    }
    let reason = format!("{operation} is a {risk} and needs a person's approval");
    decision(Verdict::Ask, CONFIRM_WRITES, reason)
}

/// The refusal of what the caller's token is not good for, whatever its bearer may do. Asked before
/// anything is looked up, so that it says nothing about what there is.
pub fn out_of_scope(caller: &Caller, operation: &str, risk: Risk) -> Option<Decision> {
    let needed = caller.lacks(operation, risk)?;
    let reason = format!("{operation} needs a token with the scopes {needed}");
    Some(decision(Verdict::Deny, SCOPE, reason))
}

/// The decision about a call to a platform's own API, where nobody can be asked: its client is
/// the person's own. Roles and refusals count, confirmations do not.
pub fn decide_direct(caller: &Caller, action: &Action<'_>, policy: &Policy) -> Decision {
    match decide(caller, action, policy) {
        // A policy that wants a person's word is about everybody, and here it cannot be given.
        Decision { verdict: Verdict::Ask, rule, reason } if rule != CONFIRM_WRITES => {
            Decision { verdict: Verdict::Deny, rule, reason }
        }
        Decision { verdict: Verdict::Ask, .. } => {
            decision(Verdict::Allow, "direct", "the platform's own client acts".to_owned())
        }
        decided => decided,
    }
}

/// Which role lets the caller do it, in words; else the refusal.
fn by_role(caller: &Caller, action: &Action<'_>) -> Result<String, Decision> {
    let required = requirement(action.operation, action.risk);
    let name = &caller.principal.name;
    let (found, place) = match action.place {
        _ if required == Requirement::Identity => return Ok(format!("{name} is signed in")),
        Place::Nowhere => return Ok(format!("{name} is signed in")),
        Place::In(namespace) => (standing(caller, namespace), namespace.to_string()),
        Place::Throughout(realm) => (standing_anywhere(caller, realm), format!("{realm}:")),
    };
    let least = required.least_role();
    match found {
        Standing::Operator => Ok(format!("{name} is the operator")),
        Standing::Role { role, granted_on } if found.reaches(least) => {
            Ok(format!("{name} is {role} of {granted_on}"))
        }
        Standing::Role { role, .. } => {
            let needs = least.map_or("the operator", pilothouse_model::Role::as_str);
            let reason = format!(
                "{} needs {needs} in {place}, where {name} is {role}",
                described(required, action.operation)
            );
            Err(decision(Verdict::Deny, ROLE, reason))
        }
        Standing::Stranger => {
            let reason = format!("{name} has no role in {place}");
            let verdict = match action.place {
                Place::In(_) => Verdict::Hide,
                Place::Nowhere | Place::Throughout(_) => Verdict::Deny,
            };
            Err(decision(verdict, ROLE, reason))
        }
    }
}

fn described(required: Requirement, operation: &str) -> String {
    match required {
        Requirement::Permission(permission) => permission.to_string(),
        Requirement::Identity | Requirement::Role(_) => operation.to_owned(),
    }
}

fn as_written(verdict: Verdict, opinion: &Opinion) -> Decision {
    Decision { verdict, rule: opinion.policy.clone().into(), reason: opinion.reason.clone() }
}

fn decision(verdict: Verdict, rule: &'static str, reason: String) -> Decision {
    Decision { verdict, rule: Cow::Borrowed(rule), reason }
}

impl Decision {
    /// The refusal as an error; what is hidden reads as `not_found`, which says what a target that
    /// does not exist would say.
    pub fn refusal(&self, not_found: impl FnOnce() -> Error) -> Option<Error> {
        match self.verdict {
            Verdict::Allow | Verdict::Ask => None,
            Verdict::Hide => Some(not_found()),
            Verdict::Deny => Some(Error::forbidden(&self.reason).hint(match self.rule.as_ref() {
                ROLE => "an operator grants roles with: pilothouse members grant".to_owned(),
                SCOPE => "sign in again and ask for all of them".to_owned(),
                rule => format!("the rule {rule} refuses it"),
            })),
        }
    }
}

#[cfg(test)]
mod tests;
