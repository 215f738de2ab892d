//! An approval is one person's word for one plan, good for one execution.

use std::collections::HashSet;

use futures::future::try_join_all;
use pilothouse_model::{Error, Kind, Risk, Timestamp};
use pilothouse_store::{
    APPROVAL_LIST_CAP, Approval,
    ApprovalState::{self, Approved, Denied, Expired, Pending, Redeemed},
    DecideOutcome, RedeemOutcome, Store,
};
use uuid::Uuid;

use crate::{
    audit::record,
    backend::{NOW, later, on_each, on_each_url},
};

/// When the question of [`question`] is no longer open.
const EXPIRY: Timestamp = Timestamp(NOW.0 + 1000);

/// What `user:jo` asks about the plan `digest`.
fn question(digest: &str) -> Approval {
    Approval {
        id: Uuid::now_v7().to_string(),
        digest: digest.to_owned(),
        principal: "user:jo".to_owned(),
        principal_name: "Jo".to_owned(),
        space: Some("payments".to_owned()),
        surface: "unified".to_owned(),
        tool: "infra_execute".to_owned(),
        operation: "tharsis.run.apply".to_owned(),
        risk: Risk::HighWrite,
        arguments: r#"{"id":"x"}"#.to_owned(),
        plan: r#"{"requests":[]}"#.to_owned(),
        state: Pending,
        created_at: NOW,
        expires_at: EXPIRY,
        decided_at: None,
        decided_by: None,
        note: None,
    }
}

async fn ask(store: &Store, digest: &str) -> String {
    store.approval_create(&question(digest)).await.unwrap().id
}

async fn answer(store: &Store, id: &str, approve: bool, now: Timestamp) -> DecideOutcome {
    store.approval_decide(id, approve, "user:ada", Some("looks right"), now).await.unwrap()
}

async fn approved(store: &Store, digest: &str) -> String {
    let id = ask(store, digest).await;
    assert!(matches!(answer(store, &id, true, NOW).await, DecideOutcome::Decided(_)));
    id
}

