//! Files and folders of the file store, which travel as forms.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::{BodyInput, object, read};
use crate::request::form;

/// Largest file that is sent, in bytes.
const MAX_FILE: usize = 8 << 20;

const FIELDS: [(&str, &str); 9] = [
    ("name", "name"),
    ("type", "type"),
    ("parent_identifier", "parentIdentifier"),
    ("identifier", "identifier"),
    ("file_usage", "fileUsage"),
    ("mime_type", "mimeType"),
    ("description", "description"),
    ("path", "path"),
    ("tags", "tags"),
];

/// The fields of the form; a file has its content besides.
pub(super) fn node(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let given = |name: &str| read::given(&body, name);
    let mut fields = Map::new();
    for (name, key) in FIELDS {
        fields.extend(given(name).map(|value| (key.to_owned(), value.clone())));
    }
    if let Some(id) = input.given("file_store_id") {
        fields.entry("identifier").or_insert_with(|| id.clone());
    }
    if given("type").and_then(Value::as_str) == Some("FOLDER") {
        return Ok(Value::Object(fields));
    }
    let text = |name: &str| given(name).and_then(Value::as_str);
    let bytes = match (text("content"), text("content_base64")) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(encoded)) => STANDARD
            .decode(encoded.trim())
            .map_err(|error| Error::invalid("body.content_base64: not base64").source(error))?,
        (None, None) => {
            return Err(Error::invalid("body.content: missing")
                .hint("a file needs content, or content_base64 for what is not text"));
        }
    };
    if bytes.len() > MAX_FILE {
        return Err(Error::limited(format!("body.content: longer than {MAX_FILE} bytes")));
    }
    let name = text("filename").or_else(|| text("name")).unwrap_or("file");
    let media_type = text("mime_type").unwrap_or("application/octet-stream");
    fields.insert("content".to_owned(), form::file(name, media_type, &bytes));
    Ok(Value::Object(fields))
}

/// The folder whose content is asked for.
pub(super) fn folder(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |name: &str| read::given(&body, name).cloned();
    let argument = |name: &str| input.given(name).cloned();
    let id = argument("file_store_id").or_else(|| argument("folder_identifier"));
    let kind = field("type").or_else(|| argument("node_type"));
    object([
        ("identifier", field("identifier").or(id)),
        ("name", field("name").or_else(|| argument("folder_name"))),
        ("type", kind.or_else(|| Some(json!("FOLDER")))),
        ("parentIdentifier", field("parentIdentifier").or_else(|| argument("parent_identifier"))),
    ])
}
