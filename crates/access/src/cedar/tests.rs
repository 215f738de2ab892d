//! Policies beside the roles.

use std::fs;

use pilothouse_model::{Authority, Grant, Principal, PrincipalKind, Role, Scopes};
use tempfile::TempDir;

use super::*;
use crate::{AutoApprove, Decision, Policy, Verdict, decide, decide_direct};

const PRODUCTION: &str = r#"
@id("freeze")
@reason("nothing changes in production until Monday")
forbid (principal, action in Action::"write", resource in Namespace::"acme/prod")
unless { principal == User::"user:release" };

@id("robots")
forbid (principal, action in Action::"tharsis.run", resource)
when { principal is ServiceAccount || principal in Team::"team:bots" };

@id("spaces")
forbid (principal, action in Action::"write", resource)
when { context has space && context.space == "look" && context.scopes.contains("mcp:admin") };
"#;
const CARE: &str = r#"
@id("look-twice") @ask @reason("deletions are looked at twice")
forbid (principal, action in Action::"destructive", resource);

@id("playground") @auto_approve
permit (principal is User, action in Action::"write", resource in Namespace::"acme/play");
"#;
const SECRET: &str = r#"
@id("hidden")
forbid (principal, action in Action::"read", resource in Namespace::"acme/secret");

@id("inside")
forbid (principal, action in Action::"read", resource in Namespace::"acme/box")
when { resource != Namespace::"acme/box" };
"#;
const CASES: &str = r#"
[[case]]
principal = "user:jo"
operation = "tharsis.run.apply"
namespace = "acme/prod/web"
auto_approve = "all"
expect = "deny"
by = "production#freeze"

[[case]]
principal = "operator:root"
operation = "tharsis.run.apply"
namespace = "acme/prod"
expect = "deny"
by = "production#freeze"

[[case]]
principal = "user:jo"
roles = ["viewer=acme"]
operation = "tharsis.run.get"
namespace = "acme/prod"
expect = "deny"
by = "production#freeze"
"#;
const NOW: Timestamp = Timestamp(1_790_000_000_000);
const APPLY: &str = "tharsis.run.apply";
const GET: &str = "tharsis.run.get";
const LIST: &str = "tharsis.run.list";
const DELETE: &str = "tharsis.workspace.delete";

