//! The fixture's resources.

use pilothouse_gateway::mcp::{
    Refusal,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

use super::sample::PNG;

pub(super) fn list() -> Vec<Resource> {
    [
        ("test://static-text", "Static text", "text/plain"),
        ("test://static-binary", "Static image", "image/png"),
        ("test://watched-resource", "A resource to subscribe to", "text/plain"),
        ("test://example-resource", "A resource to embed", "text/plain"),
    ]
    .map(|(uri, about, kind)| {
        Resource::new(uri, uri.trim_start_matches("test://"))
            .with_description(about)
            .with_mime_type(kind)
    })
    .into()
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = ResourceTemplate::new("test://template/{id}/data", "template")
        .with_description("Data for any id")
        .with_mime_type("application/json");
    vec![template]
}

pub(super) fn read(uri: &str) -> Result<ReadResourceResult, Refusal> {
    let contents = match uri {
        "test://static-text" => {
            text(uri, "text/plain", "This is the content of the static text resource.")
        }
        "test://static-binary" => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        "test://watched-resource" => text(uri, "text/plain", "Watched resource content"),
        "test://example-resource" => text(uri, "text/plain", "Example resource content"),
        _ => templated(uri).ok_or_else(|| Refusal::UnknownResource(uri.to_owned()))?,
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

fn templated(uri: &str) -> Option<ResourceContents> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    let data =
        json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string();
    Some(text(uri, "application/json", &data))
}

fn text(uri: &str, kind: &str, text: &str) -> ResourceContents {
    ResourceContents::text(text, uri).with_mime_type(kind)
}
