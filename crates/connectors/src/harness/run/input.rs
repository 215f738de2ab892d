//! Runtime inputs: placeholders in a template and the values that callers pass by name.

use serde_json::{Map, Value, json};

use super::merge;

const PLACEHOLDER: &str = "<+input>";

type Source = (&'static str, &'static str, &'static str);

/// What the platform builds from, by the short names for it: kind, and the field of its value.
const SOURCES: [Source; 4] = [
    ("branch", "branch", "branch"),
    ("tag", "tag", "tag"),
    ("pr_number", "PR", "number"),
    ("commit_sha", "commitSha", "commitSha"),
];

/// The input that says what to build from.
pub(super) const BUILD: &str = "build";

/// How the filling went.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Filled {
    /// All inputs that the template asks for, by their shortest sufficient names.
    pub(super) names: Vec<String>,
    /// Those that have neither a value nor a default.
    pub(super) missing: Vec<String>,
    /// Values that no placeholder asks for.
    pub(super) unknown: Vec<String>,
    /// Values that a placeholder does not admit, as sentences.
    pub(super) refused: Vec<String>,
}

/// Puts the values in the places of the template's placeholders in `merged`, which is the template
/// with what input sets say laid over it, and defaults where nobody gives a value.
pub(super) fn fill(template: &Value, merged: &mut Value, flat: &Map<String, Value>) -> Filled {
    let mut filling = Filling { flat, build: None, used: Vec::new(), filled: Filled::default() };
    filling.build = filling.choose_build(template);
    filling.visit(merged, template, &mut Vec::new());
    for name in flat.keys() {
        let is_refused = filling.filled.refused.iter().any(|it| it.starts_with(name.as_str()));
        if !filling.used.contains(name) && !is_refused {
            filling.filled.unknown.push(name.clone());
        }
    }
    filling.filled
}

struct Filling<'a> {
    flat: &'a Map<String, Value>,
    /// The short name that chooses what is built, and what it chooses.
    build: Option<(&'static str, Value)>,
    used: Vec<String>,
    filled: Filled,
}

