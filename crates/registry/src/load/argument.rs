//! Checks an argument's own declaration and finds its place in the request.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::fault::Report;
use crate::{
    binding::{Binding, Method, PathTemplate, Place, PlaceError},
    name,
    pointer::Pointer,
    resource::{Argument, Route},
    spec::{Arg, ArgType},
};

#[derive(Debug, Error)]
pub(super) enum Misplaced {
    #[error(transparent)]
    Unreadable(#[from] PlaceError),
    #[error("the path has no placeholder of this name")]
    NoPlaceholder,
    #[error("the place {0:?} does not exist for this kind of operation")]
    NoSuchPlace(String),
}

#[derive(Debug, Error)]
#[error("dates have no JSON form; write them as text")]
pub(crate) struct Date;

pub(super) fn check_all(report: &mut Report<'_>, args: &BTreeMap<String, Arg>) {
    for (name, arg) in args {
        let mut report = report.within(name);
        name::check_inner(&mut report, "argument", name);
        check(&mut report, arg);
    }
}

fn check(report: &mut Report<'_>, arg: &Arg) {
    use ArgType::{Any, Array, Integer, Map, Number, Object, Objects, String};
    let mut only = |given: bool, what: &str, kinds: &[ArgType]| {
        if given && !kinds.contains(&arg.kind) {
            report.fault(format!("{what} means nothing for this type"));
        }
    };
    only(!arg.values.is_empty(), "values", &[String, Array]);
    only(arg.minimum.is_some() || arg.maximum.is_some(), "a range", &[Integer, Number]);
    only(arg.joined, "joined", &[Array]);
    only(arg.max_length.is_some(), "max_length", &[String, Array, Map]);
    only(arg.max_items.is_some(), "max_items", &[Array, Map, Objects]);
    only(!arg.fields.is_empty(), "fields", &[Object, Objects]);
    if arg.kind == Objects && arg.fields.is_empty() {
        report.fault("a list of objects needs fields");
    }
    if arg.kind == Any && arg.about.is_empty() {
        report.fault("an argument of any type must say in about what it takes");
    }
    if let (Some(minimum), Some(maximum)) = (arg.minimum, arg.maximum)
        && minimum > maximum
    {
        report.fault("minimum is above maximum");
    }
    if let Some(default) = &arg.default {
        check_default(report, arg, default);
    }
    if arg.open && arg.kind != Object {
        report.fault("only an object can be open");
    }
    for (name, field) in &arg.fields {
        let mut report = report.within(name);
        if field.fields.values().any(|inner| inner.to.is_some() || !inner.also.is_empty()) {
            report.fault("a field goes where its object goes, unless it is an argument's own");
        }
        check(&mut report, field);
    }
}

fn check_default(report: &mut Report<'_>, arg: &Arg, default: &toml::Value) {
    if arg.required {
        report.fault("a required argument has no use for a default");
    }
    let fits = match arg.kind {
        ArgType::String => default.as_str().is_some_and(|text| {
            arg.values.is_empty() || arg.values.iter().any(|value| value == text)
        }),
        ArgType::Integer => default.as_integer().is_some_and(|number| {
            arg.minimum.is_none_or(|minimum| minimum <= number)
                && arg.maximum.is_none_or(|maximum| number <= maximum)
        }),
        ArgType::Number => default.is_float() || default.is_integer(),
        ArgType::Boolean => default.is_bool(),
        ArgType::Object | ArgType::Map => default.is_table(),
        ArgType::Array | ArgType::Objects => default.is_array(),
        ArgType::Any => true,
    };
    if !fits || json(default).is_err() {
        report.fault("the default is not a value that would be accepted");
    }
}

/// The argument with its places: stated or by the rule of [`Arg::to`].
pub(super) fn resolve(name: &str, arg: &Arg, request: &Request<'_>) -> Result<Argument, Misplaced> {
    let place = match &arg.to {
        Some(text) => request.place(name, text)?,
        None => request.default_place(name),
    };
    let mut argument = Argument::new(arg.clone(), place);
    argument.also = request.places(name, &arg.also)?;
    for (name, field) in &arg.fields {
        let stated: Vec<String> = field.to.iter().chain(&field.also).cloned().collect();
        if !stated.is_empty() {
            argument.moved.insert(name.clone(), request.places(name, &stated)?);
        }
    }
    Ok(argument)
}

/// What an operation sends, as far as places depend on it.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) binding: &'a Binding,
    pub(super) routes: &'a [Route],
    pub(super) has_body_hook: bool,
}

