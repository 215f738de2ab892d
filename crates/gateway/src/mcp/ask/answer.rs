//! Whether an answer fits its question.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::{Kind, Question};
use crate::mcp::error::Refusal;

/// What a user did with a form.
pub(super) enum Choice {
    Accept(JsonObject),
    Decline,
    Cancel,
}

/// Reads an answer that [`check`] let pass.
pub(super) fn choice(mut answer: Value) -> Choice {
    match answer["action"].as_str() {
        Some("accept") => match answer["content"].take() {
            Value::Object(content) => Choice::Accept(content),
            _ => Choice::Accept(JsonObject::new()),
        },
        Some("decline") => Choice::Decline,
        _ => Choice::Cancel,
    }
}

/// Refuses an answer of the wrong shape, naming the key and what is wrong.
pub(super) fn check(question: &Question, answer: &Value) -> Result<(), Refusal> {
    let problem = match &question.kind {
        Kind::Form { schema, .. } => form_problem(schema, answer),
        Kind::Sample { .. } if answer.get("content").is_none() => {
            Some("expected a message with \"content\"".to_owned())
        }
        Kind::Roots if !answer.get("roots").is_some_and(Value::is_array) => {
            Some("expected an object with \"roots\"".to_owned())
        }
        Kind::Sample { .. } | Kind::Roots => None,
    };
    match problem {
        Some(problem) => Err(Refusal::InvalidParams(format!(
            "the answer {:?} does not fit: {problem}",
            question.key
        ))),
        None => Ok(()),
    }
}

fn form_problem(schema: &Value, answer: &Value) -> Option<String> {
    match answer.get("action").and_then(Value::as_str) {
        Some("accept") => content_problem(schema, answer.get("content")),
        Some("decline" | "cancel") => None,
        _ => Some("expected \"action\" to be accept, decline or cancel".to_owned()),
    }
}

fn content_problem(schema: &Value, content: Option<&Value>) -> Option<String> {
    let empty = Value::Object(JsonObject::new());
    let content = content.filter(|content| !content.is_null()).unwrap_or(&empty);
    match jsonschema::validator_for(schema) {
        Ok(validator) => validator.validate(content).err().map(|error| error.to_string()),
        Err(error) => Some(format!("the question's schema is unusable: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_must_fit_their_question() {
        let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] });
        let form = Question::form("q", "?", schema);
        let free = Question::form("q", "?", json!({ "type": "object", "properties": {} }));
        let sample = Question::sample("q", "?", 1);
        let roots = Question::roots("q");
        for (question, answer, fits) in [
            (&form, json!({ "action": "accept", "content": { "ok": true } }), true),
            (&form, json!({ "action": "accept", "content": { "ok": "yes" } }), false),
            (&form, json!({ "action": "accept", "content": {} }), false),
            (&form, json!({ "action": "accept" }), false),
            (&form, json!({ "action": "accept", "content": [true] }), false),
            (&form, json!({ "action": "decline" }), true),
            (&form, json!({ "action": "cancel", "content": 7 }), true),
            (&form, json!({ "action": "maybe" }), false),
            (&form, json!(12345), false),
            (&form, json!(null), false),
            (&free, json!({ "action": "accept", "content": null }), true),
            (
                &sample,
                json!({ "role": "assistant", "content": { "type": "text", "text": "x" } }),
                true,
            ),
            (&sample, json!("x"), false),
            (&roots, json!({ "roots": [] }), true),
            (&roots, json!({ "roots": 1 }), false),
        ] {
            assert_eq!(check(question, &answer).is_ok(), fits, "{:?} {answer}", question.kind);
        }
    }
}
