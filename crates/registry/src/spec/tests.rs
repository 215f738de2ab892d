//! `registry/schema.json` is the published form of these types.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Toolset;

/// Set to `1`, makes the test below rewrite the file instead of failing.
const REWRITE: &str = "PILOTHOUSE_REWRITE_SCHEMA";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../registry"))
}

fn schema() -> Value {
    let mut schema = schemars::schema_for!(Toolset).to_value();
    schema["title"] = "A toolset file of Pilothouse's registry".into();
    schema
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test")]
fn the_published_schema_is_current() {
    let path = root().join("schema.json");
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var(REWRITE).is_ok_and(|value| value == "1") {
        fs::write(&path, &current).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == current, "registry/schema.json is stale; test again with {REWRITE}=1");
}

#[test]
fn every_toolset_file_is_valid_by_the_schema() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let mut checked = 0;
    for path in files(root()).into_iter().filter(|path| path.is_dir()).flat_map(|it| files(&it)) {
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let file: toml::Table = toml::from_str(&text).unwrap();
        if file.contains_key("toolset") {
            let errors: Vec<String> = validator
                .iter_errors(&serde_json::to_value(file).unwrap())
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} files were checked");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
