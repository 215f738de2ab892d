//! When an answer counts.

use std::time::Duration;

use pilothouse_model::Principal;
use serde_json::json;

use super::*;

fn caller(name: &str) -> Caller {
    Caller::new(Principal::local_user(name))
}

fn sealer(key: &[u8], ttl: Duration, audience: &str) -> Arc<Sealer> {
    Arc::new(Sealer::new(&StateKey::new(key).unwrap(), ttl, audience))
}

fn subject(user: &str, name: &str, arguments: Value) -> Subject {
    Subject { caller: caller(user), method: "tools/call", name: name.to_owned(), arguments }
}

fn form(key: &str) -> Question {
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } });
    Question::form(key, "?", schema)
}

fn accept() -> Value {
    json!({ "action": "accept", "content": { "ok": true } })
}

/// Asks `keys` in one round; returns the new state or the answered keys.
fn ask(round: &Round, keys: &[&str]) -> Result<Vec<String>, String> {
    let questions: Vec<_> = keys.iter().map(|key| form(key)).collect();
    match round.ask(&questions, Seal::Sealed).unwrap() {
        Asked::Answered(answers) => Ok(answers.values.into_keys().collect()),
        Asked::NeedsInput(input) => Err(input.0.request_state.unwrap()),
        Asked::Unsupported => unreachable!("support is checked before"),
    }
}

const KEY: &[u8] = &[7; 32];
const HOUR: Duration = Duration::from_hours(1);

fn issue(sealer: &Arc<Sealer>) -> String {
    let round =
        Round::open(sealer, subject("ann", "deploy", json!({ "a": 1, "b": 2 })), None, None);
    ask(&round.unwrap(), &["confirm"]).unwrap_err()
}

#[test]
fn a_state_is_good_only_for_what_it_was_issued_for() {
    let issuer = sealer(KEY, HOUR, "unified");
    let state = issue(&issuer);
    let same = || subject("ann", "deploy", json!({ "b": 2, "a": 1 }));
    let tampered = format!("{state}x");
    for (case, sealer, subject, state, good) in [
        ("same", issuer.clone(), same(), state.as_str(), true),
        ("tampered", issuer.clone(), same(), &tampered, false),
        ("garbage", issuer.clone(), same(), "rs1.x.y", false),
        (
            "other user",
            issuer.clone(),
            subject("bob", "deploy", json!({ "a": 1, "b": 2 })),
            &state,
            false,
        ),
        (
            "other tool",
            issuer.clone(),
            subject("ann", "destroy", json!({ "a": 1, "b": 2 })),
            &state,
            false,
        ),
        (
            "other arguments",
            issuer.clone(),
            subject("ann", "deploy", json!({ "a": 1, "b": 3 })),
            &state,
            false,
        ),
        ("other key", sealer(&[8; 32], HOUR, "unified"), same(), &state, false),
        ("other endpoint", sealer(KEY, HOUR, "tharsis"), same(), &state, false),
        ("replica", sealer(KEY, HOUR, "unified"), same(), &state, true),
    ] {
        assert_eq!(Round::open(&sealer, subject, Some(state), None).is_ok(), good, "{case}");
    }
}

#[test]
fn a_state_expires() {
    let brief = sealer(KEY, Duration::ZERO, "unified");
    let state = issue(&brief);
    let again = || subject("ann", "deploy", json!({ "a": 1, "b": 2 }));
    // Ends within a millisecond of the wall clock, or never if states do not expire.
    while Round::open(&brief, again(), Some(&state), None).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn a_sealed_answer_counts_only_with_the_state_that_asked_for_it() {
    let sealer = sealer(KEY, HOUR, "unified");
    let subject = || subject("ann", "deploy", json!({ "a": 1, "b": 2 }));
    let given = |key: &str| Some(InputResponses::from([(key.to_owned(), accept())]));

    let forged = Round::open(&sealer, subject(), None, given("confirm")).unwrap();
    assert!(ask(&forged, &["confirm"]).is_err(), "no state, no answer");

    let state = issue(&sealer);
    let answered = Round::open(&sealer, subject(), Some(&state), given("confirm")).unwrap();
    assert_eq!(ask(&answered, &["confirm"]), Ok(vec!["confirm".to_owned()]));

    let smuggled = Round::open(&sealer, subject(), Some(&state), given("second")).unwrap();
    assert!(ask(&smuggled, &["second"]).is_err(), "the state did not ask for it");
}

#[test]
fn later_rounds_remember_earlier_answers_and_keep_one_id() {
    let sealer = sealer(KEY, HOUR, "unified");
    let subject = || subject("ann", "deploy", json!({}));
    let given = |key: &str| Some(InputResponses::from([(key.to_owned(), accept())]));
    let first = Round::open(&sealer, subject(), None, None).unwrap();
    let first_state = ask(&first, &["a"]).unwrap_err();

    let second = Round::open(&sealer, subject(), Some(&first_state), given("a")).unwrap();
    let second_state = ask(&second, &["a", "b"]).unwrap_err();
    assert_ne!(first_state, second_state);

    let third = Round::open(&sealer, subject(), Some(&second_state), given("b")).unwrap();
    assert_eq!(ask(&third, &["a", "b"]), Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(second.id(), third.id());
}

#[test]
fn open_questions_take_answers_as_they_come_and_issue_no_state() {
    let sealer = sealer(KEY, HOUR, "unified");
    let round =
        |given| Round::open(&sealer, subject("ann", "greet", json!({})), None, given).unwrap();
    let given = InputResponses::from([("name".to_owned(), accept())]);
    let asked = round(Some(given)).ask(&[form("name")], Seal::Open).unwrap();
    assert!(matches!(asked, Asked::Answered(_)));
    let Asked::NeedsInput(input) = round(None).ask(&[form("name")], Seal::Open).unwrap() else {
        panic!("nothing was answered");
    };
    assert!(input.0.request_state.is_none());
}

#[test]
fn short_keys_are_refused() {
    assert!(StateKey::new(&[1; 31]).is_err());
    assert_eq!(format!("{:?}", StateKey::random()), "StateKey(..)");
}
