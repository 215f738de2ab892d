//! `create`, `update`, `delete`: the writes every type shares.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, id, params, resource_type};

pub(super) static CREATE: Verb = Verb {
    name: "create",
    title: "Create a resource",
    about: "Create an instance. A person may be asked first; dry_run shows what would happen.",
    hints: Hints::WRITE,
    properties: || json!({"resource_type": resource_type(), "body": body()}),
    required: &["resource_type", "body"],
    output: || json!({}),
    resolve: create,
};

pub(super) static UPDATE: Verb = Verb {
    name: "update",
    title: "Update a resource",
    about: "Change an instance. infra_describe says of which types fields left out stay, and of \
            which the body replaces everything.",
    hints: Hints { idempotent: true, ..Hints::DESTROY },
    properties: || json!({"resource_type": resource_type(), "id": id(), "body": body()}),
    required: &["resource_type", "id", "body"],
    output: || json!({}),
    resolve: update,
};

pub(super) static DELETE: Verb = Verb {
    name: "delete",
    title: "Delete a resource",
    about: "Delete an instance for good.",
    hints: Hints { idempotent: true, ..Hints::DESTROY },
    properties: || json!({"resource_type": resource_type(), "id": id(), "params": params()}),
    required: &["resource_type", "id"],
    output: || json!({}),
    resolve: delete,
};

fn body() -> Value {
    json!({"type": "object", "description": "Fields of the resource; see infra_schema"})
}

fn create(reach: Reach<'_>, arguments: Map<String, Value>) -> Result<Request, Error> {
    Target::take(reach, arguments)?.operation("create")
}

fn update(reach: Reach<'_>, arguments: Map<String, Value>) -> Result<Request, Error> {
    Target::take(reach, arguments)?.operation("update")
}

fn delete(reach: Reach<'_>, arguments: Map<String, Value>) -> Result<Request, Error> {
    Target::take(reach, arguments)?.operation("delete")
}
