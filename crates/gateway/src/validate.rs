//! Reads arguments by a tool's JSON Schema and explains the first thing that is wrong the way a
//! caller can act on: which field, what was expected, the nearest valid value.
//!
//! Schemas come from the registry or an upstream server; a `$ref` is never fetched.

use std::mem;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use pilothouse_model::{Error, text::prefix};
use pilothouse_registry::{coerce, nearest};
use serde_json::{Map, Value};

/// How much of a wrong value is shown back.
const SHOWN: usize = 80;

/// A compiled schema.
pub(crate) struct Schema {
    validator: Validator,
    schema: Value,
}

impl Schema {
    /// Fails for a schema that is not valid 2020-12 or refers outside itself.
    pub(crate) fn compile(schema: Value) -> Result<Self, Error> {
        let validator = jsonschema::options()
            .offline()
            .build(&schema)
            .map_err(|error| Error::invalid(format!("the tool's schema is unusable: {error}")))?;
        Ok(Self { validator, schema })
    }

    /// The arguments in the types that the schema asks for, as far as they can be read so; the first
    /// violation in them, if any.
    pub(crate) fn read(
        &self,
        mut arguments: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        coerce::fields(&self.schema, &mut arguments);
        // The validator wants a `Value`.
        let mut instance = Value::Object(arguments);
        self.check(&instance)?;
        Ok(instance.as_object_mut().map(mem::take).unwrap_or_default())
    }

    fn check(&self, arguments: &Value) -> Result<(), Error> {
        self.validator.validate(arguments).map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &ValidationError<'_>) -> Error {
        let field = field(error.instance_path().as_str());
        let message = match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                return Error::invalid(format!("{} is required", join(&field, name)))
                    .hint(self.about(&field, name));
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                return self.unexpected(&field, unexpected);
            }
            ValidationErrorKind::Enum { options } => return one_of(&field, error, options),
            ValidationErrorKind::MaxLength { limit } => {
                format!("{field} is longer than {limit} characters")
            }
            ValidationErrorKind::MaxProperties { limit }
            | ValidationErrorKind::MaxItems { limit } => {
                format!("{field} has more than {limit} entries")
            }
            _ if error.instance().to_string().len() > SHOWN => {
                format!("{field}: {}", prefix(&error.masked_with("the value").to_string(), 300))
            }
            _ => format!("{field}: {}", prefix(&error.to_string(), 300)),
        };
        Error::invalid(message)
    }

    fn unexpected(&self, field: &str, unexpected: &[String]) -> Error {
        let name = unexpected.first().map_or("", String::as_str);
        let known: Vec<&str> = self
            .schema
            .pointer(&format!("{}/properties", properties_pointer(field)))
            .and_then(Value::as_object)
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let error =
            Error::invalid(format!("unknown argument {:?}", join(field, prefix(name, SHOWN))));
        match nearest(name, &known, 1).first() {
            Some(close) => error.hint(format!("did you mean {:?}?", join(field, close))),
            None => error.hint(format!("accepted: {}", known.join(", "))),
        }
    }

    /// What the schema says about a property, to go with "is required".
    fn about(&self, field: &str, name: &str) -> String {
        let property =
            self.schema.pointer(&format!("{}/properties/{name}", properties_pointer(field)));
        let text =
            |key: &str| property.and_then(|property| property.get(key)).and_then(Value::as_str);
        match (text("type"), text("description")) {
            (Some(kind), Some(about)) => format!("{kind}: {about}"),
            (Some(kind), None) => kind.to_owned(),
            (None, Some(about)) => about.to_owned(),
            (None, None) => "see the tool's schema".to_owned(),
        }
    }
}

fn one_of(field: &str, error: &ValidationError<'_>, options: &Value) -> Error {
    let options: Vec<&str> =
        options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let given = error.instance().as_str().unwrap_or_default();
    let shown = error.instance().to_string();
    let error = Error::invalid(format!("{field}: {} is not allowed", prefix(&shown, SHOWN)));
    match nearest(given, &options, 1).first() {
        Some(close) => {
            error.hint(format!("did you mean {close:?}? One of: {}", options.join(", ")))
        }
        None => error.hint(format!("one of: {}", options.join(", "))),
    }
}

/// `/a/0/b` as people write it: `a.0.b`; the root is "the arguments".
fn field(pointer: &str) -> String {
    if pointer.is_empty() {
        return "the arguments".to_owned();
    }
    pointer.trim_start_matches('/').replace('/', ".")
}

fn join(field: &str, name: &str) -> String {
    if field == "the arguments" { name.to_owned() } else { format!("{field}.{name}") }
}

/// Where the schema of `field` sits in a schema of plain nested objects.
fn properties_pointer(field: &str) -> String {
    if field == "the arguments" {
        return String::new();
    }
    field.split('.').fold(String::new(), |pointer, part| format!("{pointer}/properties/{part}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_field_the_expectation_and_the_nearest_value() {
        let schema = Schema::compile(json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "GID or TRN", "maxLength": 5},
                "mode": {"enum": ["head", "tail"]},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                "files": {"type": "object", "maxProperties": 2,
                          "additionalProperties": {"type": "string"}},
                "names": {"type": "array", "maxItems": 2},
                "page": {"type": "object", "properties": {"size": {"type": "integer"}},
                         "required": ["size"], "additionalProperties": false},
            },
            "required": ["id"],
            "additionalProperties": false,
        }))
        .unwrap();
        for (arguments, expected) in [
            (json!({}), "id is required (string: GID or TRN)"),
            (json!({"id": 1}), "id: 1 is not of type \"string\""),
            (json!({"id": "123456"}), "id is longer than 5 characters"),
            (
                json!({"id": "a", "mode": "tial"}),
                "mode: \"tial\" is not allowed (did you mean \"tail\"? One of: head, tail)",
            ),
            (
                json!({"id": "a", "limits": 1}),
                "unknown argument \"limits\" (did you mean \"limit\"?)",
            ),
            (json!({"id": "a", "limit": 500}), "limit: 500 is greater than the maximum of 100"),
            (
                json!({"id": "a", "files": {"a": "1", "b": "2", "c": "3"}}),
                "files has more than 2 entries",
            ),
            (json!({"id": "a", "names": [1, 2, 3]}), "names has more than 2 entries"),
            (json!({"id": "a", "files": {"a": 5}}), "files.a: 5 is not of type \"string\""),
            (json!({"id": ["x".repeat(500)]}), "id: the value is not of type \"string\""),
            (json!({"id": "a", "page": {}}), "page.size is required (integer)"),
            (
                json!({"id": "a", "page": {"size": 1, "siez": 1}}),
                "unknown argument \"page.siez\" (did you mean \"page.size\"?)",
            ),
        ] {
            let error = schema.check(&arguments).unwrap_err();
            assert_eq!(error.to_string(), expected, "{arguments}");
        }
        assert!(schema.check(&json!({"id": "ok"})).is_ok());
    }

    #[test]
    fn a_reference_is_never_fetched() {
        let schema = json!({"$ref": "http://127.0.0.1:1/schema.json"});
        assert!(Schema::compile(schema).is_err());
    }
}
