//! Builds the request of an operation from its arguments, by the places the registry gives them.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pilothouse_model::{Error, Result, text::prefix};
use pilothouse_registry::{
    Binding, Operation, Paging, Place,
    binding::{PathPart, PathTemplate},
    nearest,
    spec::Arg,
};
use serde_json::{Map, Value, json};

use super::{
    GrpcRequest, HttpRequest, Payload, Prepared, Request, check_segment, encode_segment, target,
};
use crate::{
    connector::page::PageRequest,
    protocol::{Protocol, from_json},
};

/// Longest text of a plan that is shown whole, in bytes.
const MAX_SHOWN_TEXT: usize = 4000;
/// A plan that is longer shows only the beginnings of its texts.
const MAX_SHOWN: usize = 64 << 10;

/// The exact request. Arguments must be known ones of fitting shape; their values are checked by
/// the JSON Schema of the call path and, in the end, by the platform.
pub(crate) fn build(
    operation: &Operation,
    protocol: Option<&Protocol>,
    args: &Map<String, Value>,
) -> Result<Prepared> {
    let args = complete(operation, args)?;
    let masked = masked(operation, &args);
    let page = operation.paging.as_ref().map(|paging| page_request(paging, &args));
    let request = match &operation.binding {
        Binding::Http { method, path } => {
            Request::Http(http_request(method.as_str(), path, &Parts::collect(operation, &args)?)?)
        }
        Binding::Grpc { service, method } => {
            let method = protocol
                .and_then(|protocol| protocol.unary(service, method))
                .ok_or_else(|| Error::internal(format!("no gRPC method {service}.{method}")))?;
            let body = Parts::collect(operation, &args)?.body.unwrap_or(json!({}));
            let message = from_json(method.input(), &body)?;
            Request::Grpc(GrpcRequest { method, message })
        }
        Binding::Hook(name) => Request::Hook { name: name.clone(), args },
    };
    let shown = shorten(&show(operation, &request, masked)?);
    let operation_id = short_id(operation).to_owned();
    Ok(Prepared { operation: operation_id, retry: operation.retry, request, page, shown })
}

/// `type.operation`: the operation's id without its platform.
fn short_id(operation: &Operation) -> &str {
    operation.id.split_once('.').map_or(operation.id.as_str(), |(_, rest)| rest)
}

/// The arguments with defaults filled in; unknown and missing ones are errors.
fn complete(operation: &Operation, args: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut complete = Map::new();
    for (name, value) in args.iter().filter(|(_, value)| !value.is_null()) {
        if !operation.args.contains_key(name) {
            return Err(unknown_argument(operation, name));
        }
        complete.insert(name.clone(), value.clone());
    }
    if let Some(paging) = &operation.paging {
        page_arguments(paging, &mut complete)?;
    }
    for (name, argument) in &operation.args {
        if complete.contains_key(name) {
            continue;
        }
        if let Some(default) = &argument.spec.default {
            let default = serde_json::to_value(default).map_err(Error::internal)?;
            complete.insert(name.clone(), default);
        } else if argument.spec.required {
            return Err(
                Error::invalid(format!("{name}: missing")).hint(argument.spec.about.clone())
            );
        }
    }
    Ok(complete)
}

fn page_arguments(paging: &Paging, args: &mut Map<String, Value>) -> Result<()> {
    let limit = args.get(Paging::LIMIT).and_then(Value::as_u64).unwrap_or(paging.default);
    args.insert(Paging::LIMIT.to_owned(), json!(limit.clamp(1, paging.max)));
    if let Some(first) = paging.first_page {
        let page = match args.get(Paging::CURSOR) {
            None => first,
            Some(cursor) => page_number(cursor)?,
        };
        args.insert(Paging::CURSOR.to_owned(), json!(page));
    }
    Ok(())
}

fn page_request(paging: &Paging, args: &Map<String, Value>) -> PageRequest {
    let number = |name| args.get(name).and_then(Value::as_u64);
    PageRequest {
        limit: number(Paging::LIMIT).unwrap_or(paging.default),
        number: paging.first_page.and_then(|_| number(Paging::CURSOR)),
    }
}

/// A cursor of a platform that counts its pages.
fn page_number(cursor: &Value) -> Result<u64> {
    let number = cursor.as_u64().or_else(|| cursor.as_str()?.parse().ok());
    number.ok_or_else(|| {
        Error::invalid(format!("{}: not a cursor of this list", Paging::CURSOR))
            .hint("pass next_cursor of the previous answer, or nothing for the first page")
    })
}

fn unknown_argument(operation: &Operation, name: &str) -> Error {
    let error = Error::invalid(format!("{name}: {} has no such argument", operation.id));
    let known: Vec<&str> = operation.args.keys().map(String::as_str).collect();
    match nearest(name, &known, 1).first() {
        Some(close) => error.hint(format!("did you mean {close}?")),
        None => error.hint(format!("its arguments are: {}", known.join(", "))),
    }
}

