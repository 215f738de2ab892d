//! `audit`: the record of every call.

use std::collections::HashSet;

use pilothouse_model::{Error, Timestamp, audit::AuditRecord};
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
    let empty = if arguments.unfinished { "Every write has its outcome." } else { "No calls yet." };
    screen::table(&header, entries.iter().map(row).collect(), empty)
}

async fn entries(product: &Product, arguments: &AuditArguments) -> Result<Vec<Entry>, Error> {
    let AuditArguments { principal, tool, unfinished, limit, .. } = arguments;
    let limit = u32::from(limit.limit);
    let open = product.store.audit_unfinished(Timestamp::now()).await?;
    let entry = |unfinished: bool, record| Entry { record, unfinished };
    if *unfinished {
        let wanted = |record: &AuditRecord| {
            principal.as_ref().is_none_or(|id| *id == record.principal)
                && tool.as_ref().is_none_or(|name| *name == record.tool)
        };
        let open = open.into_iter().filter(wanted).take(limit as usize);
        return Ok(open.map(|record| entry(true, record)).collect());
    }
    let open: HashSet<String> = open.into_iter().map(|record| record.id).collect();
    let filter = AuditFilter {
        principal: principal.clone(),
        tool: tool.clone(),
        limit: Some(limit),
        ..AuditFilter::default()
    };
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
