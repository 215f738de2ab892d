//! Every Rust file keeps to the rules of `docs/STYLE.md` that a machine can check.

use pilothouse_xtask::{module, size, text};

use crate::{assert_none, rust_files};

#[test]
fn files_open_with_a_header() {
    assert_none(&module::missing_headers(rust_files()));
}

#[test]
fn files_are_named_after_what_they_hold() {
    assert_none(&module::empty_names(rust_files()));
}

#[test]
fn files_are_compiled() {
    assert_none(&module::orphans(rust_files()));
}

#[test]
fn tests_are_not_switched_off() {
    assert_none(&module::ignored_tests(rust_files()));
}

#[test]
fn files_are_finished() {
    assert_none(&text::unfinished_work(rust_files()));
}

#[test]
fn files_are_short() {
    let mut sources = rust_files();
    sources.retain(|file| file.is_crate_source());
    assert_none(&size::missed_goals(&sources));
    assert_none(&size::too_long(rust_files()));
}
