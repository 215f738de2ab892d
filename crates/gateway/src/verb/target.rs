//! What a verb acts on: the resource type of a connector, and the arguments for its operation.

use std::sync::Arc;

use pilothouse_connectors::{Connector, yaml};
use pilothouse_model::Error;
use pilothouse_registry::{
    Argument, Operation, Place, ResourceType, nearest,
    resource::{Scope, Starts},
    spec::ArgType,
};
use serde_json::{Map, Value};

use super::{Controls, Invocation, Reach, Request, page, placement, spelling, take_text};

/// Where a call acts; operations that do not care never see it.
const PLACE: [&str; 2] = [Scope::ORG, Scope::PROJECT];
/// The argument that says how far down the place goes.
const LEVEL: &str = "resource_scope";
/// Names under which operations take words to look for.
const WORDS: [&str; 4] = ["search", "search_term", "name", "query"];
/// Longest JSON text that is accepted in place of an object, in bytes.
const MAX_JSON: usize = 1 << 20;

/// A resource type that the caller named, and what the call says about an instance of it.
pub(crate) struct Target<'g> {
    pub(crate) reach: Reach<'g>,
    connector: Arc<Connector>,
    type_name: String,
    /// Arguments of the operation under its own names.
    pub(crate) arguments: Map<String, Value>,
    /// For operations that take them; others do without.
    place: Map<String, Value>,
    level: Option<String>,
    id: Option<Value>,
    /// What an address said, unless the call names another one.
    page_id: Option<Value>,
    body: Option<Value>,
}

impl<'g> Target<'g> {
    /// Takes `resource_type`, `id`, `instance`, where to act and the operation's own arguments out
    /// of the tool's arguments; from `url` what they leave out.
    pub(crate) fn take(reach: Reach<'g>, mut arguments: Map<String, Value>) -> Result<Self, Error> {
        let page = page::take(reach, &mut arguments)?;
        let name = take_text(&mut arguments, "resource_type").filter(|name| !name.is_empty());
        let name = name.or(page.type_name.clone()).ok_or_else(|| reach.missing_type())?;
        let instance = take_text(&mut arguments, "instance");
        let (connector, type_name) = reach.find(&name, instance.as_deref())?;
        let mut merged = Map::new();
        for part in ["params", "filters"] {
            let Some(fields) = arguments.remove(part) else { continue };
            // What is nothing was left out.
            let given = object(part, fields)?.into_iter().filter(|(_, value)| !value.is_null());
            merge(&mut merged, given.collect())?;
        }
        // The nearest to the tool itself wins; an operation that does not care sees none of them.
        let mut place = page.arguments;
        let says_place =
            PLACE.map(|name| merged.contains_key(name) || arguments.contains_key(name));
        for part in [&mut merged, &mut arguments] {
            let named = |name: &str| Some((name.to_owned(), part.remove(name)?));
            place.extend(PLACE.into_iter().filter_map(named));
        }
        let level = take_text(&mut arguments, LEVEL).or_else(|| take_text(&mut merged, LEVEL));
        let (id, body) = (arguments.remove("id"), arguments.remove("body"));
        let is_of_page = page.type_name.as_deref() == Some(&type_name);
        let level = level.or_else(|| {
            match (page.level?, says_place) {
                (_, [_, true]) => None,
                ("account", [true, false]) => Some("org"),
                // An organization's page is in none of the projects, whatever is asked for there.
                (level, _) => (is_of_page || level == "org").then_some(level),
            }
            .map(str::to_owned)
        });
        let page_id = page.id.filter(|_| is_of_page);
        // What is left has been offered to no verb: it is the operation's.
        merge(&mut merged, arguments)?;
        Ok(Self { reach, connector, type_name, arguments: merged, place, level, id, page_id, body })
    }

    pub(crate) fn resource(&self) -> &ResourceType {
        // `find` looked it up in the same catalog.
        &self.connector.catalog().types[&self.type_name]
    }

