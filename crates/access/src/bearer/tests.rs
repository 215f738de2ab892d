//! A token opens what it was minted for, while it lasts, and nothing that was bent opens anything.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    fresh::FRESH,
    people,
    vault::{KeySource, Vault},
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const BASE: &str = "http://127.0.0.1:7777";

struct Fixture {
    store: Store,
    bearers: Bearers,
    data: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Self::open(&data).await;
        let bearers = Self::bearers(&store, &data);
        Self { store, bearers, data }
    }

    async fn open(data: &tempfile::TempDir) -> Store {
        let file = data.path().join("p.db");
        Store::open(&format!("sqlite://{}", file.display())).await.unwrap()
    }

    /// The same database as another process sees it.
    async fn other_process(&self) -> Store {
        Self::open(&self.data).await
    }

    fn bearers(store: &Store, data: &tempfile::TempDir) -> Bearers {
        let vault = Arc::new(Vault::new(store.clone(), KeySource::in_directory(data.path())));
        let keys = SigningKeys::new(store.clone(), vault);
        Bearers::new(store.clone(), Site::loopback(([127, 0, 0, 1], 7777).into()), keys)
    }

    fn grant(resource: &str) -> Grant {
        Grant {
            id: "g".into(),
            client: "c".into(),
            client_name: "C".into(),
            principal: "user:jo".into(),
            principal_name: "Jo".into(),
            account: None,
            scope: "mcp:read".into(),
            resource: resource.into(),
            created_at: NOW,
            expires_at: NOW.after(Duration::from_hours(24)),
            revoked_at: None,
        }
    }

    async fn token(&self, resource: &str) -> String {
        let grant = Self::grant(resource);
        self.store.grant_save(&grant).await.unwrap();
        self.bearers.mint(&grant, BASE, LIFETIME, NOW).await.unwrap()
    }

    async fn refusal(&self, token: &str, now: Timestamp) -> String {
        self.bearers.verify(token, "/mcp", now).await.unwrap_err().to_string()
    }
}

#[tokio::test]
async fn a_token_proves_its_principal_and_scopes_to_its_resource() {
    let fixture = Fixture::new().await;
    let token = fixture.token("http://localhost:7777/mcp").await;
    let caller = fixture.bearers.verify(&token, "/mcp", NOW).await.unwrap();
    assert_eq!(
        (caller.principal.id.as_str(), caller.principal.kind),
        ("user:jo", PrincipalKind::User)
    );
    assert_eq!(caller.scopes, Scopes::READ);

    let elsewhere = fixture.bearers.verify(&token, "/platforms/tharsis", NOW).await.unwrap_err();
    assert!(matches!(elsewhere, Refusal::Audience), "{elsewhere}");
    let late = NOW.after(LIFETIME);
    assert_eq!(fixture.refusal(&token, late).await, "it has expired");
}

#[tokio::test]
async fn a_revoked_grant_ends_its_tokens() {
    let fixture = Fixture::new().await;
    let token = fixture.token(BASE).await;
    fixture.bearers.verify(&token, "/mcp", NOW).await.unwrap();
    fixture.store.grant_revoke("g", NOW).await.unwrap();
    assert_eq!(fixture.refusal(&token, NOW).await, "it was revoked", "by this process: at once");

    fixture.store.grant_save(&Fixture::grant(BASE)).await.unwrap();
    fixture.bearers.verify(&token, "/mcp", NOW).await.unwrap();
    fixture.other_process().await.grant_revoke("g", NOW).await.unwrap();
    assert_eq!(fixture.refusal(&token, NOW.after(FRESH)).await, "it was revoked");
}

