//! Takes a Markdown page apart into its title and sections. Only headings and code fences matter.

/// A page by its headings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) title: String,
    pub(super) sections: Vec<Section>,
}

/// The text under one heading, up to the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// `None` for what comes before the first heading below the title.
    pub(super) title: Option<String>,
    /// The headings above this one, without the page's title.
    pub(super) parents: Vec<String>,
    pub(super) text: String,
}

/// `None` when the page does not open with a `# Title`.
pub(super) fn outline(text: &str) -> Option<Outline> {
    let mut lines = text.lines();
    let title = lines.next()?.strip_prefix("# ")?.trim().to_owned();
    let mut sections = vec![Section { title: None, parents: Vec::new(), text: String::new() }];
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut in_code = false;
    for line in lines {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        match heading(line).filter(|_| !in_code) {
            Some((level, title)) => {
                above.retain(|(other, _)| *other < level);
                let parents = above.iter().map(|(_, title)| title.clone()).collect();
                above.push((level, title.to_owned()));
                let title = Some(title.to_owned());
                sections.push(Section { title, parents, text: String::new() });
            }
            None => {
                if let Some(section) = sections.last_mut() {
                    section.text.push_str(line);
                    section.text.push('\n');
                }
            }
        }
    }
    Some(Outline { title, sections })
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?.trim();
    (level >= 2 && !title.is_empty()).then_some((level, title))
}

/// The part of an address behind `#` that leads to a heading.
pub(super) fn anchor(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_make_sections_and_code_does_not() {
        let page = "# Page\nintro\n## One\na\n```\n## not a heading\n```\n### Deep\nb\n## Two\n";
        let outline = outline(page).unwrap();
        assert_eq!(outline.title, "Page");
        let found: Vec<_> = outline
            .sections
            .iter()
            .map(|section| (section.title.as_deref(), section.parents.join("/")))
            .collect();
        assert_eq!(
            found,
            [
                (None, String::new()),
                (Some("One"), String::new()),
                (Some("Deep"), "One".to_owned()),
                (Some("Two"), String::new()),
            ]
        );
        assert!(outline.sections[1].text.contains("not a heading"));
    }

    #[test]
    fn a_page_opens_with_its_title() {
        for text in ["", "text", "## Section", "\n# Late"] {
            assert_eq!(outline(text), None, "{text:?}");
        }
    }

    #[test]
    fn anchors_are_plain() {
        assert_eq!(anchor("Apply, discard, cancel"), "apply-discard-cancel");
        assert_eq!(anchor("`count` has no usable value"), "count-has-no-usable-value");
    }
}
