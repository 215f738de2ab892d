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
pub(crate) use paging::PageStyle;
use serde::de::DeserializeOwned;

use crate::{
    catalog::{Named, PlatformCatalog, Toolset},
    embedded::{self, File},
    name,
    resource::{Operation, ResourceType, Wait},
    spec::{self, Platform, Resource},
    surface::Surface,
};

/// Reads what all of a platform's toolsets share. They themselves are parsed when they are needed
/// ([`toolset`]), and checked all together by [`check`].
pub(crate) fn platform(folder: &str, files: Vec<File>) -> Result<PlatformCatalog, LoadError> {
    let mut faults = Vec::new();
    let (mut platform, mut surface, mut toolsets) = (None, None, Vec::new());
    for file in files {
        match file_name(&file.path) {
            "platform.toml" => platform = parse::<Platform>(&file, &mut faults),
            "surface.toml" => surface = parse::<Surface>(&file, &mut faults),
            name => {
                let toolset = embedded::toolset_in(name).unwrap_or(name).to_owned();
                toolsets.push((toolset, file));
            }
        }
    }
    let Some(platform) = platform else {
        faults.push(Fault::new(folder, "", "platform.toml is missing or unreadable"));
        return Err(LoadError { faults });
    };
    let mut report = Report::new(PLATFORM, &mut faults);
    if platform.name != folder {
        report.fault(format!("name is {:?}, but the folder is {folder:?}", platform.name));
    }
    let styles = paging::styles(&mut report, &platform);
    argument::check_all(&mut report.within("args"), &platform.args);
    if !faults.is_empty() {
        return Err(LoadError { faults });
    }
    toolsets.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(PlatformCatalog::new(platform, styles, surface, toolsets))
}

const PLATFORM: &str = "platform.toml";
const SURFACE: &str = "surface.toml";

/// Parses and resolves one toolset.
pub(crate) fn toolset(
    platform: &Platform,
    styles: &BTreeMap<String, PageStyle>,
    file: &File,
) -> Result<Toolset, LoadError> {
    let mut faults = Vec::new();
    let resolved = parse(file, &mut faults).map(|toolset| {
        let mut report = Report::new(&file.path, &mut faults);
        resolve_toolset(&mut report, platform, styles, &file.path, toolset)
    });
    match resolved {
        Some(toolset) if faults.is_empty() => Ok(toolset),
        _ => Err(LoadError { faults }),
    }
}

/// Parses all toolsets, and checks what one file alone does not show: that names differ, that types
/// are named as [`crate::catalog::Types`] looks for them, and what the surface refers to.
pub(crate) fn check(catalog: &PlatformCatalog) -> Result<(), LoadError> {
    let mut faults = Vec::new();
    let mut claimed: BTreeMap<String, String> = BTreeMap::new();
    for (path, toolset, named) in catalog.types.files() {
        let toolset = match toolset {
            Ok(toolset) => toolset,
            Err(error) => {
                faults.extend(error.faults.iter().cloned());
                continue;
            }
        };
        let mut report = Report::new(path, &mut faults);
        for kind in toolset.types.values() {
            let mut report = report.within(&kind.name);
            claim_names(&mut report, &mut claimed, kind);
            let found = Named { name: kind.name.clone(), aliases: kind.aliases.clone() };
            if !named.contains(&found) {
                report.fault("its table and its aliases must each begin a line, and end on it");
            }
        }
    }
    check_starts(&mut Report::new(PLATFORM, &mut faults), catalog);
    if let Some(surface) = &catalog.surface {
        tool::check_all(&mut Report::new(SURFACE, &mut faults), catalog, surface);
    }
    if faults.is_empty() { Ok(()) } else { Err(LoadError { faults }) }
}

/// Reads a surface alone; what it refers to is checked with the whole platform.
pub(crate) fn surface(file: &File) -> Result<Surface, LoadError> {
    let mut faults = Vec::new();
    parse(file, &mut faults).ok_or(LoadError { faults })
}

fn parse<T: DeserializeOwned>(file: &File, faults: &mut Vec<Fault>) -> Option<T> {
    toml::from_str(&file.text)
        .map_err(|error| faults.push(Fault::new(&file.path, "", error.to_string().trim_end())))
        .ok()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn resolve_toolset(
    report: &mut Report<'_>,
    platform: &Platform,
    styles: &BTreeMap<String, PageStyle>,
    path: &str,
    spec::Toolset { toolset: head, resource }: spec::Toolset,
) -> Toolset {
    let stem = file_name(path).strip_suffix(".toml");
    let is_reserved = matches!(head.name.as_str(), "platform" | "surface");
    if stem != Some(&head.name) && !(is_reserved && stem == Some(&format!("{}_toolset", head.name)))
    {
        report.fault(format!("toolset {:?} must be in a file of that name", head.name));
    }
    let resolve = |(name, resource): (String, Resource)| {
        let kind =
            resolve(&mut report.within(&name), platform, styles, (&head.name, &name), resource);
        (name, kind)
    };
    let types = resource.into_iter().map(resolve).collect();
    Toolset { head, types }
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
    let link = resource.link.and_then(|link| report.keep(link.parse()));
    ResourceType {
        id,
        platform: platform.name.clone(),
        name: name.to_owned(),
        toolset: toolset.to_owned(),
        title: resource.title,
        about: resource.about,
        aliases: resource.aliases,
        fields: resource.fields,
        summary: resource.summary,
        wait,
        link,
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

/// What an operation sets going is a type that can be waited for.
fn check_starts(report: &mut Report<'_>, catalog: &PlatformCatalog) {
    for operation in catalog.types.values().flat_map(|kind| kind.operations.values()) {
        let Some(starts) = &operation.starts else { continue };
        if catalog.types.get(&starts.kind).is_none_or(|kind| kind.wait.is_none()) {
            report.fault(format!("{} starts {:?}, which has no wait", operation.id, starts.kind));
        }
    }
}

/// A type is found by its name and by its aliases, so all of them must differ.
fn claim_names(
    report: &mut Report<'_>,
    claimed: &mut BTreeMap<String, String>,
    kind: &ResourceType,
) {
    let aliases = kind.aliases.iter().map(|alias| name::normal(alias));
    for name in std::iter::once(kind.name.clone()).chain(aliases) {
        if let Some(other) = claimed.insert(name.clone(), kind.name.clone()) {
            report.fault(format!("the name {name:?} already belongs to {other:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
