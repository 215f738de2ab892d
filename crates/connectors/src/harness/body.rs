//! The bodies that `registry/harness/` leaves to functions: arguments in, body out, nothing sent.

use serde_json::{Map, Value};

use crate::connector::hook::{BodyHook, BodyInput};

mod approval;
mod audit;
mod entity;
mod gitops;
mod time;

pub(super) const BODY_HOOKS: &[(&str, BodyHook)] = &[
    ("approval_instance_approve", |it| Ok(Some(approval::approve(it)))),
    ("audit_event_list", |it| audit::events(it).map(Some)),
    ("connector_update", |it| Ok(Some(entity::connector(it)))),
    ("environment_update", |it| Ok(entity::unwrapped(it, "environment", "environment_id"))),
    ("gitops_application_bulk_sync", |it| gitops::bulk_sync(it).map(Some)),
    ("gitops_application_refresh", |it| gitops::refresh(it).map(Some)),
    ("service_update", |it| Ok(entity::unwrapped(it, "service", "service_id"))),
];

impl BodyInput<'_> {
    /// An argument that was given, and not as an empty text.
    fn given(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !matches!(value, Value::Null) && *value != "")
    }

    /// The fields of the argument `body`.
    fn body(&self) -> Map<String, Value> {
        self.args.get("body").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// An argument, or the field of `body` of this name.
    fn either(&self, name: &str) -> Option<Value> {
        let in_body = || self.args.get("body")?.get(name);
        self.given(name).or_else(in_body).filter(|value| !value.is_null()).cloned()
    }
}

/// An object of those pairs that have a value.
fn object<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Value {
    let present = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}