fn operations() -> Operations {
    let risks = [Risk::HighWrite, Risk::Read, Risk::Read, Risk::Destructive];
    [APPLY, GET, LIST, DELETE].map(str::to_owned).into_iter().zip(risks).collect()
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn open(directory: &TempDir) -> Result<Policies, Error> {
    Policies::open(directory.path(), operations(), NOW)
}

fn policy(files: &[(&str, &str)], auto_approve: AutoApprove) -> Policy {
    let written = Some(open(&directory(files)).unwrap().into());
    Policy { auto_approve, written, ..Policy::default() }
}

/// An owner of `acme`, by themselves and through a team.
fn owner(id: &str, team: &str) -> Caller {
    let kind = PrincipalKind::of_id(id);
    let principal = Principal { id: id.to_owned(), kind, name: id.to_owned() };
    let grant = |subject: &str| Grant {
        subject: subject.into(),
        namespace: Namespace::terraform("acme"),
        role: Role::Owner,
    };
    let caller = Caller::new(principal).granted(vec![grant(id), grant(team)]);
    Caller { teams: [team.to_owned()].into(), ..caller }
}

fn operator() -> Caller {
    Caller::new(Principal::local_user("root"))
}

fn decided(policy: &Policy, caller: &Caller, operation: &str, place: Place<'_>) -> Decision {
    let all = operations();
    let risk = all.iter().find(|(name, _)| name == operation).unwrap().1;
    decide(caller, &Action { operation, risk, place }, policy)
}

#[test]
fn policies_forbid_ask_and_release_within_what_roles_allow() {
    use AutoApprove as A;
    use Verdict::{Allow, Ask, Deny, Hide};
    let files = [("production.cedar", PRODUCTION), ("care.cedar", CARE)];
    let mut policy = policy(&files, A::None);
    for (who, team, operation, namespace, auto, verdict, rule) in [
        ("user:jo", "team:x", APPLY, "acme/prod/web", A::All, Deny, "production#freeze"),
        ("user:release", "team:x", APPLY, "acme/prod", A::All, Allow, "auto_approve"),
        ("user:jo", "team:x", GET, "acme/prod", A::None, Allow, "read"),
        ("user:jo", "team:x", APPLY, "acme/dev", A::None, Ask, "confirm_writes"),
        ("user:jo", "team:x", APPLY, "acme/dev", A::All, Allow, "auto_approve"),
        ("user:jo", "team:bots", GET, "acme/dev", A::All, Deny, "production#robots"),
        ("sa:1", "team:x", GET, "acme/dev", A::All, Deny, "production#robots"),
        ("user:jo", "team:x", DELETE, "acme/dev", A::All, Ask, "care#look-twice"),
        ("user:jo", "team:x", DELETE, "acme/prod", A::All, Deny, "production#freeze"),
        ("user:jo", "team:x", APPLY, "acme/play", A::None, Allow, "care#playground"),
        ("key:1", "team:x", APPLY, "acme/play", A::None, Ask, "confirm_writes"),
        ("user:jo", "team:x", DELETE, "acme/play", A::None, Ask, "care#look-twice"),
        ("user:jo", "team:x", APPLY, "other", A::All, Hide, "role"),
    ] {
        let namespace: Namespace = namespace.parse().unwrap();
        policy.auto_approve = auto;
        let decision = decided(&policy, &owner(who, team), operation, Place::In(&namespace));
        let got = (decision.verdict, decision.rule.as_ref());
        assert_eq!(got, (verdict, rule), "{who} {team} {operation} {namespace}");
    }
}

#[test]
fn a_permit_gives_nothing_that_a_role_or_the_endpoint_does_not() {
    let everything = "@id(\"all\") @auto_approve permit (principal, action, resource);";
    let mut policy = policy(&[("all.cedar", everything)], AutoApprove::None);
    let play = Namespace::terraform("acme/play");
    let mut viewer = owner("user:jo", "team:x");
    let grant = |role| Grant { subject: "user:jo".into(), namespace: play.clone(), role };
    viewer.authority = Authority::granted(vec![grant(Role::Viewer)]);
    let decision = decided(&policy, &viewer, APPLY, Place::In(&play));
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "role"));
    policy.read_only = true;
    let decision = decided(&policy, &operator(), APPLY, Place::In(&play));
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "read_only"));
}

#[test]
fn policies_bind_the_operator_and_the_platforms_own_clients() {
    let files = [("production.cedar", PRODUCTION), ("care.cedar", CARE)];
    let policy = policy(&files, AutoApprove::None);
    let (prod, dev) = (Namespace::terraform("acme/prod"), Namespace::terraform("acme/dev"));
    // As the platform's own clients say it: they know no risk but that it is a write.
    let delete = |namespace| Action {
        operation: DELETE,
        risk: Risk::MediumWrite,
        place: Place::In(namespace),
    };
    let decision = decide(&operator(), &delete(&prod), &policy);
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "production#freeze"));
    let decision = decide_direct(&operator(), &delete(&dev), &policy);
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "care#look-twice"));
    let mut agent = operator();
    agent.space = Some("look".into());
    let decision = decided(&policy, &agent, APPLY, Place::In(&dev));
    assert_eq!(&*decision.rule, "production#spaces");
    agent.scopes = Scopes::WRITE;
    assert_eq!(decided(&policy, &agent, APPLY, Place::In(&dev)).verdict, Verdict::Ask);
}

#[test]
fn what_reaches_below_is_as_forbidden_as_what_is_below() {
    use Verdict::{Allow, Ask, Deny};
    let files = [("secret.cedar", SECRET), ("production.cedar", PRODUCTION)];
    let policy = policy(&files, AutoApprove::All);
    let place = |path| Namespace::terraform(path);
    let (acme, dev, secret, inside) =
        (place("acme"), place("acme/dev"), place("acme/secret/x"), place("acme/box"));
    for (operation, at, verdict, rule) in [
        (LIST, Place::Throughout("tharsis"), Deny, "secret#hidden"),
        (LIST, Place::In(&acme), Deny, "secret#hidden"),
        (LIST, Place::In(&dev), Allow, "read"),
        (LIST, Place::In(&secret), Deny, "secret#hidden"),
        (LIST, Place::In(&inside), Deny, "secret#inside"),
        (GET, Place::In(&inside), Allow, "read"),
        (GET, Place::In(&acme), Allow, "read"),
        (DELETE, Place::In(&acme), Deny, "production#freeze"),
        (APPLY, Place::In(&acme), Allow, "auto_approve"),
    ] {
        let decision = decided(&policy, &operator(), operation, at);
        let got = (decision.verdict, &*decision.rule);
        assert_eq!(got, (verdict, rule), "{operation} {at:?}");
    }
    let policy = self::policy(&[("care.cedar", CARE)], AutoApprove::All);
    assert_eq!(decided(&policy, &operator(), DELETE, Place::In(&acme)).verdict, Ask);
}

