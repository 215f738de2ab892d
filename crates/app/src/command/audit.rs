//! `audit`: the record of every call.

use std::collections::HashSet;

use pilothouse_model::{Error, audit::AuditRecord};
use pilothouse_store::AuditFilter;
use serde::Serialize;

use super::screen;
use crate::{cli::AuditArguments, compose::Product, exit::Exit};

/// A record, and what the trail as a whole tells of it.
#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    record: AuditRecord,
    /// An intent that no outcome followed: the write is under way, or was interrupted and nobody
    /// knows whether it happened.
    unfinished: bool,
}

pub(super) async fn run(product: &Product, arguments: &AuditArguments) -> Result<Exit, Error> {
    let entries = entries(product, arguments).await?;
    if arguments.output.json {
        return screen::json(&entries);
    }
    let header = ["at", "principal", "tool", "operation", "target", "outcome", "ms", "why"];
    let empty = match arguments {
        narrowed if narrowed.narrows() => "No call is like this.",
        arguments if arguments.unfinished => "Every write has its outcome.",
        _ => "No calls yet.",
    };
    screen::table(&header, entries.iter().map(row).collect(), empty)
}

async fn entries(product: &Product, arguments: &AuditArguments) -> Result<Vec<Entry>, Error> {
    let limit = u32::from(arguments.limit.limit);
    let filter = AuditFilter {
        principal: arguments.principal.clone(),
        tool: arguments.tool.clone(),
        operation: arguments.operation.clone(),
        outcome: arguments.outcome,
        request_id: arguments.request.clone(),
        since: arguments.since,
        limit: Some(limit),
        ..AuditFilter::default()
    };
    let open = product.store.audit_unfinished(&filter).await?;
    let entry = |unfinished: bool, record| Entry { record, unfinished };
    if arguments.unfinished {
        return Ok(open.into_iter().map(|record| entry(true, record)).collect());
    }
    let open: HashSet<String> = open.into_iter().map(|record| record.id).collect();
    let records = product.store.audit_list(&filter).await?;
    Ok(records.into_iter().map(|record| entry(open.contains(&record.id), record)).collect())
}

fn row(entry: &Entry) -> Vec<String> {
    let Entry { record, unfinished } = entry;
    vec![
        record.at.to_string(),
        record.principal.clone(),
        record.tool.clone(),
        record.operation.clone().unwrap_or_default(),
        record.target.clone().unwrap_or_default(),
        if *unfinished { "unknown".to_owned() } else { record.outcome.as_str().to_owned() },
        record.duration_ms.to_string(),
        record.detail.clone().unwrap_or_default(),
    ]
}
