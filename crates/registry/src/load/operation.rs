//! Resolves one operation: binding, arguments with their places, paging, risk.

use std::collections::BTreeMap;

use pilothouse_model::Risk;
use serde_json::Value;

use super::{argument, fault::Report, paging::PageStyle};
use crate::{
    binding::{Binding, Place},
    name,
    pointer::Pointer,
    resource::{Argument, Operation, Paging},
    spec::{self, Arg, ArgType, Platform, Retry},
};

/// What an operation is part of.
pub(super) struct Scope<'a> {
    pub(super) platform: &'a Platform,
    pub(super) styles: &'a BTreeMap<String, PageStyle>,
    pub(super) type_id: &'a str,
    pub(super) title: &'a str,
}

pub(super) fn resolve(
    report: &mut Report<'_>,
    scope: &Scope<'_>,
    name: &str,
    spec: spec::Operation,
) -> Option<Operation> {
    name::check(report, "operation", name);
    let binding = binding(report, &spec)?;
    let about = spec.about.clone().or_else(|| default_about(name, scope.title));
    if about.is_none() {
        report.fault("an action needs an about: its name alone does not say what it does");
    }
    let (args, paging) = arguments(report, scope, &spec, &binding);
    check_placeholders(report, &binding, &args);
    check_risk(report, &spec, &args);
    let pointer = |report: &mut Report<'_>, key: &str, text: &Option<String>| -> Option<Pointer> {
        text.as_ref().and_then(|text| report.within(key).keep(text.parse()))
    };
    let items = pointer(report, "items", &spec.items);
    if paging.is_some() && items.is_none() {
        report.fault("page needs items: where the list is in the answer");
    }
    Some(Operation {
        id: format!("{}.{name}", scope.type_id),
        name: name.to_owned(),
        about: about.unwrap_or_default(),
        target: target(report, spec.target, &args),
        constants: constants(report, &binding, &spec.set),
        result: pointer(report, "result", &spec.result),
        binding,
        risk: spec.risk,
        risk_if: spec.risk_if,
        retry: spec.retry,
        internal: spec.internal,
        args,
        paging,
        items,
    })
}

fn binding(report: &mut Report<'_>, spec: &spec::Operation) -> Option<Binding> {
    match (&spec.http, &spec.grpc, &spec.hook) {
        (Some(http), None, None) => report.keep(Binding::parse_http(http)),
        (None, Some(grpc), None) => report.keep(Binding::parse_grpc(grpc)),
        (None, None, Some(hook)) => {
            name::check(report, "hook", hook);
            Some(Binding::Hook(hook.clone()))
        }
        _ => {
            report.fault("needs exactly one of http, grpc and hook");
            None
        }
    }
}

fn default_about(name: &str, title: &str) -> Option<String> {
    Some(match name {
        "list" => format!("{title}: list, a page at a time"),
        "get" => format!("{title}: one, with all its fields"),
        "create" => format!("{title}: create"),
        "update" => format!("{title}: change; what is not given stays"),
        "delete" => format!("{title}: delete"),
        _ => return None,
    })
}

fn arguments(
    report: &mut Report<'_>,
    scope: &Scope<'_>,
    spec: &spec::Operation,
    binding: &Binding,
) -> (BTreeMap<String, Argument>, Option<Paging>) {
    argument::check_all(report, &spec.args);
    let shared = shared(report, scope.platform, &spec.shared);
    let mut args = BTreeMap::new();
    for (name, arg) in spec.args.iter().chain(shared) {
        let mut report = report.within(name);
        let Some(place) = report.keep(argument::place(name, arg, binding)) else { continue };
        let argument = Argument { spec: arg.clone(), place };
        if args.insert(name.clone(), argument).is_some() {
            report.fault("is both shared and the operation's own");
        }
    }
    let paging = spec.page.as_ref().and_then(|style| {
        let Some(style) = scope.styles.get(style) else {
            report.fault(format!("page style {style:?} is not in platform.toml"));
            return None;
        };
        for (name, argument) in style.arguments(binding) {
            if args.insert(name.clone(), argument).is_some() {
                report.fault(format!("a paged operation has its own argument {name:?}"));
            }
        }
        Some(style.paging())
    });
    (args, paging)
}

fn shared<'p>(
    report: &mut Report<'_>,
    platform: &'p Platform,
    names: &[String],
) -> Vec<(&'p String, &'p Arg)> {
    names
        .iter()
        .filter_map(|name| {
            let found = platform.args.get_key_value(name);
            if found.is_none() {
                report.fault(format!("shared argument {name:?} is not in platform.toml"));
            }
            found
        })
        .collect()
}

fn check_placeholders(
    report: &mut Report<'_>,
    binding: &Binding,
    args: &BTreeMap<String, Argument>,
) {
    let Binding::Http { path, .. } = binding else { return };
    for name in path.placeholders() {
        match args.get(name) {
            None => report.fault(format!("placeholder {{{name}}} is no argument")),
            Some(Argument { spec, place: Place::Path }) => {
                if !spec.required && spec.default.is_none() {
                    report.fault(format!("placeholder {{{name}}} must be required"));
                }
            }
            Some(_) => report.fault(format!("placeholder {{{name}}} is sent elsewhere")),
        }
    }
}

fn check_risk(report: &mut Report<'_>, spec: &spec::Operation, args: &BTreeMap<String, Argument>) {
    if spec.risk == Risk::Read && spec.retry != Retry::Safe {
        report.fault("a read changes nothing, so its retry is \"safe\"");
    }
    for (name, risk) in &spec.risk_if {
        let mut report = report.within("risk_if");
        if args.get(name).is_none_or(|argument| argument.spec.kind != ArgType::Boolean) {
            report.fault(format!("{name:?} is not a boolean argument"));
        }
        if *risk <= spec.risk {
            report.fault(format!("{name:?} does not raise the risk above {}", spec.risk));
        }
    }
}

fn target(
    report: &mut Report<'_>,
    stated: Option<String>,
    args: &BTreeMap<String, Argument>,
) -> Option<String> {
    match stated {
        Some(name) if !args.contains_key(&name) => {
            report.fault(format!("target {name:?} is not an argument"));
            None
        }
        Some(name) => Some(name),
        None => args.contains_key("id").then(|| "id".to_owned()),
    }
}

fn constants(
    report: &mut Report<'_>,
    binding: &Binding,
    set: &BTreeMap<String, toml::Value>,
) -> Vec<(Place, Value)> {
    set.iter()
        .filter_map(|(text, value)| {
            let mut report = report.within("set");
            let place: Place = report.keep(text.parse())?;
            if matches!(place, Place::Path | Place::Hook) || matches!(binding, Binding::Hook(_)) {
                report.fault(format!("{text:?} cannot carry a constant"));
            }
            Some((place, report.keep(argument::json(value))?))
        })
        .collect()
}
