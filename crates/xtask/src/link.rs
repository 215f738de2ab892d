//! Links between the pages of the repository lead somewhere.

use std::collections::BTreeSet;

use crate::workspace::File;

/// Relative links in Markdown pages to files that do not exist.
pub fn broken(files: &[File]) -> Vec<String> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut violations = Vec::new();
    for page in files.iter().filter(|file| file.has_extension("md")) {
        for (index, line) in page.text.lines().enumerate() {
            for target in targets(line) {
                let path = resolve(&page.path, target);
                let is_directory = || paths.iter().any(|p| p.starts_with(&format!("{path}/")));
                if !paths.contains(path.as_str()) && !is_directory() {
                    violations.push(format!("{}:{}: {target} leads nowhere", page.path, index + 1));
                }
            }
        }
    }
    violations
}

/// What the line's links point at, without anchors and without links out of the repository.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(start, opening)| {
        let rest = &line[start + opening.len()..];
        let target = rest.split(')').next()?.split('#').next()?;
        let outside = target.is_empty() || target.contains(':') || target.starts_with('/');
        (!outside).then_some(target)
    })
}

/// `target` as seen from the directory of `page`.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_their_page() {
        for (link, broken_count) in [
            ("[a](other.md)", 0),
            ("[a](../README.md#two-commands) and [b](other.md)", 0),
            ("[a](../docs)", 0),
            ("[a](https://example.com/missing.md) [b](#here) [c](/docs/runs)", 0),
            ("[a](missing.md)", 1),
            ("[a](../other.md), [b](missing.md)", 2),
        ] {
            let files = [
                File::new("README.md", ""),
                File::new("docs/page.md", link),
                File::new("docs/other.md", ""),
            ];
            assert_eq!(broken(&files).len(), broken_count, "{link}");
        }
    }
}
