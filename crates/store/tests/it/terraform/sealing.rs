//! What is sealed is in no row as it is, and what was stored before there was a sealer can be.

use std::sync::Arc;

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{
    Sealer, Store,
    terraform::{
        Meta, NewState, NewVariable, Report, RunChange, RunVariable, RunVariableSource,
        StateOutput, StateVersion, VariableCategory,
    },
};

use super::fixture::{MANY, NOW, run, stored_workspace};
use crate::backend::{on_each_url, rows};

const SECRET: &str = "planted-9RkL4wBn";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Hides by changing each byte, and is bound to the length of the name.
struct Shift;

impl Sealer for Shift {
    fn seal(&self, name: &str, secret: &[u8]) -> Result<String, Error> {
        let hidden: Vec<u8> = secret.iter().map(|byte| byte ^ 0x5a).collect();
        Ok(format!("{}.{}", name.len(), hex(&hidden)))
    }

    fn open(&self, name: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let (length, hidden) = sealed.split_once('.').unwrap();
        assert_eq!(length, name.len().to_string(), "{name}");
        let byte = |at| u8::from_str_radix(&hidden[at..at + 2], 16).unwrap() ^ 0x5a;
        Ok((0..hidden.len()).step_by(2).map(byte).collect())
    }
}

/// A variable, a run with one of its own, a plan file, a state and an output, all with the secret.
async fn plant(store: &Store) -> [String; 4] {
    let prod = stored_workspace(store).await;
    let variable = NewVariable {
        category: VariableCategory::Terraform,
        key: "password".to_owned(),
        sensitive: true,
        value: SECRET.to_owned(),
    };
    let variable = store.variable_create(&prod.meta.id, &variable, MANY, NOW).await.unwrap();
    let record = run(&prod);
    let own = RunVariable {
        category: VariableCategory::Terraform,
        key: "token".to_owned(),
        namespace_path: None,
        sensitive: true,
        source: RunVariableSource::Value(SECRET.to_owned()),
    };
    store.run_create(&record, &[own], MANY, Timestamp(0)).await.unwrap();
    let report = Report {
        node_id: record.plan.meta.id.clone(),
        run_id: record.run.meta.id.clone(),
        plan_file: Some(SECRET.into()),
        summary: None,
        diff: None,
        diagnostics: "[]".to_owned(),
    };
    let change = RunChange { report: Some(report), ..RunChange::default() };
    store.run_change(&change).await.unwrap();
    let id = Meta::new(NOW).id;
    let output = StateOutput {
        id: Meta::new(NOW).id,
        state_version_id: id.clone(),
        name: "token".to_owned(),
        value: SECRET.to_owned(),
        value_type: "\"string\"".to_owned(),
        sensitive: true,
    };
    let version = StateVersion {
        id: id.clone(),
        created_at: NOW,
        workspace_id: prod.meta.id,
        workspace_path: prod.path,
        run_id: None,
        created_by: "root".to_owned(),
        lineage: "l".to_owned(),
        serial: 1,
    };
    let state = NewState { version, content: SECRET.into(), outputs: vec![output] };
    store.state_version_create(&state, MANY, Timestamp(0)).await.unwrap();
    [variable, record.run.meta.id, record.plan.meta.id, id]
}

/// Everything that was planted, as it is read.
async fn read(store: &Store, [variable, run, plan, state]: &[String; 4]) -> Vec<String> {
    let [own] = &store.run_variable_list(run).await.unwrap()[..] else { panic!("one") };
    let RunVariableSource::Value(own) = &own.source else { panic!("its own") };
    let [output] = &store.state_output_list(state).await.unwrap()[..] else { panic!("one") };
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
    vec![
        store.variable_get(variable).await.unwrap().unwrap().value,
        own.clone(),
        text(store.report_get(plan).await.unwrap().unwrap().plan_file),
        text(store.state_version_content(state).await.unwrap()),
        output.value.clone(),
    ]
}

/// In how many rows the secret stands as it is, or as hex, which is how bytes are shown.
async fn planted_rows(url: &str) -> usize {
    let hex = hex(SECRET.as_bytes());
    let holds = |row: &String| row.contains(SECRET) || row.to_lowercase().contains(&hex);
    rows(url).await.iter().filter(|row| holds(row)).count()
}

#[tokio::test]
async fn no_row_holds_a_secret_as_it_is() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap().sealed_with(Arc::new(Shift));
        let planted = plant(&store).await;
        assert_eq!(planted_rows(&url).await, 0);
        assert_eq!(read(&store, &planted).await, [SECRET; 5]);
        assert_eq!(store.seal_clear().await.unwrap(), 0);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_stored_in_the_clear_is_sealed_on_demand() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap();
        let planted = plant(&store).await;
        assert_eq!(planted_rows(&url).await, 5, "the search finds them");
        assert_eq!(store.seal_clear().await.unwrap(), 0, "without a sealer nothing can be");
        let store = store.sealed_with(Arc::new(Shift));
        assert_eq!(store.seal_clear().await.unwrap(), 5);
        assert_eq!(planted_rows(&url).await, 0);
        assert_eq!(read(&store, &planted).await, [SECRET; 5]);
        assert_eq!(store.seal_clear().await.unwrap(), 0);
        store.close().await;
        if let Some(file) = url.strip_prefix("sqlite://") {
            let file = std::fs::read(file).unwrap();
            let holds = |window: &[u8]| window == SECRET.as_bytes();
            assert!(!file.windows(SECRET.len()).any(holds), "nothing is left in the file");
        }
    })
    .await;
}
