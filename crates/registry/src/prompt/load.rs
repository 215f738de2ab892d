//! What a prompt file may say, and from files to checked prompts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Argument, Completion, Live, Prompt};
use crate::{
    Pointer,
    embedded::{self, File},
    load::{Fault, LoadError},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Arguments by name; the prompts of the file share them.
    #[serde(default)]
    arg: BTreeMap<String, ArgumentSpec>,
    prompt: BTreeMap<String, PromptSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PromptSpec {
    title: String,
    about: String,
    /// Other names of the same task.
    #[serde(default)]
    aliases: Vec<String>,
    /// In the order a client asks for them.
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArgumentSpec {
    about: String,
    given: String,
    missing: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    complete: Option<LiveSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LiveSpec {
    operation: String,
    value: String,
    search: Option<String>,
    #[serde(default)]
    pass: BTreeMap<String, String>,
}

/// The prompts inside the binary, by surface.
pub(super) fn embedded() -> Result<BTreeMap<String, Vec<Prompt>>, LoadError> {
    let mut sets = BTreeMap::new();
    let mut faults = Vec::new();
    match embedded::prompts() {
        Ok(files) => {
            for (surface, files) in files {
                sets.insert(surface, read(&files, &mut faults));
            }
        }
        Err(error) => faults.push(Fault::new("registry", "", error.to_string())),
    }
    if faults.is_empty() { Ok(sets) } else { Err(LoadError { faults }) }
}

/// The prompts of one surface's files, in order of their names.
pub(super) fn read(files: &[File], faults: &mut Vec<Fault>) -> Vec<Prompt> {
    let mut prompts: BTreeMap<String, Prompt> = BTreeMap::new();
    for file in files {
        let document: Document = match toml::from_str(&file.text) {
            Ok(document) => document,
            Err(error) => {
                faults.push(Fault::new(&file.path, "", error.to_string().trim_end()));
                continue;
            }
        };
        let mut unused: BTreeSet<_> = document.arg.keys().cloned().collect();
        for (name, spec) in document.prompt {
            let mut fault = |what: String| faults.push(Fault::new(&file.path, &name, what));
            for argument in spec.required.iter().chain(&spec.optional) {
                unused.remove(argument);
            }
            let arguments = arguments(&spec, &document.arg, &mut fault);
            for name in std::iter::once(&name).chain(&spec.aliases) {
                let prompt = Prompt {
                    name: name.clone(),
                    title: spec.title.clone(),
                    about: spec.about.clone(),
                    text: spec.text.clone(),
                    arguments: arguments.clone(),
                };
                if prompts.insert(name.clone(), prompt).is_some() {
                    fault(format!("the name {name:?} is taken"));
                }
            }
        }
        for name in unused {
            faults.push(Fault::new(&file.path, &name, "no prompt takes this argument"));
        }
    }
    prompts.into_values().collect()
}

fn arguments(
    spec: &PromptSpec,
    known: &BTreeMap<String, ArgumentSpec>,
    fault: &mut impl FnMut(String),
) -> Vec<Argument> {
    let required = spec.required.iter().map(|name| (name, true));
    let optional = spec.optional.iter().map(|name| (name, false));
    let mut arguments: Vec<Argument> = Vec::new();
    for (name, required) in required.chain(optional) {
        let Some(spec) = known.get(name) else {
            fault(format!("the argument {name:?} is not described in this file"));
            continue;
        };
        if arguments.iter().any(|argument| argument.name == *name) {
            fault(format!("names {name:?} twice"));
        }
        if spec.given.matches("{}").count() != 1 {
            fault(format!("{name}: given must have one {{}}"));
        }
        arguments.push(Argument {
            name: name.clone(),
            about: spec.about.clone(),
            required,
            given: spec.given.clone(),
            missing: spec.missing.clone(),
            completion: completion(name, spec, fault),
        });
    }
    arguments
}

fn completion(
    name: &str,
    spec: &ArgumentSpec,
    fault: &mut impl FnMut(String),
) -> Option<Completion> {
    let Some(live) = &spec.complete else {
        return (!spec.values.is_empty()).then(|| Completion::Values(spec.values.clone()));
    };
    if !spec.values.is_empty() {
        fault(format!("{name}: has both values and complete"));
    }
    match live.value.parse::<Pointer>() {
        Ok(value) => Some(Completion::Live(Live {
            operation: live.operation.clone(),
            value,
            search: live.search.clone(),
            pass: live.pass.clone(),
        })),
        Err(error) => {
            fault(format!("{name}: {error}"));
            None
        }
    }
}
