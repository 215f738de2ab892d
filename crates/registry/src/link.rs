//! The address of a thing's page in its platform's own web pages, with placeholders for what the
//! thing is called. Pure; the platform's host is not part of it.

use std::str::FromStr;

/// `/ng/account/{account_id}/pipelines/{identifier|pipeline_id}`: a placeholder names what may fill
/// it, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Names(Vec<String>),
}

/// Placeholders that say where a thing is, not which one it is.
const PLACES: [&str; 3] = ["account_id", "org_id", "project_id"];

impl Link {
    /// Whether it differs from thing to thing; if not, it is the page of all of them.
    pub fn is_of_one(&self) -> bool {
        let is_place = |names: &[String]| names.iter().all(|name| PLACES.contains(&name.as_str()));
        self.parts.iter().any(|part| matches!(part, Part::Names(names) if !is_place(names)))
    }

    /// With `value` of each placeholder, encoded by it; nothing if one is not known.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut address = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => address.push_str(text),
                Part::Names(names) => {
                    address.push_str(&names.iter().find_map(|name| value(name))?);
                }
            }
        }
        Some(address)
    }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("link {text:?} does not start with /"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((names, tail)) = after.split_once('}') else {
                return Err(format!("link {text:?} has a {{ without }}"));
            };
            if names.split('|').any(str::is_empty) {
                return Err(format!("link {text:?} has a placeholder without a name"));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Names(names.split('|').map(str::to_owned).collect()));
            rest = tail;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(link: &str, values: &[(&str, &str)]) -> Option<String> {
        let link: Link = link.parse().unwrap();
        link.fill(|name| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn placeholders_take_the_best_name_that_is_known() {
        let link = "/a/{account_id}/p/{identifier|pipeline_id}/studio";
        for (values, expected) in [
            (&[("account_id", "acme"), ("pipeline_id", "p")][..], Some("/a/acme/p/p/studio")),
            (
                &[("account_id", "acme"), ("pipeline_id", "p"), ("identifier", "i")],
                Some("/a/acme/p/i/studio"),
            ),
            (&[("pipeline_id", "p")], None),
        ] {
            assert_eq!(filled(link, values).as_deref(), expected, "{values:?}");
        }
    }

    #[test]
    fn a_page_is_of_one_thing_or_of_all() {
        for (link, of_one) in [
            ("/a/{account_id}/orgs/{org_id}/delegates", false),
            ("/a/{account_id}/p/{identifier|pipeline_id}", true),
        ] {
            assert_eq!(link.parse::<Link>().unwrap().is_of_one(), of_one, "{link}");
        }
    }

    #[test]
    fn what_is_no_link_says_why() {
        for (text, why) in
            [("a/{b}", "start with /"), ("/a/{b", "without }"), ("/a/{b|}", "without a name")]
        {
            assert!(text.parse::<Link>().unwrap_err().contains(why), "{text}");
        }
    }
}
