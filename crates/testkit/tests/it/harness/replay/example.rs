//! A recorded call: what was said to the tools of another server, and what that sent.

use pilothouse_registry::Operation;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    normal::{self, Sent},
    stand_in::StandIns,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    /// All arguments in one place, as that server merged them.
    input: Map<String, Value>,
    /// `METHOD /path`, and the rest of what was sent. Absent when there were several requests.
    request: Option<String>,
    #[serde(default)]
    query: Vec<(String, String)>,
    #[serde(default)]
    headers: Map<String, Value>,
    host: Option<String>,
    body: Option<Value>,
    #[serde(default)]
    requests: Vec<Part>,
}

/// One of several requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    request: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    body: Option<Value>,
}

/// What the tools have arguments of their own for; everything else is among `params`.
const PLACE: [&str; 3] = ["resource_scope", "org_id", "project_id"];
const LIST: [&str; 3] = ["page", "size", "search_term"];
const WRITE: [&str; 1] = ["body"];
const EXECUTE: [&str; 4] = ["body", "inputs", "input_set_ids", "queries"];

impl Example {
    /// The same with values where the recording has made-up texts that are none.
    pub(crate) fn with_values(mut self, operation: &Operation) -> Self {
        let mut stand_ins = StandIns::default();
        for (name, argument) in &operation.args {
            if let Some(value) = self.input.get_mut(name) {
                stand_ins.take(&argument.spec, value);
            }
        }
        if let Some(request) = &mut self.request {
            stand_ins.put_into_text(request);
        }
        self.query.iter_mut().for_each(|(_, value)| stand_ins.put_into_text(value));
        self.body.iter_mut().for_each(|body| stand_ins.put_into(body));
        self
    }

    /// The call in the words of our tools, which are those of the other server.
    pub(crate) fn call(&self, operation: &Operation) -> (&'static str, Value) {
        let (tool, own): (_, &[&str]) = match operation.name.as_str() {
            "list" => ("harness_list", &LIST),
            "get" => ("harness_get", &[]),
            "create" => ("harness_create", &WRITE),
            "update" => ("harness_update", &WRITE),
            "delete" => ("harness_delete", &[]),
            _ => ("harness_execute", &EXECUTE),
        };
        let kind = operation.id.split('.').nth(1).unwrap();
        let mut arguments = json!({ "resource_type": kind });
        if tool == "harness_execute" {
            arguments["action"] = json!(operation.name);
        }
        if matches!(tool, "harness_create" | "harness_update") {
            arguments["body"] = json!({});
        }
        // The recorder went below the tools: theirs for lists takes no body either.
        let input = self.input.iter().filter(|(name, _)| *name != "body" || tool != "harness_list");
        for (name, value) in input {
            let is_id = tool != "harness_list"
                && tool != "harness_create"
                && operation.target.as_ref() == Some(name)
                && value.is_string();
            if is_id {
                arguments["resource_id"] = value.clone();
            } else if PLACE.contains(&name.as_str()) || own.contains(&name.as_str()) {
                arguments[name] = value.clone();
            } else {
                let part = if tool == "harness_list" { "filters" } else { "params" };
                arguments[part][name] = value.clone();
            }
        }
        (tool, arguments)
    }

    pub(crate) fn requests(&self) -> Vec<Sent> {
        let Some(request) = &self.request else {
            return self
                .requests
                .iter()
                .map(|it| normal::recorded(&it.request, &it.query, it.body.as_ref()))
                .collect();
        };
        let mut sent = normal::recorded(request, &self.query, self.body.as_ref());
        sent.host.clone_from(&self.host);
        sent.headers.clone_from(&self.headers);
        let usual = || json!(self.body.as_ref().map(content_type));
        sent.headers.entry("content-type").or_insert_with(usual);
        vec![sent]
    }
}

fn content_type(body: &Value) -> &'static str {
    if body.get("$multipart").is_some() { "multipart/form-data" } else { "application/json" }
}
