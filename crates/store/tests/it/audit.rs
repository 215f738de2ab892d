//! The audit trail lists what was recorded, newest first.

use std::time::Duration;

use pilothouse_model::{
    Caller, Error, Kind, Principal, Risk,
    audit::{AuditRecord, Outcome},
};
use pilothouse_store::{AUDIT_LIST_CAP, AuditFilter, Durability, Store};
use uuid::Uuid;

use crate::backend::{NOW, later, on_each};

/// A read by `user:jo` that was done.
pub(crate) fn record(request_id: &str) -> AuditRecord {
    let caller = Caller::new(Principal::local_user("jo"));
    AuditRecord {
        request_id: request_id.to_owned(),
        at: NOW,
        duration_ms: 3,
        ..AuditRecord::new(&caller, "unified", "infra_get")
    }
}

/// The requests of the rows that match.
async fn listed(store: &Store, filter: AuditFilter) -> Vec<String> {
    let rows = store.audit_list(&filter).await.unwrap();
    rows.into_iter().map(|row| row.request_id).collect()
}

#[tokio::test]
async fn a_record_reads_back_as_it_was_written() {
    on_each(|store| async move {
        let full = AuditRecord {
            space: Some("payments".to_owned()),
            operation: Some("tharsis.run.apply".to_owned()),
            risk: Risk::Destructive,
            target: Some("trn:run:acme/ü".to_owned()),
            arguments: r#"{"id":"x"}"#.to_owned(),
            outcome: Outcome::Asked,
            detail: Some("policy".to_owned()),
            plan_digest: Some("d".repeat(64)),
            approval_id: Some(Uuid::now_v7().to_string()),
            duration_ms: i64::MAX,
            ..record("full")
        };
        for written in [record("bare"), full] {
            store.audit_insert(&written).await.unwrap();
            let only = AuditFilter {
                request_id: Some(written.request_id.clone()),
                ..AuditFilter::default()
            };
            let read = store.audit_list(&only).await.unwrap();
            assert_eq!(format!("{read:?}"), format!("[{written:?}]"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_filter_restricts_by_each_of_its_fields() {
    on_each(|store| async move {
        let first = record("first");
        let second = AuditRecord {
            at: later(10),
            principal: "sa:ci".to_owned(),
            tool: "infra_delete".to_owned(),
            operation: Some("tharsis.run.delete".to_owned()),
            outcome: Outcome::Denied,
            ..record("second")
        };
        store.audit_insert(&first).await.unwrap();
        store.audit_insert(&second).await.unwrap();

        let all = AuditFilter::default;
        let text = |text: &str| Some(text.to_owned());
        let both: &[&str] = &["second", "first"];
        for (filter, expected) in [
            (all(), both),
            (AuditFilter { principal: text("sa:ci"), ..all() }, &["second"]),
            (AuditFilter { principal: text("sa"), ..all() }, &[]),
            (AuditFilter { principal: text("\0"), ..all() }, &[]),
            (AuditFilter { tool: text("infra_get"), ..all() }, &["first"]),
            (AuditFilter { operation: text("tharsis.run.delete"), ..all() }, &["second"]),
            (AuditFilter { outcome: Some(Outcome::Denied), ..all() }, &["second"]),
            (AuditFilter { outcome: Some(Outcome::Intent), ..all() }, &[]),
            (AuditFilter { request_id: text("first"), ..all() }, &["first"]),
            (AuditFilter { since: Some(NOW), until: Some(later(11)), ..all() }, both),
            (AuditFilter { since: Some(later(1)), ..all() }, &["second"]),
            (AuditFilter { until: Some(later(10)), ..all() }, &["first"]),
            (AuditFilter { before_id: Some(second.id.clone()), ..all() }, &["first"]),
            (AuditFilter { limit: Some(1), ..all() }, &["second"]),
            (AuditFilter { limit: Some(0), ..all() }, &[]),
            (AuditFilter { tool: text("infra_get"), principal: text("sa:ci"), ..all() }, &[]),
        ] {
            assert_eq!(listed(&store, filter.clone()).await, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_is_found_since_its_own_time_and_by_its_request() {
    on_each(|store| async move {
        let caller = Caller::new(Principal::local_user("jo"));
        let new = || AuditRecord::new(&caller.next_call(), "unified", "infra_get");
        let prompt = new();
        // The machine was busy between the two, or its clock was set back by an hour.
        let paused = AuditRecord { at: new().at.after(Duration::from_secs(50)), ..new() };
        let set_back = AuditRecord { at: new().at.before(Duration::from_hours(1)), ..new() };
        for row in [&prompt, &paused, &set_back] {
            store.audit_insert(row).await.unwrap();
        }
        for row in [prompt, paused, set_back] {
            let since = |at| AuditFilter {
                since: Some(at),
                until: Some(row.at.after(Duration::from_millis(1))),
                ..AuditFilter::default()
            };
            assert_eq!(listed(&store, since(row.at)).await, [row.request_id.as_str()]);
            let later = row.at.after(Duration::from_millis(1));
            assert_eq!(listed(&store, since(later)).await, [""; 0]);
            let request_id = Some(row.request_id.clone());
            let own = AuditFilter { request_id, ..AuditFilter::default() };
            assert_eq!(listed(&store, own).await, [row.request_id.as_str()]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_is_capped_and_pages_on_from_the_last_id() {
    on_each(|store| async move {
        let count = AUDIT_LIST_CAP as usize + 1;
        let mut tx = store.begin().await.unwrap();
        for number in 0..count {
            store.audit_insert_in_txn(&mut tx, &record(&number.to_string())).await.unwrap();
        }
        tx.commit().await.unwrap();

        for limit in [None, Some(u32::MAX)] {
            let page = AuditFilter { limit, ..AuditFilter::default() };
            let rows = store.audit_list(&page).await.unwrap();
            assert_eq!(rows.len(), AUDIT_LIST_CAP as usize);
            let before_id = rows.last().map(|row| row.id.clone());
            let rest = AuditFilter { before_id, limit, ..AuditFilter::default() };
            assert_eq!(listed(&store, rest).await, ["0"]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_intent_is_unfinished_until_a_later_row_resolves_it() {
    on_each(|store| async move {
        for (request, outcomes) in [
            ("resolved", &[Outcome::Intent, Outcome::Done][..]),
            ("failed", &[Outcome::Asked, Outcome::Intent, Outcome::Failed]),
            ("read", &[Outcome::Done]),
            ("lost", &[Outcome::Intent]),
            ("asked, then lost", &[Outcome::Asked, Outcome::Intent]),
            ("lost in the second step", &[Outcome::Intent, Outcome::Done, Outcome::Intent]),
        ] {
            for outcome in outcomes {
                let risk = if request == "read" { Risk::Read } else { Risk::LowWrite };
                let row = AuditRecord { outcome: *outcome, risk, ..record(request) };
                store.audit_insert(&row).await.unwrap();
            }
        }
        let unfinished = async |filter: AuditFilter| {
            let rows = store.audit_unfinished(&filter).await.unwrap();
            rows.into_iter().map(|row| row.request_id).collect::<Vec<_>>()
        };
        let (all, text) = (AuditFilter::default, |text: &str| Some(text.to_owned()));
        let lost = ["lost in the second step", "asked, then lost", "lost"];
        for (filter, expected) in [
            (all(), &lost[..]),
            (AuditFilter { until: Some(later(1)), ..all() }, &lost),
            (AuditFilter { until: Some(NOW), ..all() }, &[]),
            (AuditFilter { limit: Some(1), ..all() }, &lost[..1]),
            (AuditFilter { request_id: text("lost"), ..all() }, &["lost"]),
            (AuditFilter { request_id: text("resolved"), ..all() }, &[]),
            (AuditFilter { principal: text("user:al"), ..all() }, &[]),
        ] {
            assert_eq!(unfinished(filter.clone()).await, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn nul_in_what_a_caller_sent_does_not_prevent_the_record() {
    on_each(|store| async move {
        let row =
            AuditRecord { tool: "a\0b".to_owned(), target: Some("\0".to_owned()), ..record("x\0") };
        store.audit_insert(&row).await.unwrap();
        let read = store.audit_list(&AuditFilter::default()).await.unwrap().remove(0);
        assert_eq!(read.tool, "a\u{fffd}b");
        assert_eq!(read.target.as_deref(), Some("\u{fffd}"));
    })
    .await;
}

#[tokio::test]
async fn an_id_is_used_once() {
    on_each(|store| async move {
        let row = record("one");
        store.audit_insert(&row).await.unwrap();
        let error = store.audit_insert(&row).await.unwrap_err();
        assert!(error.is_duplicate(), "{error}");
        assert_eq!(Error::from(error).kind, Kind::Conflict);
    })
    .await;
}

#[tokio::test]
async fn many_rows_of_one_commit_are_all_there_or_none_is() {
    // One statement holds 256.
    for (count, durability) in [
        (200, Durability::Machine),
        (200, Durability::Program),
        (600, Durability::Machine),
        (600, Durability::Program),
    ] {
        on_each(move |store| async move {
            store.audit_insert_all(&[], durability).await.unwrap();
            let rows: Vec<_> = (0..count).map(|number| record(&number.to_string())).collect();
            store.audit_insert_all(&rows, durability).await.unwrap();
            let all = listed(&store, AuditFilter::default()).await;
            let expected: Vec<_> = (0..count).rev().map(|number| number.to_string()).collect();
            assert_eq!(all, expected);

            let fresh = (1..count).map(|number| record(&format!("again {number}")));
            let again: Vec<_> = fresh.chain([rows[0].clone()]).collect();
            assert!(store.audit_insert_all(&again, durability).await.is_err());
            assert_eq!(listed(&store, AuditFilter::default()).await.len(), rows.len());
        })
        .await;
    }
}
