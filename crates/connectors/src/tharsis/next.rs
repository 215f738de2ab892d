//! Suggested next calls, as operations: every surface knows its own tools for them.

use serde_json::{Value, json};

/// `operation` is `type.operation` of this platform.
pub(super) fn step(operation: &str, arguments: &Value, why: &str) -> Value {
    json!({"operation": format!("tharsis.{operation}"), "arguments": arguments, "why": why})
}
