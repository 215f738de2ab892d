//! JSON pointers (RFC 6901), parsed once and used to read answers and to build bodies.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value};
use thiserror::Error;

/// A place inside a JSON value. The empty pointer is the whole value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer(Vec<String>);

#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "JSON pointer {0:?} must be empty or start with \"/\", and may use \"~\" only in ~0 and ~1"
)]
pub struct PointerError(String);

impl Pointer {
    /// The pointer to a member of the whole value.
    pub fn of(member: &str) -> Self {
        Self(vec![member.to_owned()])
    }

    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at this place; an index selects from a list.
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, token| match value {
            Value::Object(map) => map.get(token),
            Value::Array(list) => list.get(token.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Puts `new` at this place, creating the objects on the way and replacing what is not one.
    pub fn set(&self, value: &mut Value, new: Value) {
        let mut place = value;
        for token in &self.0 {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[token.as_str()];
        }
        *place = new;
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let wrong = || PointerError(text.to_owned());
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or_else(wrong)?;
        rest.split('/').map(unescape).collect::<Option<_>>().map(Self).ok_or_else(wrong)
    }
}

fn unescape(token: &str) -> Option<String> {
    let escapes = token.matches('~').count();
    let known = token.matches("~0").count() + token.matches("~1").count();
    (escapes == known).then(|| token.replace("~1", "/").replace("~0", "~"))
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn what_was_set_is_found_again(tokens in prop::collection::vec("[a-z~/0-9 ]{0,4}", 0..5)) {
            let pointer = Pointer(tokens);
            prop_assert_eq!(&pointer.to_string().parse::<Pointer>().unwrap(), &pointer);
            let mut value = json!([1, "two"]);
            pointer.set(&mut value, json!(3));
            prop_assert_eq!(pointer.get(&value), Some(&json!(3)));
        }

        #[test]
        fn any_text_is_either_read_or_refused(text in ".{0,12}") {
            if let Ok(pointer) = text.parse::<Pointer>() {
                prop_assert_eq!(pointer.to_string(), text);
            }
        }
    }

    #[test]
    fn reads_and_prints_the_rfc_s_spelling() {
        for text in ["", "/", "/a", "/a/b", "/a~1b/m~0n", "/items/0/~01"] {
            assert_eq!(text.parse::<Pointer>().unwrap().to_string(), text);
        }
        for text in ["a", "a/b", "/~", "/~2", "/a~"] {
            assert!(text.parse::<Pointer>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn gets_what_serde_json_gets() {
        let value = json!({"a/b": {"m~n": [10, {"x": null}]}, "": 1});
        for text in ["", "/", "/a~1b/m~0n/1/x", "/a~1b/m~0n/0", "/a~1b/m~0n/7", "/b", "/a~1b/x/y"] {
            assert_eq!(text.parse::<Pointer>().unwrap().get(&value), value.pointer(text), "{text}");
        }
    }

    #[test]
    fn sets_deep_places() {
        let mut value = json!({"a": 1});
        for (text, new) in [("/b/c", json!(2)), ("/a/x", json!(true)), ("/b/d", json!([1]))] {
            text.parse::<Pointer>().unwrap().set(&mut value, new);
        }
        assert_eq!(value, json!({"a": {"x": true}, "b": {"c": 2, "d": [1]}}));
        Pointer::default().set(&mut value, json!("whole"));
        assert_eq!(value, json!("whole"));
    }
}
