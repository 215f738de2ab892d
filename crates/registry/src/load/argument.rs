//! Checks an argument's own declaration and finds its place in the request.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::fault::Report;
use crate::{
    binding::{Binding, Place, PlaceError},
    name,
    pointer::Pointer,
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
        name::check(&mut report, "argument", name);
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
    for (name, field) in &arg.fields {
        let mut report = report.within(name);
        if field.to.is_some() {
            report.fault("a field goes where its object goes");
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

/// Where the argument goes, stated or by the rule of [`Arg::to`].
pub(super) fn place(name: &str, arg: &Arg, binding: &Binding) -> Result<Place, Misplaced> {
    let Some(text) = &arg.to else { return Ok(default_place(name, binding)) };
    let place: Place = text.parse()?;
    let exists = match (&place, binding) {
        (Place::Hook, Binding::Hook(_))
        | (Place::Query(_) | Place::Header(_), Binding::Http { .. })
        | (Place::Header(_) | Place::Body(_), Binding::Grpc { .. }) => true,
        (Place::Body(_), Binding::Http { method, .. }) => method.has_body(),
        (Place::Path, Binding::Http { path, .. }) => {
            if path.placeholders().all(|placeholder| placeholder != name) {
                return Err(Misplaced::NoPlaceholder);
            }
            true
        }
        _ => false,
    };
    if exists { Ok(place) } else { Err(Misplaced::NoSuchPlace(text.clone())) }
}

fn default_place(name: &str, binding: &Binding) -> Place {
    match binding {
        Binding::Hook(_) => Place::Hook,
        Binding::Http { path, .. } if path.placeholders().any(|holder| holder == name) => {
            Place::Path
        }
        Binding::Http { method, .. } if !method.has_body() => Place::Query(name.to_owned()),
        Binding::Http { .. } | Binding::Grpc { .. } => Place::Body(Pointer::of(name)),
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