impl Filling<'_> {
    /// What the short names choose to build from: one that is no input's own name before one that
    /// is, which may mean both. `build` itself is stronger.
    fn choose_build(&mut self, template: &Value) -> Option<(&'static str, Value)> {
        if self.flat.get(BUILD).is_some_and(|build| !is_open(build)) {
            return None;
        }
        let given = |(name, ..): &&(&'static str, &str, &str)| {
            self.flat.get(*name).is_some_and(|value| !is_open(value))
        };
        let (inputs, sources): (Vec<&Source>, Vec<&Source>) =
            SOURCES.iter().filter(given).partition(|(name, ..)| asks_for(template, name));
        if let [(first, ..), (second, ..), ..] = sources[..] {
            self.filled
                .refused
                .push(format!("{first} and {second} both say what to build: pass one of them"));
        }
        let (name, kind, field) = sources.first().or(inputs.first())?;
        let value = &self.flat[*name];
        if *name == "pr_number" && !is_number(value) {
            self.filled.refused.push(format!("{name} must be the number of a pull request"));
        }
        Some((*name, json!({"type": kind, "spec": { *field: value }})))
    }

    /// `path` names the way to `value`; elements of lists go by their names. `asked` is what the
    /// template has there.
    fn visit(&mut self, value: &mut Value, asked: &Value, path: &mut Vec<String>) {
        if let Some(text) = placeholder(asked).or_else(|| placeholder(value)) {
            let text = text.to_owned();
            self.leaf(value, &text, path, None);
            return;
        }
        match value {
            Value::Object(fields) => {
                let named = fields.get("name").and_then(Value::as_str).map(str::to_owned);
                let is_optional = fields.get("required") == Some(&Value::Bool(false));
                let default = fields.get("default").cloned();
                let default = default.or_else(|| is_optional.then(|| json!("")));
                for (name, value) in fields.iter_mut() {
                    let asked = asked.get(name).unwrap_or(&Value::Null);
                    let text = placeholder(asked).or_else(|| placeholder(value));
                    match (&named, text.map(str::to_owned)) {
                        // A variable: its value goes by the variable's name.
                        (Some(_), Some(text)) if name == "value" => {
                            self.leaf(value, &text, path, default.as_ref());
                        }
                        _ => {
                            path.push(name.clone());
                            self.visit(value, asked, path);
                            path.pop();
                        }
                    }
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    let name = merge::name(element).map(str::to_owned);
                    let asked = twin(asked, name.as_deref(), index);
                    path.push(name.unwrap_or_else(|| index.to_string()));
                    self.visit(element, asked, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn leaf(&mut self, value: &mut Value, text: &str, path: &[String], default: Option<&Value>) {
        let shown = shortest(path, &self.filled.names);
        self.filled.names.push(shown.clone());
        let default = own_default(text).map(|text| json!(text)).or_else(|| default.cloned());
        let given = self.given(path);
        if let Some(given) = given.as_ref().filter(|it| !is_open(it)) {
            if let Some(refusal) = refusal(&shown, text, given) {
                self.filled.refused.push(refusal);
            }
            *value = given.clone();
        } else if given.as_ref().is_some_and(is_empty) {
            // Nothing, on purpose: where something must be, it is missing.
            match default {
                Some(_) => *value = json!(""),
                None => self.filled.missing.push(shown),
            }
        } else if placeholder(value).is_some() {
            match default {
                Some(default) => *value = default,
                None => self.filled.missing.push(shown),
            }
        }
    }

    /// The caller's value for the place, by any of its names.
    fn given(&mut self, path: &[String]) -> Option<Value> {
        let mut named = self.flat.iter().filter(|(name, _)| is_named(path, name));
        let found = named.next().map(|(name, value)| (name.clone(), value.clone()));
        if let Some((name, value)) = found
            && (name != BUILD || !is_open(&value))
        {
            self.used.push(name);
            return Some(value);
        }
        let is_build = path.last().is_some_and(|name| name == BUILD);
        if is_build {
            let short = SOURCES.iter().map(|(name, ..)| (*name).to_owned());
            self.used.extend(short.chain([BUILD.to_owned()]));
        }
        let (_, build) = self.build.as_ref().filter(|_| is_build)?;
        Some(build.clone())
    }
}

/// Whether a placeholder of the template is called so.
fn asks_for(template: &Value, name: &str) -> bool {
    let mut filling = Filling {
        flat: &Map::from_iter([(name.to_owned(), Value::Null)]),
        build: None,
        used: Vec::new(),
        filled: Filled::default(),
    };
    filling.visit(&mut template.clone(), template, &mut Vec::new());
    filling.filled.names.iter().any(|shown| shown == name || shown.ends_with(&format!(".{name}")))
}

/// The element of the template's list that this one was made from.
fn twin<'v>(asked: &'v Value, name: Option<&str>, index: usize) -> &'v Value {
    let elements = asked.as_array().map_or(&[][..], Vec::as_slice);
    let found = match name {
        Some(_) => elements.iter().find(|element| merge::name(element) == name),
        None => elements.get(index),
    };
    found.unwrap_or(&Value::Null)
}

fn placeholder(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| text.starts_with(PLACEHOLDER))
}

/// Not a value: nothing, or the placeholder again.
fn is_open(value: &Value) -> bool {
    value.is_null() || is_empty(value) || placeholder(value).is_some()
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A number, the text of one, or an expression for one.
fn is_number(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_u64(),
        Value::String(text) => text.contains("<+") || text.parse::<u64>().is_ok(),
        _ => false,
    }
}

/// The last word of the path, or all of it where another input has that.
fn shortest(path: &[String], taken: &[String]) -> String {
    let last = path.last().cloned().unwrap_or_default();
    if taken.contains(&last) { path.join(".") } else { last }
}

/// Why the placeholder does not admit the value.
fn refusal(name: &str, text: &str, given: &Value) -> Option<String> {
    let given = match given {
        Value::String(text) if text.contains("<+") => return None,
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => given.to_string(),
        _ => return None,
    };
    let allowed = allowed(text)?;
    (!allowed.contains(&given.as_str()))
        .then(|| format!("{name} must be one of {}", allowed.join(", ")))
}

/// Whether `name` is the end of the path, in whole words, whatever the case.
fn is_named(path: &[String], name: &str) -> bool {
    let whole = path.join(".").to_lowercase();
    let name = name.to_lowercase();
    let name = name.strip_prefix("pipeline.").unwrap_or(&name);
    whole.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// `<+input>.default(x)`.
fn own_default(text: &str) -> Option<&str> {
    argument(text, ".default(").map(unquoted)
}

/// `<+input>.allowedValues(a,b)`.
fn allowed(text: &str) -> Option<Vec<&str>> {
    let list = argument(text, ".allowedValues(")?;
    // Expressions are resolved when the pipeline runs.
    (!list.contains("<+")).then(|| list.split(',').map(|item| unquoted(item.trim())).collect())
}

fn argument<'a>(text: &'a str, call: &str) -> Option<&'a str> {
    let rest = &text[text.find(call)? + call.len()..];
    Some(&rest[..rest.find(')')?])
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests;
