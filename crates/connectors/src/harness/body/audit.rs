//! Filters of audit events and attestations.

use pilothouse_model::Result;
use serde_json::{Value, json};

use super::{BodyInput, object, read, time};

/// How far back a search goes that does not say so.
const DAYS: i64 = 7;

pub(super) fn events(input: BodyInput<'_>) -> Result<Value> {
    let listed = |name: &str| input.given(name).cloned().map(read::listed);
    let start = time::argument(input.args, "start_time")?;
    let end = time::end(input.args, "end_time")?;
    Ok(object([
        ("filterType", Some(json!("Audit"))),
        ("modules", listed("module")),
        ("actions", listed("action")),
        ("resources", input.given("audit_resource_type").map(|it| json!([{ "type": it }]))),
        ("startTime", Some(json!(start.unwrap_or(input.now.0 - DAYS * time::DAY)))),
        ("endTime", Some(json!(end.unwrap_or(input.now.0)))),
    ]))
}