#[test]
fn a_set_that_is_not_valid_is_not_taken() {
    let policy = |rest: &str| format!("@id(\"x\") {rest}");
    let forbid = |when: &str| policy(&format!("forbid (principal, action, resource) {when};"));
    for (text, words) in [
        ("forbid (".to_owned(), "production.cedar"),
        ("(".repeat(100_000), "production.cedar"),
        (forbid("").replace("@id(\"x\")", ""), "no @id"),
        (forbid("").replace("\"x\"", "\"X y\""), "lower-case"),
        (forbid("").replace("forbid", "@colour forbid"), "unknown annotation @colour"),
        (forbid("").replace("forbid", "permit"), "x: a permit alone changes nothing"),
        (forbid("").replace("forbid", "@ask permit"), "@ask is for forbid"),
        (forbid("").replace("principal", "principal == ?principal"), "?principal"),
        (forbid("").replace("action", "action == Action::\"tharsis.run.aply\""), "aply"),
        (forbid("").replace("action", "action in Action::\"tharsis.rum\""), "tharsis.rum"),
        (forbid("when { principal == User::\"jo\" }"), "User::\"jo\" names nothing"),
        (forbid("when { principal == User::\"sa:1\" }"), "names nothing"),
        (forbid("when { principal in Team::\"ops\" }"), "write Team::"),
        (forbid("when { resource in Namespace::\"/acme\" }"), "names nothing"),
        (forbid("when { resource in Namespace::\"tharsis:acme\" }"), "Namespace::\"acme\""),
        (forbid("when { principal.age > 3 }"), "age"),
        (format!("{0}{0}", forbid("")), "two of this id"),
    ] {
        let directory = directory(&[("production.cedar", &text)]);
        let error = open(&directory).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
        assert!(check(&directory.path().join("production.cedar"), &operations()).is_err());
    }
}

#[test]
fn every_kind_of_call_is_one_that_the_schema_knows() {
    let schema = schema::parsed(&operations()).unwrap();
    let callers =
        ["user:jo", "sa:1", "client:1", "key:1", "github:jo"].map(|id| owner(id, "team:x"));
    for caller in callers.into_iter().chain([operator()]) {
        for (operation, risk) in operations() {
            for namespace in ["acme/prod", "tharsis:", "harness:default/web", "*"] {
                let mut caller = caller.clone();
                caller.space = Some("look".into());
                let call = Call::new(&caller, &operation, risk).unwrap();
                call.at(&namespace.parse().unwrap(), Some(&schema)).unwrap();
            }
        }
    }
    let text = schema::text(&operations());
    for risk in Risk::ALL {
        let above = if risk.is_read() { ";" } else { " in [\"write\"];" };
        assert!(text.contains(&format!("action \"{risk}\"{above}")), "{risk}");
    }
}

#[test]
fn a_changed_file_counts_and_a_broken_one_leaves_the_old_set() {
    let directory = directory(&[("production.cedar", PRODUCTION)]);
    let file = directory.path().join("production.cedar");
    let policies = open(&directory).unwrap();
    let mut now = NOW;
    let mut write = |text: &str| {
        fs::write(&file, text).unwrap();
        now = now.after(LOOK_EVERY);
        policies.refresh(now);
        (policies.count(), policies.problem().is_some())
    };
    let before = policies.revision();
    assert_eq!(write("forbid ("), (3, true), "the old set goes on");
    assert!(policies.problem().unwrap().contains("production.cedar"));
    assert_eq!(policies.revision(), before);
    assert_eq!(write("// nothing is forbidden any more\n"), (0, false));
    assert_ne!(policies.revision(), before, "plans made before are void");
}

