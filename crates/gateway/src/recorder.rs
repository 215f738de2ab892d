//! Writes audit rows so that calls which end together share one commit, and none is answered
//! before its row is durable.

use std::sync::{Mutex, PoisonError};

use pilothouse_model::{Error, audit::AuditRecord};
use pilothouse_store::Store;
use tokio::sync::{Mutex as Turn, oneshot};

/// Rows of one commit at most; the rest goes with the next.
const BATCH: usize = 128;

type Answer = Result<(), String>;

pub(crate) struct Recorder {
    store: Store,
    waiting: Mutex<Vec<(AuditRecord, oneshot::Sender<Answer>)>>,
    /// Held by the call that writes; the others queue their rows meanwhile.
    turn: Turn<()>,
}

impl Recorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, waiting: Mutex::default(), turn: Turn::default() }
    }

    /// Resolves when `record` is durable.
    pub(crate) async fn record(&self, record: AuditRecord) -> Result<(), Error> {
        let (answer, mut answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((record, answer));
        loop {
            let turn = self.turn.lock().await;
            // Whoever had the turn before may have taken this row along.
            if let Ok(answer) = answered.try_recv() {
                return answer.map_err(Error::internal);
            }
            self.write().await;
            drop(turn);
        }
    }

    /// Writes what waits, in one commit, and tells everybody.
    async fn write(&self) {
        let (records, answers): (Vec<_>, Vec<_>) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let count = waiting.len().min(BATCH);
            waiting.drain(..count).unzip()
        };
        let written = self.store.audit_insert_all(&records).await;
        let answer: Answer = written.map_err(|error| error.to_string());
        for waiter in answers {
            // A call that was given up does not wait for its answer; its row is written.
            let _ = waiter.send(answer.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_model::{Risk, Timestamp, audit::Outcome};
    use pilothouse_store::AuditFilter;

    use super::*;

    fn row(number: usize) -> AuditRecord {
        AuditRecord {
            id: uuid::Uuid::now_v7().to_string(),
            at: Timestamp(1),
            request_id: number.to_string(),
            principal: "user:jo".into(),
            space: None,
            surface: "unified".into(),
            tool: "t".into(),
            operation: None,
            risk: Risk::Read,
            target: None,
            arguments: "{}".into(),
            outcome: Outcome::Done,
            detail: None,
            plan_digest: None,
            approval_id: None,
            duration_ms: 0,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_row_of_many_calls_at_once_is_there_when_its_call_goes_on() {
        const CALLS: usize = 3 * BATCH;
        let store = Store::open("sqlite::memory:").await.unwrap();
        let recorder = Arc::new(Recorder::new(store.clone()));
        let calls: Vec<_> = (0..CALLS)
            .map(|number| {
                let (recorder, store) = (Arc::clone(&recorder), store.clone());
                tokio::spawn(async move {
                    recorder.record(row(number)).await.unwrap();
                    let request_id = Some(number.to_string());
                    let filter = AuditFilter { request_id, ..AuditFilter::default() };
                    store.audit_list(&filter).await.unwrap().len()
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_is_an_error() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let recorder = Recorder::new(store);
        let same = row(1);
        recorder.record(same.clone()).await.unwrap();
        assert!(recorder.record(same).await.is_err());
    }
}
