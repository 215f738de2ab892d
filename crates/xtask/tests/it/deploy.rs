//! The Dockerfile and the manifests fit the program that they run.

use std::{collections::BTreeMap, path::Path};

use pilothouse_app::{
    cli,
    config::{Arguments, Config},
    environment::Environment,
    place::{Places, System},
};
use pilothouse_xtask::{
    deploy::{Image, Manifests},
    workspace,
};

use crate::assert_none;

const FOLDER: &str = "deploy/kubernetes";

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace::root().join(path)).unwrap()
}

fn files() -> BTreeMap<String, String> {
    let folder = Path::new(&workspace::root()).join(FOLDER);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    names.map(|name| (name.clone(), read(&format!("{FOLDER}/{name}")))).collect()
}

fn manifests() -> Manifests {
    let files = files();
    Manifests::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

/// The program must accept these variables, as they are, and nothing else.
#[track_caller]
fn configures(variables: &BTreeMap<String, String>) {
    let environment: Environment =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let places = Places { system: System::Linux, environment: &environment };
    if let Err(problems) = Config::load(&Arguments { file: None, flags: Vec::new() }, &places) {
        panic!("{problems}");
    }
}

#[test]
fn the_image_runs_the_program_as_nobody_and_can_be_reached() {
    let image = Image::read(&read("Dockerfile"));
    assert_none(&image.violations());
    configures(&image.variables);
    assert!(cli::reference().contains("## pilothouse health"), "the health check's command");
}

#[test]
fn what_the_build_needs_is_sent_to_it() {
    let ignored = read(".dockerignore");
    for needed in ["Cargo.toml", "Cargo.lock", "crates", "migrations", "proto", "registry"] {
        assert!(ignored.contains(&format!("!{needed}\n")), "{needed}");
        assert!(workspace::root().join(needed).exists(), "{needed}");
    }
}

#[test]
fn the_manifests_fit_each_other_and_the_program() {
    let manifests = manifests();
    let http = read("crates/app/src/http.rs");
    let routes = ["/health", "/ready"];
    for route in routes {
        assert!(http.contains(&format!(".route(\"{route}\"")), "{route} is no route");
    }
    assert_none(&manifests.violations(&routes).unwrap());
    configures(&manifests.variables().unwrap());
}

#[test]
fn one_command_applies_every_manifest() {
    let listed = manifests().listed().unwrap();
    for name in files().keys().filter(|name| *name != "kustomization.yaml") {
        assert!(listed.contains(name), "{name} is not in kustomization.yaml");
    }
}
