//! What changes, counts from the next call on.

use std::time::Duration;

use pilothouse_model::{Kind, Namespace, Principal, PrincipalKind, Role};
use pilothouse_store::{
    access::ServiceAccount,
    terraform::{Group, Meta},
};

use super::*;
use crate::{api_key::NewApiKey, fresh::FRESH, membership, service_account, team};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// A change of another process counts after a moment, and what is remembered until then is what
/// was true before.
#[tokio::test]
async fn what_another_process_changes_counts_when_the_bound_is_over() {
    let data = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", data.path().join("p.db").display());
    let directory = Directory::new(Store::open(&url).await.unwrap());
    let other = Store::open(&url).await.unwrap();
    let roles_at = async |at| roles(&directory.admit(user(), at).await.unwrap());
    assert_eq!(roles_at(NOW).await, []);
    membership::grant(&other, "user:al", Role::Viewer, &labs(), "jo", NOW).await.unwrap();
    let viewer = [(Role::Viewer, "mctl:labs".to_owned())];
    assert_eq!(roles_at(NOW.after(FRESH)).await, viewer);
    membership::revoke(&other, "user:al", &labs()).await.unwrap();
    assert_eq!(roles_at(NOW.after(FRESH + FRESH)).await, []);
    membership::grant(&directory.store, "user:al", Role::Viewer, &labs(), "jo", NOW).await.unwrap();
    assert_eq!(roles_at(NOW.after(FRESH + FRESH)).await, viewer, "our own: at once");
    assert_eq!(roles_at(NOW).await, viewer, "also when the clock was set back");
}

async fn directory() -> Directory {
    Directory::new(Store::open("sqlite::memory:").await.unwrap())
}

fn user() -> Caller {
    let kind = PrincipalKind::User;
    Caller::new(Principal { id: "user:al".into(), kind, name: "al".into() })
}

fn roles(caller: &Caller) -> Vec<(Role, String)> {
    match &caller.authority {
        Authority::Everything => panic!("nobody granted everything"),
        Authority::Granted(grants) => {
            grants.iter().map(|grant| (grant.role, grant.namespace.to_string())).collect()
        }
    }
}

async fn admitted(directory: &Directory) -> Vec<(Role, String)> {
    roles(&directory.admit(user(), NOW).await.unwrap())
}

fn labs() -> Namespace {
    "mctl:labs".parse().unwrap()
}

#[tokio::test]
async fn a_role_counts_from_the_next_call_on_and_no_longer_than_it_is_there() {
    let directory = directory().await;
    let store = &directory.store;
    assert_eq!(admitted(&directory).await, []);
    membership::grant(store, "user:al", Role::Viewer, &labs(), "jo", NOW).await.unwrap();
    assert_eq!(admitted(&directory).await, [(Role::Viewer, "mctl:labs".to_owned())]);
    membership::grant(store, "user:al", Role::Owner, &labs(), "jo", NOW).await.unwrap();
    assert_eq!(admitted(&directory).await, [(Role::Owner, "mctl:labs".to_owned())]);
    membership::revoke(store, "user:al", &labs()).await.unwrap();
    assert_eq!(admitted(&directory).await, []);
    let twice = membership::revoke(store, "user:al", &labs()).await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
}

#[tokio::test]
async fn what_a_team_was_granted_counts_for_its_members_while_they_are_in_it() {
    let directory = directory().await;
    let store = &directory.store;
    let viewer = [(Role::Viewer, "mctl:labs".to_owned())];
    membership::grant(store, "team:ops", Role::Viewer, &labs(), "jo", NOW).await.unwrap();
    let ops = team::create(store, "ops", "", "jo", NOW).await.unwrap();
    assert_eq!(admitted(&directory).await, []);
    team::add(store, &ops, "user:al", NOW).await.unwrap();
    assert_eq!(admitted(&directory).await, viewer);
    let caller = directory.admit(user(), NOW).await.unwrap();
    assert_eq!(*caller.teams, ["team:ops".to_owned()]);
    let twice = team::add(store, &ops, "user:al", NOW).await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    team::remove(store, &ops, "user:al").await.unwrap();
    assert_eq!(admitted(&directory).await, []);
    assert_eq!(team::remove(store, &ops, "user:al").await.unwrap_err().kind, Kind::NotFound);

    team::add(store, &ops, "user:al", NOW).await.unwrap();
    store.team_delete(&ops).await.unwrap();
    assert_eq!(admitted(&directory).await, []);
    team::create(store, "ops", "", "jo", NOW).await.unwrap();
    assert_eq!(store.membership_grants("team:ops").await.unwrap(), [], "another team");
}

