//! Builds the request of an operation from its arguments, by the places the registry gives them.

mod argument;
mod part;
mod place;
mod show;

use http::{
    HeaderValue, Method,
    header::{CONTENT_TYPE, Entry},
};
use pilothouse_model::{Error, Result, Timestamp};
use pilothouse_registry::{Binding, Operation, binding::PathTemplate, resource::Route};
use serde_json::{Map, Value, json};

use self::part::Parts;
pub(crate) use self::place::settle;
use super::{
    GrpcRequest, HttpRequest, Payload, Prepared, Request, ScopeDefaults, check_segment,
    encode_segment, form, target,
};
use crate::{
    connector::{adapter::Adapter, hook::BodyInput},
    protocol::from_json,
};

/// In a plan, what stands for an identifier that is made up when the request is.
const NEW_ID: &str = "(a new identifier)";

/// The exact request. Arguments must be known ones of fitting shape; their values are checked by
/// the JSON Schema of the call path and, in the end, by the platform.
pub(crate) fn build(
    operation: &Operation,
    adapter: &Adapter,
    installation: Installation<'_>,
    args: &Map<String, Value>,
) -> Result<Prepared> {
    let given = args;
    place::refuse_empty(given)?;
    let args = argument::complete(operation, adapter, installation.defaults, given)?;
    let page = operation.paging.as_ref().map(|paging| argument::page_request(paging, &args));
    let page = page.transpose()?;
    let parts = || parts(operation, adapter, installation, given, &args);
    let request = match &operation.binding {
        Binding::Http { .. } => Request::Http(http_request(operation, parts()?, &args)?),
        Binding::Grpc { service, method } => {
            let method = adapter
                .protocol
                .and_then(|protocol| protocol().unary(service, method))
                .ok_or_else(|| Error::internal(format!("no gRPC method {service}.{method}")))?;
            let body = parts()?.body.unwrap_or(json!({}));
            let message = from_json(method.input(), &body)?;
            Request::Grpc(GrpcRequest { method, message })
        }
        Binding::Hook(name) => Request::Hook { name: name.clone(), args },
    };
    let operation_id = short_id(operation).to_owned();
    Ok(Prepared { operation: operation_id, retry: operation.retry, request, page })
}

/// What [`build`] makes of the same arguments, for a person to judge: `{operation, http|grpc|hook,
/// …}`. The values of secret arguments read `***`; long texts are cut and say how long they are.
pub(crate) fn preview(
    operation: &Operation,
    adapter: &Adapter,
    installation: Installation<'_>,
    args: &Map<String, Value>,
) -> Result<Value> {
    let installation = Installation { new_id: || NEW_ID.to_owned(), ..installation };
    let built = build(operation, adapter, installation, args)?;
    let complete = argument::complete(operation, adapter, installation.defaults, args)?;
    let masked = show::masked(operation, &complete);
    let parts = || parts(operation, adapter, installation, args, &masked);
    Ok(match built.request {
        Request::Http(_) => show::http(operation, &http_request(operation, parts()?, &masked)?),
        Request::Grpc(call) => show::grpc(operation, &call, parts()?),
        Request::Hook { name, .. } => show::hook(operation, &name, &masked),
    })
}

/// The values of `args` by their places; `given` are those that the call itself has.
fn parts(
    operation: &Operation,
    adapter: &Adapter,
    installation: Installation<'_>,
    given: &Map<String, Value>,
    args: &Map<String, Value>,
) -> Result<Parts> {
    let base = base(operation, adapter, installation, args)?;
    let parts = Parts::collect(operation, installation.defaults, given, args, base)?;
    place::agree(adapter, args, parts.body.as_ref())?;
    Ok(parts)
}

/// What a request depends on besides its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Installation<'a> {
    pub defaults: &'a ScopeDefaults,
    pub now: Timestamp,
    /// An identifier that nothing has yet, for what a call creates without naming it.
    pub new_id: fn() -> String,
}

impl<'a> Installation<'a> {
    pub(crate) fn new(defaults: &'a ScopeDefaults, now: Timestamp) -> Self {
        Self { defaults, now, new_id: || uuid::Uuid::new_v4().to_string() }
    }
}

