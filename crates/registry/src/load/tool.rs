//! Checks a surface against the operations its tools stand for.

use super::{argument, fault::Report};
use crate::{
    catalog::PlatformCatalog,
    name,
    resource::Operation,
    schema,
    spec::Arg,
    surface::{Surface, Tool},
};

pub(super) fn check_all(report: &mut Report<'_>, catalog: &PlatformCatalog, surface: &Surface) {
    check_verbs(report, catalog, surface);
    for (name, tool) in &surface.tool {
        let mut report = report.within(name);
        name::check(&mut report, "tool", name);
        name::check(&mut report, "toolset", &tool.toolset);
        argument::check_all(&mut report, &tool.args);
        if let Some(view) = &tool.view {
            name::check(&mut report, "view", view);
        }
        let mut output = report.within("output");
        let _checked = output.keep(schema::output(&tool.output));
        match catalog.operation_of(tool) {
            Some(operation) => check_arguments(&mut report, tool, operation),
            None => report.fault(format!("operation {:?} does not exist", tool.operation)),
        }
    }
}

fn check_verbs(report: &mut Report<'_>, catalog: &PlatformCatalog, surface: &Surface) {
    for (name, verb) in &surface.verb {
        let mut report = report.within(name);
        name::check(&mut report, "verb", name);
        argument::check_all(&mut report, &verb.args);
    }
    if surface.verb.is_empty() != surface.prefix.is_empty() {
        report.fault("prefix goes with verbs");
    }
    for name in surface.search.iter().filter(|name| !catalog.types.contains_key(name)) {
        report.fault(format!("search: there is no type {name:?}"));
    }
    let toolsets = surface.off.iter().chain(surface.toolset_aliases.values());
    let is_known = |name: &String| catalog.toolset_names().any(|known| known == name);
    for name in toolsets.filter(|name| !is_known(name)) {
        report.fault(format!("there is no toolset {name:?}"));
    }
}

fn check_arguments(report: &mut Report<'_>, tool: &Tool, operation: &Operation) {
    for (name, arg) in &tool.args {
        let mut report = report.within(name);
        let Some(meant) = operation.args.get(operation_argument(name, arg)) else {
            report.fault(format!(
                "{} has no argument {:?}",
                operation.id,
                operation_argument(name, arg)
            ));
            continue;
        };
        if meant.spec.kind != arg.kind {
            report.fault("has another type than the operation's argument");
        }
    }
    let offered = |wanted: &str| {
        tool.args.iter().any(|(name, arg)| arg.required && operation_argument(name, arg) == wanted)
    };
    for (name, argument) in &operation.args {
        if argument.spec.required && !offered(name) {
            report.fault(format!("does not require {name:?}, which {} needs", operation.id));
        }
    }
}

/// The operation's name for a tool's argument.
fn operation_argument<'t>(name: &'t str, arg: &'t Arg) -> &'t str {
    arg.to.as_deref().unwrap_or(name)
}
