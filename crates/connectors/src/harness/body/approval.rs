//! Answers to a pipeline that waits for an approval.

use serde_json::{Value, json};

use super::{BodyInput, object};

pub(super) fn approve(input: BodyInput<'_>) -> Value {
    object([
        ("action", Some(json!("APPROVE"))),
        ("comments", Some(input.either("comments").unwrap_or_else(|| json!("")))),
        ("approverInputs", input.either("approver_inputs")),
    ])
}