async fn state(store: &Store, id: &str, now: Timestamp) -> ApprovalState {
    store.approval_get(id, now).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_question_reads_back_as_it_was_asked() {
    on_each(|store| async move {
        for asked in [question("one"), Approval { space: None, ..question("two") }] {
            assert_eq!(store.approval_create(&asked).await.unwrap(), asked);
            assert_eq!(store.approval_get(&asked.id, NOW).await.unwrap().unwrap(), asked);
        }
        assert_eq!(store.approval_get("unknown", NOW).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_new_question_has_no_answer_whatever_its_author_claims() {
    on_each(|store| async move {
        let claimed = Approval { state: Approved, note: Some("fine".to_owned()), ..question("d") };
        let stored = store.approval_create(&claimed).await.unwrap();
        assert_eq!((stored.state, stored.note), (Pending, None));
    })
    .await;
}

#[tokio::test]
async fn asking_again_finds_the_open_question() {
    on_each(|store| async move {
        let first = ask(&store, "plan").await;
        assert_eq!(ask(&store, "plan").await, first);
        assert_ne!(ask(&store, "another plan").await, first);
        let of_another = Approval { principal: "user:kim".to_owned(), ..question("plan") };
        assert_ne!(store.approval_create(&of_another).await.unwrap().id, first);

        let find = async |principal: &str, digest: &str, now| {
            let found = store.approval_find_pending(principal, digest, now).await.unwrap();
            found.map(|approval| approval.id)
        };
        assert_eq!(find("user:jo", "plan", NOW).await.as_ref(), Some(&first));
        assert_eq!(find("user:jo", "unasked", NOW).await, None);
        assert_eq!(find("user:max", "plan", NOW).await, None);
        assert_eq!(find("user:jo", "plan", EXPIRY).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_settled_or_expired_question_may_be_asked_anew() {
    on_each(|store| async move {
        let denied = ask(&store, "plan").await;
        answer(&store, &denied, false, NOW).await;
        let open = ask(&store, "plan").await;
        assert_ne!(open, denied);

        let afterwards = Approval {
            created_at: EXPIRY,
            expires_at: Timestamp(EXPIRY.0 + 1000),
            ..question("plan")
        };
        let renewed = store.approval_create(&afterwards).await.unwrap();
        assert_eq!(renewed.id, afterwards.id);
        assert_eq!(state(&store, &open, EXPIRY).await, Expired);
        assert_eq!(state(&store, &renewed.id, EXPIRY).await, Pending);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_is_open_however_many_ask_it_at_once() {
    on_each_url(|url| async move {
        let stores = [Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap()];
        let asking = (0..8).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { ask(&store, "plan").await })
        });
        let ids: HashSet<_> = try_join_all(asking).await.unwrap().into_iter().collect();
        assert_eq!(ids.len(), 1);
        for store in stores {
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_recorded_with_its_author() {
    on_each(|store| async move {
        for (approve, expected) in [(true, Approved), (false, Denied)] {
            let asked = question(expected.as_str());
            store.approval_create(&asked).await.unwrap();
            let answered = Approval {
                state: expected,
                decided_at: Some(later(5)),
                decided_by: Some("user:ada".to_owned()),
                note: Some("looks right".to_owned()),
                ..asked
            };
            let outcome = answer(&store, &answered.id, approve, later(5)).await;
            assert_eq!(outcome, DecideOutcome::Decided(Box::new(answered.clone())));
            let read = store.approval_get(&answered.id, later(5)).await.unwrap();
            assert_eq!(read, Some(answered));
        }
    })
    .await;
}

#[tokio::test]
async fn only_an_open_question_can_be_answered() {
    on_each(|store| async move {
        let denied = ask(&store, "denied").await;
        answer(&store, &denied, false, NOW).await;
        let yes = approved(&store, "approved").await;
        let used = approved(&store, "used").await;
        store.approval_redeem(&used, "user:jo", "used", NOW).await.unwrap();
        let open = ask(&store, "open").await;
        for (id, now, expected) in [
            (denied.as_str(), NOW, DecideOutcome::NotPending(Denied)),
            (&yes, NOW, DecideOutcome::NotPending(Approved)),
            (&yes, EXPIRY, DecideOutcome::NotPending(Expired)),
            (&used, EXPIRY, DecideOutcome::NotPending(Redeemed)),
            (&open, EXPIRY, DecideOutcome::NotPending(Expired)),
            ("unknown", NOW, DecideOutcome::NotFound),
        ] {
            for approve in [true, false] {
                assert_eq!(answer(&store, id, approve, now).await, expected, "{id}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_one_counts() {
    on_each_url(|url| async move {
        let stores = [Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap()];
        let id = ask(&stores[0], "plan").await;
        let answering = (0..8).map(|n| {
            let (store, id) = (stores[n % 2].clone(), id.clone());
            tokio::spawn(async move { answer(&store, &id, n % 3 == 0, NOW).await })
        });
        let outcomes = try_join_all(answering).await.unwrap();
        let decided: Vec<_> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                DecideOutcome::Decided(approval) => Some(approval.state),
                _ => None,
            })
            .collect();
        assert_eq!(decided, [state(&stores[0], &id, NOW).await]);
        for store in stores {
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_approval_is_redeemed_once_by_its_principal_for_its_plan_in_time() {
    on_each(|store| async move {
        let denied = ask(&store, "denied").await;
        answer(&store, &denied, false, NOW).await;
        let open = ask(&store, "open").await;
        let good = approved(&store, "good").await;
        let last_moment = Timestamp(EXPIRY.0 - 1);
        for (id, principal, digest, now, expected) in [
            ("unknown", "user:jo", "good", NOW, RedeemOutcome::NotFound),
            (&open, "user:jo", "open", NOW, RedeemOutcome::NotApproved(Pending)),
            (&open, "user:jo", "open", EXPIRY, RedeemOutcome::Expired),
            (&denied, "user:jo", "denied", EXPIRY, RedeemOutcome::NotApproved(Denied)),
            (&good, "user:kim", "good", NOW, RedeemOutcome::WrongPrincipal),
            (&good, "user:kim", "other", EXPIRY, RedeemOutcome::WrongPrincipal),
            (&good, "user:jo", "other", NOW, RedeemOutcome::WrongDigest),
            (&good, "user:jo", "good", EXPIRY, RedeemOutcome::Expired),
            (&good, "user:jo", "good", last_moment, RedeemOutcome::Redeemed),
            (&good, "user:jo", "good", last_moment, RedeemOutcome::NotApproved(Redeemed)),
            (&good, "user:jo", "good", EXPIRY, RedeemOutcome::NotApproved(Redeemed)),
        ] {
            let outcome = store.approval_redeem(id, principal, digest, now).await.unwrap();
            assert_eq!(outcome, expected, "{id} {principal} {digest} {now}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_redeem_at_once_one_succeeds() {
    on_each_url(|url| async move {
        let stores = [Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap()];
        for round in 0..5 {
            let digest = format!("plan {round}");
            let id = approved(&stores[0], &digest).await;
            let redeeming = (0..8).map(|n| {
                let (store, id, digest) = (stores[n % 2].clone(), id.clone(), digest.clone());
                tokio::spawn(async move {
                    store.approval_redeem(&id, "user:jo", &digest, NOW).await.unwrap()
                })
            });
            let mut outcomes = try_join_all(redeeming).await.unwrap();
            outcomes.retain(|outcome| *outcome != RedeemOutcome::NotApproved(Redeemed));
            assert_eq!(outcomes, [RedeemOutcome::Redeemed]);
        }
        for store in stores {
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn redeeming_and_recording_the_intent_happen_together() {
    on_each(|store| async move {
        let id = approved(&store, "plan").await;
        let intent = record("request");
        store.audit_insert(&intent).await.unwrap();

        let mut tx = store.begin().await.unwrap();
        let outcome =
            store.approval_redeem_in_txn(&mut tx, &id, "user:jo", "plan", NOW).await.unwrap();
        assert_eq!(outcome, RedeemOutcome::Redeemed);
        store.audit_insert_in_txn(&mut tx, &intent).await.unwrap_err();
        drop(tx);
        assert_eq!(state(&store, &id, NOW).await, Approved);
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_states_as_they_are_now() {
    on_each(|store| async move {
        let denied = ask(&store, "denied").await;
        answer(&store, &denied, false, NOW).await;
        let yes = approved(&store, "approved").await;
        let used = approved(&store, "used").await;
        store.approval_redeem(&used, "user:jo", "used", NOW).await.unwrap();
        let open = ask(&store, "open").await;

        let (yes, used) = (yes.as_str(), used.as_str());
        let all: &[&str] = &[&open, used, yes, &denied];
        for (wanted, limit, now, expected) in [
            (None, 10, NOW, all),
            (None, 2, NOW, &all[..2]),
            (None, 10, EXPIRY, all),
            (Some(Pending), 10, NOW, &[open.as_str()]),
            (Some(Approved), 10, NOW, &[yes]),
            (Some(Denied), 10, NOW, &[denied.as_str()]),
            (Some(Redeemed), 10, NOW, &[used]),
            (Some(Expired), 10, NOW, &[]),
            (Some(Pending), 10, EXPIRY, &[]),
            (Some(Approved), 10, EXPIRY, &[]),
            (Some(Redeemed), 10, EXPIRY, &[used]),
            (Some(Expired), 10, EXPIRY, &[open.as_str(), yes]),
        ] {
            let rows = store.approval_list(wanted, limit, now).await.unwrap();
            let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(ids, expected, "{wanted:?} {limit} {now}");
            assert!(rows.iter().all(|row| wanted.is_none_or(|state| row.state == state)));
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_is_capped() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap();
        let rows = (0..=APPROVAL_LIST_CAP).map(|n| {
            format!("('{n}', '{n}', 'p', 'p', 's', 't', 'o', 'read', '', '', 'denied', 0, 0)")
        });
        let statement = format!(
            "INSERT INTO approval (id, digest, principal, principal_name, surface, tool,
                operation, risk, arguments, plan, state, created_at, expires_at) VALUES {}",
            rows.collect::<Vec<_>>().join(", ")
        );
        crate::backend::execute(&url, &statement).await;
        for wanted in [None, Some(Denied)] {
            let listed = store.approval_list(wanted, u32::MAX, NOW).await.unwrap().len();
            assert_eq!(listed, APPROVAL_LIST_CAP as usize);
        }
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_state_nobody_writes_is_reported_as_a_defect() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap();
        let id = ask(&store, "plan").await;
        crate::backend::execute(&url, "UPDATE approval SET state = 'maybe'").await;
        let error = store.approval_get(&id, NOW).await.unwrap_err();
        assert!(error.to_string().contains("approval.state holds \"maybe\""), "{error}");
        assert_eq!(Error::from(error).kind, Kind::Internal);
        store.close().await;
    })
    .await;
}
