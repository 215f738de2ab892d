//! The fixture's tools: what there is, and which function does it.

mod input;
mod live;
mod plain;

use std::sync::Arc;

use pilothouse_gateway::mcp::{
    Change, Refusal, RequestContext, ToolReply,
    model::{CallToolResult, ContentBlock, JsonObject, Tool},
};
use serde_json::{Value, json};

use super::Fixture;

const HEADER_TOOL: &str = "test_header_argument";

/// Tools without arguments: name and description.
const SIMPLE: [(&str, &str); 23] = [
    ("test_simple_text", "Returns one text"),
    ("test_image_content", "Returns one image"),
    ("test_audio_content", "Returns one sound"),
    ("test_embedded_resource", "Returns one embedded resource"),
    ("test_multiple_content_types", "Returns a text, an image and a resource"),
    ("test_error_handling", "Always fails"),
    ("test_tool_with_logging", "Logs three times while it works"),
    ("test_tool_with_progress", "Reports progress three times"),
    ("test_reconnection", "Closes the stream and answers on the next one"),
    ("test_logging_tool", "Logs once"),
    ("test_trigger_tool_change", "Announces that the tools changed"),
    ("test_trigger_prompt_change", "Announces that the prompts changed"),
    ("test_missing_capability", "Needs sampling"),
    ("test_streaming_elicitation", "Asks for a confirmation"),
    ("test_elicitation_sep1034_defaults", "Asks with a default for every kind of field"),
    ("test_elicitation_sep1330_enums", "Asks with every kind of choice"),
    ("test_input_required_result_elicitation", "Asks for a name"),
    ("test_input_required_result_sampling", "Asks the client's model"),
    ("test_input_required_result_list_roots", "Asks for the client's roots"),
    ("test_input_required_result_request_state", "Asks, and checks its own state"),
    ("test_input_required_result_multiple_inputs", "Asks three things at once"),
    ("test_input_required_result_multi_round", "Asks twice"),
    ("test_input_required_result_tampered_state", "Asks, and refuses a changed state"),
];

pub(super) fn list() -> Vec<Tool> {
    let simple = SIMPLE.map(|(name, about)| (name, about, json!({ "type": "object" })));
    let others = [
        (
            "test_input_required_result_capabilities",
            "Asks what the client can answer",
            json!({ "type": "object" }),
        ),
        ("test_sampling", "Asks the client's model", one_string("prompt")),
        ("test_elicitation", "Asks the user for a name and an address", one_string("message")),
        ("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features", schema_2020_12()),
        (HEADER_TOOL, "Repeats an argument in a header", header_arguments()),
    ];
    simple
        .into_iter()
        .chain(others)
        .map(|(name, about, schema)| Tool::new(name, about, object(schema)))
        .collect()
}

pub(super) fn header_schema(tool: &str) -> Option<Arc<JsonObject>> {
    (tool == HEADER_TOOL).then(|| Arc::new(object(header_arguments())))
}

pub(super) async fn call(
    fixture: &Fixture,
    context: &RequestContext,
    name: &str,
    arguments: &Value,
) -> Result<ToolReply, Refusal> {
    if let Some(content) = plain::content(name) {
        return Ok(CallToolResult::success(content).into());
    }
    match name {
        "test_error_handling" => {
            let message = "This tool intentionally returns an error for testing";
            Ok(CallToolResult::error(vec![ContentBlock::text(message)]).into())
        }
        "json_schema_2020_12_tool" | HEADER_TOOL => Ok(text(&arguments.to_string())),
        "test_trigger_tool_change" => {
            fixture.announce(Change::Tools);
            Ok(text("announced"))
        }
        "test_trigger_prompt_change" => {
            fixture.announce(Change::Prompts);
            Ok(text("announced"))
        }
        "test_tool_with_logging" | "test_logging_tool" => Ok(live::log(context, name).await),
        "test_tool_with_progress" => Ok(live::progress(context).await),
        "test_reconnection" => Ok(live::reconnect(context).await),
        _ => input::call(context, name, arguments).await,
    }
}

fn text(text: &str) -> ToolReply {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

fn object(schema: Value) -> JsonObject {
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

fn one_string(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

fn header_arguments() -> Value {
    json!({
        "type": "object",
        "properties": { "region": { "type": "string", "x-mcp-header": "Region" } },
    })
}

fn schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}
