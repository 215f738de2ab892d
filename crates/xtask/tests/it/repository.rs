//! What the repository as a whole promises.

use pilothouse_xtask::{limit, link, page, text};

use crate::{FILES, assert_none};

fn text_of(path: &str) -> &'static str {
    let file = FILES.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("{path} is missing")).text
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    assert_none(&text::machine_traces(FILES.iter()));
}

#[test]
fn links_between_pages_lead_somewhere() {
    assert_none(&link::broken(&FILES));
}

#[test]
fn the_changelog_has_a_place_for_the_next_change() {
    assert!(text_of("CHANGELOG.md").lines().any(|line| line == "## Unreleased"));
}

#[test]
fn the_licence_is_the_one_that_the_manifests_state() {
    let manifest: toml::Table = text_of("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["workspace"]["package"]["license"].as_str(), Some("Apache-2.0"));
    let licence = text_of("LICENSE");
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0, January 2004"));
}

#[test]
fn generated_pages_are_current() {
    for page in page::all(&FILES).unwrap() {
        assert!(text_of(page.path) == page.text, "{} is stale: run `cargo xtask docs`", page.path);
    }
}

#[test]
fn every_limit_has_a_test_that_exceeds_it() {
    assert_none(&limit::untested(&FILES));
}
