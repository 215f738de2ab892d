//! `schema`: the JSON Schema of an operation's arguments, from the registry alone.

use pilothouse_model::Error;
use pilothouse_registry::schema::arguments as arguments_schema;
use serde_json::{Map, Value, json};

use super::{Hints, Request, Target, Verb, resource_type, take_text};
use crate::Gateway;

pub(super) static SCHEMA: Verb = Verb {
    name: "schema",
    title: "Show an argument schema",
    about: "The exact arguments of an operation as JSON Schema: what to put into body, filters \
            or params. Calls no platform.",
    hints: Hints::LOCAL,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "operation": {"type": "string", "maxLength": 64,
                          "description": "Default create; any operation or action of the type"},
        })
    },
    required: &["resource_type"],
    output: || json!({"schema": {"type": "object"}}),
    resolve,
};

fn resolve(gateway: &Gateway, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let name = take_text(&mut arguments, "operation").unwrap_or_else(|| "create".into());
    let target = Target::take(gateway, arguments)?;
    let operation = target.public_operation(&name)?;
    let value = json!({ "operation": operation.id, "schema": arguments_schema(operation) });
    Ok(Request::Answer { verb: "schema", value })
}
