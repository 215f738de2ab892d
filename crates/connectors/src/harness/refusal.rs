//! What Harness' errors say. Its modules word them differently: `message` with `code` and
//! `correlationId`, details in `responseMessages`, `detailedMessage` or `description`, reasons by
//! field in `errors` or `metadata.schemaErrors`, or GraphQL's `errors`.

use http::StatusCode;
use pilothouse_model::{Kind, text::prefix};
use serde_json::Value;

use crate::transport::Refusal;

/// Longest detail that follows the message, in bytes.
const MAX_DETAIL: usize = 400;
/// Details kept of a list of them.
const MAX_DETAILS: usize = 3;
/// Reasons told one by one, and their length together, in bytes; the others are counted.
const MAX_REASONS: usize = 10;
const MAX_REASONS_BYTES: usize = 600;
const MESSAGES: [&str; 3] = ["/message", "/error/message", "/error"];
const DETAILS: [&str; 4] = ["/detailedMessage", "/details", "/description", "/error_description"];
const CORRELATIONS: [&str; 3] = ["/correlationId", "/correlation_id", "/correlationID"];
/// Where reasons are listed that are each about one part of what was sent.
const REASONS: [&str; 2] = ["/errors", "/metadata/schemaErrors"];
/// How such a reason names the part, and how it says what is wrong with it.
const PARTS: [&str; 4] = ["fieldId", "field", "fqn", "path"];
const WRONGS: [&str; 3] = ["error", "message", "reason"];

/// The message of an unsuccessful answer, with what helps to find it in Harness' own logs.
pub(super) fn read(status: StatusCode, body: &Value) -> Option<Refusal> {
    let message = message(body)?;
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    Some(Refusal { message, kind: kind(status, code), hint: hint(status, code) })
}

/// GraphQL and some older modules answer 200 and say in the body that they failed.
pub(super) fn disguised(answer: &Value) -> Option<Refusal> {
    let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
    let failed = ["ERROR", "FAILURE"].contains(&status) && answer.get("code").is_some();
    let has_errors =
        answer.get("errors").and_then(Value::as_array).is_some_and(|it| !it.is_empty())
            && answer.get("data").is_none_or(Value::is_null);
    if !failed && !has_errors {
        return None;
    }
    let code = answer.get("code").and_then(Value::as_str).unwrap_or_default();
    let message = message(answer).unwrap_or_else(|| "no reason was given".to_owned());
    let (kind, hint) = (kind(StatusCode::OK, code), hint(StatusCode::OK, code));
    Some(Refusal { message, kind, hint })
}

fn message(body: &Value) -> Option<String> {
    let text = |pointer: &str| body.pointer(pointer)?.as_str().map(str::trim);
    let listed = body.get("responseMessages").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(|it| it.get("message")?.as_str());
    let reasons = reasons(body);
    let mut parts = MESSAGES.into_iter().filter_map(text).chain(listed.take(MAX_DETAILS));
    let mut message = parts.find(|text| !text.is_empty()).unwrap_or_default().to_owned();
    let mut details: Vec<&str> = Vec::new();
    for detail in parts.chain(DETAILS.into_iter().filter_map(text)) {
        if !detail.is_empty() && !message.contains(detail) && !details.contains(&detail) {
            details.push(detail);
        }
    }
    let details = details.join("; ");
    for more in [reasons.as_str(), prefix(&details, MAX_DETAIL)] {
        if more.is_empty() || message.contains(more) {
            continue;
        }
        let separator = if message.is_empty() { "" } else { ": " };
        message = format!("{message}{separator}{more}");
    }
    if message.is_empty() {
        return None;
    }
    let code = text("/code").filter(|code| !code.is_empty() && !message.contains(*code));
    let correlation = CORRELATIONS.into_iter().find_map(text).filter(|id| !id.is_empty());
    let correlation = correlation.map(|id| format!("correlation {}", prefix(id, 64)));
    let tail: Vec<_> = code.map(str::to_owned).into_iter().chain(correlation).collect();
    Some(if tail.is_empty() { message } else { format!("{message} ({})", tail.join(", ")) })
}

