//! YAML, in which platforms and people write documents: read into JSON values and written from them.

use pilothouse_model::{Error, Result};
use serde_json::Value;

/// Largest document that is read, in bytes.
const MAX_DOCUMENT: usize = 1 << 20;
/// What all aliases together may repeat, in scalars, lists and maps.
const MAX_REPEATED: usize = 20_000;

/// The document as a JSON value. `what` names it in messages.
pub fn parse(what: &str, text: &str) -> Result<Value> {
    if text.len() > MAX_DOCUMENT {
        return Err(Error::limited(format!("{what}: longer than {MAX_DOCUMENT} bytes of YAML")));
    }
    let aliases = serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED };
    let options = serde_saphyr::options! { alias_limits: aliases };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        Error::invalid(format!("{what}: not readable as YAML")).hint(error.to_string())
    })
}

/// The value as a document.
pub fn render(value: &Value) -> Result<String> {
    serde_saphyr::to_string(value).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was() {
        for value in [
            json!({"pipeline": {"name": "a: b", "tags": {}, "stages": [{"n": 1}, "x"], "on": "yes"}}),
            json!({"text": "two\nlines\n", "expression": "<+input>.default(\"x\")", "empty": ""}),
            json!({"number": "007", "null": null, "float": 1.5, "tilde": "~", "dash": "- x"}),
        ] {
            let text = render(&value).unwrap();
            assert_eq!(parse("document", &text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["a: [", "a: 1\n\tb: 2"] {
            assert!(parse("body", text).unwrap_err().message.starts_with("body: "), "{text}");
        }
        let long = format!("a: \"{}\"", "x".repeat(MAX_DOCUMENT));
        assert_eq!(parse("body", &long).unwrap_err().kind, pilothouse_model::Kind::Limited);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        assert!(parse("body", bomb).is_err());
    }
}