impl Request<'_> {
    fn has_placeholder(&self, name: &str) -> bool {
        self.paths().any(|path| path.placeholders().any(|placeholder| placeholder == name))
    }

    fn paths(&self) -> impl Iterator<Item = &PathTemplate> {
        let main = match self.binding {
            Binding::Http { path, .. } => Some(path),
            _ => None,
        };
        main.into_iter().chain(self.routes.iter().map(|route| &route.path))
    }

    /// Whether a route looks at its value.
    fn chooses(&self, name: &str) -> bool {
        self.routes.iter().any(|route| route.when.contains_key(name))
    }

    /// Whether a route asks if it is there.
    fn admits(&self, name: &str) -> bool {
        self.routes.iter().any(|route| route.given.iter().any(|given| given == name))
    }

    fn has_body(&self) -> bool {
        let methods = self.routes.iter().map(|route| route.method);
        match self.binding {
            Binding::Http { method, .. } => methods.chain([*method]).any(Method::has_body),
            _ => false,
        }
    }

    pub(super) fn places(&self, name: &str, texts: &[String]) -> Result<Vec<Place>, Misplaced> {
        texts.iter().map(|text| self.place(name, text)).collect()
    }

    /// Where an argument of the scope goes: its placeholder, if there is one, and `texts`.
    pub(super) fn scope_places(
        &self,
        name: &str,
        texts: &[String],
    ) -> Result<Vec<Place>, Misplaced> {
        let mut places = self.places(name, texts)?;
        if self.has_placeholder(name) {
            places.insert(0, Place::Path);
        }
        Ok(places)
    }

    fn place(&self, name: &str, text: &str) -> Result<Place, Misplaced> {
        let place: Place = text.parse()?;
        let exists = match (&place, self.binding) {
            (Place::Hook, Binding::Hook(_))
            | (Place::Query(_) | Place::Header(_), Binding::Http { .. })
            | (Place::Header(_) | Place::Body(_), Binding::Grpc { .. }) => true,
            (Place::Hook, Binding::Http { .. }) => self.has_body_hook || self.admits(name),
            (Place::Body(_), Binding::Http { .. }) => self.has_body(),
            (Place::Path, Binding::Http { .. }) => {
                if !self.has_placeholder(name) {
                    return Err(Misplaced::NoPlaceholder);
                }
                true
            }
            _ => false,
        };
        if exists { Ok(place) } else { Err(Misplaced::NoSuchPlace(text.to_owned())) }
    }

    fn default_place(&self, name: &str) -> Place {
        match self.binding {
            Binding::Hook(_) => Place::Hook,
            Binding::Http { .. } if self.has_placeholder(name) => Place::Path,
            Binding::Http { .. } if self.has_body_hook || self.chooses(name) => Place::Hook,
            Binding::Http { method, .. } if !method.has_body() => Place::Query(name.to_owned()),
            Binding::Http { .. } | Binding::Grpc { .. } => Place::Body(Pointer::of(name)),
        }
    }
}

/// The JSON form of a TOML value.
pub(crate) fn json(value: &toml::Value) -> Result<Value, Date> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(_) => return Err(Date),
        toml::Value::Array(list) => list.iter().map(json).collect::<Result<_, _>>()?,
        toml::Value::Table(table) => table
            .iter()
            .map(|(key, value)| Ok((key.clone(), json(value)?)))
            .collect::<Result<serde_json::Map<_, _>, _>>()?
            .into(),
    })
}