/// What is wrong, part by part: `identifier must not be blank; name is too long; and 3 more`.
fn reasons(body: &Value) -> String {
    let lists = REASONS.into_iter().filter_map(|pointer| body.pointer(pointer)?.as_array());
    let mut found: Vec<String> = Vec::new();
    for reason in lists.flatten().filter_map(reason) {
        if !found.contains(&reason) {
            found.push(reason);
        }
    }
    let mut shown = String::new();
    for (at, reason) in found.iter().enumerate() {
        let separator = if at == 0 { "" } else { "; " };
        if at == MAX_REASONS || (at > 0 && shown.len() + reason.len() > MAX_REASONS_BYTES) {
            return format!("{shown}; and {} more", found.len() - at);
        }
        shown.extend([separator, prefix(reason, MAX_REASONS_BYTES)]);
    }
    shown
}

fn reason(reason: &Value) -> Option<String> {
    let text =
        |name: &str| reason.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    let wrong = match reason {
        Value::String(wrong) => wrong.trim(),
        _ => WRONGS.into_iter().find_map(text)?,
    };
    let is_said =
        |part: &str| wrong.split_whitespace().any(|word| word.trim_end_matches(':') == part);
    let part = PARTS.into_iter().find_map(text).filter(|part| !is_said(part));
    Some(part.map_or_else(|| wrong.to_owned(), |part| format!("{part}: {wrong}")))
}

/// What the code says more precisely than the status: many modules answer 400 to everything.
fn kind(status: StatusCode, code: &str) -> Option<Kind> {
    let refused_credential = status == StatusCode::UNAUTHORIZED;
    Some(match code {
        _ if refused_credential => Kind::Upstream,
        "ACCESS_DENIED" | "NG_ACCESS_DENIED" | "FORBIDDEN" | "USER_NOT_AUTHORIZED" => {
            Kind::Forbidden
        }
        "DUPLICATE_FIELD" | "RESOURCE_ALREADY_EXISTS" | "DUPLICATE_FILE_IMPORT" => Kind::Conflict,
        "RATE_LIMIT_EXCEEDED" | "TOO_MANY_REQUESTS" => Kind::Limited,
        code if code.contains("NOT_FOUND") || code.contains("NOT_EXIST") => Kind::NotFound,
        _ => return None,
    })
}