    /// As callers write it.
    pub(crate) fn type_id(&self) -> &str {
        self.reach.type_name(self.resource())
    }

    /// Whether the platform's lists are shortened unless the caller wants them whole: those of one
    /// that has words of its own for the verbs.
    pub(crate) fn has_long_items(&self) -> bool {
        self.connector.catalog().surface.as_ref().is_some_and(|surface| !surface.verb.is_empty())
    }

    /// The call of `operation`, as a request.
    pub(crate) fn operation(self, operation: &str) -> Result<Request, Error> {
        self.invocation(operation).map(Request::Operation)
    }

    /// The call of `operation` with these arguments; refused when the type has no such operation.
    pub(crate) fn invocation(mut self, name: &str) -> Result<Invocation, Error> {
        self.public_operation(name)?;
        let connector = Arc::clone(&self.connector);
        let spec = &connector.catalog().types[&self.type_name].operations[name];
        self.fill(spec)?;
        let beyond = self.keep_to_level(spec)?;
        let (connector, arguments) = (self.connector, self.arguments);
        let mut invocation =
            Invocation::new(self.reach.gateway, connector, &self.type_name, name, arguments)?;
        for name in beyond {
            invocation.arguments.insert(name.to_owned(), Value::Null);
        }
        Ok(invocation)
    }