/// `type.operation`: the operation's id without its platform.
fn short_id(operation: &Operation) -> &str {
    operation.id.split_once('.').map_or(operation.id.as_str(), |(_, rest)| rest)
}

/// Which request the arguments call for.
struct Way<'o> {
    method: pilothouse_registry::Method,
    path: &'o PathTemplate,
    host: Option<&'o String>,
    content_type: Option<&'o String>,
}

/// The first route whose arguments are all there, with the values it asks for; what is false is
/// not there.
fn route<'o>(operation: &'o Operation, args: &Map<String, Value>) -> Option<&'o Route> {
    let given = |name: &String| args.get(name).is_some_and(|value| *value != Value::Bool(false));
    let has = |(name, value): (&String, &String)| args.get(name).is_some_and(|it| it == value);
    let fits = |route: &&Route| route.given.iter().all(given) && route.when.iter().all(has);
    operation.routes.iter().find(fits)
}

/// What a route chosen by a value needs, and the call has not.
fn lacking<'o>(operation: &'o Operation, args: &Map<String, Value>) -> Option<&'o str> {
    let chosen = |(name, value): (&String, &String)| args.get(name).is_some_and(|it| it == value);
    let mut routes = operation.routes.iter().filter(|route| !route.when.is_empty());
    let route = routes.find(|route| route.when.iter().all(chosen))?;
    route.given.iter().find(|name| !args.contains_key(*name)).map(String::as_str)
}

fn way<'o>(operation: &'o Operation, args: &Map<String, Value>) -> Result<Way<'o>> {
    if let Some(name) = lacking(operation, args) {
        let about = operation.args.get(name).map(|argument| argument.spec.about.clone());
        return Err(Error::invalid(format!("{name}: missing")).hint(about.unwrap_or_default()));
    }
    if let Some(Route { method, path, host, content_type, .. }) = route(operation, args) {
        let (host, content_type) = (host.as_ref(), content_type.as_ref());
        return Ok(Way { method: *method, path, host, content_type });
    }
    match &operation.binding {
        Binding::Http { method, path } => {
            let (host, content_type) = (operation.host.as_ref(), operation.content_type.as_ref());
            Ok(Way { method: *method, path, host, content_type })
        }
        _ => Err(Error::internal(format!("{} is not sent over HTTP", operation.id))),
    }
}

/// What a hook makes the body of; the rest of the body is put into that.
fn base(
    operation: &Operation,
    adapter: &Adapter,
    installation: Installation<'_>,
    args: &Map<String, Value>,
) -> Result<Option<Value>> {
    let Some(name) = &operation.body_hook else { return Ok(None) };
    let hook = adapter
        .body_hook(name)
        .ok_or_else(|| Error::unavailable(format!("{} is not available", operation.id)))?;
    hook(BodyInput { args, now: installation.now, new_id: installation.new_id })
}

fn http_request(
    operation: &Operation,
    mut parts: Parts,
    args: &Map<String, Value>,
) -> Result<HttpRequest> {
    let way = way(operation, args)?;
    let mut headers = parts.headers()?;
    let mut body = parts.body.take().map_or(Payload::None, Payload::Json);
    if let Some(content_type) = way.content_type
        && let Entry::Vacant(entry) = headers.entry(CONTENT_TYPE)
    {
        let mut stated = content_type.clone();
        body = match body {
            Payload::Json(fields) if content_type == form::CONTENT_TYPE => {
                let bytes;
                (stated, bytes) = form::encode(&fields)?;
                Payload::Form { fields, bytes }
            }
            Payload::Json(Value::String(text)) => Payload::Text(text),
            other => other,
        };
        entry.insert(HeaderValue::from_str(&stated).map_err(Error::internal)?);
    }
    Ok(HttpRequest {
        method: Method::try_from(way.method.as_str()).map_err(Error::internal)?,
        host: way.host.cloned(),
        target: target(&parts.path(way.path)?, &parts.query),
        headers,
        body,
    })
}

#[cfg(test)]
mod tests;
