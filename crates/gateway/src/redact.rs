//! Masks secrets before anything is shown to a model, recorded, or logged.
//!
//! By name: the value of a field that is known to hold a secret. By shape: text that looks like a
//! key or a token wherever it stands.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use pilothouse_access::random::Mark;
use serde_json::{Map, Value};

const MASK: &str = "***";

/// Field names that hold secrets, compared without case and separators.
const SECRET_FIELDS: [&str; 13] = [
    "password",
    "passwd",
    "secret",
    "secretkey",
    "clientsecret",
    "apikey",
    "token",
    "accesstoken",
    "refreshtoken",
    "authorization",
    "privatekey",
    "credential",
    "credentials",
];

/// Prefixes of well-known credentials, with the least length of what follows.
const SECRET_PREFIXES: [(&str, usize); 15] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("pat.", 24),
    ("sat.", 24),
    ("eyJhbGciOi", 20),
    (Mark::OperatorToken.as_str(), Mark::RANDOM),
    (Mark::ApiKey.as_str(), Mark::RANDOM),
    (Mark::ClientSecret.as_str(), Mark::RANDOM),
    (Mark::RefreshToken.as_str(), Mark::RANDOM),
];

/// All prefixes in one pass over a text, which every text of every result goes through.
static PREFIXES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(SECRET_PREFIXES.map(|(prefix, _)| prefix))
        .expect("a few short prefixes make an automaton")
});

/// Masks in place.
pub(crate) fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => redact_fields(fields),
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => {
            if let Some(masked) = mask_tokens(text) {
                *text = masked;
            }
        }
        _ => {}
    }
}

/// Masks the fields of an object in place. A map with `sensitive: true` loses its `value`.
pub(crate) fn redact_fields(fields: &mut Map<String, Value>) {
    let sensitive = fields.get("sensitive") == Some(&Value::Bool(true));
    for (name, value) in fields {
        let secret = is_secret_field(name) || (sensitive && name == "value");
        if secret && names_itself(value) {
            redact_value_of(value);
        } else if secret && !value.is_null() && !value.is_boolean() {
            *value = Value::from(MASK);
        } else {
            redact(value);
        }
    }
}

/// Whether the value is what a platform says about a secret, not the secret.
fn names_itself(value: &Value) -> bool {
    value.get("identifier").is_some_and(Value::is_string)
}

/// Masks what is called a value, however deep, and whatever else is secret.
fn redact_value_of(described: &mut Value) {
    match described {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if name == "value" && !field.is_null() {
                    *field = Value::from(MASK);
                } else {
                    redact_value_of(field);
                }
            }
            redact_fields(fields);
        }
        other => redact(other),
    }
}

fn is_secret_field(name: &str) -> bool {
    let plain = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    SECRET_FIELDS.iter().any(|secret| plain().eq(secret.bytes()))
}

/// `text` with every credential-shaped word masked, or `None` when there is none.
pub(crate) fn mask_tokens(text: &str) -> Option<String> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((start, end)) = next_token(rest) {
        masked.push_str(&rest[..start]);
        masked.push_str(MASK);
        rest = &rest[end..];
    }
    if masked.is_empty() && rest.len() == text.len() {
        return None;
    }
    masked.push_str(rest);
    Some(masked)
}

/// The first credential in `text`: from its prefix to the end of its word.
fn next_token(text: &str) -> Option<(usize, usize)> {
    PREFIXES.find_iter(text).find_map(|found| {
        let (_, least) = SECRET_PREFIXES[found.pattern()];
        let starts_word = !text[..found.start()].ends_with(is_token_char);
        let rest = &text[found.end()..];
        let length = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        (starts_word && length >= least).then_some((found.start(), found.end() + length))
    })
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_by_name_by_flag_and_by_shape() {
        let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
        let mut value = json!({
            "name": "db", "password": "hunter2", "client_secret": "x", "apiKey": "y",
            "token_count": 3, "secret": null, "has_token": true,
            "variable": {"key": "k", "value": "v", "sensitive": true},
            "plain": {"key": "k", "value": "v", "sensitive": false},
            "log": format!("using {key} now and {key}"),
            "list": [{"access_token": "t"}],
            "nested": {"secret": {"identifier": "db", "spec": {"value": "v", "password": "p"}}},
        });
        redact(&mut value);
        assert_eq!(
            value,
            json!({
                "name": "db", "password": "***", "client_secret": "***", "apiKey": "***",
                "token_count": 3, "secret": null, "has_token": true,
                "variable": {"key": "k", "value": "***", "sensitive": true},
                "plain": {"key": "k", "value": "v", "sensitive": false},
                "log": "using *** now and ***",
                "list": [{"access_token": "***"}],
                "nested": {"secret": {"identifier": "db", "spec": {"value": "***", "password": "***"}}},
            })
        );
    }

    #[test]
    fn masks_every_secret_that_we_make() {
        for mark in Mark::ALL {
            let secret = pilothouse_access::random::marked(mark).unwrap();
            let log = format!("tried {secret} twice");
            assert_eq!(mask_tokens(&log).as_deref(), Some("tried *** twice"), "{mark:?}");
        }
    }

    #[test]
    fn leaves_ordinary_text_alone() {
        for text in [
            "",
            "AKIA",
            "path.to.file",
            "apat.AKIA",
            "the pat. on the back",
            "MAKIAABCDEFGHIJKLMNOPQ",
        ] {
            assert_eq!(mask_tokens(text), None, "{text:?}");
        }
    }
}
