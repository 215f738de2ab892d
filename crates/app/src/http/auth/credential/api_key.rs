//! API keys, in a header of their own or as a bearer.

use async_trait::async_trait;
use pilothouse_access::{Directory, api_key};
use pilothouse_model::{Caller, Timestamp};

use super::{Credential, Presented, Refused};
use crate::config::Access;

/// Looks for keys where the operator says.
pub(crate) struct ApiKeys {
    directory: Directory,
    access: Access,
}

impl ApiKeys {
    pub(crate) fn new(directory: Directory, access: Access) -> Self {
        Self { directory, access }
    }

    fn presented<'a>(&self, presented: &Presented<'a>) -> Option<&'a str> {
        let Access { api_key_header, api_key_prefix, .. } = &self.access;
        let own = presented.headers.get(api_key_header).and_then(|value| value.to_str().ok());
        let own = own.and_then(|text| {
            if api_key_prefix.is_empty() {
                return Some(text);
            }
            let (prefix, key) = text.split_once(' ')?;
            prefix.eq_ignore_ascii_case(api_key_prefix).then_some(key)
        });
        let is_key = |text: &&str| api_key::is_key(text);
        own.map(str::trim).filter(is_key).or(presented.token.filter(is_key))
    }
}

#[async_trait]
impl Credential for ApiKeys {
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused> {
        let Some(key) = self.presented(presented) else { return Ok(None) };
        let Some(key) = self.directory.key(key, Timestamp::now()).await? else {
            return Err(Refused::unknown("the API key is not valid"));
        };
        if !api_key::opens(&key, presented.path) {
            let spaces = key.spaces.join(", ");
            return Err(Refused::invalid(format!("the API key is for the spaces {spaces} only")));
        }
        Ok(Some(Caller::new(api_key::principal(&key))))
    }
}
