//! What no file of the repository may contain: paths of the machine it was written on, the hosts of
//! package registries, which belong into a developer's own configuration, and notes of unfinished
//! work, which belong into the tracker.

use crate::workspace::File;

/// Directories that exist on one machine only. The user of our examples is called ada.
const MACHINE_DIRECTORIES: [&str; 4] = ["/root/", "/work/", "/home/", "/Users/"];
const EXAMPLE_USER: &str = "ada";

const REGISTRY_HOSTS: [&str; 5] = ["registry", "files", "index", "static", "deb"];
const REGISTRY_DOMAINS: [&str; 4] = ["npmjs", "pythonhosted", "crates", "debian"];

/// Spelled in two parts, so that this file does not break its own rule.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
];

/// Lock files name the registry they were resolved from; that is their job.
fn is_lock_file(path: &str) -> bool {
    ["Cargo.lock", "package-lock.json"].iter().any(|name| path.ends_with(name))
}

pub fn machine_traces<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        if is_lock_file(&file.path) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            if let Some(trace) = machine_directory(line).or_else(|| registry_host(line)) {
                violations.push(format!("{}:{}: {trace}", file.path, index + 1));
            }
        }
    }
    violations
}

/// Places in Rust files that say they are not done.
pub fn unfinished_work<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '!');
            if let Some(word) = words.find(|word| UNFINISHED.contains(word)) {
                violations.push(format!("{}:{}: {word}", file.path, index + 1));
            }
        }
    }
    violations
}

fn machine_directory(line: &str) -> Option<String> {
    for directory in MACHINE_DIRECTORIES {
        for (start, _) in line.match_indices(directory) {
            let rest = &line[start + directory.len()..];
            let begins_path = !line[..start].ends_with(is_path_character);
            let names_something = rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '.');
            if begins_path && names_something && !rest.starts_with(EXAMPLE_USER) {
                return Some(format!("names the machine directory {directory}"));
            }
        }
    }
    None
}

/// Before a directory, such a character means that the path began earlier.
fn is_path_character(c: char) -> bool {
    c.is_alphanumeric() || "._-~})*".contains(c)
}

fn registry_host(line: &str) -> Option<String> {
    REGISTRY_HOSTS
        .iter()
        .flat_map(|host| REGISTRY_DOMAINS.iter().map(move |domain| format!("{host}.{domain}.")))
        .find(|name| line.contains(name.as_str()))
        .map(|name| format!("names the registry host {name}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found() {
        for (line, found) in [
            (concat!("// TO", "DO: later"), true),
            (concat!("    todo", "!()"), true),
            (concat!("todo", "!(\"later\")"), true),
            ("let todos = 1; // XXXL", false),
        ] {
            let file = File::new("a.rs", line);
            assert_eq!(unfinished_work([&file]).len(), usize::from(found), "{line}");
        }
    }

    #[test]
    fn traces_of_a_machine_are_found() {
        // Joined here so that this file does not break its own rule.
        let host = ["https://", "registry", ".npmjs", ".org"].concat();
        let machine = ["/ro", "ot/.config"].concat();
        for (line, found) in [
            (format!("see {host}"), true),
            (format!("path = \"{machine}\""), true),
            (machine, true),
            ("/home/ada/.cursor/mcp.json".to_owned(), false),
            ("https://example.com/work/item".to_owned(), false),
            ("../root/x".to_owned(), false),
            ("cd /work/".to_owned(), false),
        ] {
            let file = File::new("a.md", &line);
            assert_eq!(machine_traces([&file]).len(), usize::from(found), "{line}");
            assert!(machine_traces([&File::new("Cargo.lock", &line)]).is_empty());
        }
    }
}