#[tokio::test]
async fn a_team_has_a_name_of_its_own_and_members_that_are_none() {
    let directory = directory().await;
    let store = &directory.store;
    for name in ["", "Ops", "-ops", "ops-", "a b", &"x".repeat(65)] {
        let error = team::create(store, name, "", "jo", NOW).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{name:?}");
    }
    let ops = team::create(store, "ops", "", "jo", NOW).await.unwrap();
    let twice = team::create(store, "ops", "", "jo", NOW).await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    for subject in ["al", "team:dev", "user:a b"] {
        let error = team::add(store, &ops, subject, NOW).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{subject:?}");
    }
}

#[tokio::test]
async fn roles_are_given_on_what_exists_to_somebody() {
    let directory = directory().await;
    for (subject, namespace, kind) in [
        ("user:al", "acme", Kind::NotFound),
        ("al", "*", Kind::Invalid),
        ("user:", "*", Kind::Invalid),
        ("user:a b", "*", Kind::Invalid),
        (&format!("user:{}", "x".repeat(300)), "*", Kind::Invalid),
    ] {
        let namespace = namespace.parse().unwrap();
        let store = &directory.store;
        let error = membership::grant(store, subject, Role::Viewer, &namespace, "jo", NOW).await;
        assert_eq!(error.unwrap_err().kind, kind, "{subject}");
    }
}

#[tokio::test]
async fn a_key_works_until_it_expires_or_is_revoked() {
    let directory = directory().await;
    let grants = [(Role::Deployer, labs())];
    let spaces = ["look".to_owned()];
    let new = NewApiKey {
        name: "ci",
        grants: &grants,
        spaces: &spaces,
        lifetime: HOUR,
        created_by: "jo",
    };
    let (key, text) = api_key::create(&directory.store, new, NOW).await.unwrap();
    assert!(api_key::is_key(&text) && !key.hash.contains(&text));

    let found = directory.key(&text, NOW).await.unwrap().unwrap();
    assert_eq!(found.spaces, spaces);
    let caller = Caller::new(api_key::principal(&found));
    let caller = directory.admit(caller, NOW).await.unwrap();
    assert_eq!(caller.principal.id, key.subject());
    assert_eq!(roles(&caller), [(Role::Deployer, "mctl:labs".to_owned())]);
    let last = Timestamp(NOW.after(HOUR).0 - 1);
    assert!(directory.key(&text, last).await.unwrap().is_some());
    assert!(directory.key(&text, NOW.after(HOUR)).await.unwrap().is_none(), "expired");
    for wrong in ["", "plk_", &text[..text.len() - 1], &format!("{text}x")] {
        assert!(directory.key(wrong, NOW).await.unwrap().is_none(), "{wrong}");
    }
    assert!(directory.store.api_key_revoke(&key.id, NOW).await.unwrap());
    assert!(directory.key(&text, NOW).await.unwrap().is_none(), "revoked");
}

