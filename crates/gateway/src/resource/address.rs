//! Addresses of resources: what a client's URI says under a template such as
//! `pipeline:///{orgId}/{projectId}/{pipelineId}`.

use percent_encoding::percent_decode_str;
use pilothouse_connectors::encode_segment;

/// Longest accepted URI, in bytes.
const MAX_URI: usize = 2_048;

/// The parts of a URI by their name in the template.
pub(super) struct Address {
    parts: Vec<(&'static str, String)>,
}

impl Address {
    /// `None` if `uri` is not of this template. No part is empty or has a control character.
    pub(super) fn read(template: &'static str, uri: &str) -> Option<Self> {
        if uri.len() > MAX_URI {
            return None;
        }
        let (wanted, given) = (template.split('/'), uri.split('/'));
        if wanted.clone().count() != given.clone().count() {
            return None;
        }
        let mut parts = Vec::new();
        for (wanted, given) in wanted.zip(given) {
            match name(wanted) {
                Some(name) => {
                    let value = percent_decode_str(given).decode_utf8().ok()?.into_owned();
                    if value.is_empty() || value.chars().any(char::is_control) {
                        return None;
                    }
                    parts.push((name, value));
                }
                None if wanted == given => {}
                None => return None,
            }
        }
        Some(Self { parts })
    }

    pub(super) fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// The URI of the instance `value` under a template with one part.
pub(super) fn fill(template: &str, value: &str) -> Option<String> {
    let (before, rest) = template.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    Some(format!("{before}{}{after}", encode_segment(value)))
}

fn name(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPED: &str = "pipeline:///{orgId}/{projectId}/{pipelineId}";
    const SHORT: &str = "pipeline:///{pipelineId}";

    #[test]
    fn an_address_is_read_by_its_template() {
        let address = Address::read(SCOPED, "pipeline:///default/my%20shop/deploy").unwrap();
        assert_eq!(address.part("projectId"), Some("my shop"));
        assert_eq!(address.part("pipelineId"), Some("deploy"));
        let uri = fill(SHORT, "a/b c").unwrap();
        assert_eq!(uri, "pipeline:///a%2Fb%20c");
        assert_eq!(Address::read(SHORT, &uri).unwrap().part("pipelineId"), Some("a/b c"));
    }

    #[test]
    fn what_is_not_of_the_template_is_not_read() {
        let long = format!("pipeline:///{}", "x".repeat(MAX_URI));
        for uri in ["pipeline:///", "pipeline:///a/b", "run:///a", "", "pipeline:///%00", &long] {
            assert!(Address::read(SHORT, uri).is_none(), "{uri:.20}");
        }
    }
}
