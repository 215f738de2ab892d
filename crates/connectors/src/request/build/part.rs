//! The values of one request by their places.

use http::{HeaderMap, HeaderName, HeaderValue};
use pilothouse_model::{Error, Result};
use pilothouse_registry::{
    Operation, Place,
    binding::{PathPart, PathTemplate},
    resource::{Argument, Scope},
};
use serde_json::{Map, Value, json};

use super::{check_segment, encode_segment, route};
use crate::request::ScopeDefaults;

#[derive(Default)]
pub(super) struct Parts {
    path: Map<String, Value>,
    pub(super) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

/// A value on its way into the body. What the scope puts there gives way to what a caller wrote.
struct Piece<'a> {
    place: &'a Place,
    value: Value,
    is_scope: bool,
}

impl Parts {
    /// The places of `args`, which are those of the call, `given`, and what was filled in; in the
    /// body, they go into `base`.
    pub(super) fn collect(
        operation: &Operation,
        defaults: &ScopeDefaults,
        given: &Map<String, Value>,
        args: &Map<String, Value>,
        base: Option<Value>,
    ) -> Result<Self> {
        let mut parts = Self { body: base, ..Self::default() };
        let mut body = Vec::new();
        parts.account(operation, defaults, args, &mut body)?;
        let of_route = route(operation, args).map_or(&[][..], |route| &route.constants);
        for (place, value) in operation.constants.iter().chain(of_route) {
            parts.put(place, "", value, &mut body);
        }
        for (name, argument) in &operation.args {
            if let Some(value) = args.get(name) {
                parts.argument(name, argument, value, &mut body);
                if given.contains_key(name) {
                    for place in &argument.if_given {
                        parts.put(place, name, value, &mut body);
                    }
                }
            }
        }
        parts.assemble(body);
        Ok(parts)
    }

    fn account<'a>(
        &mut self,
        operation: &'a Operation,
        defaults: &ScopeDefaults,
        args: &Map<String, Value>,
        body: &mut Vec<Piece<'a>>,
    ) -> Result<()> {
        let places =
            route(operation, args).map_or(&operation.scope.account, |route| &route.account);
        let Some(account) = &defaults.account else {
            return if places.is_empty() {
                Ok(())
            } else {
                Err(Error::invalid("the account is not known")
                    .hint("configure the account of this installation"))
            };
        };
        self.path.insert(Scope::ACCOUNT.to_owned(), json!(account));
        for place in places {
            self.put(place, Scope::ACCOUNT, &json!(account), body);
        }
        Ok(())
    }

    fn argument<'a>(
        &mut self,
        name: &str,
        argument: &'a Argument,
        value: &Value,
        body: &mut Vec<Piece<'a>>,
    ) {
        let mut value = joined(argument, value).unwrap_or_else(|| value.clone());
        let moved: Vec<_> = argument
            .moved
            .iter()
            .filter_map(|(field, places)| {
                Some((field, places, value.as_object_mut()?.remove(field)?))
            })
            .collect();
        argument.places().for_each(|place| self.put(place, name, &value, body));
        for (field, places, value) in moved {
            for place in places {
                self.put(place, field, &value, body);
            }
        }
    }

    fn put<'a>(&mut self, place: &'a Place, name: &str, value: &Value, body: &mut Vec<Piece<'a>>) {
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
            Place::Body(_) => {
                let is_scope = [Scope::ACCOUNT, Scope::ORG, Scope::PROJECT].contains(&name);
                body.push(Piece { place, value: value.clone(), is_scope });
            }
            // What makes the body finds it among the arguments.
            Place::Hook => {}
        }
    }

    /// The body from the outside in: the whole first, then what is put into it.
    fn assemble(&mut self, mut pieces: Vec<Piece<'_>>) {
        let depth = |piece: &Piece<'_>| match piece.place {
            Place::Body(pointer) => pointer.tokens().len(),
            _ => 0,
        };
        pieces.sort_by_key(|piece| (depth(piece), !piece.is_scope));
        for piece in pieces {
            let Place::Body(pointer) = piece.place else { continue };
            let body = self.body.get_or_insert_with(|| json!({}));
            if !(piece.is_scope && pointer.get(body).is_some_and(|value| !value.is_null())) {
                pointer.set(body, piece.value);
            }
        }
    }

    pub(super) fn path(&self, template: &PathTemplate) -> Result<String> {
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

    pub(super) fn headers(&self) -> Result<HeaderMap> {
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

/// A list as one text, where it travels so.
fn joined(argument: &Argument, value: &Value) -> Option<Value> {
    let items = value.as_array().filter(|_| argument.spec.joined)?;
    let texts: Vec<String> = items.iter().map(text).collect();
    Some(json!(texts.join(",")))
}

/// A value outside JSON: texts without quotes.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
