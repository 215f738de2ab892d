//! A write that was acknowledged survives the death of its process.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use pilothouse_store::{AuditFilter, Store};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{audit::record, backend::sqlite_url};

/// Set in the child only: the database that it writes to until it is killed.
const CHILD_VARIABLE: &str = "PILOTHOUSE_STORE_TEST_CHILD";
const ACKNOWLEDGED: &str = "acknowledged ";
const WRITERS: usize = 4;

#[test]
fn a_killed_process_loses_no_acknowledged_write() {
    let name = "durability::a_killed_process_loses_no_acknowledged_write";
    #[expect(clippy::disallowed_methods, reason = "a test is not configured by app::config")]
    if let Ok(url) = env::var(CHILD_VARIABLE) {
        Runtime::new().unwrap().block_on(write_until_killed(&url));
    }
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_url(&directory);
    let mut acknowledged = HashSet::new();
    for kill_after in [1, 10, 100] {
        acknowledged.extend(acknowledged_before_death(name, &url, kill_after));
        let lost: Vec<_> = acknowledged.difference(&stored(&url)).cloned().collect();
        assert_eq!(lost, [""; 0], "of {} writes", acknowledged.len());
    }
}

/// Runs this test in a child, kills it when it has acknowledged so many writes, and gives all that
/// it acknowledged until the signal reached it.
fn acknowledged_before_death(test: &str, url: &str, kill_after: usize) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "this test is about a process of its own")]
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD_VARIABLE, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may be cut off, and then nobody read it as an acknowledgement.
        let Some(request) = line.unwrap().strip_prefix(ACKNOWLEDGED).map(str::to_owned) else {
            continue;
        };
        let Some(request) = request.strip_suffix('.') else { continue };
        acknowledged.push(request.to_owned());
        if acknowledged.len() == kill_after {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(acknowledged.len() >= kill_after);
    acknowledged
}

/// Several writers, by single statements and by transactions, so that some are always under way.
async fn write_until_killed(url: &str) {
    let store = Store::open(url).await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0_u64.. {
                let row = record(&format!("{}-{writer}-{number}", std::process::id()));
                if writer % 2 == 0 {
                    store.audit_insert(&row).await.unwrap();
                } else {
                    let mut tx = store.begin().await.unwrap();
                    store.audit_insert_in_txn(&mut tx, &row).await.unwrap();
                    tx.commit().await.unwrap();
                }
                println!("{ACKNOWLEDGED}{}.", row.request_id);
            }
        });
    }
    writers.join_all().await;
}

/// Every request in the trail, page by page.
fn stored(url: &str) -> HashSet<String> {
    Runtime::new().unwrap().block_on(async {
        let store = Store::open(url).await.unwrap();
        let mut requests = HashSet::new();
        let mut filter = AuditFilter::default();
        loop {
            let rows = store.audit_list(&filter).await.unwrap();
            let Some(last) = rows.last() else { break };
            filter.before_id = Some(last.id.clone());
            requests.extend(rows.into_iter().map(|row| row.request_id));
        }
        store.close().await;
        requests
    })
}
