//! What Harness' errors say. Its modules word them differently: `message` with `code` and
//! `correlationId`, details in `responseMessages`, `detailedMessage` or `description`, or GraphQL's
//! `errors`.

use http::StatusCode;
use pilothouse_model::{Error, Kind, text::prefix, text::sanitize};
use serde_json::Value;

use crate::transport::Refusal;

/// Longest detail that follows the message, in bytes.
const MAX_DETAIL: usize = 400;
/// Details kept of a list of them.
const MAX_DETAILS: usize = 3;
const MESSAGES: [&str; 4] = ["/message", "/error/message", "/error", "/errors/0/message"];
const DETAILS: [&str; 4] = ["/detailedMessage", "/details", "/description", "/error_description"];
const CORRELATIONS: [&str; 3] = ["/correlationId", "/correlation_id", "/correlationID"];

/// The message of an unsuccessful answer, with what helps to find it in Harness' own logs.
pub(super) fn read(status: StatusCode, body: &Value) -> Option<Refusal> {
    let message = message(body)?;
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    Some(Refusal { message, kind: kind(status, code), hint: hint(status, code) })
}

/// GraphQL and some older modules answer 200 and say in the body that they failed.
pub(super) fn disguised(answer: &Value) -> Option<Error> {
    let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
    let failed = ["ERROR", "FAILURE"].contains(&status) && answer.get("code").is_some();
    let has_errors =
        answer.get("errors").and_then(Value::as_array).is_some_and(|it| !it.is_empty())
            && answer.get("data").is_none_or(Value::is_null);
    if !failed && !has_errors {
        return None;
    }
    let code = answer.get("code").and_then(Value::as_str).unwrap_or_default();
    let kind = kind(StatusCode::OK, code).unwrap_or(Kind::Upstream);
    let message = message(answer).unwrap_or_else(|| "no reason was given".to_owned());
    let message = sanitize(&message);
    let mut error = Error::new(kind, format!("harness refused: {message}")).answered(None, message);
    error.hint = hint(StatusCode::OK, code);
    Some(error)
}

fn message(body: &Value) -> Option<String> {
    let text = |pointer: &str| body.pointer(pointer)?.as_str().map(str::trim);
    let listed = body.get("responseMessages").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(|it| it.get("message")?.as_str());
    let mut parts = MESSAGES.into_iter().filter_map(text).chain(listed.take(MAX_DETAILS));
    let mut message = parts.find(|text| !text.is_empty())?.to_owned();
    let mut details: Vec<&str> = Vec::new();
    for detail in parts.chain(DETAILS.into_iter().filter_map(text)) {
        if !detail.is_empty() && !message.contains(detail) && !details.contains(&detail) {
            details.push(detail);
        }
    }
    if !details.is_empty() {
        message = format!("{message}: {}", prefix(&details.join("; "), MAX_DETAIL));
    }
    let code = text("/code").filter(|code| !code.is_empty() && !message.contains(*code));
    let correlation = CORRELATIONS.into_iter().find_map(text).filter(|id| !id.is_empty());
    let correlation = correlation.map(|id| format!("correlation {}", prefix(id, 64)));
    let tail: Vec<_> = code.map(str::to_owned).into_iter().chain(correlation).collect();
    Some(if tail.is_empty() { message } else { format!("{message} ({})", tail.join(", ")) })
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
        StatusCode::FORBIDDEN => {
            "the API key lacks the permission for this; check its roles and scope"
        }
        _ if kind == Some(Kind::Forbidden) => {
            "the API key lacks the permission for this; check its roles and scope"
        }
        _ if status == StatusCode::NOT_FOUND || kind == Some(Kind::NotFound) => {
            "check the identifier, and that org_id and project_id say where it is; list shows what there is"
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
    fn codes_say_more_than_their_status() {
        for (status, code, kind, hint) in [
            (400, "RESOURCE_NOT_FOUND_EXCEPTION", Some(Kind::NotFound), Some("identifier")),
            (400, "DUPLICATE_FIELD", Some(Kind::Conflict), None),
            (400, "INVALID_REQUEST", None, None),
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
