//! Recorded calls of the server that we replace, made of our tools: what goes out must be what went
//! out then, or the call stands in `tests/data/harness/otherwise.toml` under the reason why not.

pub(crate) mod example;
mod normal;
pub(crate) mod reason;
pub(crate) mod recorder;
mod stand_in;

use std::collections::BTreeMap;

use pilothouse_registry::{Catalog, Operation};

use self::{example::Example, normal::Sent, reason::Reasons, recorder::Recorder};

fn data(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/harness");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

/// The recorded calls of each operation.
pub(crate) fn examples() -> BTreeMap<String, Vec<Example>> {
    serde_json::from_str(&data("recorded.json")).unwrap()
}

/// How a call ended, compared with its recording.
async fn replay(
    recorder: &Recorder,
    operation: &Operation,
    example: &Example,
) -> Result<(), String> {
    let (tool, arguments) = example.call(operation);
    let answer = recorder.call(tool, arguments).await;
    let sent = recorder.sent();
    let expected = example.requests();
    // Before a write, its plan looks at what it would change, and asks questions that are no GET.
    let looks =
        if operation.risk.is_read() { 0 } else { sent.len().saturating_sub(expected.len()) };
    let is_write = |it: &&Sent| expected.iter().any(|other| other.line == it.line);
    let mut twice = sent[..looks].iter().filter(|it| !it.line.starts_with("GET "));
    if let Some(twice) = twice.find(is_write) {
        return Err(format!("sent twice: {}", twice.line));
    }
    match normal::difference(&expected, &sent[looks..]) {
        None => Ok(()),
        Some(difference) => Err(match answer {
            Err(refusal) if sent.is_empty() => refusal,
            _ => difference,
        }),
    }
}

#[tokio::test]
async fn recorded_calls_send_the_same_requests() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let mut reasons = Reasons::stated();
    let listed = reasons.summary();
    let recorder = Recorder::start().await;
    let (mut same, mut wrong) = (0, Vec::new());
    for (name, examples) in examples() {
        let (kind, own) = name.split_once('.').unwrap();
        let operation = catalog.resource_type(kind).unwrap().operation(own).unwrap();
        for (index, example) in examples.into_iter().enumerate() {
            let id = format!("{name}#{index}");
            let outcome = replay(&recorder, operation, &example.with_values(operation)).await;
            match (outcome, reasons.take(&id)) {
                (Ok(()), None) => same += 1,
                (Ok(()), Some(_)) => wrong.push(format!("{id}: is the same, and listed")),
                (Err(problem), Some(says)) if problem.contains(&says) => {}
                (Err(problem), _) => wrong.push(format!("{id}: {problem}")),
            }
        }
    }
    println!("harness: {same} recorded calls send the same; otherwise:\n{listed}");
    wrong.extend(reasons.left());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
