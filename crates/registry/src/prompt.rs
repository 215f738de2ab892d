//! Prompts: tasks that people start by name, as data in `registry/<surface>/prompt/*.toml`. A
//! prompt is a text for the model, and what the person said about this time is listed below it.

mod load;

use std::{collections::BTreeMap, sync::OnceLock};

use pilothouse_model::{Error, text::prefix, text::sanitize};

use crate::{LoadError, Pointer, embedded, nearest};

/// Longest value of an argument in bytes; more is cut.
pub const MAX_VALUE: usize = 4_096;

/// A task by name.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub name: String,
    pub title: String,
    pub about: String,
    /// What the model is told, whatever the arguments.
    pub text: String,
    pub arguments: Vec<Argument>,
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub name: String,
    pub about: String,
    pub required: bool,
    /// What a given value means to the model, `{}` standing for the value.
    given: String,
    /// What the model does without it.
    missing: Option<String>,
    pub completion: Option<Completion>,
}

/// Where the values that a client offers come from.
#[derive(Clone, Debug)]
pub enum Completion {
    Values(Vec<String>),
    Live(Live),
}

/// Values that a list operation gives at that moment.
#[derive(Clone, Debug)]
pub struct Live {
    /// `type.list`, with the platform in front for a surface over several.
    pub operation: String,
    /// Where an item says its value.
    pub value: Pointer,
    /// The operation's argument that takes what was typed so far.
    pub search: Option<String>,
    /// The operation's argument for each argument chosen before.
    pub pass: BTreeMap<String, String>,
}

/// The prompts of a surface, parsed when somebody first asks for any; none for an unknown one.
///
/// Fails with `Internal` for files that do not load, which the tests of this crate rule out.
pub fn of(surface: &str) -> Result<&'static [Prompt], Error> {
    static SETS: OnceLock<Result<BTreeMap<String, Vec<Prompt>>, LoadError>> = OnceLock::new();
    let sets = SETS.get_or_init(load::embedded).as_ref();
    let sets = sets.map_err(|error| Error::internal(error.to_string()))?;
    Ok(sets.get(surface).map_or(&[], Vec::as_slice))
}

/// Whether a surface has prompts. Parses nothing.
pub fn any(surface: &str) -> bool {
    embedded::has_prompts(surface)
}

impl Prompt {
    /// The text for the model with these arguments. An empty value counts as none.
    pub fn render(&self, given: &BTreeMap<String, String>) -> Result<String, Error> {
        let names: Vec<_> = self.arguments.iter().map(|argument| argument.name.as_str()).collect();
        if let Some(unknown) = given.keys().find(|name| !names.contains(&name.as_str())) {
            let error = Error::invalid(format!("{} has no argument {unknown:?}", self.name));
            return Err(match nearest(unknown, &names, 1).first() {
                Some(close) => error.hint(format!("did you mean {close:?}?")),
                None if names.is_empty() => error.hint("it takes none"),
                None => error.hint(format!("there are: {}", names.join(", "))),
            });
        }
        let mut text = self.text.trim_end().to_owned();
        let mut lines = Vec::new();
        for argument in &self.arguments {
            let value = given.get(&argument.name).map(|value| value.trim());
            match value.filter(|value| !value.is_empty()) {
                Some(value) => lines.push(argument.line(value)),
                None if argument.required => {
                    return Err(Error::invalid(format!(
                        "{} needs the argument {:?}",
                        self.name, argument.name
                    ))
                    .hint(argument.about.clone()));
                }
                None => lines.extend(argument.missing.clone()),
            }
        }
        if !lines.is_empty() {
            text.push_str("\n\nThis time:");
        }
        for line in lines {
            text.push_str("\n- ");
            text.push_str(&line);
        }
        Ok(text)
    }
}

impl Argument {
    fn line(&self, value: &str) -> String {
        let mut clean = sanitize(value);
        clean.truncate(prefix(&clean, MAX_VALUE).len());
        self.given.replacen("{}", &clean, 1)
    }
}

#[cfg(test)]
mod tests;
