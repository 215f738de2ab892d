//! From files to a checked [`PlatformCatalog`]: everything that is wrong is reported at once, with
//! file, resource, operation and what to change.
//!
//! Works on texts; where they come from is [`crate::embedded`]'s business.

mod argument;
mod fault;
mod operation;
mod paging;
mod route;
mod tool;

use std::collections::BTreeMap;

pub(crate) use argument::json;
pub(crate) use fault::Report;
pub use fault::{Fault, LoadError};
use paging::PageStyle;
use serde::de::DeserializeOwned;

use crate::{
    catalog::PlatformCatalog,
    embedded::File,
    name,
    resource::{Operation, ResourceType, Wait},
    spec::{self, Platform, Resource, Toolset, ToolsetHead},
    surface::Surface,
};

/// Reads and checks the files of the platform in the folder `folder`.
pub(crate) fn platform(folder: &str, files: &[File]) -> Result<PlatformCatalog, LoadError> {
    let mut faults = Vec::new();
    let parsed = Parsed::read(files, &mut faults);
    let Some((platform_path, platform)) = parsed.platform else {
        faults.push(Fault::new(folder, "", "platform.toml is missing or unreadable"));
        return Err(LoadError { faults });
    };
    let mut report = Report::new(platform_path, &mut faults);
    if platform.name != folder {
        report.fault(format!("name is {:?}, but the folder is {folder:?}", platform.name));
    }
    let styles = paging::styles(&mut report, &platform);
    argument::check_all(&mut report.within("args"), &platform.args);

    let mut catalog = PlatformCatalog::new(platform);
    for (path, toolset) in parsed.toolsets {
        let mut report = Report::new(path, &mut faults);
        add_toolset(&mut report, &mut catalog, &styles, path, toolset);
    }
    if let Some((path, surface)) = parsed.surface {
        tool::check_all(&mut Report::new(path, &mut faults), &catalog, &surface);
        catalog.surface = Some(surface);
    }
    if faults.is_empty() { Ok(catalog) } else { Err(LoadError { faults }) }
}

/// Reads a surface alone; what it refers to is checked with the whole platform.
pub(crate) fn surface(file: &File) -> Result<Surface, LoadError> {
    let mut faults = Vec::new();
    parse(file, &mut faults).ok_or(LoadError { faults })
}

/// The files by what they hold.
struct Parsed<'f> {
    platform: Option<(&'f str, Platform)>,
    surface: Option<(&'f str, Surface)>,
    toolsets: Vec<(&'f str, Toolset)>,
}

impl<'f> Parsed<'f> {
    fn read(files: &'f [File], faults: &mut Vec<Fault>) -> Self {
        let mut parsed = Self { platform: None, surface: None, toolsets: Vec::new() };
        for file in files {
            let path = file.path.as_str();
            match file_name(path) {
                "platform.toml" => parsed.platform = parse(file, faults).map(|it| (path, it)),
                "surface.toml" => parsed.surface = parse(file, faults).map(|it| (path, it)),
                _ => parsed.toolsets.extend(parse(file, faults).map(|it| (path, it))),
            }
        }
        parsed
    }
}

fn parse<T: DeserializeOwned>(file: &File, faults: &mut Vec<Fault>) -> Option<T> {
    toml::from_str(&file.text)
        .map_err(|error| faults.push(Fault::new(&file.path, "", error.to_string().trim_end())))
        .ok()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn add_toolset(
    report: &mut Report<'_>,
    catalog: &mut PlatformCatalog,
    styles: &BTreeMap<String, PageStyle>,
    path: &str,
    toolset: Toolset,
) {
    let ToolsetHead { name, .. } = &toolset.toolset;
    let stem = file_name(path).strip_suffix(".toml");
    let is_reserved = matches!(name.as_str(), "platform" | "surface");
    if stem != Some(name) && !(is_reserved && stem == Some(&format!("{name}_toolset"))) {
        report.fault(format!("toolset {name:?} must be in a file of that name"));
    }
    let toolset_name = name.clone();
    catalog.toolsets.insert(toolset_name.clone(), toolset.toolset);
    for (name, resource) in toolset.resource {
        let mut report = report.within(&name);
        let kind =
            resolve(&mut report, &catalog.platform, styles, (&toolset_name, &name), resource);
        claim_names(&mut report, catalog, &kind);
        catalog.types.insert(name, kind);
    }
}

fn resolve(
    report: &mut Report<'_>,
    platform: &Platform,
    styles: &BTreeMap<String, PageStyle>,
    (toolset, name): (&str, &str),
    resource: Resource,
) -> ResourceType {
    name::check(report, "resource", name);
    for alias in &resource.aliases {
        name::check(report, "alias", &name::normal(alias));
    }
    if resource.op.is_empty() {
        report.fault("has no operations");
    }
    let id = format!("{}.{name}", platform.name);
    let operations = resource
        .op
        .into_iter()
        .filter_map(|(name, spec)| {
            let mut report = report.within(&name);
            let parent = operation::Parent {
                platform,
                styles,
                scope: resource.scope.as_deref(),
                type_id: &id,
                title: &resource.title,
            };
            Some((name.clone(), operation::resolve(&mut report, &parent, &name, spec)?))
        })
        .collect::<BTreeMap<_, _>>();
    check_previews(report, &operations);
    let wait = resource.wait.and_then(|wait| resolve_wait(report, wait));
    if wait.is_some() && !operations.contains_key("get") {
        report.fault("wait needs an operation \"get\" to look at");
    }
    ResourceType {
        id,
        platform: platform.name.clone(),
        name: name.to_owned(),
        toolset: toolset.to_owned(),
        title: resource.title,
        about: resource.about,
        aliases: resource.aliases,
        fields: resource.fields,
        wait,
        operations,
    }
}

/// What tells about a write must be there, and must not be one itself.
fn check_previews(report: &mut Report<'_>, operations: &BTreeMap<String, Operation>) {
    for (name, operation) in operations {
        let Some(preview) = &operation.preview else { continue };
        let mut report = report.within(name);
        if operation.risk.is_read() {
            report.fault("a read has nothing to preview");
        }
        if !operations.get(preview).is_some_and(|preview| preview.risk.is_read()) {
            report.fault(format!("preview {preview:?} is not a read of this type"));
        }
    }
}

fn resolve_wait(report: &mut Report<'_>, wait: spec::Wait) -> Option<Wait> {
    let field = report.within("wait").keep(wait.field.parse())?;
    Some(Wait { field, done: wait.done, paused: wait.paused, failed: wait.failed })
}

/// A type is found by its name and by its aliases, so all of them must differ.
fn claim_names(report: &mut Report<'_>, catalog: &mut PlatformCatalog, kind: &ResourceType) {
    let aliases = kind.aliases.iter().map(|alias| name::normal(alias));
    for name in std::iter::once(kind.name.clone()).chain(aliases) {
        if let Some(other) = catalog.names.insert(name.clone(), kind.name.clone()) {
            report.fault(format!("the name {name:?} already belongs to {other:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
