//! The workspace has the crates of the architecture, and they use each other downwards only.

use pilothouse_xtask::{
    layer, manifest,
    workspace::{File, PREFIX},
};

use crate::{FILES, METADATA, assert_none};

#[test]
fn crates_use_each_other_downwards_only() {
    let edges = layer::edges(&METADATA);
    assert!(!edges.is_empty());
    assert_none(&layer::wrong_edges(&edges));
}

#[test]
fn there_is_no_ninth_crate() {
    let packages = METADATA.workspace_packages();
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package.name.strip_prefix(PREFIX).unwrap_or(&package.name))
        .collect();
    assert!(names.contains(&"model"), "{names:?}");
    assert_none(&layer::unknown_crates(&names));
}

#[test]
fn crates_inherit_fields_and_lints() {
    let manifests: Vec<&File> = FILES
        .iter()
        .filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"))
        .collect();
    assert_eq!(manifests.len(), METADATA.workspace_packages().len());
    assert_none(&manifest::not_inherited(&manifests).unwrap());
}

/// Linking is slow: a crate has one integration test program, with modules.
#[test]
fn a_crate_has_one_integration_test_program() {
    for package in METADATA.workspace_packages() {
        let programs: Vec<_> =
            package.targets.iter().filter(|target| target.is_test()).map(|t| &t.name).collect();
        let allowed = programs.is_empty() || (programs.len() == 1 && programs[0] == "it");
        assert!(allowed, "{}: tests/it/main.rs only, found {programs:?}", package.name);
    }
}
