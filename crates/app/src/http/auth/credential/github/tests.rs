//! Against a GitHub in this process.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use pilothouse_access::{Standing, github::MEMORY, standing};

use super::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// What GitHub answers, and how often it was asked.
#[derive(Default)]
struct Fake {
    status: AtomicU16,
    asked: AtomicUsize,
}

async fn user(State(fake): State<Arc<Fake>>, headers: HeaderMap) -> (StatusCode, String) {
    fake.asked.fetch_add(1, Ordering::SeqCst);
    assert_eq!(headers["accept"], "application/vnd.github+json");
    let status = StatusCode::from_u16(fake.status.load(Ordering::SeqCst)).unwrap();
    let login = headers["authorization"].to_str().unwrap().replace("Bearer ghp_", "");
    (status, format!(r#"{{"login":"{login}","id":1}}"#))
}

async fn github(admins: &[&str]) -> (Arc<Fake>, GitHub, tempfile::TempDir) {
    let fake = Arc::new(Fake { status: 200.into(), asked: 0.into() });
    let routes = Router::new().route("/api/v3/user", get(user)).with_state(Arc::clone(&fake));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let repository = tempfile::tempdir().unwrap();
    let labs = repository.path().join("platform-gitops/tenants/labs");
    std::fs::create_dir_all(&labs).unwrap();
    let text = "tenant: {members: [{userId: jo, role: owner}, al]}";
    std::fs::write(labs.join("values.yaml"), text).unwrap();
    let config = config::GitHub {
        tokens: true,
        api_url: format!("http://{address}/api/v3").parse().unwrap(),
        repository: Some(repository.path().to_owned()),
        admins: admins.iter().map(|admin| (*admin).to_owned()).collect(),
    };
    (fake, GitHub::new(&config).unwrap(), repository)
}

#[tokio::test]
async fn a_login_has_the_roles_of_its_tenants() {
    let (_fake, github, _repository) = github(&["Boss"]).await;
    let labs: Namespace = "mctl:labs".parse().unwrap();
    for (login, expected) in [
        ("Jo", Some(Role::Owner)),
        ("al", Some(Role::Deployer)),
        ("boss", Some(Role::Owner)),
        ("eve", None),
    ] {
        let caller = github.identify(&format!("ghp_{login}"), NOW).await.unwrap();
        assert_eq!(caller.principal.id, format!("github:{}", login.to_lowercase()));
        let role = match standing(&caller, &labs) {
            Standing::Role { role, .. } => Some(role),
            Standing::Stranger => None,
            Standing::Operator => panic!("nobody from GitHub is the operator"),
        };
        assert_eq!(role, expected, "{login}");
    }
}

#[tokio::test]
async fn github_is_asked_once_a_minute_and_a_revoked_token_ends_then() {
    let (fake, github, _repository) = github(&[]).await;
    let asked = || fake.asked.load(Ordering::SeqCst);
    let last = Timestamp(NOW.after(MEMORY).0 - 1);
    for now in [NOW, last] {
        github.identify("ghp_jo", now).await.unwrap();
    }
    assert_eq!(asked(), 1);
    fake.status.store(401, Ordering::SeqCst);
    github.identify("ghp_jo", last).await.unwrap();
    for _ in 0..2 {
        let refused = github.identify("ghp_jo", NOW.after(MEMORY)).await.unwrap_err();
        assert!(matches!(refused, Refused::Credential { presented: true, .. }), "{refused:?}");
    }
    assert_eq!(asked(), 2, "a refusal is remembered as well");
}

#[tokio::test]
async fn nobody_comes_in_while_github_does_not_answer() {
    let (fake, github, _repository) = github(&[]).await;
    for status in [500, 429, 302] {
        fake.status.store(status, Ordering::SeqCst);
        let refused = github.identify("ghp_jo", NOW).await.unwrap_err();
        assert!(matches!(refused, Refused::Failed(_)), "{status}: {refused:?}");
    }
    fake.status.store(200, Ordering::SeqCst);
    github.identify("ghp_jo", NOW).await.unwrap();
    let large = format!("ghp_{}", "x".repeat(MAX_ANSWER));
    assert!(matches!(github.identify(&large, NOW).await, Err(Refused::Failed(_))));
}
