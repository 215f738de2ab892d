//! Writes audit rows so that calls which end together share one commit, and none is answered
//! before its row is committed: that of a read outlives the program, any other the machine, too.
//!
//! A commit may wait for the disk and costs several changes of thread, whatever is in it. So the one
//! task that commits takes everything that waits, and while other calls are under way it waits a
//! moment for their rows too, as PostgreSQL does with `commit_delay`: until all of them are there, or
//! the moment is over. A call that is alone never waits.

use std::{
    mem,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use pilothouse_model::{Error, audit::AuditRecord};
use pilothouse_store::{Durability, Store};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use crate::Journal;

/// Rows of one commit at most; the rest goes with the next.
const BATCH: usize = 128;
/// The longest that a row waits for those of calls that are under way.
const DELAY: Duration = Duration::from_millis(2);

type Answer = Result<(), String>;
type Waiting = (AuditRecord, oneshot::Sender<Answer>);

pub(crate) struct Recorder {
    store: Store,
    /// Gets a copy of what the store has.
    journal: Option<Arc<Journal>>,
    /// To the task that writes, which starts with the first row and ends with the recorder.
    rows: OnceLock<mpsc::Sender<Waiting>>,
    calls: Arc<AtomicUsize>,
}

/// Says that a call is under way, as long as it lives.
pub(crate) struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Recorder {
    pub(crate) fn new(store: Store, journal: Option<Arc<Journal>>) -> Self {
        Self { store, journal, rows: OnceLock::new(), calls: Arc::default() }
    }

    /// Announces a call that will have a row.
    pub(crate) fn begin(&self) -> UnderWay {
        self.calls.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.calls))
    }

    /// Resolves when `record` is committed.
    pub(crate) async fn record(&self, record: AuditRecord) -> Result<(), Error> {
        let rows = self.rows.get_or_init(|| {
            let (sender, rows) = mpsc::channel(BATCH);
            let (store, journal) = (self.store.clone(), self.journal.clone());
            tokio::spawn(write(store, journal, rows, Arc::clone(&self.calls)));
            sender
        });
        let (answer, answered) = oneshot::channel();
        rows.send((record, answer)).await.map_err(Error::internal)?;
        answered.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

/// Writes what arrives, one commit at a time, and tells everybody.
async fn write(
    store: Store,
    journal: Option<Arc<Journal>>,
    mut rows: mpsc::Receiver<Waiting>,
    calls: Arc<AtomicUsize>,
) {
    let mut waiting = Vec::with_capacity(BATCH);
    while gather(&mut rows, &mut waiting, &calls).await {
        let (records, answers): (Vec<_>, Vec<_>) = mem::take(&mut waiting).into_iter().unzip();
        let written = store.audit_insert_all(&records, durability(&records)).await;
        if let (Some(journal), Ok(())) = (&journal, &written) {
            journal.note(&records).await;
        }
        let answer: Answer = written.map_err(|error| error.to_string());
        for waiter in answers {
            // A call that was given up does not wait for its answer; its row is written.
            let _ = waiter.send(answer.clone());
        }
    }
}

/// Waits for a row, and for a moment for those of the other calls that are under way. No when there
/// will be none.
async fn gather<Row>(
    rows: &mut mpsc::Receiver<Row>,
    waiting: &mut Vec<Row>,
    calls: &AtomicUsize,
) -> bool {
    if rows.recv_many(waiting, BATCH).await == 0 {
        return false;
    }
    let moment = Instant::now() + DELAY;
    while waiting.len() < calls.load(Ordering::Relaxed).min(BATCH) {
        let room = BATCH - waiting.len();
        match timeout_at(moment, rows.recv_many(waiting, room)).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    true
}

/// What reads did may be lost with the machine; what may have changed something may not.
fn durability(records: &[AuditRecord]) -> Durability {
    if records.iter().all(|record| record.risk.is_read()) {
        Durability::Program
    } else {
        Durability::Machine
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::{Caller, Principal};
    use pilothouse_store::AuditFilter;

    use super::*;

    fn row(number: usize) -> AuditRecord {
        let caller = Caller::new(Principal::local_user("jo"));
        AuditRecord { request_id: number.to_string(), ..AuditRecord::new(&caller, "unified", "t") }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_row_of_many_calls_at_once_is_there_when_its_call_goes_on() {
        const CALLS: usize = 3 * BATCH;
        let store = Store::open("sqlite::memory:").await.unwrap();
        let recorder = Arc::new(Recorder::new(store.clone(), None));
        let calls: Vec<_> = (0..CALLS)
            .map(|number| {
                let (recorder, store) = (Arc::clone(&recorder), store.clone());
                tokio::spawn(async move {
                    let _under_way = recorder.begin();
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

    #[tokio::test(start_paused = true)]
    async fn rows_wait_for_those_of_calls_under_way_but_not_longer() {
        const NEVER: Duration = Duration::from_secs(1);
        for (calls, later, gathered, passed) in [
            // Nobody else is under way.
            (1, NEVER, 1, Duration::ZERO),
            // The other's row is there at once, or comes in time.
            (2, Duration::ZERO, 2, Duration::ZERO),
            (2, DELAY / 2, 2, DELAY / 2),
            // It is late, or a third call has none.
            (2, 2 * DELAY, 1, DELAY),
            (3, DELAY / 2, 2, DELAY),
        ] {
            let (sender, mut rows) = mpsc::channel(BATCH);
            sender.send(1).await.unwrap();
            let other = sender.clone();
            tokio::spawn(async move {
                tokio::time::sleep(later).await;
                other.send(2).await.unwrap();
            });
            let (began, mut waiting) = (Instant::now(), Vec::new());
            assert!(gather(&mut rows, &mut waiting, &AtomicUsize::new(calls)).await);
            assert_eq!((waiting.len(), began.elapsed()), (gathered, passed), "{calls} {later:?}");
        }
        let (_, mut rows) = mpsc::channel::<u8>(1);
        assert!(!gather(&mut rows, &mut Vec::new(), &AtomicUsize::new(0)).await);
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_is_an_error() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let recorder = Recorder::new(store, None);
        let same = row(1);
        recorder.record(same.clone()).await.unwrap();
        assert!(recorder.record(same).await.is_err());
    }
}