fn hint(status: StatusCode, code: &str) -> Option<String> {
    let kind = kind(status, code);
    let text = match status {
        StatusCode::UNAUTHORIZED => {
            "the API key was refused: it may have expired, been revoked, or belong to another account"
        }
        _ if status == StatusCode::FORBIDDEN || kind == Some(Kind::Forbidden) => {
            "the API key lacks the permission for this; check its roles and scope"
        }
        _ if status == StatusCode::NOT_FOUND || kind == Some(Kind::NotFound) => {
            "check the identifier, and that org_id and project_id say where it is; list shows what there is"
        }
        _ if status == StatusCode::CONFLICT || kind == Some(Kind::Conflict) => {
            "get what is there now: it exists already, or it was changed or is used by something else"
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            "correct what the message names; the operation's schema shows what it takes"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_of_every_module_are_read() {
        for (body, expected) in [
            (
                json!({"status": "ERROR", "code": "ENTITY_NOT_FOUND", "message": "no such pipeline",
                    "correlationId": "c-1", "detailedMessage": null, "responseMessages": [
                        {"code": "ENTITY_NOT_FOUND", "message": "no such pipeline"}]}),
                "no such pipeline (ENTITY_NOT_FOUND, correlation c-1)",
            ),
            (
                json!({"message": "invalid request", "responseMessages": [
                    {"message": "name: must not be empty"}, {"message": "identifier: too long"}]}),
                "invalid request: name: must not be empty; identifier: too long",
            ),
            (
                json!({"message": "failed", "description": "hub not connected"}),
                "failed: hub not connected",
            ),
            (json!({"errors": [{"message": "unknown field"}]}), "unknown field"),
            (
                json!({"status": "FAILURE", "code": "INVALID_REQUEST", "message": "Invalid request",
                    "errors": [{"fieldId": "identifier", "error": "must not be blank"},
                               {"fieldId": "name", "error": "is too long"}]}),
                "Invalid request: identifier: must not be blank; name: is too long (INVALID_REQUEST)",
            ),
            (
                json!({"errors": [{"fieldId": "a", "error": "bad"}, {"field": "b", "message": "b is bad"},
                    "bad", {"x": 1}, {"fieldId": "a", "error": "bad"}]}),
                "a: bad; b is bad; bad",
            ),
            (
                json!({"message": "Invalid yaml", "metadata": {"schemaErrors": [
                    {"fqn": "$.pipeline.stages[0]", "message": "timeout: does not match"}]}}),
                "Invalid yaml: $.pipeline.stages[0]: timeout: does not match",
            ),
            (json!({"error": "bad token"}), "bad token"),
            (json!({"responseMessages": [{"message": "only here"}]}), "only here"),
        ] {
            assert_eq!(message(&body).as_deref(), Some(expected), "{body}");
        }
        assert_eq!(message(&json!({"data": 1})), None);
    }

    #[test]
    fn a_long_detail_is_cut() {
        let body = json!({"message": "m", "detailedMessage": "x".repeat(10_000)});
        assert!(message(&body).unwrap().len() < MAX_DETAIL + 10);
    }

    #[test]
    fn reasons_are_bounded_and_the_others_counted() {
        let body = |text: &str| {
            let errors: Vec<Value> =
                (0..60).map(|at| json!({"fieldId": format!("f{at}"), "error": text})).collect();
            json!({"message": "Invalid request", "errors": errors})
        };
        let many = message(&body("bad")).unwrap();
        assert!(many.starts_with("Invalid request: f0: bad; f1: bad;"), "{many}");
        assert!(many.ends_with("f9: bad; and 50 more"), "{many}");
        let long = message(&body(&"x".repeat(5000))).unwrap();
        assert!(long.len() < MAX_REASONS_BYTES + 50 && long.ends_with("; and 59 more"), "{long}");
    }

    #[test]
    fn codes_say_more_than_their_status() {
        for (status, code, kind, hint) in [
            (400, "RESOURCE_NOT_FOUND_EXCEPTION", Some(Kind::NotFound), Some("identifier")),
            (400, "DUPLICATE_FIELD", Some(Kind::Conflict), Some("exists already")),
            (400, "INVALID_REQUEST", None, Some("correct what the message names")),
            (409, "", None, Some("get what is there now")),
            (500, "", None, None),
            (403, "", None, Some("permission")),
            (401, "INVALID_TOKEN", Some(Kind::Upstream), Some("API key")),
            (404, "", None, Some("org_id")),
        ] {
            let body = json!({"message": "m", "code": code});
            let refusal = read(StatusCode::from_u16(status).unwrap(), &body).unwrap();
            assert_eq!(refusal.kind, kind, "{status} {code}");
            let found = refusal.hint.as_deref();
            assert_eq!(found.is_some(), hint.is_some(), "{status} {code}");
            assert!(found.unwrap_or_default().contains(hint.unwrap_or_default()), "{found:?}");
        }
    }

    #[test]
    fn a_failure_under_a_good_status_is_found() {
        for (answer, found) in [
            (json!({"data": null, "errors": [{"message": "no such view"}]}), true),
            (json!({"status": "ERROR", "code": "INVALID_REQUEST", "message": "m"}), true),
            (json!({"status": "FAILURE", "data": {"status": "FAILURE"}}), false),
            (json!({"data": {"a": 1}, "errors": [{"message": "partly"}]}), false),
            (json!({"status": "SUCCESS", "data": []}), false),
            (json!([]), false),
        ] {
            assert_eq!(disguised(&answer).is_some(), found, "{answer}");
        }
    }
}
