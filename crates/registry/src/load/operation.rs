//! Resolves one operation: binding, arguments with their places, paging, risk.

use std::collections::BTreeMap;

use pilothouse_model::Risk;
use serde_json::Value;

use super::{
    argument::{self, Request},
    fault::Report,
    paging::PageStyle,
    route,
};
use crate::{
    binding::{Binding, Method, Place},
    name,
    pointer::Pointer,
    resource::{self, Argument, Operation, Paging},
    spec::{self, Arg, ArgType, Platform, Retry},
};

/// What an operation is part of.
pub(super) struct Parent<'a> {
    pub(super) platform: &'a Platform,
    pub(super) styles: &'a BTreeMap<String, PageStyle>,
    /// The name of the type's scope.
    pub(super) scope: Option<&'a str>,
    pub(super) type_id: &'a str,
    pub(super) title: &'a str,
}

pub(super) fn resolve(
    report: &mut Report<'_>,
    parent: &Parent<'_>,
    name: &str,
    spec: spec::Operation,
) -> Option<Operation> {
    name::check(report, "operation", name);
    let binding = binding(report, &spec)?;
    let about = spec.about.clone().or_else(|| default_about(name, parent.title, &binding));
    if about.is_none() {
        report.fault("an action needs an about: its name alone does not say what it does");
    }
    if let Some(hook) = &spec.body_hook {
        name::check_inner(report, "hook", hook);
    }
    let routes = route::routes(report, parent, &spec, &binding);
    let request =
        Request { binding: &binding, routes: &routes, has_body_hook: spec.body_hook.is_some() };
    let style = route::scope(report, parent, spec.scope.as_deref().or(parent.scope));
    let (args, paging) = arguments(report, parent, &spec, &request, style);
    let scoped = resource::Scope {
        account: route::account(report, style, &binding),
        required: style.map(|style| style.required).unwrap_or_default(),
    };
    route::check(report, &request, &args, &scoped);
    route::check_http_only(report, &spec, parent.platform);
    check_risk(report, &spec, &args);
    let pointer = |report: &mut Report<'_>, key: &str, text: &Option<String>| -> Option<Pointer> {
        text.as_ref().and_then(|text| report.within(key).keep(text.parse()))
    };
    let items = pointer(report, "items", &spec.items);
    if paging.is_some() && items.is_none() {
        report.fault("page needs items: where the list is in the answer");
    }
    Some(Operation {
        id: format!("{}.{name}", parent.type_id),
        name: name.to_owned(),
        about: about.unwrap_or_default(),
        target: target(report, spec.target, &args),
        preview: spec.preview,
        constants: constants(report, &binding, &spec.set),
        routes,
        body_hook: spec.body_hook,
        scope: scoped,
        host: spec.host,
        content_type: spec.content_type,
        result: pointer(report, "result", &spec.result),
        masked: spec
            .masked
            .iter()
            .filter_map(|text| report.within("masked").keep(text.parse()))
            .collect(),
        starts: spec.starts.and_then(|starts| resolve_starts(report, starts)),
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

fn resolve_starts(report: &mut Report<'_>, starts: spec::Starts) -> Option<resource::Starts> {
    let id = report.within("starts").keep(starts.id.parse())?;
    Some(resource::Starts { kind: starts.kind, id })
}

fn binding(report: &mut Report<'_>, spec: &spec::Operation) -> Option<Binding> {
    match (&spec.http, &spec.grpc, &spec.hook) {
        (Some(http), None, None) => report.keep(Binding::parse_http(http)),
        (None, Some(grpc), None) => report.keep(Binding::parse_grpc(grpc)),
        (None, None, Some(hook)) => {
            name::check_inner(report, "hook", hook);
            if spec.body_hook.is_some() {
                report.fault("a hook sends what it likes, so it has no body_hook");
            }
            Some(Binding::Hook(hook.clone()))
        }
        _ => {
            report.fault("needs exactly one of http, grpc and hook");
            None
        }
    }
}

fn default_about(name: &str, title: &str, binding: &Binding) -> Option<String> {
    let replaces = matches!(binding, Binding::Http { method: Method::Put, .. });
    Some(match name {
        "list" => format!("{title}: list, a page at a time"),
        "get" => format!("{title}: one, with all its fields"),
        "create" => format!("{title}: create"),
        "update" if replaces => {
            format!("{title}: replace by body; get it first, what is left out of body is lost")
        }
        "update" => format!("{title}: change; what is not given stays"),
        "delete" => format!("{title}: delete"),
        _ => return None,
    })
}

fn arguments(
    report: &mut Report<'_>,
    parent: &Parent<'_>,
    spec: &spec::Operation,
    request: &Request<'_>,
    style: Option<&spec::Scope>,
) -> (BTreeMap<String, Argument>, Option<Paging>) {
    argument::check_all(report, &spec.args);
    let shared = shared(report, parent.platform, &spec.shared);
    let mut args = BTreeMap::new();
    for (name, arg) in spec.args.iter().chain(shared) {
        let mut report = report.within(name);
        let Some(argument) = report.keep(argument::resolve(name, arg, request)) else { continue };
        if args.insert(name.clone(), argument).is_some() {
            report.fault("is both shared and the operation's own");
        }
    }
    for (name, argument) in style.into_iter().flat_map(|it| route::arguments(report, it, request)) {
        args.entry(name).or_insert(argument);
    }
    check_copies(report, &args);
    let paging = paging(report, parent, spec, request.binding, &mut args);
    (args, paging)
}

/// What takes its value from another argument needs one that exists.
fn check_copies(report: &mut Report<'_>, args: &BTreeMap<String, Argument>) {
    for (name, argument) in args {
        let fields = argument.spec.fields.iter();
        for (name, arg) in fields.chain([(name, &argument.spec)]) {
            if let Some(from) = arg.from.as_ref().filter(|from| !args.contains_key(*from)) {
                report.within(name).fault(format!("{from:?}, its source, is not an argument"));
            }
        }
    }
}

fn paging(
    report: &mut Report<'_>,
    parent: &Parent<'_>,
    spec: &spec::Operation,
    binding: &Binding,
    args: &mut BTreeMap<String, Argument>,
) -> Option<Paging> {
    let name = spec.page.as_ref()?;
    let Some(style) = parent.styles.get(name) else {
        report.fault(format!("page style {name:?} is not in platform.toml"));
        return None;
    };
    for (name, argument) in style.arguments(binding) {
        if args.insert(name.clone(), argument).is_some() {
            report.fault(format!("a paged operation has its own argument {name:?}"));
        }
    }
    let mut paging = style.paging();
    if let Some(total) = &spec.total {
        paging.total = report.within("total").keep(total.parse());
    }
    Some(paging)
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

pub(super) fn constants(
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
