//! Resolves where a request goes: the scope it acts in, the requests that some arguments call for,
//! the server that answers them.

use std::collections::BTreeMap;

use super::{
    argument::Request,
    fault::Report,
    operation::{Parent, constants},
};
use crate::{
    binding::{Binding, PathTemplate, Place},
    resource::{self, Argument, Route},
    spec::{self, Arg, Platform},
};

/// The scope of this name, if the platform defines it.
pub(super) fn scope<'p>(
    report: &mut Report<'_>,
    parent: &Parent<'p>,
    name: Option<&str>,
) -> Option<&'p spec::Scope> {
    let name = name?;
    let found = parent.platform.scope.get(name);
    if found.is_none() {
        report.fault(format!("scope {name:?} is not in platform.toml"));
    }
    found
}

/// Where the account goes.
pub(super) fn account(
    report: &mut Report<'_>,
    style: Option<&spec::Scope>,
    binding: &Binding,
) -> Vec<Place> {
    let request = Request { binding, routes: &[], has_body_hook: false };
    let texts = style.map(|style| style.account.as_slice()).unwrap_or_default();
    if matches!(binding, Binding::Hook(_)) {
        return Vec::new();
    }
    report.keep(request.places(resource::Scope::ACCOUNT, texts)).unwrap_or_default()
}

/// The requests that some arguments call for.
pub(super) fn routes(
    report: &mut Report<'_>,
    parent: &Parent<'_>,
    spec: &spec::Operation,
    main: &Binding,
) -> Vec<Route> {
    if !spec.route.is_empty() && !matches!(main, Binding::Http { .. }) {
        report.fault("only an operation with http has routes");
        return Vec::new();
    }
    let mut report = report.within("route");
    let resolve = |route: &spec::Route| {
        let binding = report.keep(Binding::parse_http(&route.http))?;
        let name = route.scope.as_deref().or(spec.scope.as_deref()).or(parent.scope);
        let style = scope(&mut report, parent, name);
        let account = account(&mut report, style, &binding);
        let constants = constants(&mut report, &binding, &route.set);
        let Binding::Http { method, path } = binding else { return None };
        let host = route.host.clone().or_else(|| spec.host.clone());
        let content_type = route.content_type.clone().or_else(|| spec.content_type.clone());
        let (given, when) = (route.given.clone(), route.when.clone());
        Some(Route { given, when, method, path, account, host, content_type, constants })
    };
    spec.route.iter().filter_map(resolve).collect()
}

/// The argument's name, its title, and its places: always, and only if it is given.
type Level<'a> = (&'a str, &'a str, &'a Option<Vec<String>>, &'a [String]);

/// The arguments that a scope gives its operations.
pub(super) fn arguments(
    report: &mut Report<'_>,
    style: &spec::Scope,
    request: &Request<'_>,
) -> Vec<(String, Argument)> {
    let levels: [Level<'_>; 2] = [
        (resource::Scope::ORG, "Organization", &style.org, &style.named_org),
        (resource::Scope::PROJECT, "Project", &style.project, &style.named_project),
    ];
    let argument = |(name, title, texts, named): Level<'_>| {
        let texts = texts.as_ref()?;
        let is_hook = matches!(request.binding, Binding::Hook(_));
        let mut places = if is_hook {
            vec![Place::Hook]
        } else {
            report.within(name).keep(request.scope_places(name, texts))?
        };
        if places.is_empty() {
            return None;
        }
        let required = resource::Scope { account: Vec::new(), required: style.required };
        let about = if required.requires(name) {
            format!("{title} identifier; the configured one without it")
        } else {
            format!("{title} identifier; without it, what is above")
        };
        let mut argument = Argument::new(Arg { about, ..Arg::default() }, places.remove(0));
        argument.also = places;
        if !is_hook {
            argument.if_given = report.within(name).keep(request.places(name, named))?;
        }
        Some((name.to_owned(), argument))
    };
    levels.into_iter().filter_map(argument).collect()
}

/// Every placeholder has a value whenever its path is used.
pub(super) fn check(
    report: &mut Report<'_>,
    request: &Request<'_>,
    args: &BTreeMap<String, Argument>,
    scope: &resource::Scope,
) {
    if let Binding::Http { path, .. } = request.binding {
        check_path(report, path, args, scope, &[]);
    }
    for route in request.routes {
        if let Some(unknown) = route.given.iter().find(|name| !args.contains_key(*name)) {
            report.within("route").fault(format!("{unknown:?} is not an argument"));
        }
        for (name, value) in &route.when {
            let values = args.get(name).map(|argument| &argument.spec.values);
            if !values.is_some_and(|values| values.contains(value)) {
                report.within("route").fault(format!("{value:?} is not a value of {name:?}"));
            }
        }
        check_path(report, &route.path, args, scope, &route.given);
    }
}

fn check_path(
    report: &mut Report<'_>,
    path: &PathTemplate,
    args: &BTreeMap<String, Argument>,
    scope: &resource::Scope,
    given: &[String],
) {
    for name in path.placeholders().filter(|name| *name != resource::Scope::ACCOUNT) {
        let Some(argument) = args.get(name) else {
            report.fault(format!("placeholder {{{name}}} is no argument"));
            continue;
        };
        if !argument.places().any(|place| *place == Place::Path) {
            report.fault(format!("placeholder {{{name}}} is sent elsewhere"));
        }
        let is_known = argument.spec.required
            || argument.spec.default.is_some()
            || scope.requires(name)
            || given.iter().any(|it| it == name);
        if !is_known {
            report.fault(format!("placeholder {{{name}}} must be required"));
        }
    }
}

/// What only HTTP requests have.
pub(super) fn check_http_only(
    report: &mut Report<'_>,
    spec: &spec::Operation,
    platform: &Platform,
) {
    let parts = [
        ("host", spec.host.is_some()),
        ("content_type", spec.content_type.is_some()),
        ("body_hook", spec.body_hook.is_some()),
    ];
    for (name, is_given) in parts {
        if is_given && spec.http.is_none() {
            report.fault(format!("{name} means nothing without http"));
        }
    }
    let hosts = spec.route.iter().filter_map(|route| route.host.as_ref()).chain(&spec.host);
    for host in hosts.filter(|host| !platform.host.contains_key(*host)) {
        report.fault(format!("host {host:?} is not in platform.toml"));
    }
}
