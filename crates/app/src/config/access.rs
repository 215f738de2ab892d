//! How callers other than the operator come in.

use http::HeaderName;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct Access {
    /// Where API keys are presented, beside `Authorization: Bearer`.
    pub api_key_header: HeaderName,
    /// What stands before the key there, with a blank between them; empty for nothing.
    pub api_key_prefix: String,
    /// Hosts that may be asked for keys although their addresses are not public.
    pub private_hosts: Vec<String>,
}

const API_KEY_HEADER: Setting = Setting::new(
    "access.api_key_header",
    "PILOTHOUSE_API_KEY_HEADER",
    "a header name, for instance x-api-key",
    "Header in which clients present API keys. `Authorization: Bearer` works as well.",
);
const API_KEY_PREFIX: Setting = Setting::new(
    "access.api_key_prefix",
    "PILOTHOUSE_API_KEY_PREFIX",
    "a word, for instance Bearer, or nothing",
    "What stands before the key in that header.",
);
const PRIVATE_HOSTS: Setting = Setting::new(
    "access.private_hosts",
    "PILOTHOUSE_PRIVATE_HOSTS",
    "host names, separated by commas",
    "Issuers inside the own network: hosts that are asked for keys although their addresses are \
     not public, also over plain HTTP.",
);

pub(super) static GROUP: Group = Group {
    title: "Access",
    about: "How callers other than the operator come in.",
    settings: &[&API_KEY_HEADER, &API_KEY_PREFIX, &PRIVATE_HOSTS],
};

impl Access {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let api_key_header = reader.required(&API_KEY_HEADER, |text| text.parse().ok());
        let api_key_prefix = reader.required(&API_KEY_PREFIX, prefix);
        let private_hosts = reader.required(&PRIVATE_HOSTS, parse::hosts);
        Some(Self {
            api_key_header: api_key_header?,
            api_key_prefix: api_key_prefix?,
            private_hosts: private_hosts?,
        })
    }
}

fn prefix(text: &str) -> Option<String> {
    text.chars().all(|c| c.is_ascii_graphic()).then(|| text.to_owned())
}
