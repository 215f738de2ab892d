//! The root module's variables: which are declared, and how a run's values reach them.
//!
//! A run's values are stronger than those in `*.auto.tfvars` of the upload, so they are written
//! to variable files named on the command line, for declared variables only: Terraform complains
//! about others. All of them are also set as `TF_VAR_…`, which Terraform ignores when undeclared
//! and which every command reads: it serves what a file cannot, such as ephemeral variables at
//! apply, variables in module sources (OpenTofu), and modules that are not understood here.

use std::{collections::BTreeMap, fs, io, path::Path};

use hcl_edit::{
    Ident,
    expr::Expression,
    structure::{Block, Body},
};
use serde_json::{Map, Value};

use super::{Category, Job, Product, Variable};

/// A larger file is not searched for declarations.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// How the text of a value is read, which its declared type decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a text, or the number or boolean that it spells.
    Literal,
    /// As an expression, such as `["a"]`.
    Expression,
}

/// Names of the declared variables.
pub(super) type Declarations = BTreeMap<String, Reading>;

/// The name without its extension, if Terraform reads a file with this name as configuration.
pub(super) fn configuration_stem(file: &str, product: Product) -> Option<&str> {
    let extensions: &[&str] = match product {
        Product::Terraform => &[".tf", ".tf.json"],
        Product::OpenTofu => &[".tf", ".tf.json", ".tofu", ".tofu.json"],
    };
    let stem = extensions.iter().find_map(|extension| file.strip_suffix(extension))?;
    (!stem.is_empty() && !file.starts_with('.')).then_some(stem)
}

/// Finds the declarations in the files of the module at `root`. A file that is not understood
/// declares nothing here; Terraform will say what is wrong with it.
pub(super) fn declared(root: &Path, product: Product) -> io::Result<Declarations> {
    let mut found = Declarations::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if configuration_stem(name, product).is_none() {
            continue;
        }
        let metadata = entry.metadata()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let is_json = Path::new(name).extension().is_some_and(|extension| extension == "json");
        if is_json { in_json(&text, &mut found) } else { in_hcl(&text, &mut found) }
    }
    Ok(found)
}

fn in_hcl(text: &str, found: &mut Declarations) {
    let Ok(body) = text.parse::<Body>() else { return };
    for block in body.get_blocks("variable") {
        if let [name] = block.labels.as_slice() {
            declare(found, name.as_str(), type_of(block));
        }
    }
}

fn type_of(block: &Block) -> Option<Reading> {
    block.body.get_attribute("type").map(|attribute| reading(&attribute.value))
}

fn in_json(text: &str, found: &mut Declarations) {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    let blocks = match document.get("variable") {
        Some(Value::Array(blocks)) => blocks.iter().collect(),
        Some(block) => vec![block],
        None => Vec::new(),
    };
    for (name, body) in blocks.into_iter().filter_map(Value::as_object).flatten() {
        let body = body.get(0).unwrap_or(body);
        let declared = body.get("type").and_then(Value::as_str);
        let expression = declared.and_then(|text| text.parse::<Expression>().ok());
        declare(found, name, expression.as_ref().map(reading));
    }
}

/// An override file may leave the type out; the one that is stated counts.
fn declare(found: &mut Declarations, name: &str, stated: Option<Reading>) {
    let reading = found.entry(name.to_owned()).or_insert(Reading::Literal);
    *reading = stated.unwrap_or(*reading);
}

/// Primitive types, written as a word or, as long ago, as a text, take literals.
fn reading(declared: &Expression) -> Reading {
    let word = declared.as_variable().map(Ident::as_str).or_else(|| declared.as_str());
    match word {
        Some("string" | "number" | "bool") => Reading::Literal,
        _ => Reading::Expression,
    }
}

/// The contents of the two files that hold a run's values: literals as JSON, which needs no
/// escaping, and expressions as they are. An expression that is not one is left to `TF_VAR_…`,
/// so that Terraform's complaint names the variable.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ValueFiles {
    pub(super) literals: String,
    pub(super) expressions: String,
}

impl ValueFiles {
    pub(super) fn of(variables: &[Variable], declared: &Declarations) -> Self {
        let mut literals = Map::new();
        let mut expressions = BTreeMap::new();
        for Variable { key, value, .. } in terraform_variables(variables) {
            match declared.get(key) {
                Some(Reading::Literal) => {
                    literals.insert(key.clone(), Value::from(value.as_str()));
                }
                Some(Reading::Expression) if parse_value(value).is_some() => {
                    expressions.insert(key, value);
                }
                Some(Reading::Expression) | None => {}
            }
        }
        let lines = expressions.iter().map(|(key, value)| assignment(key, value));
        Self { literals: Value::from(literals).to_string(), expressions: lines.collect() }
    }
}

/// `value` may hold line ends and comments, so it stands in parentheses of its own.
fn assignment(key: &str, value: &str) -> String {
    format!("{key} = (\n{value}\n)\n")
}

