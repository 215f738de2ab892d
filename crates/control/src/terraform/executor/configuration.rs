//! Prepares an unpacked configuration: puts an override file beside it that keeps the state in
//! the job's directory, whatever backend the configuration names, and that makes secrets secret.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{
    Product, Variable,
    variable::{self, Declarations},
};

/// A name that is used when nothing in the upload would come after it.
const USUAL_NAME: &str = "pilothouse_override.tf.json";

/// Writes the override file and returns which variables the root module declares.
pub(super) fn prepare(
    root: &Path,
    product: Product,
    variables: &[Variable],
) -> Result<Declarations, Error> {
    let files = configuration_files(root, product)?;
    if files.is_empty() {
        // Beside our own file, Terraform would take the missing ones for "destroy everything".
        return Err(Error::invalid("the configuration has no .tf files in its root folder")
            .hint("upload the contents of the folder, not the folder itself"));
    }
    let declared = variable::declared(root, product).map_err(Error::internal)?;
    let path = root.join(override_name(&files, product));
    fs::write(&path, override_text(variables, &declared)).map_err(Error::internal)?;
    Ok(declared)
}

fn configuration_files(root: &Path, product: Product) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root).map_err(Error::internal)? {
        let entry = entry.map_err(Error::internal)?;
        let is_file = entry.file_type().map_err(Error::internal)?.is_file();
        let name = entry.file_name();
        if let Some(name) = name.to_str()
            && is_file
            && variable::configuration_stem(name, product).is_some()
        {
            files.push(name.to_owned());
        }
    }
    Ok(files)
}

/// A name that sorts after every other override file, because the last one wins.
fn override_name(files: &[String], product: Product) -> PathBuf {
    let overrides = files.iter().filter_map(|file| {
        let stem = variable::configuration_stem(file, product)?;
        (stem == "override" || stem.ends_with("_override")).then_some((file.as_str(), stem))
    });
    match overrides.max() {
        Some((last, stem)) if last >= USUAL_NAME => format!("{stem}~_override.tf.json").into(),
        _ => USUAL_NAME.into(),
    }
}

/// A `backend` in an override file replaces both a `backend` and a `cloud` block.
fn override_text(variables: &[Variable], declared: &Declarations) -> String {
    let secret: Map<String, Value> = variable::terraform_variables(variables)
        .filter(|variable| variable.sensitive && declared.contains_key(&variable.key))
        .map(|variable| (variable.key.clone(), json!({ "sensitive": true })))
        .collect();
    let mut document = json!({ "terraform": { "backend": { "local": {} } } });
    if !secret.is_empty() {
        document["variable"] = secret.into();
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::{super::Category, *};

    fn prepared(files: &[&str], product: Product) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        prepare(folder.path(), product, &[]).map_err(|error| error.to_string())?;
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !files.contains(&name.as_str()))
            .collect();
        names.sort();
        Ok(names)
    }

    #[test]
    fn our_override_comes_last() {
        for (files, expected) in [
            (&["main.tf"][..], USUAL_NAME),
            (&["main.tf", "a_override.tf", "zebra.tf"], USUAL_NAME),
            (&["main.tf", "pilothouse_override.tf.json"], "pilothouse_override~_override.tf.json"),
            (&["main.tf", "z_override.tf.json", "a_override.tf"], "z_override~_override.tf.json"),
            (&["main.tf", "ÿ_override.tf"], "ÿ_override~_override.tf.json"),
            (&["main.tf", "x~_override.tf", "x_override.tf"], "x~_override~_override.tf.json"),
        ] {
            assert_eq!(prepared(files, Product::Terraform).unwrap(), [expected], "{files:?}");
            let last = files.iter().filter(|file| file.contains("override")).max();
            assert!(last.is_none_or(|last| expected > *last), "{files:?}");
        }
    }

    #[test]
    fn a_root_without_configuration_is_refused() {
        for files in [&[][..], &["README.md"], &[".hidden.tf"], &[".tf"], &["main.tofu"]] {
            let message = prepared(files, Product::Terraform).unwrap_err();
            assert!(message.contains("no .tf files in its root folder"), "{files:?}: {message}");
        }
        assert!(prepared(&["main.tofu"], Product::OpenTofu).is_ok());
        assert!(prepared(&["main.tf.json"], Product::Terraform).is_ok());
    }

    #[test]
    fn declared_secrets_are_made_sensitive() {
        let declared = Declarations::from([
            ("open".to_owned(), variable::Reading::Literal),
            ("secret".to_owned(), variable::Reading::Literal),
        ]);
        let variable = |key: &str, sensitive| Variable {
            category: Category::Terraform,
            key: key.to_owned(),
            value: "value".to_owned(),
            sensitive,
        };
        let variables =
            [variable("open", false), variable("secret", true), variable("other", true)];
        assert_eq!(
            override_text(&variables, &declared),
            r#"{"terraform":{"backend":{"local":{}}},"variable":{"secret":{"sensitive":true}}}"#
        );
    }
}
