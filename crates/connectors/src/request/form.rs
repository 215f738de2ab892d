//! Forms with files (`multipart/form-data`). Until a form is sent it is JSON like any other body:
//! an object of fields, in which a file is an object of its own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

/// The content type that makes a body a form.
pub(crate) const CONTENT_TYPE: &str = "multipart/form-data";

/// A file as the value of a form's field.
pub(crate) fn file(name: &str, media_type: &str, bytes: &[u8]) -> Value {
    json!({"file": name, "media_type": media_type, "base64": STANDARD.encode(bytes)})
}

/// The form's bytes, and the content type with the boundary that separates its fields.
pub(super) fn encode(form: &Value) -> Result<(String, Bytes)> {
    let fields = form.as_object().ok_or_else(|| Error::internal("a form has fields"))?;
    let mut parts = Vec::new();
    for (name, value) in fields {
        parts.push(part(name, value)?);
    }
    let boundary = boundary(&parts);
    let mut body = Vec::new();
    for (head, content) in &parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("{CONTENT_TYPE}; boundary={boundary}"), body.into()))
}

fn part(name: &str, value: &Value) -> Result<(String, Vec<u8>)> {
    let disposition = format!("content-disposition: form-data; name=\"{}\"", quoted(name));
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    let (Some(file), Some(media_type), Some(encoded)) =
        (text("file"), text("media_type"), text("base64"))
    else {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Ok((disposition, text.into_bytes()));
    };
    if media_type.chars().any(char::is_control) {
        return Err(Error::invalid(format!("{media_type:?} is not a media type")));
    }
    let content = STANDARD.decode(encoded).map_err(Error::internal)?;
    let file = quoted(file);
    let head = format!("{disposition}; filename=\"{file}\"\r\ncontent-type: {media_type}");
    Ok((head, content))
}

/// A name inside quotes, as browsers write it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A line that none of the parts contains.
fn boundary(parts: &[(String, Vec<u8>)]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("pilothouse-form-{number:08}");
        let line = boundary.as_bytes();
        if !parts.iter().any(|(_, content)| content.windows(line.len()).any(|at| at == line)) {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_stand_between_boundaries() {
        let form = json!({"content": file("a\"b.txt", "text/plain", b"hello"), "name": "a"});
        let (content_type, body) = encode(&form).unwrap();
        assert_eq!(content_type, "multipart/form-data; boundary=pilothouse-form-00000000");
        let expected = "--pilothouse-form-00000000\r\n\
            content-disposition: form-data; name=\"content\"; filename=\"a%22b.txt\"\r\n\
            content-type: text/plain\r\n\r\nhello\r\n\
            --pilothouse-form-00000000\r\n\
            content-disposition: form-data; name=\"name\"\r\n\r\na\r\n\
            --pilothouse-form-00000000--\r\n";
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
    }

    #[test]
    fn a_boundary_is_found_that_no_content_has() {
        let form = json!({"content": file("a", "text/plain", b"x pilothouse-form-00000000 y")});
        assert!(encode(&form).unwrap().0.ends_with("00000001"));
    }

    #[test]
    fn a_media_type_cannot_add_headers() {
        let form = json!({"content": file("a", "text/plain\r\nx: y", b"")});
        assert!(encode(&form).is_err());
    }
}
