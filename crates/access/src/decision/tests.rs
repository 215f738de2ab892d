//! What is decided for whom.

use std::sync::Arc;

use pilothouse_model::{
    Grant, Kind, Principal, PrincipalKind,
    Risk::{Destructive, HighWrite, LowWrite, MediumWrite, Read},
    Role, Scopes,
};

use super::*;
use crate::AutoApprove;

fn operator() -> Caller {
    Caller::new(Principal::local_user("jo"))
}

fn user(role: Role, namespace: &str) -> Caller {
    let principal =
        Principal { id: "user:al".into(), kind: PrincipalKind::User, name: "al".into() };
    let subject = Arc::from("user:al");
    let namespace = namespace.parse().unwrap();
    Caller::new(principal).granted(vec![Grant { subject, namespace, role }])
}

fn verdict(auto_approve: AutoApprove, read_only: bool, risk: Risk) -> Verdict {
    let policy = Policy { auto_approve, read_only, written: None };
    let namespace = Namespace::terraform("acme");
    let place = Place::In(&namespace);
    let action = Action { operation: "tharsis.run.apply", risk, place };
    decide(&operator(), &action, &policy).verdict
}

#[test]
fn reads_are_free_and_writes_ask_up_to_the_level() {
    use AutoApprove as A;
    use Verdict::{Allow, Ask};
    for (level, expected) in [
        (A::None, [Allow, Ask, Ask, Ask, Ask]),
        (A::LowWrite, [Allow, Allow, Ask, Ask, Ask]),
        (A::MediumWrite, [Allow, Allow, Allow, Ask, Ask]),
        (A::HighWrite, [Allow, Allow, Allow, Allow, Ask]),
        (A::All, [Allow; 5]),
    ] {
        let got = Risk::ALL.map(|risk| verdict(level, false, risk));
        assert_eq!(got, expected, "{level}");
    }
}

#[test]
fn read_only_refuses_every_write_whatever_the_level() {
    assert_eq!(verdict(AutoApprove::All, true, Read), Verdict::Allow);
    for risk in [LowWrite, MediumWrite, HighWrite, Destructive] {
        assert_eq!(verdict(AutoApprove::All, true, risk), Verdict::Deny);
    }
}

#[test]
fn a_role_counts_where_it_was_granted() {
    use Verdict::{Allow, Ask, Deny, Hide};
    let (viewer, deployer) = (user(Role::Viewer, "acme"), user(Role::Deployer, "acme/dev"));
    for (caller, operation, risk, namespace, expected) in [
        (&viewer, "tharsis.run.get", Read, "acme/prod", Allow),
        (&viewer, "tharsis.run.apply", HighWrite, "acme/prod", Deny),
        (&viewer, "tharsis.run.get", Read, "other", Hide),
        (&viewer, "tharsis.run.apply", HighWrite, "other", Hide),
        (&deployer, "tharsis.run.apply", HighWrite, "acme/dev/web", Ask),
        (&deployer, "tharsis.run.apply", HighWrite, "acme/prod", Hide),
        (&deployer, "tharsis.namespace_membership.create", HighWrite, "acme/dev", Deny),
        (&deployer, "harness.pipeline.list", Read, "harness:a/b", Hide),
    ] {
        let namespace: Namespace = namespace.parse().unwrap();
        let action = Action { operation, risk, place: Place::In(&namespace) };
        let decision = decide(caller, &action, &Policy::default());
        assert_eq!(decision.verdict, expected, "{operation} in {namespace}: {decision:?}");
    }
}

#[test]
fn a_list_needs_a_role_somewhere_in_the_realm() {
    let viewer = user(Role::Viewer, "acme");
    for (realm, expected) in [("tharsis", Verdict::Allow), ("harness", Verdict::Deny)] {
        let place = Place::Throughout(realm);
        let action = Action { operation: "tharsis.run.list", risk: Read, place };
        assert_eq!(decide(&viewer, &action, &Policy::default()).verdict, expected, "{realm}");
    }
}

#[test]
fn a_refusal_tells_what_is_missing_or_nothing_at_all() {
    let viewer = user(Role::Viewer, "acme");
    let not_found = || Error::not_found("run", "x");
    for (namespace, kind, words) in [
        (
            "acme/prod",
            Kind::Forbidden,
            "run:create needs deployer in acme/prod, where al is viewer",
        ),
        ("other", Kind::NotFound, "run \"x\" not found"),
    ] {
        let namespace = Namespace::terraform(namespace);
        let place = Place::In(&namespace);
        let action = Action { operation: "tharsis.run.apply", risk: HighWrite, place };
        let refusal = decide(&viewer, &action, &Policy::default()).refusal(not_found).unwrap();
        assert_eq!((refusal.kind, refusal.message.as_str()), (kind, words));
    }
}

#[test]
fn a_direct_client_is_not_asked_but_refused_all_the_same() {
    let namespace = Namespace::terraform("acme");
    let place = Place::In(&namespace);
    let action = Action { operation: "tharsis.run.apply", risk: HighWrite, place };
    let read_only = Policy { read_only: true, ..Policy::default() };
    for (caller, policy, expected) in [
        (user(Role::Deployer, "acme"), Policy::default(), Verdict::Allow),
        (user(Role::Viewer, "acme"), Policy::default(), Verdict::Deny),
        (user(Role::Deployer, "acme"), read_only, Verdict::Deny),
        (user(Role::Deployer, "other"), Policy::default(), Verdict::Hide),
    ] {
        assert_eq!(decide_direct(&caller, &action, &policy).verdict, expected);
    }
}

#[test]
fn a_token_limits_its_bearer_and_says_what_it_lacks() {
    for (scopes, risk, lacks) in [
        ("mcp:read", Read, None),
        ("mcp:read", LowWrite, Some("mcp:read mcp:write")),
        ("tharsis:read", Destructive, Some("tharsis:read tharsis:write")),
        ("harness:write", Read, Some("mcp:read harness:write")),
        ("mcp:write", Destructive, None),
    ] {
        let caller = operator().limited_to(Scopes::parse(scopes));
        let refused = out_of_scope(&caller, "tharsis.run.apply", risk);
        assert_eq!(refused.is_some(), lacks.is_some(), "{scopes} {risk}");
        assert_eq!(caller.missing.get().map(Scopes::to_string).as_deref(), lacks, "{scopes}");
        if let Some(refused) = refused {
            let error = refused.refusal(|| panic!("it is not hidden")).unwrap();
            assert_eq!((refused.rule.as_ref(), error.kind), ("scope", Kind::Forbidden));
            assert!(error.message.contains(lacks.unwrap()), "{error}");
        }
    }
}
