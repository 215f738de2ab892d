//! Keeps the values of sensitive variables out of everything that is shown or stored.
//!
//! Terraform masks what it knows to be sensitive, but not what a provider or a provisioner
//! prints or puts into an error. Knows values, not where they are used.

use hcl_edit::{
    expr::{Expression, ObjectKey, ObjectValue},
    visit::{Visit, visit_expr},
};
use pilothouse_model::text;

use super::{Variable, variable::parse_value};

/// What stands where a secret was.
pub(super) const MASKED: &str = "(sensitive value)";

/// A shorter value cannot be told from ordinary text, and is no secret either.
const SHORTEST: usize = 4;
/// Of a value of several lines each line is masked, unless it is as short as a brace.
const SHORTEST_LINE: usize = 8;

/// Masks secrets in text and removes what could steer a terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask {
    /// Longest first, so that a secret that contains another one is masked as a whole.
    secrets: Vec<String>,
}

impl Mask {
    pub(crate) fn of(variables: &[Variable]) -> Self {
        let mut secrets = Vec::new();
        for variable in variables.iter().filter(|variable| variable.sensitive) {
            collect(&variable.value, &mut secrets);
        }
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// Whether a secret is in `text`.
    pub(crate) fn hits(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// `text` without control characters and without secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut clean = text::sanitize(text);
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), MASKED);
            }
        }
        clean
    }
}

/// Every form in which `value` may turn up: whole, line by line, escaped as in JSON, and, when
/// it is a list or an object, each text in it.
fn collect(value: &str, secrets: &mut Vec<String>) {
    add(value, SHORTEST, secrets);
    if value.contains('\n') {
        for line in value.lines() {
            add(line, SHORTEST_LINE, secrets);
        }
    }
    if value.trim_start().starts_with(['[', '{'])
        && let Some(expression) = parse_value(value)
    {
        let mut texts = Texts(secrets);
        texts.visit_expr(&expression);
    }
}

fn add(value: &str, shortest: usize, secrets: &mut Vec<String>) {
    let value = text::sanitize(value);
    let value = value.trim();
    if value.len() < shortest || matches!(value, "true" | "false" | "null") {
        return;
    }
    let escaped = serde_json::Value::from(value).to_string();
    secrets.push(escaped[1..escaped.len() - 1].to_owned());
    secrets.push(value.to_owned());
}

/// Collects the texts in an expression, but not the keys of its objects.
struct Texts<'a>(&'a mut Vec<String>);

impl Visit for Texts<'_> {
    fn visit_expr(&mut self, expression: &Expression) {
        match expression.as_str() {
            Some(text) => add(text, SHORTEST, self.0),
            None => visit_expr(self, expression),
        }
    }

    fn visit_object_item(&mut self, _key: &ObjectKey, value: &ObjectValue) {
        self.visit_expr(value.expr());
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Category, *};

    fn mask(values: &[&str]) -> Mask {
        let variable = |value: &&str| Variable {
            category: Category::Terraform,
            key: "secret".to_owned(),
            value: (*value).to_owned(),
            sensitive: true,
        };
        Mask::of(&values.iter().map(variable).collect::<Vec<_>>())
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        for (secret, text, expected) in [
            (
                "hunter2",
                "login hunter2 or hunter2!",
                "login (sensitive value) or (sensitive value)!",
            ),
            ("hunter2", "hun\u{1b}[1mter2", "(sensitive value)"),
            ("hunter2\n", "hunter2", "(sensitive value)"),
            ("say \"hi\"", r#"{"a":"say \"hi\""}"#, r#"{"a":"(sensitive value)"}"#),
            ("-----BEGIN\nMIIEvQIBADANBg\n-----END", "x MIIEvQIBADANBg", "x (sensitive value)"),
            (
                r#"["first-key", { user = "second-key" }]"#,
                "user second-key",
                "user (sensitive value)",
            ),
        ] {
            assert_eq!(mask(&[secret]).clean(text), expected, "{secret:?}");
        }
    }

    #[test]
    fn the_longer_of_two_secrets_is_masked_as_a_whole() {
        assert_eq!(
            mask(&["pass", "password"]).clean("password pass"),
            format!("{MASKED} {MASKED}")
        );
    }

    #[test]
    fn words_that_are_no_secrets_stay() {
        for value in ["", "abc", "true", "null", "\n"] {
            assert_eq!(mask(&[value]).clean("abc true null"), "abc true null", "{value:?}");
        }
        let mut public = Variable {
            category: Category::Environment,
            key: "REGION".to_owned(),
            value: "eu-west-1".to_owned(),
            sensitive: false,
        };
        assert_eq!(Mask::of(&[public.clone()]).clean("eu-west-1"), "eu-west-1");
        public.sensitive = true;
        assert_eq!(Mask::of(&[public]).clean("eu-west-1"), MASKED);
    }
}