fn masked(operation: &Operation, args: &Map<String, Value>) -> Map<String, Value> {
    let masked = |(name, value): (&String, &Value)| {
        let spec = operation.args.get(name).map(|argument| &argument.spec);
        (name.clone(), spec.map_or_else(|| value.clone(), |spec| mask(spec, value)))
    };
    args.iter().map(masked).collect()
}

/// The value with everything secret in it replaced, down to the fields of objects in lists.
fn mask(spec: &Arg, value: &Value) -> Value {
    match value {
        _ if spec.secret => json!("***"),
        Value::Array(items) => items.iter().map(|item| mask(spec, item)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let spec = spec.fields.get(name);
                (name.clone(), spec.map_or_else(|| value.clone(), |spec| mask(spec, value)))
            })
            .collect(),
        single => single.clone(),
    }
}

/// A request's values by their places.
#[derive(Default)]
struct Parts {
    path: Map<String, Value>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

impl Parts {
    fn collect(operation: &Operation, args: &Map<String, Value>) -> Result<Self> {
        let mut parts = Self::default();
        for (place, value) in &operation.constants {
            parts.put(place, "", value)?;
        }
        for (name, argument) in &operation.args {
            if let Some(value) = args.get(name) {
                parts.put(&argument.place, name, value)?;
            }
        }
        Ok(parts)
    }

    fn put(&mut self, place: &Place, name: &str, value: &Value) -> Result<()> {
        match place {
            Place::Path => {
                self.path.insert(name.to_owned(), value.clone());
            }
            Place::Query(parameter) => match value {
                Value::Array(items) => {
                    let items = items.iter().map(|item| (parameter.clone(), text(item)));
                    self.query.extend(items);
                }
                single => self.query.push((parameter.clone(), text(single))),
            },
            Place::Header(header) => self.headers.push((header.clone(), text(value))),
            Place::Body(pointer) => {
                pointer.set(self.body.get_or_insert_with(|| json!({})), value.clone());
            }
            Place::Hook => {
                return Err(Error::internal(format!("argument {name} is for a hook")));
            }
        }
        Ok(())
    }

    fn path(&self, template: &PathTemplate) -> Result<String> {
        let mut path = String::new();
        for part in template.parts() {
            match part {
                PathPart::Text(literal) => path.push_str(literal),
                PathPart::Argument(name) => {
                    let value = self.path.get(name).ok_or_else(|| {
                        Error::invalid(format!("{name}: missing; it is part of the path"))
                    })?;
                    let value = text(value);
                    check_segment(name, &value)?;
                    path.push_str(&encode_segment(&value));
                }
            }
        }
        Ok(path)
    }

    fn headers(&self) -> Result<HeaderMap> {
        let pair = |(name, value): &(String, String)| {
            let key = HeaderName::try_from(name).map_err(Error::internal)?;
            let value = HeaderValue::from_str(value).map_err(|_| {
                Error::invalid(format!("{name}: contains characters that a header cannot carry"))
            })?;
            Ok((key, value))
        };
        self.headers.iter().map(pair).collect()
    }
}

/// A value outside JSON: texts without quotes.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn http_request(method: &str, path: &PathTemplate, parts: &Parts) -> Result<HttpRequest> {
    Ok(HttpRequest {
        method: Method::try_from(method).map_err(Error::internal)?,
        target: target(&parts.path(path)?, &parts.query),
        headers: parts.headers()?,
        body: parts.body.clone().map_or(Payload::None, Payload::Json),
    })
}

fn show(operation: &Operation, request: &Request, masked: Map<String, Value>) -> Result<Value> {
    let mut shown = json!({"operation": operation.id});
    match (request, &operation.binding) {
        (Request::Hook { name, .. }, _) => {
            shown["hook"] = json!(name);
            shown["arguments"] = Value::Object(masked);
        }
        (Request::Grpc(call), _) => {
            shown["grpc"] = json!(call.path());
            shown["message"] = Parts::collect(operation, &masked)?.body.unwrap_or(json!({}));
        }
        (Request::Http(_), Binding::Http { method, path }) => {
            let parts = Parts::collect(operation, &masked)?;
            let target = target(&parts.path(path)?, &parts.query);
            shown["http"] = json!(format!("{} {target}", method.as_str()));
            if !parts.headers.is_empty() {
                shown["headers"] =
                    parts.headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
            }
            if let Some(body) = parts.body {
                shown["body"] = body;
            }
        }
        (Request::Http(_), Binding::Grpc { .. } | Binding::Hook(_)) => {}
    }
    Ok(shown)
}

/// Keeps what is shown readable: long texts are cut, and all but the shortest if they are many.
fn shorten(shown: &Value) -> Value {
    let readable = cut_texts(shown, MAX_SHOWN_TEXT);
    if readable.to_string().len() > MAX_SHOWN {
        return cut_texts(shown, MAX_SHOWN_TEXT / 50);
    }
    readable
}

fn cut_texts(value: &Value, max: usize) -> Value {
    match value {
        Value::String(text) if text.len() > max => {
            json!(format!("{}… ({} bytes in all)", prefix(text, max), text.len()))
        }
        Value::Array(items) => items.iter().map(|item| cut_texts(item, max)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), cut_texts(value, max))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
