//! The queue, its leases, and the logs.

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    terraform::{ChangeError, Job, JobChange, JobStatus, MAX_LOG_BYTES, Renewal, RunChange},
};

use super::fixture::{NOW, stored_job, stored_workspace};
use crate::backend::on_each;

const LATER: Timestamp = Timestamp(NOW.0 + 30_000);

async fn update(store: &Store, job: &Job, edit: impl FnOnce(&mut Job)) {
    let mut after = job.clone();
    edit(&mut after);
    let change = Some(JobChange { before: Some(job.clone()), after });
    store.run_change(&RunChange { now: NOW, job: change, ..RunChange::default() }).await.unwrap();
}

#[tokio::test]
async fn a_job_is_claimed_once_oldest_first() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let first = stored_job(&store, &prod).await;
        let second = stored_job(&store, &prod).await;
        let (one, two, none) = tokio::join!(
            store.job_claim("a", LATER, NOW),
            store.job_claim("b", LATER, NOW),
            store.job_claim("c", LATER, NOW),
        );
        let mut ids: Vec<_> = [one, two, none]
            .into_iter()
            .filter_map(|claimed| claimed.unwrap().map(|job| job.meta.id))
            .collect();
        ids.sort();
        assert_eq!(ids, [first.meta.id.clone(), second.meta.id]);
        let claimed = store.job_get(&first.meta.id).await.unwrap().unwrap();
        assert_eq!((claimed.status, claimed.pending_at), (JobStatus::Pending, Some(NOW)));
        assert_eq!((claimed.lease.expires_at, claimed.lease.attempt), (LATER, 1));
    })
    .await;
}

#[tokio::test]
async fn only_another_takes_over_and_only_after_the_lease() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        stored_job(&store, &prod).await;
        let job = store.job_claim("a", LATER, NOW).await.unwrap().unwrap();
        update(&store, &job, |job| job.status = JobStatus::Running).await;
        let end = Timestamp(LATER.0 + 30_000);

        assert_eq!(store.job_claim("b", end, Timestamp(LATER.0 - 1)).await.unwrap(), None);
        assert_eq!(store.job_next_expiry("b").await.unwrap(), Some(LATER));
        assert_eq!(store.job_next_expiry("a").await.unwrap(), None);
        assert_eq!(store.job_claim("a", end, LATER).await.unwrap(), None, "its own job is alive");
        let taken = store.job_claim("b", end, LATER).await.unwrap().unwrap();
        assert_eq!((taken.status, taken.lease.attempt), (JobStatus::Running, 2));

        assert_eq!(store.job_renew(&job.meta.id, "a", end).await.unwrap(), None);
        store.job_release(&job.meta.id, "a").await.unwrap();
        let renewal = Renewal { cancel_requested: false, force_canceled: false };
        assert_eq!(store.job_renew(&job.meta.id, "b", end).await.unwrap(), Some(renewal));
        store.job_release(&job.meta.id, "b").await.unwrap();
        let again = store.job_claim("b", end, LATER).await.unwrap().unwrap();
        assert_eq!(again.lease.attempt, 3);
    })
    .await;
}

#[tokio::test]
async fn a_renewal_tells_of_a_cancel_request() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        stored_job(&store, &prod).await;
        let job = store.job_claim("a", LATER, NOW).await.unwrap().unwrap();
        update(&store, &job, |job| {
            job.cancel_requested_at = Some(NOW);
            job.force_canceled = true;
        })
        .await;
        let renewal = store.job_renew(&job.meta.id, "a", LATER).await.unwrap();
        assert_eq!(renewal, Some(Renewal { cancel_requested: true, force_canceled: true }));

        let job = store.job_get(&job.meta.id).await.unwrap().unwrap();
        update(&store, &job, |job| job.status = JobStatus::Canceled).await;
        assert_eq!(store.job_renew(&job.meta.id, "a", LATER).await.unwrap(), None);
        assert_eq!(store.job_claim("b", LATER, Timestamp(i64::MAX)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_log_grows_at_its_end_and_is_read_anywhere() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let id = stored_job(&store, &prod).await.meta.id;
        let text: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
        store.job_log_append(&id, 0, &text[..200_000]).await.unwrap();
        let stale = store.job_log_append(&id, 0, b"again").await.unwrap_err();
        assert!(matches!(stale, ChangeError::Stale));
        store.job_log_append(&id, 200_000, &text[200_000..]).await.unwrap();

        for (offset, limit) in
            [(0, 300_000), (0, 10), (131_071, 3), (199_990, 20), (299_999, 5), (300_000, 5)]
        {
            let start = usize::try_from(offset).unwrap();
            let end = (start + limit).min(text.len());
            let read = store.job_log_read(&id, offset, limit).await.unwrap();
            assert_eq!(read, text[start..end], "{offset} {limit}");
        }
        assert_eq!(store.job_get(&id).await.unwrap().unwrap().log_size, 300_000);
    })
    .await;
}

#[tokio::test]
async fn a_log_has_limits() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let id = stored_job(&store, &prod).await.meta.id;
        let mebibyte = vec![b'x'; 1024 * 1024];
        for i in 0..10 {
            store.job_log_append(&id, i * 1024 * 1024, &mebibyte).await.unwrap();
        }
        let full = store.job_log_append(&id, MAX_LOG_BYTES, b"y").await.unwrap_err();
        assert!(matches!(full, ChangeError::Limit { limit: MAX_LOG_BYTES, .. }), "{full}");
        let large = store.job_log_append(&id, 0, &vec![0; 1024 * 1024 + 1]).await.unwrap_err();
        assert!(matches!(large, ChangeError::Limit { limit: 1_048_576, .. }), "{large}");
        assert_eq!(store.job_log_read(&id, 0, usize::MAX).await.unwrap().len(), 1024 * 1024);
    })
    .await;
}
