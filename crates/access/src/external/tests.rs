//! There and back again, and the account at the end.

use pilothouse_model::Kind;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn vouched(subject: &str, email: Option<&str>, login: Option<&str>) -> Vouched {
    Vouched {
        issuer: "https://id.example/tenant".into(),
        subject: subject.into(),
        email: email.map(str::to_owned),
        login: login.map(str::to_owned),
    }
}

fn everybody() -> Admission {
    Admission::parse(&["*".to_owned()]).unwrap()
}

#[tokio::test]
async fn a_journey_ends_once_in_the_browser_where_it_began() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let depart = async || depart(&store, "openid", "cookie", ("b", "n"), NOW).await.unwrap();
    let journey = depart().await;
    let kept = arrive(&store, "openid", "cookie", &journey.state, NOW).await.unwrap();
    assert_eq!((kept.nonce, kept.base, kept.next), (journey.nonce, "b".into(), "n".into()));
    assert_eq!(pkce::challenge(&kept.verifier), journey.challenge);
    assert!(arrive(&store, "openid", "cookie", &journey.state, NOW).await.is_err(), "again");
    for (provider, cookie, now) in [
        ("github", "cookie", NOW),
        ("openid", "another", NOW),
        ("openid", "cookie", NOW.after(JOURNEY)),
    ] {
        let journey = depart().await;
        let lost = arrive(&store, provider, cookie, &journey.state, now).await;
        assert!(lost.is_err(), "{provider} {cookie}");
    }
    assert!(arrive(&store, "openid", "cookie", "forged", NOW).await.is_err());
}

#[tokio::test]
async fn an_account_is_the_providers_subject_whatever_it_is_called() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let kim = vouched("1", Some("Kim@Example.com"), None);
    let none = Admission::default();
    assert!(enter(&store, &kim, &none, NOW).await.unwrap_err().message.contains("no account"));
    let made = enter(&store, &kim, &everybody(), NOW).await.unwrap();
    assert_eq!((made.name.as_str(), made.admin), ("kim@example.com", false));
    let renamed = vouched("1", Some("kim@elsewhere.example"), None);
    assert_eq!(enter(&store, &renamed, &none, NOW).await.unwrap().id, made.id);
    // Somebody else with that address does not get the account.
    let other = vouched("2", Some("kim@example.com"), None);
    assert!(enter(&store, &other, &everybody(), NOW).await.unwrap_err().message.contains("taken"));

    for (subject, login, name) in
        [("3", Some("al"), "al@id.example"), ("auth0-4", None, "auth0-4@id.example")]
    {
        let account = enter(&store, &vouched(subject, None, login), &everybody(), NOW).await;
        assert_eq!(account.unwrap().name, name);
    }
    people::set_disabled(&store, "kim@example.com", true, NOW).await.unwrap();
    assert!(enter(&store, &kim, &everybody(), NOW).await.unwrap_err().message.contains("disabled"));
    let odd = people::sign_in(&store, "al@id.example", "", NOW).await.unwrap();
    assert!(matches!(odd, people::SignIn::Wrong), "there is no password");
}

#[tokio::test]
async fn an_account_is_linked_by_name_and_never_by_address() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    for name in ["kim@example.com", "al"] {
        people::create(&store, name, "a long enough password", false, NOW).await.unwrap();
    }
    let kim = vouched("1", Some("kim@example.com"), Some("al"));
    let refused = enter(&store, &kim, &everybody(), NOW).await.unwrap_err();
    assert!(refused.message.contains("taken"), "{refused}");
    let refused = enter(&store, &kim, &Admission::default(), NOW).await.unwrap_err();
    assert!(refused.message.contains("https://id.example/tenant calls you 1"), "{refused}");

    let issuer = kim.issuer.as_str();
    people::link(&store, "al", issuer, "1").await.unwrap();
    assert_eq!(enter(&store, &kim, &Admission::default(), NOW).await.unwrap().name, "al");
    let twice = people::link(&store, "kim@example.com", issuer, "1").await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    for (name, issuer, subject) in [("al", "", "1"), ("al", issuer, &"x".repeat(256))] {
        let wrong = people::link(&store, name, issuer, subject).await.unwrap_err();
        assert_eq!(wrong.kind, Kind::Invalid);
    }
    people::unlink(&store, "al").await.unwrap();
    assert!(enter(&store, &kim, &Admission::default(), NOW).await.is_err());
    assert_eq!(people::unlink(&store, "al").await.unwrap_err().kind, Kind::Conflict);

    let made = enter(&store, &vouched("2", None, Some("jo")), &everybody(), NOW).await.unwrap();
    let locked_out = people::unlink(&store, &made.name).await.unwrap_err();
    assert!(locked_out.message.contains("could not sign in at all"), "{locked_out}");
}
