//! Third-party crates keep to `deny.toml`. Reading the metadata with `--locked` also proves that
//! `Cargo.lock` is current.

use pilothouse_xtask::{
    licence,
    package::{self, Package},
    workspace,
};

use crate::{METADATA, POLICY, assert_none};

fn packages() -> Vec<Package> {
    let compiled = workspace::compiled_packages(&workspace::root(), &POLICY.graph.targets).unwrap();
    let packages = package::third_party(&METADATA, &compiled);
    assert!(packages.iter().any(|package| package.name == "serde"));
    packages
}

#[test]
fn licences_are_admitted() {
    assert_none(&licence::violations(&packages(), &POLICY.licenses).unwrap());
}

#[test]
fn sources_are_admitted() {
    assert_none(&package::foreign(&packages(), &POLICY.sources));
}

#[test]
fn no_banned_crate_is_used() {
    assert_none(&package::banned(&packages(), &POLICY.bans));
}

#[test]
fn second_versions_have_a_reason() {
    assert_none(&package::duplicates(&packages(), &POLICY.bans));
}
