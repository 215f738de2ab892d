//! The calls were recorded with made-up texts for everything, `force_12` for a switch. Whoever checks
//! what he is given refuses these, so real values stand in for them, in the call and in what it sent.

use pilothouse_registry::spec::{Arg, ArgType};
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct StandIns(Vec<(String, Value)>);

impl StandIns {
    /// Puts a value in the place of a text that is none.
    pub(super) fn take(&mut self, spec: &Arg, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in &spec.fields {
                    if let Some(value) = fields.get_mut(name) {
                        self.take(field, value);
                    }
                }
            }
            Value::String(text) => {
                if let Some(other) = stand_in(spec, text) {
                    self.0.push((std::mem::take(text), other.clone()));
                    *value = other;
                }
            }
            _ => {}
        }
    }

    pub(super) fn put_into(&self, body: &mut Value) {
        match body {
            Value::Object(fields) => fields.values_mut().for_each(|value| self.put_into(value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into(item)),
            Value::String(text) => {
                if let Some((_, value)) = self.0.iter().find(|(made_up, _)| made_up == text) {
                    *body = value.clone();
                }
            }
            _ => {}
        }
    }

    pub(super) fn put_into_text(&self, text: &mut String) {
        for (made_up, value) in &self.0 {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            *text = text.replace(made_up.as_str(), &value);
        }
    }
}

/// A value for what is only the argument's name and a number.
fn stand_in(spec: &Arg, text: &str) -> Option<Value> {
    let is_made_up = text.rsplit_once('_').is_some_and(|(name, number)| {
        !name.is_empty() && number.chars().all(|it| it.is_ascii_digit())
    });
    match spec.kind {
        _ if !is_made_up => None,
        ArgType::Boolean => Some(json!(true)),
        ArgType::Integer | ArgType::Number => Some(json!(spec.minimum.unwrap_or(8).max(8))),
        ArgType::String | ArgType::Array => spec.values.first().map(|value| json!(value)),
        _ => None,
    }
}
