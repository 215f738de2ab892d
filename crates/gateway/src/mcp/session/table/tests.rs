//! Sessions are found by their owner, and do not pile up.

use async_trait::async_trait;
use pilothouse_model::Result;
use rmcp::model::{ClientCapabilities, Implementation, RequestId};
use tokio_util::sync::CancellationToken;

use super::*;

fn owner(principal: &str) -> Owner {
    Owner { principal: principal.to_owned(), space: None }
}

fn client() -> InitializeRequestParams {
    InitializeRequestParams::new(ClientCapabilities::default(), Implementation::new("client", "1"))
}

fn sessions(max: usize, store: Option<Arc<dyn SessionStore>>) -> Arc<Sessions> {
    Sessions::new(SessionLimits { max, ..SessionLimits::default() }, store)
}

#[derive(Default)]
struct Memory(Mutex<HashMap<String, SavedSession>>);

#[async_trait]
impl SessionStore for Memory {
    async fn session_load(&self, id: &str) -> Result<Option<SavedSession>> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }

    async fn session_save(&self, id: &str, session: &SavedSession) -> Result<()> {
        self.0.lock().unwrap().insert(id.to_owned(), session.clone());
        Ok(())
    }

    async fn session_delete(&self, id: &str) -> Result<()> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

#[tokio::test]
async fn only_its_owner_finds_or_closes_a_session() {
    let sessions = sessions(10, None);
    let session = sessions.open(owner("ann"), client()).await.unwrap();
    let in_space = Owner { space: Some("ops".into()), ..owner("ann") };
    for stranger in [owner("bob"), in_space] {
        assert!(sessions.find(&session.id, &stranger).await.is_none());
        assert!(!sessions.close(&session.id, &stranger).await);
    }
    assert!(sessions.find("unknown", &owner("ann")).await.is_none());
    assert!(sessions.find(&session.id, &owner("ann")).await.is_some());
    assert!(sessions.close(&session.id, &owner("ann")).await);
    assert!(sessions.find(&session.id, &owner("ann")).await.is_none());
}

#[tokio::test]
async fn what_was_taken_over_meanwhile_is_not_forgotten_with_the_session_before_it() {
    let sessions = sessions(10, None);
    let before = sessions.open(owner("ann"), client()).await.unwrap();
    sessions.forget(&before);
    let taken_over = http_session(Arc::clone(&before.id), owner("ann"));
    sessions.insert(Arc::clone(&taken_over)).unwrap();
    sessions.forget(&before);
    let found = sessions.find(&before.id, &owner("ann")).await.unwrap();
    assert!(Arc::ptr_eq(&found, &taken_over));
}

#[tokio::test(start_paused = true)]
async fn the_session_idle_for_longest_gives_way() {
    let sessions = sessions(2, None);
    let oldest = sessions.open(owner("ann"), client()).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    let newer = sessions.open(owner("ann"), client()).await.unwrap();
    oldest.begin(RequestId::Number(1), CancellationToken::new(), 1).unwrap();

    let third = sessions.open(owner("ann"), client()).await.unwrap();
    assert_eq!(sessions.len(), 2);
    assert!(sessions.find(&newer.id, &owner("ann")).await.is_none(), "the busy one stays");

    third.begin(RequestId::Number(1), CancellationToken::new(), 1).unwrap();
    assert!(sessions.open(owner("ann"), client()).await.is_err(), "all are busy");
}

#[tokio::test(start_paused = true)]
async fn one_principal_pushes_out_only_itself() {
    let limits = SessionLimits { max: 10, per_principal: 2, ..SessionLimits::default() };
    let sessions = Sessions::new(limits, None);
    let others = sessions.open(owner("bob"), client()).await.unwrap();
    let mut own = Vec::new();
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(1)).await;
        own.push(sessions.open(owner("ann"), client()).await.unwrap());
    }
    assert_eq!(sessions.len(), 3);
    assert!(sessions.find(&own[0].id, &owner("ann")).await.is_none(), "her oldest gave way");
    assert!(sessions.find(&others.id, &owner("bob")).await.is_some());

    for session in &own[1..] {
        session.begin(RequestId::Number(1), CancellationToken::new(), 1).unwrap();
    }
    let full = sessions.open(owner("ann"), client()).await.unwrap_err();
    assert_eq!(full, Full::Principal(2));
    assert!(full.to_string().contains("you have 2 sessions"), "{full}");
    sessions.open(owner("bob"), client()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn idle_sessions_expire_and_sweeping_stops() {
    let sessions = sessions(10, None);
    let idle = sessions.limits.idle;
    let quiet = sessions.open(owner("ann"), client()).await.unwrap();
    let listening = sessions.open(owner("ann"), client()).await.unwrap();
    let stream = listening.stream(super::super::STANDALONE).unwrap().read(0).unwrap();

    tokio::time::advance(idle).await;
    assert!(sessions.find(&quiet.id, &owner("ann")).await.is_none(), "also before it is swept");
    tokio::time::sleep(2 * SWEEP).await;
    assert_eq!(sessions.len(), 1, "an open stream keeps its session");

    drop(stream);
    tokio::time::sleep(idle + 2 * SWEEP).await;
    assert_eq!(sessions.len(), 0);
    assert!(!sessions.sweeping.load(Ordering::Acquire));
    sessions.open(owner("ann"), client()).await.unwrap();
    assert!(sessions.sweeping.load(Ordering::Acquire), "and starts again");
}

#[tokio::test]
async fn another_replica_takes_a_session_over_for_its_owner_only() {
    let store: Arc<Memory> = Arc::default();
    let (here, there) = (sessions(10, Some(store.clone())), sessions(10, Some(store.clone())));
    let opened = here.open(owner("ann"), client()).await.unwrap();
    opened.subscribe("x://1");
    here.save(&opened).await;

    assert!(there.find(&opened.id, &owner("bob")).await.is_none());
    let taken = there.find(&opened.id, &owner("ann")).await.unwrap();
    assert!(taken.is_subscribed("x://1"));
    assert_eq!(taken.client(), opened.client());

    assert!(there.close(&opened.id, &owner("ann")).await);
    assert!(store.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn ids_that_no_session_has_are_not_looked_up() {
    let store: Arc<Memory> = Arc::default();
    let long = "x".repeat(ID_LENGTH + 1);
    let saved = SavedSession {
        principal: "ann".to_owned(),
        space: None,
        initialize: serde_json::to_value(client()).unwrap(),
        log_level: crate::mcp::LogLevel::Info,
        subscriptions: Vec::new(),
    };
    store.session_save(&long, &saved).await.unwrap();
    assert!(sessions(10, Some(store)).find(&long, &owner("ann")).await.is_none());
}