    /// Holds the call to its `resource_scope`: what the level consists of must be known, and the
    /// arguments for what is below it are returned, for which no default may step in.
    fn keep_to_level(&mut self, operation: &Operation) -> Result<Vec<&'static str>, Error> {
        let Some(level) = &self.level else { return Ok(Vec::new()) };
        let depth = match level.as_str() {
            "account" => 0,
            "org" => 1,
            "project" => 2,
            other => {
                return Err(Error::invalid(format!("{LEVEL} {other:?} is not a level"))
                    .hint("account, org or project"));
            }
        };
        let mut beyond = Vec::new();
        for (at, name) in [Scope::ORG, Scope::PROJECT].into_iter().enumerate() {
            if !operation.args.contains_key(name) {
                continue;
            }
            if at >= depth {
                self.arguments.remove(name);
                beyond.push(name);
            } else if !self.arguments.contains_key(name) {
                let known = self.connector.acts_in(name).ok_or_else(|| {
                    Error::invalid(format!("{name}: missing for {LEVEL} {level}"))
                        .hint(format!("pass {name}"))
                })?;
                self.arguments.insert(name.to_owned(), known.into());
            }
        }
        Ok(beyond)
    }

    /// The operation `name`, unless the type has none or only hooks may call it.
    pub(crate) fn public_operation(&self, name: &str) -> Result<&Operation, Error> {
        let resource = self.resource();
        if let Some(operation) = resource.operations.get(name).filter(|found| !found.internal) {
            return Ok(operation);
        }
        let known: Vec<&str> =
            resource.public_operations().map(|operation| operation.name.as_str()).collect();
        Err(self.unknown("operation", name, &known))
    }

    /// Refuses what is no action of the type: `others` are operations with a tool of their own.
    pub(crate) fn action(&self, name: &str, others: &[&str]) -> Result<(), Error> {
        let operations = self.resource().public_operations().map(|it| it.name.as_str());
        let known: Vec<&str> = operations.filter(|name| !others.contains(name)).collect();
        if known.contains(&name) { Ok(()) } else { Err(self.unknown("action", name, &known)) }
    }

    fn unknown(&self, what: &str, name: &str, known: &[&str]) -> Error {
        let error = Error::invalid(format!("{} has no {what} {name:?}", self.type_id()));
        let has = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        match nearest(name, known, 1).first() {
            Some(close) => error.hint(format!("did you mean {close:?}? It has: {has}")),
            None => error.hint(format!("it has: {has}")),
        }
    }

    /// What the operation `name` sets going.
    pub(crate) fn starts(&self, name: &str) -> Result<Starts, Error> {
        self.public_operation(name)?.starts.clone().ok_or_else(|| {
            Error::invalid(format!("{name} of {} starts nothing to wait for", self.type_id()))
                .hint("leave wait out")
        })
    }

    /// Takes an argument that `operation` does not know itself.
    pub(crate) fn take_foreign(&mut self, operation: &str, name: &str) -> Option<Value> {
        let known = self.resource().operations.get(operation)?.args.contains_key(name);
        if known { None } else { self.arguments.remove(name) }
    }

    /// Puts the words to look for where `list` takes them.
    pub(crate) fn look_for(&mut self, words: Value) -> Result<(), Error> {
        let list = self.public_operation("list")?;
        let Some(name) = words_argument(list) else {
            let known: Vec<&str> = list.args.keys().map(String::as_str).collect();
            return Err(Error::invalid(format!("{} cannot be searched by words", self.type_id()))
                .hint(format!("its list takes: {}", known.join(", "))));
        };
        self.arguments.entry(name).or_insert(words);
        Ok(())
    }

    /// Puts id, body and place where `operation` takes them.
    fn fill(&mut self, operation: &Operation) -> Result<(), Error> {
        let takes = |name: &str| operation.args.contains_key(name);
        if !takes(Controls::APPROVAL) && self.arguments.contains_key(Controls::APPROVAL) {
            return Err(Error::invalid("approval_id is not the id of an approval")
                .hint("it is in the answer that asked for one; leave it out to ask"));
        }
        if let Some(id) = self.id.take() {
            let Some(name) = id_argument(operation) else {
                return Err(Error::invalid(format!("{} takes no id", operation.id))
                    .hint(format!("it takes: {}", accepted(operation))));
            };
            let is_other = |given: &Value| text(given) != text(&id);
            let meant = match self.arguments.get(name).filter(|given| is_other(given)) {
                None => Some(name),
                Some(_) => other_id(operation, &self.type_name, &self.arguments),
            };
            let Some(meant) = meant else {
                return Err(Error::invalid(format!(
                    "the id and {name:?} are both given and differ"
                ))
                .hint("leave one of them out"));
            };
            self.arguments.insert(meant.to_owned(), id);
        }
        if let (Some(id), Some(name)) = (self.page_id.take(), id_argument(operation)) {
            self.arguments.entry(name).or_insert(id);
        }
        if let Some(body) = self.body.take() {
            self.fill_body(operation, body)?;
        }
        for (name, value) in std::mem::take(&mut self.place) {
            if operation.args.contains_key(&name) {
                self.arguments.entry(name).or_insert(value);
            }
        }
        let words = |name: &str| words_by_any_name(operation, name);
        spelling::correct(operation, &mut self.arguments, words);
        placement::correct(operation, &mut self.arguments);
        for (name, value) in &mut self.arguments {
            let Some(argument) = operation.args.get(name) else { continue };
            if let Value::String(text) = value
                && let Some(meant) =
                    argument.spec.values.iter().find(|known| known.eq_ignore_ascii_case(text))
            {
                text.clone_from(meant);
            }
        }
        Ok(())
    }

    /// The whole body, or its fields where an operation names them as arguments.
    fn fill_body(&mut self, operation: &Operation, body: Value) -> Result<(), Error> {
        match operation.args.get("body") {
            Some(argument) if argument.spec.kind == ArgType::String => {
                self.arguments.insert("body".into(), body);
            }
            Some(argument) => {
                let parsed = match object("body", body.clone()) {
                    Ok(fields) => Value::Object(fields),
                    // YAML, or a list.
                    Err(_) if argument.spec.kind == ArgType::Any => body,
                    Err(error) => document(argument, body).unwrap_or(Err(error))?,
                };
                let body = opened(argument, &self.type_name, parsed);
                self.arguments.insert("body".into(), body);
            }
            None => merge(&mut self.arguments, object("body", body)?)?,
        }
        Ok(())
    }
}

