//! Runtime inputs: placeholders in a template and the values that callers pass by name.

use serde_json::{Map, Value, json};

use super::merge;

const PLACEHOLDER: &str = "<+input>";

/// What the platform builds from, by the short names for it: kind, and the field of its value.
const SOURCES: [(&str, &str, &str); 4] = [
    ("branch", "branch", "branch"),
    ("tag", "tag", "tag"),
    ("pr_number", "PR", "number"),
    ("commit_sha", "commitSha", "commitSha"),
];

/// The inputs with a short name for the source of a build written out too, unless `build` is
/// given. The short name stays: it may be that of an input.
pub(super) fn expanded(mut flat: Map<String, Value>) -> Map<String, Value> {
    let found = SOURCES.iter().find_map(|(name, kind, field)| {
        let value = flat.get(*name)?.clone();
        Some(json!({"type": kind, "spec": { *field: value }}))
    });
    if let Some(build) = found {
        flat.entry(BUILD).or_insert(build);
    }
    flat
}

const BUILD: &str = "build";

/// How the filling went.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Filled {
    /// Inputs that have neither a value nor a default, by their shortest sufficient name.
    pub(super) missing: Vec<String>,
    /// Values that no placeholder asks for.
    pub(super) unknown: Vec<String>,
    /// Values that a placeholder does not admit, as sentences.
    pub(super) refused: Vec<String>,
}

/// Puts the values in the places of their placeholders, and defaults where no value is given.
pub(super) fn fill(template: &mut Value, flat: &Map<String, Value>) -> Filled {
    let mut filling = Filling { flat, used: Vec::new(), filled: Filled::default() };
    filling.visit(template, &mut Vec::new());
    let is_source = |name: &str| SOURCES.iter().any(|(short, ..)| *short == name);
    let source = flat.keys().find(|name| is_source(name));
    for name in flat.keys() {
        // A source is used under either of its names, and shown under the caller's.
        let twin = match source {
            Some(source) if name == BUILD => Some(source.as_str()),
            Some(source) if name == source => Some(BUILD),
            _ => None,
        };
        let is_used = |name: &str| filling.used.iter().any(|used| used == name);
        let is_shown_otherwise = name == BUILD && source.is_some();
        if !(is_used(name) || twin.is_some_and(is_used) || is_shown_otherwise) {
            filling.filled.unknown.push(name.clone());
        }
    }
    filling.filled
}

/// The names of all inputs that a template still asks for.
pub(super) fn names(template: &Value, missing: &[String]) -> Vec<String> {
    let mut names = missing.to_vec();
    let mut blank = template.clone();
    names.extend(fill(&mut blank, &Map::new()).missing);
    names.sort();
    names.dedup();
    names
}

struct Filling<'a> {
    flat: &'a Map<String, Value>,
    used: Vec<String>,
    filled: Filled,
}

