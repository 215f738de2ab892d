//! Rules beside the roles.

use std::fs;

use pilothouse_model::{Grant, Principal, PrincipalKind, Role};
use tempfile::TempDir;

use super::*;
use crate::{AutoApprove, Policy, Verdict, decide, decide_direct};

const PRODUCTION: &str = r#"
[[rule]]
id = "freeze"
effect = "forbid"
reason = "nothing changes in production until Monday"
operations = ["write"]
namespaces = ["acme/prod"]
except = ["user:release"]

[[rule]]
id = "robots"
effect = "forbid"
reason = "machines keep out"
principals = ["sa:*", "team:bots"]
operations = ["tharsis.run.*"]
"#;
const CARE: &str = r#"
[[rule]]
id = "look-twice"
effect = "ask"
reason = "deletions are looked at twice"
operations = ["destructive"]
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
principal = "user:jo"
roles = ["viewer=acme"]
operation = "tharsis.run.get"
namespace = "acme/prod"
expect = "deny"
by = "production#freeze"
"#;
const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn operations() -> Operations {
    vec![
        ("tharsis.run.apply".to_owned(), Risk::HighWrite),
        ("tharsis.run.get".to_owned(), Risk::Read),
        ("tharsis.workspace.delete".to_owned(), Risk::Destructive),
    ]
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn open(directory: &TempDir) -> Result<Rules, Error> {
    Rules::open(directory.path(), operations(), NOW)
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
    Caller::new(principal).granted(vec![grant(id), grant(team)])
}

#[test]
fn rules_narrow_what_roles_allow() {
    use AutoApprove as A;
    let directory = directory(&[("production.toml", PRODUCTION), ("care.toml", CARE)]);
    let rules = Arc::new(open(&directory).unwrap());
    let (apply, get, delete) = ("tharsis.run.apply", "tharsis.run.get", "tharsis.workspace.delete");
    for (who, team, operation, namespace, auto, verdict, rule) in [
        ("user:jo", "team:x", apply, "acme/prod/web", A::All, Verdict::Deny, "production#freeze"),
        ("user:release", "team:x", apply, "acme/prod", A::All, Verdict::Allow, "auto_approve"),
        ("user:jo", "team:x", get, "acme/prod", A::None, Verdict::Allow, "read"),
        ("user:jo", "team:x", apply, "acme/dev", A::None, Verdict::Ask, "confirm_writes"),
        ("user:jo", "team:x", apply, "acme/dev", A::All, Verdict::Allow, "auto_approve"),
        ("user:jo", "team:bots", get, "acme/dev", A::All, Verdict::Deny, "production#robots"),
        ("sa:1", "team:x", get, "acme/dev", A::All, Verdict::Deny, "production#robots"),
        ("user:jo", "team:x", delete, "acme/dev", A::All, Verdict::Ask, "care#look-twice"),
        ("user:jo", "team:x", delete, "acme/prod", A::All, Verdict::Deny, "production#freeze"),
        ("user:jo", "team:x", apply, "other", A::All, Verdict::Hide, "role"),
    ] {
        let namespace: Namespace = namespace.parse().unwrap();
        let risk = operations().iter().find(|(name, _)| name == operation).unwrap().1;
        let action = Action { operation, risk, place: Place::In(&namespace) };
        let rules = Some(Arc::clone(&rules));
        let policy = Policy { auto_approve: auto, rules, ..Policy::default() };
        let decision = decide(&owner(who, team), &action, &policy);
        let got = (decision.verdict, decision.rule.as_ref());
        assert_eq!(got, (verdict, rule), "{who} {team} {operation} {namespace}");
    }
}

#[test]
fn rules_bind_the_operator_and_the_platforms_own_clients() {
    let directory = directory(&[("production.toml", PRODUCTION), ("care.toml", CARE)]);
    let policy = Policy { rules: Some(open(&directory).unwrap().into()), ..Policy::default() };
    let operator = Caller::new(Principal::local_user("root"));
    let prod = Namespace::terraform("acme/prod");
    let dev = Namespace::terraform("acme/dev");
    // As the platform's own clients say it: they know no risk but that it is a write.
    let delete = |namespace| Action {
        operation: "tharsis.workspace.delete",
        risk: Risk::MediumWrite,
        place: Place::In(namespace),
    };
    let decision = decide(&operator, &delete(&prod), &policy);
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "production#freeze"));
    let decision = decide_direct(&operator, &delete(&dev), &policy);
    assert_eq!((decision.verdict, &*decision.rule), (Verdict::Deny, "care#look-twice"));
}

