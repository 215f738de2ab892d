//! Rules about single Rust files: their name, their header, and that they are compiled at all.

use std::collections::BTreeMap;

use crate::workspace::File;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 7] = ["utils", "util", "common", "helpers", "helper", "manager", "misc"];

/// A file with more lines than this opens with `//!`, as every crate root does.
const HEADER_FROM: usize = 100;

/// Files that should say what they are for and do not.
pub fn missing_headers<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    files
        .into_iter()
        .filter(|file| is_root(&file.path) || file.line_count() > HEADER_FROM)
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| format!("{}: the first line must be a `//!` header", file.path))
        .collect()
}

/// Files and directories with a name that anything would fit under.
pub fn empty_names<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    files
        .into_iter()
        .filter(|file| file.path.split('/').any(|part| EMPTY_NAMES.contains(&stem(part))))
        .map(|file| format!("{}: name it after what it holds", file.path))
        .collect()
}

/// Files that no `mod` line declares: they are never compiled, so their tests never run.
pub fn orphans<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    let texts: BTreeMap<&str, &str> =
        files.into_iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    texts
        .keys()
        .filter(|path| !is_root(path))
        .filter(|path| !is_declared(path, &texts))
        .map(|path| format!("{path}: no `mod` declares it"))
        .collect()
}

/// Tests that are switched off.
pub fn ignored_tests<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("#[ignore") {
                violations.push(format!("{}:{}: run the test or delete it", file.path, index + 1));
            }
        }
    }
    violations
}

fn is_root(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "lib.rs" | "main.rs" | "build.rs")
        || path.contains("/src/bin/")
        || path.contains("/examples/")
}

fn is_declared(path: &str, texts: &BTreeMap<&str, &str>) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let declaration = format!("mod {};", stem(name));
    [
        format!("{directory}.rs"),
        format!("{directory}/lib.rs"),
        format!("{directory}/main.rs"),
        format!("{directory}/build.rs"),
    ]
    .iter()
    .filter_map(|parent| texts.get(parent.as_str()))
    .any(|text| text.lines().any(|line| line.trim().ends_with(&declaration)))
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_long_files_need_a_header() {
        let long = "fn f() {}\n".repeat(101);
        let files = [
            File::new("crates/a/src/lib.rs", "pub mod b;\n"),
            File::new("crates/a/src/b.rs", "fn short() {}\n"),
            File::new("crates/a/src/c.rs", &long),
            File::new("crates/a/src/d.rs", &format!("//! D.\n{long}")),
        ];
        let found = missing_headers(&files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/src/lib.rs"));
        assert!(found[1].starts_with("crates/a/src/c.rs"));
    }

    #[test]
    fn names_say_something() {
        let files = [
            File::new("crates/a/src/utils.rs", ""),
            File::new("crates/a/src/common/run.rs", ""),
            File::new("crates/a/src/common_name.rs", ""),
        ];
        assert_eq!(empty_names(&files).len(), 2);
    }

    #[test]
    fn a_file_without_a_declaration_is_found() {
        let files = [
            File::new("crates/a/src/lib.rs", "pub mod run;\npub(crate) mod plan;"),
            File::new("crates/a/src/run.rs", "    mod tests;"),
            File::new("crates/a/src/run/tests.rs", ""),
            File::new("crates/a/src/run/forgotten.rs", ""),
            File::new("crates/a/src/plan.rs", ""),
            File::new("crates/a/src/bin/tool.rs", ""),
        ];
        let found = orphans(&files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("forgotten"));
    }

    #[test]
    fn switched_off_tests_are_found() {
        let file = File::new("a.rs", "#[test]\n    #[ignore = \"slow\"]\nfn f() {}");
        assert_eq!(ignored_tests([&file]), ["a.rs:2: run the test or delete it"]);
    }
}