#[test]
fn an_answer_is_remembered_for_the_same_question_under_the_same_policies_only() {
    let directory = directory(&[("production.cedar", PRODUCTION)]);
    let policies = open(&directory).unwrap();
    let (prod, dev) = (Namespace::terraform("acme/prod"), Namespace::terraform("acme/dev"));
    let ask = |caller: &Caller, operation, place| {
        let all = operations();
        let risk = all.iter().find(|(name, _)| name == operation).unwrap().1;
        let action = Action { operation, risk, place: Place::In(place) };
        policies.opinion(caller, &action).map(|opinion| opinion.policy.clone())
    };
    let jo = owner("user:jo", "team:x");
    let freeze = Some("production#freeze".to_owned());
    let robots = Some("production#robots".to_owned());
    let spaces = Some("production#spaces".to_owned());
    let mut elsewhere = jo.clone();
    elsewhere.space = Some("look".into());
    let limited = elsewhere.clone().limited_to(Scopes::WRITE);
    // Twice: the second time nothing is evaluated.
    for _ in 0..2 {
        assert_eq!(ask(&jo, APPLY, &prod), freeze);
        assert_eq!(ask(&jo, GET, &prod), None, "another operation");
        assert_eq!(ask(&jo, APPLY, &dev), None, "another place");
        assert_eq!(ask(&owner("user:release", "team:x"), APPLY, &prod), None, "somebody else");
        assert_eq!(ask(&owner("user:jo", "team:bots"), GET, &prod), robots, "in another team");
        assert_eq!(ask(&elsewhere, APPLY, &dev), spaces, "through a space");
        assert_eq!(ask(&limited, APPLY, &dev), None, "with another token");
    }
    fs::write(directory.path().join("production.cedar"), "// nothing is forbidden\n").unwrap();
    policies.refresh(Timestamp::now().after(LOOK_EVERY));
    assert_eq!(ask(&jo, APPLY, &prod), None, "other policies");
}

#[test]
fn cases_tell_what_was_decided_instead() {
    let files = [("production.cedar", PRODUCTION), ("all.case.toml", CASES)];
    let outcomes = case::run(directory(&files).path(), &operations()).unwrap();
    let [good, operator, bad] = &outcomes[..] else { panic!("three cases: {outcomes:#?}") };
    assert_eq!(good.case, "all.case.toml: user:jo tharsis.run.apply acme/prod/web");
    assert_eq!((&good.problem, &operator.problem), (&None, &None));
    let problem = bad.problem.as_deref().unwrap();
    assert!(problem.starts_with("allow by read"), "{problem}");
}

#[test]
fn cases_that_test_nothing_are_refused() {
    let case = |principal: &str, expect: &str| {
        format!(
            "[[case]]\nprincipal = \"{principal}\"\noperation = \"{APPLY}\"\nnamespace = \"acme\"\n\
             expect = \"{expect}\"\n"
        )
    };
    for (cases, why) in [
        (String::new(), "has no case"),
        (case("jo", "ask"), "write the principal as"),
        (case("user:", "ask"), "write the principal as"),
        (case("user:jo", "alow"), "expect is one of"),
    ] {
        let files = [("production.cedar", PRODUCTION), ("all.case.toml", cases.as_str())];
        let error = case::run(directory(&files).path(), &operations()).unwrap_err();
        assert!(error.message.contains(why), "{error}");
    }
}

#[test]
fn files_and_policies_are_bounded() {
    let large = " ".repeat(256 * 1024 + 1);
    let error = open(&directory(&[("large.cedar", &large)])).unwrap_err();
    assert!(error.message.contains("262144 bytes"), "{error}");
    let names: Vec<String> = (0..=100).map(|number| format!("{number}.cedar")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let error = open(&directory(&files)).unwrap_err();
    assert!(error.message.contains("more than 100 files"), "{error}");
    let one = |number| format!("@id(\"r{number}\") forbid (principal, action, resource);\n");
    let many = (0..=1000).map(one).collect::<Vec<_>>().concat();
    let error = open(&directory(&[("many.cedar", &many)])).unwrap_err();
    assert!(error.message.contains("more than 1000 policies"), "{error}");
}