#[test]
fn a_set_that_is_not_valid_is_not_taken() {
    let rule = |line: &str| {
        let rest = "effect = \"forbid\"\nreason = \"\"";
        format!("[[rule]]\nid = \"x\"\n{rest}\n{line}\n")
    };
    for (text, words) in [
        ("[[rule".to_owned(), "production.toml"),
        (rule("operations = [\"tharsis.run.aply\"]"), "tharsis.run.aply"),
        (rule("operations = [\"tharsis.rum.*\"]"), "tharsis.rum.*"),
        (rule("principals = [\"jo\"]"), "\"jo\" names no principal"),
        (rule("namespaces = [\"/acme\"]"), "acme"),
        (rule("colour = \"red\""), "colour"),
        (rule("").replace("forbid", "permit"), "permit"),
        (rule("").replace("\"x\"", "\"X y\""), "lower-case"),
        (format!("{}{}", rule(""), rule("")), "two rules \"x\""),
    ] {
        let directory = directory(&[("production.toml", &text)]);
        let error = open(&directory).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
        assert!(check(&directory.path().join("production.toml"), &operations()).is_err());
    }
}

#[test]
fn a_changed_file_counts_and_a_broken_one_leaves_the_old_set() {
    let directory = directory(&[("production.toml", PRODUCTION)]);
    let file = directory.path().join("production.toml");
    let rules = open(&directory).unwrap();
    let mut now = NOW;
    let mut write = |text: &str| {
        fs::write(&file, text).unwrap();
        now = now.after(LOOK_EVERY);
        rules.refresh(now);
        (rules.count(), rules.problem().is_some())
    };
    let before = rules.revision();
    assert_eq!(write("[[rule"), (2, true), "the old set goes on");
    assert!(rules.problem().unwrap().contains("production.toml"));
    assert_eq!(rules.revision(), before);
    assert_eq!(write("# nothing is forbidden any more\n"), (0, false));
    assert_ne!(rules.revision(), before, "plans made before are void");
}

#[test]
fn cases_tell_what_was_decided_instead() {
    let files = [("production.toml", PRODUCTION), ("all.case.toml", CASES)];
    let outcomes = case::run(directory(&files).path(), &operations()).unwrap();
    let [good, bad] = &outcomes[..] else { panic!("two cases: {outcomes:#?}") };
    assert_eq!(good.case, "all.case.toml: user:jo tharsis.run.apply acme/prod/web");
    assert_eq!(good.problem, None);
    let problem = bad.problem.as_deref().unwrap();
    assert!(problem.starts_with("allow by read"), "{problem}");
}

#[test]
fn files_and_rules_are_bounded() {
    let large = "#".repeat(256 * 1024 + 1);
    let error = open(&directory(&[("large.toml", &large)])).unwrap_err();
    assert!(error.message.contains("262144 bytes"), "{error}");
    let names: Vec<String> = (0..=100).map(|number| format!("{number}.toml")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let error = open(&directory(&files)).unwrap_err();
    assert!(error.message.contains("more than 100 files"), "{error}");
    let one = |number| format!("[[rule]]\nid = \"r{number}\"\neffect = \"ask\"\nreason = \"\"\n");
    let many = (0..=1000).map(one).collect::<Vec<_>>().concat();
    let error = open(&directory(&[("many.toml", &many)])).unwrap_err();
    assert!(error.message.contains("more than 1000 rules"), "{error}");
}