impl Filling<'_> {
    /// `path` names the way to `value`; elements of lists go by their names.
    fn visit(&mut self, value: &mut Value, path: &mut Vec<String>) {
        match value {
            Value::String(text) if text.starts_with(PLACEHOLDER) => {
                let text = text.clone();
                self.leaf(value, &text, path, None);
            }
            Value::Object(fields) => {
                let named = fields.get("name").and_then(Value::as_str).map(str::to_owned);
                let is_optional = fields.get("required") == Some(&Value::Bool(false));
                let default = fields.get("default").cloned();
                let default = default.or_else(|| is_optional.then(|| json!("")));
                for (name, value) in fields.iter_mut() {
                    let text = value.as_str().filter(|text| text.starts_with(PLACEHOLDER));
                    match (&named, text.map(str::to_owned)) {
                        // A variable: its value goes by the variable's name.
                        (Some(_), Some(text)) if name == "value" => {
                            self.leaf(value, &text, path, default.as_ref());
                        }
                        _ => {
                            path.push(name.clone());
                            self.visit(value, path);
                            path.pop();
                        }
                    }
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    let name =
                        merge::name(element).map_or_else(|| index.to_string(), str::to_owned);
                    path.push(name);
                    self.visit(element, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn leaf(&mut self, value: &mut Value, text: &str, path: &[String], default: Option<&Value>) {
        if let Some((name, given)) = self.flat.iter().find(|(name, _)| is_named(path, name)) {
            if let Some(allowed) = allowed(text)
                && given.as_str().is_some_and(|given| !allowed.contains(&given))
            {
                let allowed = allowed.join(", ");
                self.filled.refused.push(format!("{name} must be one of {allowed}"));
            }
            self.used.push(name.clone());
            *value = given.clone();
        } else if let Some(default) = own_default(text).map(|text| json!(text)) {
            *value = default;
        } else if let Some(default) = default {
            *value = default.clone();
        } else {
            let name = path.last().cloned().unwrap_or_default();
            let shown = if self.filled.missing.contains(&name) { path.join(".") } else { name };
            if !self.filled.missing.contains(&shown) {
                self.filled.missing.push(shown);
            }
        }
    }
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
mod tests {
    use super::*;

    fn template() -> Value {
        json!({
            "identifier": "deploy",
            "properties": {"ci": {"codebase": {"build": "<+input>"}}},
            "variables": [
                {"name": "env", "type": "String", "value": "<+input>.allowedValues(dev,prod)"},
                {"name": "replicas", "type": "Number", "default": 2, "value": "<+input>"},
                {"name": "region", "type": "String", "value": "<+input>.default(\"eu\")"},
            ],
            "stages": [{"stage": {"identifier": "roll", "spec": {"service": {"serviceRef": "<+input>"}}}}],
            "notes": [{"name": "remark", "required": false, "value": "<+input>"}],
        })
    }

    fn flat(value: &Value) -> Map<String, Value> {
        expanded(value.as_object().unwrap().clone())
    }

    #[test]
    fn values_find_their_places_by_name_path_and_short_name() {
        for (given, service) in [
            (json!({"env": "prod", "serviceref": "web", "branch": "main"}), "web"),
            (
                json!({"ENV": "dev", "stages.roll.stage.spec.service.serviceRef": "api",
                "build": {"type": "branch", "spec": {"branch": "main"}}}),
                "api",
            ),
            (json!({"variables.env": "dev", "service.serviceRef": "db", "branch": "main"}), "db"),
        ] {
            let mut filled = template();
            assert_eq!(fill(&mut filled, &flat(&given)), Filled::default(), "{given}");
            let at = |pointer: &str| filled.pointer(pointer).unwrap().clone();
            assert_eq!(at("/stages/0/stage/spec/service/serviceRef"), service);
            assert_eq!(
                at("/properties/ci/codebase/build"),
                json!({"type": "branch", "spec": {"branch": "main"}})
            );
            assert_eq!(
                [at("/variables/1/value"), at("/variables/2/value"), at("/notes/0/value")],
                [json!(2), json!("eu"), json!("")]
            );
        }
    }

    #[test]
    fn every_short_name_is_written_out() {
        for (name, kind, field) in SOURCES {
            let expanded = expanded(Map::from_iter([(name.to_owned(), json!("x"))]));
            assert_eq!(expanded["build"], json!({"type": kind, "spec": {field: "x"}}));
        }
        let kept = flat(&json!({"build": "mine", "branch": "x"}));
        assert_eq!(json!(kept), json!({"build": "mine", "branch": "x"}));
    }

    #[test]
    fn what_is_missing_unknown_or_not_allowed_is_said() {
        let filled = fill(&mut template(), &flat(&json!({"env": "test", "tag": "v1", "nope": 1})));
        assert_eq!(filled.missing, ["serviceRef"]);
        assert_eq!(filled.unknown, ["nope"]);
        assert_eq!(filled.refused, ["env must be one of dev, prod"]);
        let without_source = json!({"variables": [{"name": "a", "value": "<+input>"}]});
        let filled = fill(&mut without_source.clone(), &flat(&json!({"a": 1, "tag": "v1"})));
        assert_eq!(filled.unknown, ["tag"]);
        assert_eq!(names(&without_source, &[]), ["a"]);
    }
}
