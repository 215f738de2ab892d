//! Signing in, being shut out, and the first administrator.

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const PASSWORD: &str = "correct horse battery";

async fn setup() -> Store {
    let store = Store::open("sqlite::memory:").await.unwrap();
    create(&store, "Jo", PASSWORD, false, NOW).await.unwrap();
    store
}

async fn attempt(store: &Store, password: &str, now: Timestamp) -> &'static str {
    match sign_in(store, "jo", password, now).await.unwrap() {
        SignIn::Welcome(_) => "welcome",
        SignIn::Wrong => "wrong",
        SignIn::Locked { .. } => "locked",
    }
}

#[tokio::test]
async fn failures_lock_for_longer_and_longer() {
    let store = setup().await;
    for _ in 0..FREE_FAILURES {
        assert_eq!(attempt(&store, "wrong", NOW).await, "wrong");
    }
    assert_eq!(attempt(&store, PASSWORD, NOW).await, "locked", "even with the right one");
    let after = NOW.after(Duration::from_secs(1));
    assert_eq!(attempt(&store, PASSWORD, after).await, "welcome");
    assert_eq!(attempt(&store, "wrong", after).await, "wrong", "the count starts again");
    assert_eq!([4, 5, 6, 10, 99].map(|failures| delay(failures).as_secs()), [0, 1, 2, 32, 3600]);
}

#[tokio::test]
async fn guesses_at_once_are_no_more_than_guesses_in_turn() {
    let store = setup().await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..3 * FREE_FAILURES {
        let store = store.clone();
        guesses.spawn(async move { attempt(&store, "wrong", NOW).await });
    }
    let outcomes = guesses.join_all().await;
    let looked_at = outcomes.iter().filter(|outcome| **outcome == "wrong").count();
    assert_eq!(looked_at, FREE_FAILURES as usize, "{outcomes:?}");
    assert_eq!(attempt(&store, PASSWORD, NOW).await, "locked");
}

#[tokio::test]
async fn unknown_names_and_odd_passwords_are_wrong() {
    let store = setup().await;
    for (name, password) in [("al", PASSWORD), ("", ""), ("jo", ""), ("jo\0", PASSWORD)] {
        let outcome = sign_in(&store, name, password, NOW).await.unwrap();
        assert!(matches!(outcome, SignIn::Wrong), "{name:?}: {outcome:?}");
    }
    let long = "x".repeat(LONGEST + 1);
    assert_eq!(attempt(&store, &long, NOW).await, "wrong");
}

#[tokio::test]
async fn a_disabled_account_is_out_everywhere() {
    let store = setup().await;
    let account = store.account_by_name("jo").await.unwrap().unwrap();
    let cookie = open_session(&store, &account, NOW).await.unwrap();
    assert_eq!(session(&store, &cookie, NOW).await.unwrap().unwrap().name, "jo");
    assert!(session(&store, &cookie, NOW.after(SESSION)).await.unwrap().is_none());
    assert!(session(&store, "forged", NOW).await.unwrap().is_none());
    set_disabled(&store, "jo", true, NOW).await.unwrap();
    assert!(session(&store, &cookie, NOW).await.unwrap().is_none());
    assert_eq!(attempt(&store, PASSWORD, NOW).await, "wrong");
}

#[tokio::test]
async fn names_and_passwords_are_bounded() {
    let store = setup().await;
    let (long_name, long) = ("n".repeat(65), "x".repeat(LONGEST + 1));
    for (name, password) in [
        ("", PASSWORD),
        ("a b", PASSWORD),
        ("../x", PASSWORD),
        ("é", PASSWORD),
        (long_name.as_str(), PASSWORD),
        ("al", "short"),
        ("al", long.as_str()),
        ("jo", PASSWORD),
    ] {
        let refused = create(&store, name, password, false, NOW).await;
        assert!(refused.is_err(), "{name:?}");
    }
}

#[tokio::test]
async fn the_first_administrator_uses_a_link_once() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let secret = setup_secret(&store, NOW).await.unwrap().unwrap();
    let late = NOW.after(SETUP);
    for (secret, name, password, now) in [
        ("forged", "jo", PASSWORD, NOW),
        (secret.as_str(), "jo", "short", NOW),
        (secret.as_str(), "", PASSWORD, NOW),
        (secret.as_str(), "jo", PASSWORD, late),
    ] {
        assert!(set_up(&store, secret, name, password, now).await.is_err(), "{name} {password}");
    }
    let account = set_up(&store, &secret, "jo", PASSWORD, NOW).await.unwrap();
    assert!(account.admin);
    assert!(set_up(&store, &secret, "al", PASSWORD, NOW).await.is_err());
    assert!(setup_secret(&store, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn an_administrator_owns_everything_and_nobody_else_anything() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let directory = crate::Directory::new(store.clone());
    for (name, admin, expected) in [("jo", true, Some(Role::Owner)), ("al", false, None)] {
        let account = create(&store, name, PASSWORD, admin, NOW).await.unwrap();
        let caller = pilothouse_model::Caller::new(principal(&account));
        let caller = directory.admit(caller, NOW).await.unwrap();
        for place in ["*", "harness:", "tharsis@remote:acme", "acme/network/prod"] {
            let role = match crate::standing(&caller, &place.parse().unwrap()) {
                crate::Standing::Role { role, .. } => Some(role),
                crate::Standing::Stranger => None,
                crate::Standing::Operator => panic!("{name} is no operator"),
            };
            assert_eq!(role, expected, "{name} in {place}");
        }
    }
}