/// A value as the one expression that it is; `None` when it is anything else.
pub(super) fn parse_value(value: &str) -> Option<Expression> {
    let body: Body = assignment("value", value).parse().ok()?;
    let only = if body.len() == 1 { body.into_attributes().next() } else { None }?;
    match only.value {
        Expression::Parenthesis(inner) => Some(inner.into_inner()),
        _ => None,
    }
}

/// The `<name>_wo_version` that the root module declares and the run does not set itself.
pub(super) fn versions(job: &Job, declared: &Declarations) -> impl Iterator<Item = Variable> {
    job.versions.iter().filter_map(|(name, version)| {
        let key = format!("{name}_wo_version");
        let is_set = terraform_variables(&job.variables).any(|variable| variable.key == key);
        (declared.contains_key(&key) && !is_set).then(|| Variable {
            category: Category::Terraform,
            key,
            value: version.to_string(),
            sensitive: false,
        })
    })
}

pub(super) fn terraform_variables(variables: &[Variable]) -> impl Iterator<Item = &Variable> {
    variables.iter().filter(|variable| variable.category == Category::Terraform)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], product: Product) -> Vec<(String, Reading)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        declared(folder.path(), product).unwrap().into_iter().collect()
    }

    #[test]
    fn declarations_are_found_in_both_syntaxes() {
        use Reading::{Expression, Literal};
        let hcl = r#"
            # variable "commented" {}
            variable "plain" {}
            variable bare { type = bool }
            variable "old" { type = "string" }
            variable "any" { type = any }
            variable "list" {
              type    = list(string)
              default = ["}", "variable \"inner\" {}"]
            }
            locals {
              text = <<-EOT
                variable "heredoc" {}
              EOT
            }
            resource "variable" "x" {
              variable "nested" {}
            }
        "#;
        let json = r#"{"variable": {"a": {"type": "number"}, "b": [{"type": "map(string)"}]}}"#;
        let array = r#"{"variable": [{"c": {}}, {"d": {"type": "any"}}]}"#;
        let expected = [
            ("a", Literal),
            ("any", Expression),
            ("b", Expression),
            ("bare", Literal),
            ("c", Literal),
            ("d", Expression),
            ("list", Expression),
            ("old", Literal),
            ("plain", Literal),
        ];
        let files = [
            ("main.tf", hcl),
            ("a.tf.json", json),
            ("b.tf.json", array),
            ("c.txt", "variable x {}"),
        ];
        let expected = expected.map(|(name, reading)| (name.to_owned(), reading));
        assert_eq!(found(&files, Product::Terraform), expected);
    }

    #[test]
    fn what_is_not_understood_declares_nothing() {
        let files =
            [("a.tf", "variable \"x\" {"), ("b.tf.json", "{"), ("c.tf", "variable \"ok\" {}")];
        assert_eq!(found(&files, Product::Terraform), [("ok".to_owned(), Reading::Literal)]);
    }

    #[test]
    fn only_opentofu_reads_its_own_files() {
        let files = [("main.tofu", "variable \"x\" {}")];
        assert_eq!(found(&files, Product::Terraform), []);
        assert_eq!(found(&files, Product::OpenTofu).len(), 1);
    }

    #[test]
    fn an_override_without_a_type_keeps_the_type() {
        for files in [
            [
                ("main.tf", "variable \"x\" { type = list(string) }"),
                ("override.tf", "variable \"x\" {}"),
            ],
            [
                ("a.tf", "variable \"x\" {}"),
                ("a_override.tf", "variable \"x\" { type = set(number) }"),
            ],
        ] {
            let expected = [("x".to_owned(), Reading::Expression)];
            assert_eq!(found(&files, Product::Terraform), expected);
        }
    }

    #[test]
    fn values_are_written_so_that_terraform_reads_what_was_set() {
        let declared = Declarations::from([
            ("text".to_owned(), Reading::Literal),
            ("list".to_owned(), Reading::Expression),
            ("broken".to_owned(), Reading::Expression),
        ]);
        let variable = |(category, key, value): (Category, &str, &str)| Variable {
            category,
            key: key.to_owned(),
            value: value.to_owned(),
            sensitive: false,
        };
        let variables = [
            (Category::Terraform, "text", "a \"b\" ${c}\n"),
            (Category::Terraform, "list", "[\"a\"] # why"),
            (Category::Terraform, "broken", "1\nother = 2"),
            (Category::Terraform, "undeclared", "x"),
            (Category::Environment, "text", "not this"),
        ]
        .map(variable);
        let files = ValueFiles::of(&variables, &declared);
        assert_eq!(files.literals, r#"{"text":"a \"b\" ${c}\n"}"#);
        assert_eq!(files.expressions, "list = (\n[\"a\"] # why\n)\n");
    }
}
