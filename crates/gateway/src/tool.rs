//! One MCP tool of a surface: its definition for clients and the way from its arguments to a
//! request.

use std::sync::{Arc, OnceLock};

use pilothouse_connectors::Connector;
use pilothouse_model::Error;
use pilothouse_registry::{schema, surface as spec};
use rmcp::model::{Tool as Definition, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::{
    validate::Schema,
    verb::{Controls, Hints, Invocation, Reach, Request, Verb},
};

/// A tool as a surface offers it.
pub struct Tool {
    pub(crate) definition: Definition,
    action: Action,
    /// Compiled at the first call: most tools of a short session are never called.
    compiled: OnceLock<Result<Schema, String>>,
}

enum Action {
    Verb(&'static Verb),
    /// A drop-in tool, mapped to an operation by the registry.
    Mapped {
        connector: Arc<Connector>,
        tool: Box<spec::Tool>,
    },
    /// A generic tool in a drop-in server's words.
    Spoken {
        verb: &'static Verb,
        words: Box<spec::Verb>,
    },
}

impl Tool {
    /// A generic tool; `several_instances` adds the argument that chooses one.
    pub(crate) fn generic(prefix: &str, verb: &'static Verb, several_instances: bool) -> Self {
        let Value::Object(mut properties) = (verb.properties)() else {
            unreachable!("a verb's properties are an object")
        };
        if several_instances && properties.contains_key("resource_type") {
            let about = "Which installation of the platform; infra_describe lists them";
            properties.insert(
                "instance".into(),
                json!({"type": "string", "maxLength": 64, "description": about}),
            );
        }
        if !verb.hints.read_only {
            properties.extend(Controls::properties());
        }
        let input = json!({
            "type": "object",
            "properties": properties,
            "required": verb.required,
            "additionalProperties": false,
        });
        let output = json!({"type": "object", "properties": (verb.output)()});
        let name = format!("{prefix}_{}", verb.name);
        let definition = define(name, verb.title, verb.about, input, output, verb.hints);
        Self { definition, action: Action::Verb(verb), compiled: OnceLock::new() }
    }

    /// The drop-in tool `name`, as the registry describes it.
    pub(crate) fn mapped(
        connector: &Arc<Connector>,
        name: &str,
        tool: &spec::Tool,
        hints: Hints,
    ) -> Result<Self, Error> {
        let mut input = schema::tool_arguments(tool);
        if !hints.read_only
            && let Some(properties) = input["properties"].as_object_mut()
        {
            properties.extend(Controls::properties());
        }
        let output = schema::output(&tool.output).map_err(Error::internal)?;
        let definition = define(name.to_owned(), &tool.title, &tool.about, input, output, hints);
        let action =
            Action::Mapped { connector: Arc::clone(connector), tool: Box::new(tool.clone()) };
        Ok(Self { definition, action, compiled: OnceLock::new() })
    }

    /// The generic tool `verb` as the registry words it for one platform.
    pub(crate) fn spoken(prefix: &str, verb: &'static Verb, words: &spec::Verb) -> Self {
        let mut input = schema::verb_arguments(words);
        if !verb.hints.read_only
            && let Some(properties) = input["properties"].as_object_mut()
        {
            properties.extend(Controls::properties());
        }
        let output = json!({"type": "object", "properties": (verb.output)()});
        let name = format!("{prefix}_{}", verb.name);
        let definition = define(name, &words.title, &words.about, input, output, verb.hints);
        let action = Action::Spoken { verb, words: Box::new(words.clone()) };
        Self { definition, action, compiled: OnceLock::new() }
    }

    pub(crate) fn schema(&self) -> Result<&Schema, Error> {
        let compile = || {
            let schema = Value::Object((*self.definition.input_schema).clone());
            Schema::compile(schema).map_err(|error| error.to_string())
        };
        self.compiled.get_or_init(compile).as_ref().map_err(|why| Error::internal(why.clone()))
    }

    /// Whether a result that is too long for one answer comes in parts.
    pub(crate) fn gives_parts(&self) -> bool {
        let takes_cursor = || self.definition.input_schema["properties"].get("cursor").is_some();
        !matches!(self.action, Action::Mapped { .. }) && takes_cursor()
    }

    /// What a call with these arguments, which the schema has admitted, asks for.
    pub(crate) fn resolve(
        &self,
        reach: Reach<'_>,
        arguments: Map<String, Value>,
    ) -> Result<Request, Error> {
        match &self.action {
            Action::Verb(verb) => (verb.resolve)(reach, arguments),
            Action::Spoken { verb, words } => (verb.resolve)(reach, translate(words, arguments)),
            Action::Mapped { connector, tool } => {
                let connector = Arc::clone(connector);
                Invocation::mapped(reach.gateway, connector, tool, arguments)
                    .map(Request::Operation)
            }
        }
    }
}

/// The arguments under the verb's own names. Arguments of the operation need no more than their
/// name: a verb leaves to the operation what it does not know.
fn translate(words: &spec::Verb, arguments: Map<String, Value>) -> Map<String, Value> {
    let rename = |(name, value): (String, Value)| {
        let to = words.args.get(&name).and_then(|arg| arg.to.as_deref()).unwrap_or(&name);
        let to = to.strip_prefix("params.").unwrap_or(to).to_owned();
        (to, value)
    };
    // Only a person can confirm; that the caller does, changes nothing.
    let given = arguments.into_iter().filter(|(name, value)| name != "confirm" && !value.is_null());
    given.map(rename).collect()
}

fn define(
    name: String,
    title: &str,
    about: &str,
    input: Value,
    output: Value,
    hints: Hints,
) -> Definition {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    let mut definition = Definition::new(name, about.to_owned(), object(input));
    definition.title = Some(title.to_owned());
    definition.output_schema = Some(object(output));
    definition.annotations = Some(annotations);
    definition
}

fn object(schema: Value) -> Arc<Map<String, Value>> {
    match schema {
        Value::Object(fields) => Arc::new(fields),
        other => Arc::new(Map::from_iter([("const".to_owned(), other)])),
    }
}