#[tokio::test]
async fn a_key_has_a_name_roles_and_an_end() {
    let directory = directory().await;
    let grants = [(Role::Viewer, labs())];
    let many: Vec<_> =
        (0..51).map(|n| (Role::Viewer, Namespace::new("mctl", &format!("t{n}")))).collect();
    let good =
        NewApiKey { name: "ci", grants: &grants, spaces: &[], lifetime: HOUR, created_by: "jo" };
    let spaces = |id: &str, count| vec![id.to_owned(); count];
    let (no_id, odd, far, crowd) =
        (spaces("", 1), spaces("a b", 1), spaces(&"x".repeat(65), 1), spaces("look", 51));
    let long = "x".repeat(65);
    for wrong in [
        NewApiKey { name: "", ..good.clone() },
        NewApiKey { name: &long, ..good.clone() },
        NewApiKey { grants: &[], ..good.clone() },
        NewApiKey { grants: &many, ..good.clone() },
        NewApiKey { spaces: &no_id, ..good.clone() },
        NewApiKey { spaces: &odd, ..good.clone() },
        NewApiKey { spaces: &far, ..good.clone() },
        NewApiKey { spaces: &crowd, ..good.clone() },
        NewApiKey { lifetime: Duration::ZERO, ..good.clone() },
        NewApiKey { lifetime: api_key::MAX_LIFETIME + HOUR, ..good.clone() },
    ] {
        let error = api_key::create(&directory.store, wrong, NOW).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
    }
    api_key::create(&directory.store, good.clone(), NOW).await.unwrap();
    let twice = api_key::create(&directory.store, good, NOW).await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
}

/// `acme/ci` with one secret.
async fn account(store: &Store) -> (ServiceAccount, String) {
    let acme = Group {
        meta: Meta::new(NOW),
        name: "acme".into(),
        description: String::new(),
        path: "acme".into(),
        parent_id: None,
        created_by: "jo".into(),
    };
    store.group_create(&acme, 10).await.unwrap();
    let account = ServiceAccount {
        meta: Meta::new(NOW),
        name: "ci".into(),
        description: String::new(),
        group_id: acme.meta.id,
        group_path: "acme".into(),
        created_by: "jo".into(),
        disabled: false,
        trust_policies: Vec::new(),
        client_credentials: true,
    };
    let (secret, text) = service_account::new_secret(&account.meta.id, None, NOW).unwrap();
    store.service_account_create(&account, Some(&secret), 10).await.unwrap();
    (account, text)
}

#[tokio::test]
async fn an_account_is_proven_by_its_secret_while_both_last() {
    let directory = directory().await;
    let store = &directory.store;
    let (mut ci, first) = account(store).await;
    let trn = "trn:service_account:acme/ci";
    let prove = |secret: String, at: Timestamp| async move {
        service_account::authenticate(store, trn, &secret, at).await.is_ok()
    };
    assert_eq!(first.len(), 64);
    assert!(prove(first.clone(), NOW).await);
    assert!(!prove(first.clone(), NOW.after(service_account::MAX_LIFETIME)).await, "expired");
    assert!(!prove(format!("{first}x"), NOW).await);
    for wrong in ["trn:service_account:acme/cd", "trn:group:acme", "x", &"x".repeat(3000)] {
        let error = service_account::authenticate(store, wrong, &first, NOW).await.unwrap_err();
        assert_eq!(error.message, "the client id or the client secret is not valid");
    }

    let (second, text) = service_account::new_secret(&ci.meta.id, None, NOW).unwrap();
    let overlap = NOW.after(service_account::OVERLAP);
    store.service_account_update(&ci, Some((&second, overlap)), NOW).await.unwrap();
    assert!(prove(first.clone(), NOW).await, "within the overlap");
    assert!(!prove(first, overlap).await, "after it");
    assert!(prove(text.clone(), overlap).await);

    let caller = Caller::new(service_account::principal(&ci));
    assert!(directory.admit(caller.clone(), NOW).await.is_ok());
    ci.meta.version = 2;
    ci.disabled = true;
    store.service_account_update(&ci, None, NOW).await.unwrap();
    assert!(!prove(text, NOW).await, "disabled");
    let refused = directory.admit(caller, NOW).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unauthenticated, "a token it has is worth nothing now");
}

#[tokio::test]
async fn a_secret_lives_one_to_ninety_days() {
    let day = Duration::from_hours(24);
    for (days, good) in [(0, false), (1, true), (90, true), (91, false)] {
        let expires = Some(NOW.after(day * days));
        assert_eq!(service_account::new_secret("x", expires, NOW).is_ok(), good, "{days}");
    }
}
