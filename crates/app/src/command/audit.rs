//! `audit`: the record of every call.

use pilothouse_model::{Error, audit::AuditRecord};
use pilothouse_store::AuditFilter;

use super::screen;
use crate::{cli::AuditArguments, compose::Product, exit::Exit};

pub(super) async fn run(product: &Product, arguments: &AuditArguments) -> Result<Exit, Error> {
    let filter = AuditFilter {
        principal: arguments.principal.clone(),
        tool: arguments.tool.clone(),
        limit: Some(arguments.limit.limit.into()),
        ..AuditFilter::default()
    };
    let rows = product.store.audit_list(&filter).await?;
    if arguments.output.json {
        return screen::json(&rows);
    }
    let header = ["at", "principal", "tool", "operation", "target", "outcome", "ms"];
    screen::table(&header, rows.iter().map(row).collect(), "No calls yet.")
}

fn row(record: &AuditRecord) -> Vec<String> {
    vec![
        record.at.to_string(),
        record.principal.clone(),
        record.tool.clone(),
        record.operation.clone().unwrap_or_default(),
        record.target.clone().unwrap_or_default(),
        record.outcome.as_str().to_owned(),
        record.duration_ms.to_string(),
    ]
}