#[tokio::test]
async fn a_disabled_account_ends_its_tokens_with_the_next_call() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    people::create(store, "jo", "a long enough password", false, NOW).await.unwrap();
    let account = Some(store.account_by_name("jo").await.unwrap().unwrap().id);
    let grant = Grant { account, ..Fixture::grant(BASE) };
    store.grant_save(&grant).await.unwrap();
    let token = fixture.bearers.mint(&grant, BASE, LIFETIME, NOW).await.unwrap();
    fixture.bearers.verify(&token, "/mcp", NOW).await.unwrap();
    people::set_disabled(store, "jo", true, NOW).await.unwrap();
    assert_eq!(fixture.refusal(&token, NOW).await, "it was revoked");

    // One that it got at the same moment is as good as the account.
    store.grant_save(&grant).await.unwrap();
    assert_eq!(fixture.refusal(&token, NOW).await, "the account is disabled");
    people::set_disabled(store, "jo", false, NOW).await.unwrap();
    fixture.bearers.verify(&token, "/mcp", NOW).await.unwrap();
}

#[tokio::test]
async fn what_others_signed_or_bent_is_foreign() {
    let (fixture, other) = (Fixture::new().await, Fixture::new().await);
    let token = fixture.token(BASE).await;
    let parts: Vec<&str> = token.split('.').collect();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |change: fn(&mut Value)| {
        let mut header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        change(&mut header);
        format!("{}.{}.{}", encode(header), parts[1], parts[2])
    };
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["scope"] = json!("mcp:admin");
    for (what, bent) in [
        ("another installation", other.token(BASE).await),
        ("alg none", header(|header| header["alg"] = json!("none"))),
        ("no signature", format!("{}.{}.", encode(json!({"alg": "none", "typ": TYPE})), parts[1])),
        ("alg confusion", header(|header| header["alg"] = json!("HS256"))),
        ("unknown kid", header(|header| header["kid"] = json!("x"))),
        (
            "no kid",
            header(|header| {
                header.as_object_mut().unwrap().remove("kid");
            }),
        ),
        ("another type", header(|header| header["typ"] = json!("JWT"))),
        ("more scopes", format!("{}.{}.{}", parts[0], encode(claims), parts[2])),
        ("too long", format!("{token}{}", "A".repeat(MAX_BYTES))),
        ("another issuer", {
            let mut claims: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
            claims["iss"] = json!("https://evil.example");
            fixture.bearers.sign(TYPE, &claims, NOW).await.unwrap()
        }),
        ("another kind of JWT", {
            let claims = json!({"sub": "user:jo"});
            fixture.bearers.sign("JWT", &claims, NOW).await.unwrap()
        }),
    ] {
        assert_eq!(fixture.refusal(&bent, NOW).await, Refusal::Foreign.to_string(), "{what}");
    }
}

#[tokio::test]
async fn a_rotated_key_verifies_until_its_tokens_are_gone() {
    let fixture = Fixture::new().await;
    let token = fixture.token(BASE).await;
    let published = |value: Value| value["keys"].as_array().unwrap().len();
    let keys = fixture.bearers.keys();
    assert_eq!(published(keys.published(NOW).await.unwrap()), 1);
    keys.rotate(NOW).await.unwrap();
    assert_eq!(published(keys.published(NOW).await.unwrap()), 2);

    let replica = Fixture::bearers(&fixture.store, &fixture.data);
    for bearers in [&fixture.bearers, &replica] {
        bearers.verify(&token, "/mcp", NOW).await.unwrap();
    }
    let late = NOW.after(crate::signing::RETIREMENT);
    assert_eq!(published(keys.published(late).await.unwrap()), 1);
    keys.rotate(late.after(Duration::from_millis(1))).await.unwrap();
    assert_eq!(fixture.store.signing_key_list().await.unwrap().len(), 2, "the oldest is forgotten");
}

#[tokio::test]
async fn keys_at_rest_are_sealed() {
    let fixture = Fixture::new().await;
    fixture.token(BASE).await;
    let secrets = fixture.store.secret_list("").await.unwrap();
    assert_eq!(secrets.len(), 1);
    assert!(secrets[0].1.starts_with("v1."), "{}", secrets[0].1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,200}", parts in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            for token in [text, parts] {
                prop_assert!(fixture.bearers.verify(&token, "/mcp", NOW).await.is_err());
            }
            Ok(())
        })?;
    }
}
