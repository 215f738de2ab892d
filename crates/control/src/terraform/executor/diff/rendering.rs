//! Values of a plan written like configuration, masked where Terraform says they are secret.

use std::{collections::BTreeSet, iter};

use serde_json::Value;

use super::super::{plan_json::Change, secret::MASKED};

const UNKNOWN: &str = "(known after apply)";
/// A secret that differs from the one before; without this the change would be invisible.
const MASKED_AND_CHANGED: &str = "(sensitive value, changed)";

/// The longest text of one side. What is longer is cut, as the diff of it will be.
const MAX_BYTES: usize = 512 * 1024;

static NULL: Value = Value::Null;

/// One side of a change: a value and the structures of the same shape that describe it.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    value: &'a Value,
    /// Of both sides: what is secret on one of them is shown on neither.
    sensitive: [&'a Value; 2],
    unknown: &'a Value,
    /// What it was before, to tell a changed secret from an equal one.
    was: Option<&'a Value>,
}

impl<'a> Side<'a> {
    pub(super) fn before(change: &'a Change) -> Self {
        let sensitive = [&change.before_sensitive, &change.after_sensitive];
        Self { value: &change.before, sensitive, unknown: &NULL, was: None }
    }

    pub(super) fn after(change: &'a Change) -> Self {
        Self {
            value: &change.after,
            sensitive: [&change.before_sensitive, &change.after_sensitive],
            unknown: &change.after_unknown,
            was: Some(&change.before).filter(|was| !was.is_null()),
        }
    }

    /// The attributes of a resource, one per line; nothing for a resource that is not there.
    pub(super) fn body(self) -> String {
        let mut text = Text::default();
        let is_block = self.value.is_object() || self.unknown.is_object();
        if is_block && !self.is_secret() {
            text.attributes(self, 0);
        } else if !self.is_absent() {
            text.value(self, 0);
            text.out.push('\n');
        }
        text.out
    }

    /// One attribute with a name.
    pub(super) fn named(self, name: &str) -> String {
        let mut text = Text::default();
        text.attribute(name, self, 0);
        text.out
    }

    /// A known value, with nothing to say about it but itself.
    fn plain(value: &'a Value) -> Self {
        Self { value, sensitive: [&NULL, &NULL], unknown: &NULL, was: None }
    }

    fn is_absent(self) -> bool {
        self.value.is_null() && !has_unknown(self.unknown)
    }

    fn is_secret(self) -> bool {
        self.sensitive.contains(&&Value::Bool(true))
    }

    fn child(self, key: &str) -> Self {
        let of = |value: &'a Value| value.get(key).unwrap_or(&NULL);
        self.map(of)
    }

    fn element(self, index: usize) -> Self {
        let of = |value: &'a Value| value.get(index).unwrap_or(&NULL);
        self.map(of)
    }

    fn map(self, of: impl Fn(&'a Value) -> &'a Value) -> Self {
        Self {
            value: of(self.value),
            sensitive: self.sensitive.map(&of),
            unknown: of(self.unknown),
            was: self.was.map(of),
        }
    }
}

/// `name = value` for a value that is neither secret nor unknown.
pub(in super::super) fn attribute(name: &str, value: &Value) -> String {
    Side::plain(value).named(name)
}

fn has_unknown(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(unknown) => *unknown,
        Value::Array(elements) => elements.iter().any(has_unknown),
        Value::Object(fields) => fields.values().any(has_unknown),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

#[derive(Default)]
struct Text {
    out: String,
}

impl Text {
    fn attribute(&mut self, name: &str, side: Side<'_>, depth: usize) {
        self.indent(depth);
        self.out.push_str(&key(name));
        self.out.push_str(" = ");
        self.value(side, depth);
        self.out.push('\n');
    }

    fn attributes(&mut self, side: Side<'_>, depth: usize) {
        let keys = [side.value, side.unknown]
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(|object| object.keys())
            .collect::<BTreeSet<_>>();
        for key in keys {
            let child = side.child(key);
            if self.out.len() > MAX_BYTES {
                return;
            }
            if !child.is_absent() {
                self.attribute(key, child, depth);
            }
        }
    }

    fn value(&mut self, side: Side<'_>, depth: usize) {
        if side.is_secret() {
            let changed = side.was.is_some_and(|was| was != side.value);
            self.out.push_str(if changed { MASKED_AND_CHANGED } else { MASKED });
        } else if side.unknown == &Value::Bool(true) {
            self.out.push_str(UNKNOWN);
        } else if side.value.is_object() || side.unknown.is_object() {
            self.block(side, depth, ['{', '}']);
        } else if side.value.is_array() || side.unknown.is_array() {
            self.block(side, depth, ['[', ']']);
        } else if let Value::String(text) = side.value {
            self.string(text, depth);
        } else {
            self.out.push_str(&side.value.to_string());
        }
    }

    fn block(&mut self, side: Side<'_>, depth: usize, [open, close]: [char; 2]) {
        self.out.push(open);
        let start = self.out.len();
        self.out.push('\n');
        if open == '{' {
            self.attributes(side, depth + 1);
        } else {
            self.elements(side, depth + 1);
        }
        if self.out.len() == start + 1 {
            self.out.truncate(start);
        } else {
            self.indent(depth);
        }
        self.out.push(close);
    }

    fn elements(&mut self, side: Side<'_>, depth: usize) {
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        for index in 0..length(side.value).max(length(side.unknown)) {
            if self.out.len() > MAX_BYTES {
                return;
            }
            self.indent(depth);
            self.value(side.element(index), depth);
            self.out.push_str(",\n");
        }
    }

    /// A text; as what it encodes when it is JSON, as lines when it has several.
    fn string(&mut self, text: &str, depth: usize) {
        let encoded = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text));
        if let Some(Ok(decoded)) = encoded {
            self.out.push_str("jsonencode(");
            self.value(Side::plain(&decoded), depth);
            self.out.push(')');
        } else if text.contains('\n') {
            self.out.push_str("<<-EOT\n");
            for line in text.lines() {
                self.indent(depth + 1);
                self.out.push_str(line);
                self.out.push('\n');
            }
            self.indent(depth);
            self.out.push_str("EOT");
        } else {
            self.out.push_str(&Value::from(text).to_string());
        }
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(iter::repeat_n("  ", depth));
    }
}

/// A key as configuration would have it: bare when it is an identifier.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let starts_well = letters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
    if starts_well && letters.all(|letter| letter.is_alphanumeric() || "_-".contains(letter)) {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}