impl Reach<'_> {
    fn missing_type(&self) -> Error {
        Error::invalid("resource_type is required")
            .hint(format!("{} lists the types", self.tool("describe")))
    }
}

/// The argument of `list` for words to look for, if it takes any.
pub(crate) fn words_argument(list: &Operation) -> Option<&'static str> {
    WORDS.into_iter().find(|name| {
        list.args.get(*name).is_some_and(|argument| argument.spec.kind == ArgType::String)
    })
}

/// Where `list` takes words that the call has under another name for them.
fn words_by_any_name(operation: &Operation, name: &str) -> Option<&'static str> {
    (operation.name == "list" && WORDS.contains(&name)).then(|| words_argument(operation))?
}

/// The argument that names what an operation acts on.
pub(super) fn id_argument(operation: &Operation) -> Option<&str> {
    if operation.args.contains_key("id") {
        return Some("id");
    }
    operation.target.as_deref().or_else(|| {
        let in_path = |(_, argument): &(&String, &Argument)| {
            argument.place == Place::Path && argument.spec.required
        };
        let mut paths = operation.args.iter().filter(in_path).map(|(name, _)| name.as_str());
        let name = paths.next()?;
        paths.next().is_none().then_some(name)
    })
}

/// The argument that an id must be of when the one that it usually is of has another value: the
/// type's own, or the only other part of the path.
fn other_id<'o>(
    operation: &'o Operation,
    type_name: &str,
    given: &Map<String, Value>,
) -> Option<&'o str> {
    let mut open = operation.args.iter().filter(|(name, _)| !given.contains_key(*name));
    let own = format!("{type_name}_id");
    if let Some((name, _)) = open.clone().find(|(name, _)| **name == own) {
        return Some(name);
    }
    let mut parts = open.by_ref().filter(|(name, argument)| {
        argument.place == Place::Path && !PLACE.contains(&name.as_str())
    });
    let (name, _) = parts.next()?;
    parts.next().is_none().then_some(name)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn accepted(operation: &Operation) -> String {
    operation.args.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// An object, or the JSON text of one.
fn object(name: &str, value: Value) -> Result<Map<String, Value>, Error> {
    let parsed = match value {
        Value::String(text) if text.len() <= MAX_JSON => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        other => other,
    };
    match parsed {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(Error::invalid(format!("{name}: an object is expected"))
            .hint("pass a JSON object, or its text")),
    }
}

/// The object that a text, which is no JSON, stands for.
fn document(argument: &Argument, body: Value) -> Option<Result<Value, Error>> {
    let Value::String(text) = body else { return None };
    if let Some(field) = &argument.spec.text {
        return Some(Ok(Value::Object(Map::from_iter([(field.clone(), Value::String(text))]))));
    }
    match yaml::parse("body", &text) {
        Ok(fields @ Value::Object(_)) => Some(Ok(fields)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    }
}

/// The body without an envelope that the caller has put it into: the one that the request adds
/// itself, or the name of the type around what the body must hold.
fn opened(argument: &Argument, type_name: &str, mut body: Value) -> Value {
    let spec = &argument.spec;
    let added = spec.to.as_deref().and_then(|to| to.strip_prefix("body:/"));
    let lacks = spec.fields.iter().any(|(name, field)| field.required && body.get(name).is_none());
    let is_alone = body.as_object().is_some_and(|fields| fields.len() == 1);
    let named = Some(type_name).filter(|name| lacks && !spec.fields.contains_key(*name));
    let envelope = [added, named].into_iter().flatten().find(|name| body[*name].is_object());
    match envelope.filter(|_| is_alone) {
        Some(name) => body[name].take(),
        None => body,
    }
}

fn merge(into: &mut Map<String, Value>, fields: Map<String, Value>) -> Result<(), Error> {
    for (name, value) in fields {
        if into.get(&name).is_some_and(|known| *known != value) {
            return Err(Error::invalid(format!("{name:?} is given twice, and differs")));
        }
        into.insert(name, value);
    }
    Ok(())
}
